/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sysctl.d reader: which line counts, and how bad input is refused. */
#include <fcntl.h>
#include <sys/stat.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "rollout/sysctld.h"

#define TIME  "net.ipv4.tcp_keepalive_time"
#define INTVL "net.ipv4.tcp_keepalive_intvl"
#define ALL   "net.ipv4.tcp_keepalive_*"

static int parse(struct ka_sysctl_set *set, const char *text, struct nn_err *err)
{
	return ka_sysctl_parse(set, "a.conf", text, strlen(text), err);
}

/* ---- which line counts ------------------------------------------------------------------ */

TEST(says_what_is_written)
{
	static const struct {
		const char *text, *time; /* NULL: nothing */
		unsigned line;
	} rows[] = {
		{ TIME "=1\n", "1", 1 },
		{ "# c\n\n ; c\n\t" TIME " \t=\t1 2 \r\n", "1 2", 4 },
		{ "/net/ipv4/tcp_keepalive_time=1", "1", 1 },
		{ "net.ipv4/tcp_keepalive_time=1", NULL, 0 },
		{ TIME "=1\n" TIME "=2\n", "2", 2 },
		{ TIME "=1\n" ALL "=2\n", "1", 1 },
		{ ALL "=1\n" TIME "=2\n" ALL "=3\n", "2", 2 },
		{ "net.ipv4.tcp_*_time=1\n" ALL "=2\n", "2", 2 },
		{ "net.ipv4.tcp_*_time=1\n" ALL "=2\nnet.ipv4.tcp_*_time=1\n", "2", 2 },
		{ "net.ipv4.tcp_*_time=1\n" ALL "=2\nnet.ipv4.tcp_*_time=3\n", "3", 3 },
		{ "-" TIME "\n" ALL "=1\n", NULL, 0 },
		{ TIME "=1\n-" TIME "\n", NULL, 0 },
		{ "-" TIME "\n" TIME "=1\n", "1", 2 },
		{ ALL "=1\n-" ALL "\n", NULL, 0 },
		{ "-" TIME "=1\n", "1", 1 },
		{ TIME "=1\nhello\n=5\n-\n", "1", 1 },
		{ TIME "=1\n" TIME "=\n", "", 2 },
		{ "-" TIME "=\n" ALL "=9\n", "", 1 },
		{ TIME "=1 # c\n", "1 # c", 1 },
		{ "\xef\xbb\xbf# c\n" TIME "=5\n", "5", 2 },
		{ "\xef\xbb\xbf" TIME "=5\n" INTVL "=6\n", NULL, 0 },
		{ "vm.swappiness=1\n", NULL, 0 },
		{ "", NULL, 0 },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_sysctl_set set = { 0 };
		const struct ka_sysctl_line *line;
		struct nn_err err = { "" };

		assert_int_equal(parse(&set, rows[i].text, &err), 0);
		line = ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time");
		assert_int_equal(line != NULL, rows[i].time != NULL);
		if (line) {
			assert_string_equal(line->value, rows[i].time);
			assert_int_equal(line->line, rows[i].line);
			assert_string_equal(line->file, "a.conf");
		}
		ka_sysctl_free(&set);
	}
}

TEST(says_what_does_not_count)
{
	static const char text[] = "vm.swappiness = 10\n"   /* 0 */
		ALL " = 5\n"                                /* 1: the probes are left to it */
		TIME " = 60\n"                              /* 2: until the next line */
				   "-" TIME " = 70\n"       /* 3 */
		INTVL " = 10\n"                             /* 4 */
				   "net.*.tcp_*_time = 9\n" /* 5: another line names all of them */
				   "-net.ipv4.tcp_retries2\n" /* 6 */
				   "net.ipv4.tcp_ret*2 = 7\n" /* 7: kept from it */
				   "-kernel.panic\n";         /* 8 */
	static const struct {
		enum ka_sysctl_fate fate;
		size_t by;
	} wanted[] = {
		{ KA_SYSCTL_FOREIGN, 0 },  { KA_SYSCTL_USED, 0 },       { KA_SYSCTL_OVERRIDDEN, 3 },
		{ KA_SYSCTL_USED, 0 },     { KA_SYSCTL_USED, 0 },       { KA_SYSCTL_OVERRIDDEN, 3 },
		{ KA_SYSCTL_EXCLUDES, 0 }, { KA_SYSCTL_OVERRIDDEN, 6 }, { KA_SYSCTL_FOREIGN, 0 },
	};
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(parse(&set, text, &err), 0);
	ka_sysctl_resolve(&set);
	assert_int_equal(set.n, KA_N(wanted));
	for (size_t i = 0; i < set.n; i++) {
		assert_int_equal(set.lines[i].fate, wanted[i].fate);
		if (wanted[i].fate == KA_SYSCTL_OVERRIDDEN)
			assert_int_equal(set.lines[i].by, wanted[i].by);
		assert_int_equal(set.lines[i].ignore_errors, i == 3 || i == 6 || i == 8);
	}
	ka_sysctl_free(&set);
}

