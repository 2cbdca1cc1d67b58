/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a set-up has made comes back as it was, once for all that share it, and only for them. */
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bench/bench.h"
#include "bench/program_made.h"
#include "netns/tests/unit.h"

#define TOP_SIZE 40
#define KEY      UINT64_C(0x123456789abcdef0)

/* In two folders of a new one: the first is filled, and is the current one. */
static void begin(char *top)
{
	snprintf(top, TOP_SIZE, "/tmp/kacheck-test-made-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
	assert_int_equal(mkdir("from", 0755), 0);
	assert_int_equal(mkdir("to", 0755), 0);
	assert_int_equal(chdir("from"), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void end(const char *top, int fd)
{
	close(fd);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static int open_file(void)
{
	struct nn_err err = { "" };
	int fd = ka_made_open(&err);

	assert_true(fd > 2);
	return fd;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static void assert_file(const char *path, const char *text, mode_t mode, uid_t uid)
{
	char buf[64] = "";
	struct stat st;
	FILE *file;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_uid, uid);
	file = fopen(path, "re");
	assert_non_null(file);
	(void)!fread(buf, 1, sizeof(buf) - 1, file);
	fclose(file);
	assert_string_equal(buf, text);
}

TEST(comes_back_as_it_was)
{
	const uid_t owner = geteuid() ? geteuid() : 4711;
	int fd = open_file();
	char top[TOP_SIZE], target[20] = "";
	struct stat st;

	begin(top);
	assert_int_equal(mkdir("pg", 0700), 0);
	write_file("pg/data", "hello", 0640);
	write_file("empty", "", 04755);
	assert_int_equal(chown("pg/data", owner, (gid_t)-1), 0);
	assert_int_equal(symlink("pg/data", "link"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(ka_made_put(fd, KEY), 0);

	assert_int_equal(chdir("../to"), 0);
	write_file("empty", "what was there before", 0600);
	assert_int_equal(ka_made_take(fd, KEY, true), 0);
	assert_file("pg/data", "hello", 0640, owner);
	assert_file("empty", "", 04755, geteuid());
	assert_int_equal(stat("pg", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(readlink("link", target, sizeof(target) - 1), 7);
	assert_string_equal(target, "pg/data");
	assert_int_equal(access("fifo", F_OK), -1);
	end(top, fd);
}

TEST(is_of_its_own_set_up_only)
{
	int fd = open_file();
	char top[TOP_SIZE];

	begin(top);
	write_file("a", "one", 0644);
	assert_int_equal(ka_made_put(fd, KEY), 0);
	write_file("a", "two", 0644);
	assert_int_equal(ka_made_put(fd, KEY + 1), 0);
	assert_int_equal(ka_made_take(fd, KEY + 2, false), -ENOENT);
	assert_int_equal(ka_made_take(fd, KEY, false), 0);
	assert_file("a", "one", 0644, geteuid());
	assert_int_equal(ka_made_take(fd, KEY + 1, false), 0);
	assert_file("a", "two", 0644, geteuid());
	end(top, fd);
}

/* What cannot be put away leaves the sets before it, and room for those behind. */
TEST(is_there_whole_or_not_at_all)
{
	int fd = open_file();
	char top[TOP_SIZE];

	begin(top);
	write_file("a", "one", 0644);
	assert_int_equal(ka_made_put(fd, KEY), 0);
	assert_int_equal(rmdir("../to"), 0);
	assert_int_equal(mkdir("../gone", 0755), 0);
	assert_int_equal(chdir("../gone"), 0);
	assert_int_equal(ka_made_put(fd, KEY + 1), 0);
	assert_int_equal(ka_made_take(fd, KEY + 1, false), 0);
	assert_int_equal(access("a", F_OK), -1);
	assert_int_equal(ka_made_take(fd, KEY, false), 0);
	assert_file("a", "one", 0644, geteuid());
	end(top, fd);
}

/* A child says whether it found the set, once nobody makes it any more. */
static pid_t claim_in_child(int fd)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(ka_made_claim(fd, KEY) ? 1 : 0);
	assert_true(pid > 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

TEST(one_makes_it_and_all_others_wait)
{
	int fd = open_file();
	char top[TOP_SIZE];
	pid_t other;

	begin(top);
	assert_false(ka_made_claim(fd, KEY));
	other = claim_in_child(fd);
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	assert_int_equal(ka_made_put(fd, KEY), 0);
	ka_made_release(fd, KEY);
	assert_int_equal(status_of(other), 1);
	assert_true(ka_made_claim(fd, KEY));
	end(top, fd);
}

/* Whoever dies while making it holds nobody up: the next makes it. */
TEST(a_claim_ends_with_its_process)
{
	int fd = open_file();

	assert_int_equal(status_of(claim_in_child(fd)), 0);
	assert_false(ka_made_claim(fd, KEY));
	ka_made_release(fd, KEY);
	close(fd);
}

/* ---- which set-up is the same ----------------------------------------------------------------- */

static const struct ka_program some = { .name = "some",
					.variant = "one",
					.set_up = { "make it" },
					.files = { { .path = "/run/kacheck/a",
						     .text = { "text", 4 } } },
					.n_files = 1 };

TEST(key_is_what_the_set_up_may_read)
{
	const uint64_t key = ka_made_key(&some);
	struct ka_program other = some;

	assert_true(key != 0);
	other.variant = "two";
	other.settle_s = 3;
	assert_true(ka_made_key(&other) == key);
	other.files[0].text = (struct ka_bytes){ "tex2", 4 };
	assert_true(ka_made_key(&other) != key);
	other.files[0] = some.files[0];
	other.set_up[0] = "make that";
	assert_true(ka_made_key(&other) != key);
	other.set_up[0] = some.set_up[0];
	other.user = "nobody";
	assert_true(ka_made_key(&other) != key);
	other.user = NULL;
	other.env[0] = "A=b";
	assert_true(ka_made_key(&other) != key);
}

TEST(key_leaves_out_what_it_does_not_read)
{
	struct ka_program one = some, two = some;

	one.files[0].late = two.files[0].late = true;
	two.files[0].text = (struct ka_bytes){ "other", 5 };
	assert_true(ka_made_key(&one) == ka_made_key(&two));
}

TEST(no_key_where_nothing_is_shared)
{
	struct ka_program other = some;

	other.set_up_each = true;
	assert_true(ka_made_key(&other) == 0);
	other = some;
	other.set_up[0] = NULL;
	assert_true(ka_made_key(&other) == 0);
}
