/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox: who one is in it, what is separate, and that it dies, whole, with its parent. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "inbox.h"
#include "netns/ns.h"
#include "netns/sandbox.h"
#include "netns/util.h"

#define PATIENCE_MS 20000

INBOX_TEST(one_is_root_and_first)
{
	char self[16] = "";

	EXPECT_EQ(in, geteuid(), 0);
	EXPECT_EQ(in, getegid(), 0);
	EXPECT_EQ(in, getpid(), 1);
	EXPECT_EQ(in, getppid(), 0);
	EXPECT(in, nn_sandbox_is_privileged());
	/* Whether /proc could be mounted anew depends on the host; that it can be used does not. */
	EXPECT(in, readlink("/proc/self", self, sizeof(self) - 1) > 0);
	return 0;
}

static int in_signals_are_as_at_birth(struct inbox *in)
{
	struct sigaction action;
	sigset_t blocked;
	int sig;

	EXPECT_EQ(in, sigprocmask(SIG_SETMASK, NULL, &blocked), 0);
	for (sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &action))
			continue;
		EXPECT(in, action.sa_handler == SIG_DFL);
		EXPECT_EQ(in, sigismember(&blocked, sig), 0);
	}
	return 0;
}

static void never_called(int sig)
{
	(void)sig;
}

TEST(signals_are_as_at_birth)
{
	sigset_t mask, before;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, never_called);
	inbox_run(in_signals_are_as_at_birth);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static ino_t net_inode(void)
{
	struct stat st = { 0 };

	return stat("/proc/thread-self/ns/net", &st) ? 0 : st.st_ino;
}

/* What the test's own process was in; read by the body, which runs on a copy of its memory. */
static int with_host_inode(int (*body)(void *), ino_t *host)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { "" };

	*host = net_inode();
	if (nn_sandbox_start(&box, body, host, &err)) {
		print_message("skipped: %s\n", err.text);
		return -1;
	}
	return nn_sandbox_wait(&box);
}

static int is_elsewhere(void *arg)
{
	return net_inode() == *(const ino_t *)arg;
}

TEST(its_network_is_its_own)
{
	ino_t host = 0;
	int status;

	status = with_host_inode(is_elsewhere, &host);
	if (status < 0)
		skip();
	assert_int_equal(status, 0);
	assert_true(net_inode() == host);
}

INBOX_TEST(namespaces_are_made_and_entered)
{
	struct nn_ns *ns = NULL, *here = NULL;
	ino_t home = net_inode();

	EXPECT_OK(in, nn_ns_new(&ns, &in->err));
	EXPECT_EQ(in, net_inode(), home);
	EXPECT_OK(in, nn_ns_current(&here, &in->err));
	EXPECT_OK(in, nn_ns_enter(ns, &in->err));
	EXPECT(in, net_inode() != home);
	EXPECT_OK(in, nn_ns_enter(here, &in->err));
	EXPECT_EQ(in, net_inode(), home);
	EXPECT(in, fcntl(nn_ns_fd(ns), F_GETFD) == FD_CLOEXEC);
	EXPECT(in, !nn_ns_free(ns));
	EXPECT(in, !nn_ns_free(here));
	EXPECT(in, !nn_ns_free(NULL));
	return 0;
}

static int return_42(void *arg)
{
	(void)arg;
	return 42;
}

static int kill_oneself(void *arg)
{
	(void)arg;
	/* Process 1 ignores its own signals; a child does not. */
	int pidfd;
	pid_t pid = nn_sandbox_fork(&pidfd);
	int status = 0;

	if (pid == 0) {
		raise(SIGKILL);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	close(pidfd);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 7 : 2;
}

/* Starts @entry, or returns false after saying why this host cannot. */
static bool start_or_say(struct nn_sandbox *box, int (*entry)(void *), void *arg)
{
	struct nn_err err = { "" };

	if (!nn_sandbox_start(box, entry, arg, &err))
		return true;
	print_message("skipped: %s\n", err.text);
	return false;
}

TEST(its_status_comes_back)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;

	if (!start_or_say(&box, return_42, NULL))
		skip();
	assert_int_equal(nn_sandbox_wait(&box), 42);
	assert_int_equal(nn_sandbox_wait(&box), -ECHILD);
	nn_sandbox_kill(&box);
	assert_true(start_or_say(&box, kill_oneself, NULL));
	assert_int_equal(nn_sandbox_wait(&box), 7);
}

/* ---- dying ------------------------------------------------------------------------------ */

/* Stays for ever, with a child that does too; both hold the pipe that @arg ends in. */
static int stay(void *arg)
{
	int pidfd;

	if (nn_sandbox_fork(&pidfd) < 0)
		return 1;
	if (write(*(const int *)arg, "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static bool wait_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, PATIENCE_MS) == 1;
}

/* True when, after two bytes that say "ready", the last holder of the pipe is gone. */
static bool all_gone(int fd)
{
	char byte;

	return wait_readable(fd) && read(fd, &byte, 1) == 0;
}

static bool two_ready(int fd)
{
	char byte;
	int i;

	for (i = 0; i < 2; i++)
		if (!wait_readable(fd) || read(fd, &byte, 1) != 1)
			return false;
	return true;
}

TEST(killing_it_ends_everything)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	bool started, ready = false, gone = false;
	int pipefd[2];

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	started = start_or_say(&box, stay, &pipefd[1]);
	close(pipefd[1]);
	if (started) {
		ready = two_ready(pipefd[0]);
		nn_sandbox_kill(&box);
		gone = all_gone(pipefd[0]);
	}
	close(pipefd[0]);
	if (!started)
		skip();
	assert_true(ready);
	assert_true(gone);
	assert_int_equal(box.pid, -1);
	assert_int_equal(box.pidfd, -1);
}

/* A process that only starts a sandbox and waits for it. */
static pid_t fork_parent(int fd)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (nn_sandbox_start(&box, stay, &fd, NULL))
		_exit(77);
	_exit(nn_sandbox_wait(&box) < 0);
}

TEST(it_dies_with_its_parent)
{
	bool ready, gone = false;
	int pipefd[2], status = 0;
	pid_t parent;

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	parent = fork_parent(pipefd[1]);
	close(pipefd[1]);
	ready = two_ready(pipefd[0]);
	if (ready)
		kill(parent, SIGKILL);
	waitpid(parent, &status, 0);
	if (ready)
		gone = all_gone(pipefd[0]);
	close(pipefd[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(ready);
	assert_true(gone);
}

static int stay_quietly(void *arg) __attribute__((noreturn));
static int stay_quietly(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

TEST(many_live_at_once)
{
	struct nn_sandbox box[30];
	struct nn_err err = { "" };
	size_t i, n = NN_N(box), started = 0;

	for (i = 0; i < n; i++) {
		box[i] = (struct nn_sandbox)NN_SANDBOX_INIT;
		started += !nn_sandbox_start(&box[i], stay_quietly, NULL, &err);
	}
	for (i = 0; i < n; i++)
		nn_sandbox_kill(&box[i]);
	if (!started) {
		print_message("skipped: %s\n", err.text);
		skip();
	}
	assert_int_equal(started, n);
}