TEST(reads_words)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(parse(&set, TIME "=1\n", &err), 0);
	assert_int_equal(ka_sysctl_parse_word(&set, "time=60", &err), 0);
	assert_int_equal(ka_sysctl_parse_word(&set, "net.ipv4.tcp_retries2=8", &err), 0);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "60");
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_retries2")->value, "8");
	assert_int_equal(set.n_files, 2);
	assert_int_equal(set.lines[2].line, 2);
	assert_int_equal(ka_sysctl_parse_word(&set, "tme=60", &err), -EINVAL);
	assert_non_null(strstr(err.text, "write time=60"));
	assert_int_equal(ka_sysctl_parse_word(&set, "time", &err), -EINVAL);
	assert_int_equal(ka_sysctl_parse_word(&set, "time=", &err), -EINVAL);
	assert_non_null(strstr(err.text, "no value"));
	assert_int_equal(ka_sysctl_parse_word(&set, "net.ipv6.tcp_keepalive_time=5", &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "net.ipv4.tcp_keepalive_time is meant"));
	assert_int_equal(set.n_notes, 0);
	assert_int_equal(set.n, 3);
	assert_int_equal(set.n_files, 2);
	ka_sysctl_free(&set);
}

/* ---- what the tools pass over ----------------------------------------------------------- */

/* They go on behind it, and say so of each. */
TEST(notes_what_does_nothing)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "hello", "assigns nothing; a line is \"key = value\"" },
		{ TIME " : 60", "assigns nothing" },
		{ "\xef\xbb\xbf# a comment", "assigns nothing" },
		{ TIME " =", "no value" },
		{ "net.ipv4.ip_local_reserved_ports =", "no value" },
		{ "=5", "no key" },
		{ "-", "no key" },
		{ "--" TIME "=5", "two minuses" },
		{ "net.ipv4.tcp keepalive=5", "a space in the key" },
		{ "export " TIME "=5", "a space in the key" },
		{ "net.ipv4.tcp_keepalive_interval=5", "tcp_keepalive_intvl is meant" },
		{ "net.ipv6.tcp_keepalive_time=5", "net.ipv4.tcp_keepalive_time is meant" },
		{ "kernel.\x1b[2J=5", "a control character in the key" },
		{ "\"" TIME "\" = 60", "quotes or brackets in the key" },
		{ "{\"a\":\"b=c\"}", "quotes or brackets in the key" },
		{ "net/ipv4/../x=5", "\"..\"" },
		{ "/proc/sys/net/ipv4/x=5", "begins with /proc/sys" },
		{ "\xef\xbb\xbf" TIME "=5", "byte order mark" },
		{ TIME " = 600 # a comment", "the kernel reads 600 and stops" },
		{ ALL " = 600 s", "the kernel reads 600 and stops" },
	};
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	for (size_t i = 0; i < KA_N(rows); i++) {
		char text[200];

		snprintf(text, sizeof(text), "#\n %s \n" INTVL "=%zu\n", rows[i].text, i + 1);
		assert_int_equal(parse(&set, text, &err), 0);
		assert_int_equal(set.n_notes, i + 1);
		assert_string_equal(set.notes[i].text, rows[i].text);
		assert_int_equal(set.notes[i].line, 2);
		if (!strstr(set.notes[i].why, rows[i].why))
			fail_msg("%s: %s", rows[i].text, set.notes[i].why);
		assert_int_equal(ka_sysctl_refuse(&set.notes[i], &err), -EINVAL);
		assert_memory_equal(err.text, "a.conf:2: ", 10);
		assert_int_equal(
			strtoul(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_intvl")->value, NULL,
				10),
			i + 1);
	}
	ka_sysctl_free(&set);
}

/* ---- bad input -------------------------------------------------------------------------- */

