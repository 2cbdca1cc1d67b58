/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a socket, and its options: of one's own, of a child, of one that may not be asked. */
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "inbox.h"
#include "netns/diag.h"
#include "netns/holder.h"
#include "tcp.h"

#define PORT 7001
#define ROOM 4

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* What a test sets, and must read again. */
static const struct {
	int level, option, value;
	enum nn_socket_option is;
} set[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1, NN_SO_KEEPALIVE },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 15, NN_TCP_KEEPIDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 7, NN_TCP_KEEPINTVL },
	{ IPPROTO_TCP, TCP_KEEPCNT, 4, NN_TCP_KEEPCNT },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 20001, NN_TCP_USER_TIMEOUT },
};
#define N_SET (sizeof(set) / sizeof(*set))

static int set_options(int fd)
{
	int failed = 0;

	for (size_t i = 0; i < N_SET; i++)
		failed |= setsockopt(fd, set[i].level, set[i].option, &set[i].value, sizeof(int));
	return failed;
}

/* -1: all are as they were set; else the index of the first one that is not. */
static int first_wrong(const struct nn_socket_options *options)
{
	for (size_t i = 0; i < N_SET; i++)
		if (options->error[set[i].is] || options->value[set[i].is] != set[i].value)
			return (int)i;
	return -1;
}

/* ---- one's own ---------------------------------------------------------------------------- */

TEST(ones_own_socket_is_found_and_read)
{
	struct nn_holder found[ROOM] = { 0 };
	struct nn_socket_options options;
	struct nn_err err = { "" };
	int fd = socket(AF_INET, SOCK_STREAM, 0), again = dup(fd), failed = set_options(fd);
	uint64_t inode = inode_of(fd);
	int n = nn_holder_find("/proc", inode, found, ROOM, &err);
	int ret = nn_holder_options(&found[0], &options, &err);
	char comm[17] = ""; /* what the kernel says; of an emulated program, its emulator */

	close(fd);
	close(again);
	assert_int_equal(prctl(PR_GET_NAME, comm), 0);
	assert_int_equal(failed, 0);
	if (n != 2)
		fail_msg("%d holders: %s", n, err.text);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(found[i].inode, inode);
		assert_int_equal(found[i].pid, getpid());
		assert_int_equal(found[i].fd, i ? again : fd);
		assert_string_equal(found[i].comm, comm);
	}
	if (ret)
		fail_msg("%s", err.text);
	assert_int_equal(first_wrong(&options), -1);
}

TEST(what_is_unknown_says_why)
{
	struct nn_socket_options options;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	nn_socket_options_read(fd, &options);
	close(fd);
	assert_int_equal(options.error[NN_SO_KEEPALIVE], 0);
	assert_int_equal(options.error[NN_TCP_KEEPIDLE], -EOPNOTSUPP);
	assert_string_equal(nn_socket_option_name(NN_TCP_KEEPIDLE), "TCP_KEEPIDLE");
	fd = open("/dev/null", O_RDONLY);
	nn_socket_options_read(fd, &options);
	close(fd);
	assert_int_equal(options.error[NN_SO_KEEPALIVE], -ENOTSOCK);
}

TEST(nobody_holds_what_is_not_there)
{
	struct nn_holders *holders = NULL;
	struct nn_err err = { "" };
	size_t n = 7;

	assert_int_equal(nn_holder_find("/proc", UINT64_MAX, NULL, 0, &err), 0);
	assert_int_equal(nn_holders_scan(&holders, "/proc", &err), 0);
	assert_null(nn_holders_of(holders, UINT64_MAX, &n));
	assert_int_equal(n, 0);
	assert_null(nn_holders_free(holders));
	assert_null(nn_holders_free(NULL));
}

TEST(what_is_no_proc_is_refused)
{
	struct nn_holders *holders = NULL;
	struct nn_err err = { "" };

	assert_int_equal(nn_holders_scan(&holders, "/nowhere", &err), -ENOENT);
	assert_int_equal(nn_holders_scan(&holders, "/tmp", &err), -ENOENT);
	assert_non_null(strstr(err.text, "is it a /proc?"));
}

/* ---- a socket that is no longer that one ---------------------------------------------------- */

TEST(another_socket_is_not_meant)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), null = open("/dev/null", O_RDONLY);
	struct nn_holder holder = { .inode = inode_of(fd), .pid = getpid(), .fd = fd };
	struct nn_socket_options options;
	struct nn_err err = { "" };
	int ret[4];

	ret[0] = nn_holder_options(&holder, &options, &err);
	holder.inode++;
	ret[1] = nn_holder_options(&holder, &options, &err);
	holder.fd = null;
	holder.inode = inode_of(null);
	ret[2] = nn_holder_options(&holder, &options, &err);
	holder.fd = 1000000; /* no number that the call itself may take */
	close(null);
	ret[3] = nn_holder_options(&holder, &options, &err);
	close(fd);
	assert_int_equal(ret[0], 0);
	assert_int_equal(ret[1], -ESTALE);
	assert_int_equal(ret[2], -ESTALE);
	assert_int_equal(ret[3], -EBADF);
}

TEST(a_class_of_its_own_is_left_alone)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct nn_holder holder = {
		.inode = inode_of(fd), .pid = getpid(), .fd = fd, .other_class = true
	};
	struct nn_socket_options options;
	struct nn_err err = { "" };

	assert_int_equal(nn_holder_options(&holder, &options, &err), -EXDEV);
	assert_non_null(strstr(err.text, "net_cls"));
	holder.other_class = false;
	holder.pid = 0;
	assert_int_equal(nn_holder_options(&holder, &options, &err), -EXDEV);
	close(fd);
}

/* ---- other processes ------------------------------------------------------------------------ */