TEST(refuses_bad_text)
{
	static const struct {
		const char *text, *where, *what;
	} rows[] = {
		{ "net.ipv4.{a,b*}=5\n", "a.conf:1: ", "one line for each" },
		{ "#\n#\n# x\r" TIME "=5\n", "a.conf:3: ", "0x0d" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_sysctl_set set = { 0 };
		struct nn_err err = { "" };

		assert_int_equal(parse(&set, INTVL "=1\n", &err), 0);
		assert_int_equal(parse(&set, rows[i].text, &err), -EINVAL);
		assert_memory_equal(err.text, rows[i].where, strlen(rows[i].where));
		assert_non_null(strstr(err.text, rows[i].what));
		assert_int_equal(set.n, 1); /* as before */
		assert_int_equal(set.n_files, 1);
		ka_sysctl_free(&set);
	}
}

TEST(refuses_binary)
{
	static const char text[] = TIME "=1\n\x7f"
					"ELF\0\0";
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(ka_sysctl_parse(&set, "a.conf", text, sizeof(text), &err), -EINVAL);
	assert_memory_equal(err.text, "a.conf:2: a NUL byte", 20);
	ka_sysctl_free(&set);
}

/* ---- files ------------------------------------------------------------------------------ */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int enter_dir(void **state)
{
	char dir[] = "/tmp/sysctld.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	*state = strdup(dir);
	return !*state;
}

static void remove_all(const char *const *names)
{
	for (; *names; names++)
		remove(*names);
}

static int leave_dir(void **state)
{
	static const char *const names[] = {
		"d/a.conf",
		"d/b.conf",
		"d/10.conf",
		"d/.x.conf",
		"d/c.conf.bak",
		"d/s.conf",
		"d",
		"etc/sysctl.conf",
		"lib/systemd/systemd-sysctl",
		"lib/systemd",
		"lib",
		"etc/sysctl.d/40.conf",
		"etc/sysctl.d/50.conf",
		"etc/sysctl.d",
		"etc",
		"run/sysctl.d/50.conf",
		"run/sysctl.d/40.conf",
		"run/sysctl.d",
		"run",
		"x.conf",
		"y.conf",
		NULL,
	};

	remove_all(names);
	if (chdir("/") || rmdir(*state))
		return -1;
	free(*state);
	return 0;
}

TEST_WITH(reads_a_directory, enter_dir, leave_dir)
{
	static const char *const wanted[] = { "d/10.conf", "d/a.conf", "d/b.conf" };
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(mkdir("d", 0755), 0);
	write_file("d/b.conf", TIME "=1\n");
	write_file("d/a.conf", TIME "=2\n");
	write_file("d/10.conf", TIME "=3\n");
	write_file("d/.x.conf", TIME "=4\n");
	write_file("d/c.conf.bak", TIME "=5\n");
	assert_int_equal(mkdir("d/s.conf", 0755), 0);
	assert_int_equal(ka_sysctl_read(&set, "d", &err), 0);
	assert_int_equal(set.n_files, KA_N(wanted));
	for (size_t i = 0; i < KA_N(wanted); i++)
		assert_string_equal(set.files[i], wanted[i]);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "1");
	/* A file that is no text: nothing of the directory is taken. */
	write_file("d/b.conf", "\r" TIME "=5\rx\n");
	assert_int_equal(ka_sysctl_read(&set, "d", &err), -EINVAL);
	assert_memory_equal(err.text, "d/b.conf:1: ", 12);
	assert_int_equal(set.n, 3);
	/* One that assigns nothing is passed over, unless it is the only one. */
	write_file("d/b.conf", "hello\nyou\n");
	assert_int_equal(ka_sysctl_read(&set, "d", &err), 0);
	assert_int_equal(set.n_notes, 2);
	assert_int_equal(ka_sysctl_read(&set, "d/b.conf", &err), -EINVAL);
	assert_memory_equal(err.text, "d/b.conf:1: \"hello\": assigns nothing", 36);
	assert_int_equal(set.n_notes, 2);
	ka_sysctl_free(&set);
}

TEST_WITH(reads_the_system, enter_dir, leave_dir)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(ka_sysctl_read_system_at(&set, ".", &err), 0);
	assert_int_equal(set.n_files, 0);
	assert_int_equal(mkdir("etc", 0755) | mkdir("etc/sysctl.d", 0755), 0);
	assert_int_equal(mkdir("run", 0755) | mkdir("run/sysctl.d", 0755), 0);
	write_file("etc/sysctl.d/50.conf", TIME "=1\n");
	write_file("run/sysctl.d/50.conf", TIME "=2\n");
	write_file("run/sysctl.d/40.conf", TIME "=3\n");
	assert_int_equal(ka_sysctl_read_system_at(&set, ".", &err), 0);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "1");
	assert_int_equal(set.n_files, 2);
	write_file("etc/sysctl.conf", TIME "=4\n");
	assert_int_equal(ka_sysctl_read_system_at(&set, ".", &err), 0);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "4");
	ka_sysctl_free(&set);
}

TEST_WITH(passes_over_a_link_to_nothing, enter_dir, leave_dir)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(mkdir("etc", 0755) | mkdir("etc/sysctl.d", 0755), 0);
	assert_int_equal(mkdir("run", 0755) | mkdir("run/sysctl.d", 0755), 0);
	assert_int_equal(symlink("nowhere", "etc/sysctl.d/50.conf"), 0);
	write_file("run/sysctl.d/50.conf", TIME "=2\n");
	write_file("run/sysctl.d/40.conf", INTVL "=3\n");
	assert_int_equal(ka_sysctl_read_system_at(&set, ".", &err), 0);
	assert_null(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time"));
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_intvl")->value, "3");
	assert_int_equal(set.n_notes, 1);
	assert_string_equal(set.notes[0].file, "./etc/sysctl.d/50.conf");
	assert_int_equal(set.notes[0].line, 0);
	ka_sysctl_free(&set);
}

/* systemd-sysctl does not read /etc/sysctl.conf, but by a link. */
TEST_WITH(reads_the_system_as_its_tool_does, enter_dir, leave_dir)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(mkdir("etc", 0755) | mkdir("etc/sysctl.d", 0755), 0);
	assert_int_equal(mkdir("lib", 0755) | mkdir("lib/systemd", 0755), 0);
	write_file("lib/systemd/systemd-sysctl", "");
	write_file("etc/sysctl.d/50.conf", TIME "=1\n");
	write_file("etc/sysctl.conf", "vm.swappiness=1\n" TIME "=4\n" INTVL "=5\n");
	assert_int_equal(ka_sysctl_read_system_at(&set, ".", &err), 0);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "1");
	assert_null(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_intvl"));
	assert_int_equal(set.n_notes, 2);
	assert_string_equal(set.notes[0].file, "./etc/sysctl.conf");
	assert_int_equal(set.notes[1].line, 3);
	assert_non_null(strstr(set.notes[0].why, "no link in sysctl.d leads to it"));
	ka_sysctl_free(&set);
	assert_int_equal(symlink("../sysctl.conf", "etc/sysctl.d/40.conf"), 0);
	assert_int_equal(ka_sysctl_read_system_at(&set, ".", &err), 0);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "1");
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_intvl")->value, "5");
	assert_int_equal(set.n_notes, 0);
	ka_sysctl_free(&set);
}

TEST_WITH(refuses_bad_files, enter_dir, leave_dir)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(ka_sysctl_read(&set, "x.conf", &err), -ENOENT);
	assert_string_equal(err.text, "cannot open x.conf: No such file or directory");
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(ka_sysctl_read(&set, "d", &err), -ENOENT);
	assert_non_null(strstr(err.text, "no file that is called *.conf"));
	write_file("x.conf", TIME "=1\n");
	assert_int_equal(truncate("x.conf", 100 << 20), 0);
	assert_int_equal(ka_sysctl_read(&set, "x.conf", &err), -EINVAL);
	assert_string_equal(err.text, "x.conf: 104857600 bytes; a sysctl.d file is text of at most "
				      "1048576");
	assert_int_equal(ka_sysctl_read(&set, "/dev/zero", &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than 1048576 bytes"));
	assert_int_equal(ka_sysctl_read(&set, "/dev/null", &err), 0);
	assert_int_equal(set.n, 0);
	ka_sysctl_free(&set);
}

/* ---- a file that changes while it is read ------------------------------------------------ */

ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);

/* What happens to x.conf right after the first read(). */
static void (*meanwhile)(void);

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	ssize_t got = __real_read(fd, buf, size);
	void (*now)(void) = meanwhile;

	meanwhile = NULL;
	if (now)
		now();
	return got;
}

static void appends(void)
{
	FILE *file = fopen("x.conf", "ae");

	assert_non_null(file);
	assert_true(fputs(INTVL "=2\n", file) >= 0);
	fclose(file);
}

static void cuts(void)
{
	assert_int_equal(truncate("x.conf", 3), 0);
}

static void replaces(void)
{
	write_file("y.conf", TIME "=2\n");
	assert_int_equal(rename("y.conf", "x.conf"), 0);
}

static void removes(void)
{
	assert_int_equal(unlink("x.conf"), 0);
}

TEST_WITH(refuses_what_changes, enter_dir, leave_dir)
{
	static void (*const changes[])(void) = { appends, cuts, replaces, removes };

	for (size_t i = 0; i < KA_N(changes); i++) {
		struct ka_sysctl_set set = { 0 };
		struct nn_err err = { "" };
		int ret;

		write_file("x.conf", TIME "=1\n");
		meanwhile = changes[i];
		ret = ka_sysctl_read(&set, "x.conf", &err);
		assert_null(meanwhile);
		assert_int_equal(ret, -EINVAL);
		assert_string_equal(err.text,
				    "x.conf: changed while it was read; try again when it "
				    "is written");
		assert_int_equal(set.n, 0);
		ka_sysctl_free(&set);
	}
}