/* A child that keeps its files open until @release is closed; it has its name when this returns. */
static pid_t keeper(int release[2])
{
	int named[2];
	pid_t pid;
	char byte = 0;

	if (pipe(release) || pipe(named))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(release[1]);
		prctl(PR_SET_NAME, "keeper");
		if (write(named[1], &byte, 1) != 1)
			_exit(1);
		_exit(read(release[0], &byte, 1) != 0);
	}
	close(named[1]);
	if (read(named[0], &byte, 1) != 1)
		pid = -1;
	close(named[0]);
	return pid;
}

static bool is_named_keeper(const struct nn_holder *holder)
{
	return strcmp(holder->comm, "keeper") == 0;
}

/* The parent closes its own: only the child has the socket, until it ends. */
INBOX_TEST(a_childs_socket_is_read_until_it_ends)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), release[2];
	uint64_t inode = inode_of(fd);
	struct nn_socket_options options;
	struct nn_holder found[ROOM];
	pid_t pid;

	EXPECT_EQ(in, set_options(fd), 0);
	pid = keeper(release);
	EXPECT(in, pid > 0);
	EXPECT_EQ(in, nn_holder_find("/proc", inode, found, ROOM, &in->err), 2);
	close(fd);
	EXPECT_EQ(in, nn_holder_find("/proc", inode, found, ROOM, &in->err), 1);
	EXPECT_EQ(in, found[0].pid, pid);
	EXPECT_EQ(in, found[0].fd, fd);
	EXPECT_OK(in, nn_holder_options(&found[0], &options, &in->err));
	EXPECT_EQ(in, first_wrong(&options), -1);
	close(release[1]);
	EXPECT_EQ(in, waitpid(pid, NULL, 0), pid);
	EXPECT_EQ(in, nn_holder_options(&found[0], &options, &in->err), -ESRCH);
	EXPECT_EQ(in, nn_holder_find("/proc", inode, found, ROOM, &in->err), 0);
	return 0;
}

/* Whoever has neither the user nor the capability is told what is missing. */
static int looks_without_right(struct inbox *in, pid_t pid, uint64_t inode, int fd)
{
	struct nn_holder holder = { .inode = inode, .pid = pid, .fd = fd };
	struct nn_socket_options options;
	struct nn_holders *holders;
	size_t n;

	EXPECT_EQ(in, nn_holder_options(&holder, &options, &in->err), -EPERM);
	EXPECT(in, strstr(in->err.text, "CAP_SYS_PTRACE"));
	EXPECT(in, strstr(in->err.text, "yama"));
	EXPECT_OK(in, nn_holders_scan(&holders, "/proc", &in->err));
	EXPECT(in, !nn_holders_of(holders, inode, &n));
	EXPECT(in, nn_holders_unseen(holders) > 0);
	nn_holders_free(holders);
	return 0;
}

/* Nobody may look at a process that is not to be dumped, but for a capability. */
INBOX_TEST(who_may_not_look_is_told)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), release[2], status = -1;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { 0 } };
	uint64_t inode = inode_of(fd);
	pid_t pid, other;

	EXPECT_EQ(in, prctl(PR_SET_DUMPABLE, 0), 0);
	pid = keeper(release);
	EXPECT(in, pid > 0);
	EXPECT_EQ(in, prctl(PR_SET_DUMPABLE, 1), 0);
	close(fd);
	other = fork();
	if (!other) {
		/* the same user, without capabilities */
		if (syscall(SYS_capset, &header, none))
			_exit(99);
		_exit(looks_without_right(in, pid, inode, fd));
	}
	EXPECT_EQ(in, waitpid(other, &status, 0), other);
	close(release[1]);
	EXPECT_EQ(in, waitpid(pid, NULL, 0), pid);
	EXPECT_EQ(in, status, 0);
	return 0;
}

/* ---- many ------------------------------------------------------------------------------------ */

#define MANY 1000

/* Every one is found in one look, and sock_diag tells the same inode. */
NET_TEST(a_table_of_many, NN_PAIR)
{
	const struct nn_diag_key key = { .family = AF_INET, .dport = PORT };
	struct nn_holders *holders;
	const struct nn_holder *found;
	struct nn_diag diag;
	int pair[2], fds[MANY], release[2];
	pid_t pid;
	size_t n;

	if (connect_pair(in, net, AF_INET, PORT, pair))
		return 1;
	for (size_t i = 0; i < MANY; i++)
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(in, fds[MANY - 1] >= 0);
	pid = keeper(release);
	EXPECT_OK(in, nn_holders_scan(&holders, "/proc", &in->err));
	EXPECT_EQ(in, nn_holders_unseen(holders), 0);
	for (size_t i = 0; i < MANY; i++) {
		found = nn_holders_of(holders, inode_of(fds[i]), &n);
		EXPECT_EQ(in, n, 2);
		EXPECT_EQ(in, found[0].pid, getpid());
		EXPECT_EQ(in, found[1].pid, pid);
		EXPECT_EQ(in, found[1].fd, fds[i]);
		EXPECT(in, is_named_keeper(&found[1]));
	}
	EXPECT_OK(in, nn_diag_get(net->ns[NN_CLIENT], &key, &diag, &in->err));
	EXPECT_EQ(in, diag.inode, inode_of(pair[0]));
	EXPECT_EQ(in, diag.uid, getuid());
	found = nn_holders_of(holders, diag.inode, &n);
	EXPECT_EQ(in, n, 2);
	EXPECT_EQ(in, found[0].fd, pair[0]);
	nn_holders_free(holders);
	close(release[1]);
	EXPECT_EQ(in, waitpid(pid, NULL, 0), pid);
	return 0;
}
