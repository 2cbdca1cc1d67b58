/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sandboxes. One clone3(), or clone(), makes the child and all its namespaces at once: no helper process stays
 * behind, the child is process 1, and a failure leaves nothing. The child maps its own ids (which
 * the kernel allows for one's own uid), so parent and child need no conversation: a pipe carries
 * one report, that it is ready or why not.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "util.h"

/* What the child needs to know. */
struct start {
	int (*entry)(void *arg);
	void *arg;
	bool user_ns;
	uid_t uid; /* the caller's, as seen outside */
	gid_t gid;
	int parent;   /* pidfd of the parent */
	bool adopted; /* which is the caller's own parent */
	bool handled; /* the child has the parent's signal handlers */
	int report[2];
};

#define MAPPING "writing the uid and gid map"

/* What the child says before it runs the entry. */
struct report {
	int code; /* 0: ready */
	char doing[64];
};

static int pidfd_open_(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
}

bool nn_sandbox_is_privileged(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	const uint32_t want = 1u << CAP_SYS_ADMIN | 1u << CAP_NET_ADMIN;

	if (syscall(SYS_capget, &header, data))
		return false;
	return (data[0].effective & want) == want;
}

/* ---- in the child ----------------------------------------------------------------------- */

void nn_sandbox_heed_signals(void)
{
	static const int often_ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGCHLD };
	const struct sigaction dfl = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < NN_N(often_ignored); i++)
		(void)sigaction(often_ignored[i], &dfl, NULL);
}

/* clone3() has reset what had a handler; what is ignored stays so, and these are those that some
 * parents ignore. clone() has reset nothing. */
static void reset_signals(bool handled, bool clean)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	if (!clean)
		nn_sandbox_heed_signals();
	for (int sig = 1; handled && sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The host's /proc shows this process too, under its outer pid: /proc/self is right before and
 * after the fresh mount. */
static int write_self(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), code = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		code = errno;
	close(fd);
	return -code;
}

static int map_ids(const struct start *start)
{
	char line[64];
	int ret;

	/* The kernel lets nobody map a group who could still drop one with setgroups(). */
	ret = write_self("/proc/self/setgroups", "deny");
	if (ret && ret != -ENOENT)
		return ret;
	snprintf(line, sizeof(line), "0 %u 1", start->uid);
	ret = write_self("/proc/self/uid_map", line);
	if (ret)
		return ret;
	snprintf(line, sizeof(line), "0 %u 1", start->gid);
	return write_self("/proc/self/gid_map", line);
}

/* A container with masked parts of /proc forbids a fresh one; its own stays usable then. Nothing
 * is mounted where it would be seen outside. */
static void mount_proc(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return;
	(void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* Sets lo up. Of use by itself, and a test: a security module can make a user namespace whose
 * root is powerless, and this is where that shows. */
static int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		ret = -errno;
	close(fd);
	return ret;
}

/* After everything that changes credentials, because that clears the setting. */
static int die_with_parent(int parent)
{
	struct pollfd pfd = { .fd = parent, .events = POLLIN };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	/* The parent may have died before that; getppid() says 0 in any case here. */
	return poll(&pfd, 1, 0) == 0 ? 0 : -ESRCH;
}

static int child_setup(const struct start *start, const char **doing)
{
	int ret = 0;

	*doing = MAPPING;
	if (start->user_ns)
		ret = map_ids(start);
	if (ret)
		return ret;
	mount_proc();
	*doing = "setting lo up";
	ret = loopback_up();
	if (ret)
		return ret;
	*doing = "watching the parent";
	return die_with_parent(start->parent);
}

static void child(struct start *start) __attribute__((noreturn));
static void child(struct start *start)
{
	struct report report = { 0 };
	const char *doing;

	reset_signals(start->handled, start->adopted);
	nn_close_fd(&start->report[0]);
	report.code = -child_setup(start, &doing);
	snprintf(report.doing, sizeof(report.doing), "%s", doing);
	if (write(start->report[1], &report, sizeof(report)) != sizeof(report) || report.code)
		_exit(1);
	nn_close_fd(&start->parent);
	nn_close_fd(&start->report[1]);
	/* Not exit(): handlers and stdio buffers are the parent's. */
	_exit(start->entry(start->arg));
}

/* ---- in the parent ---------------------------------------------------------------------- */

/* Before Linux 5.5, or where a filter hides clone3(): the same, but for the signal handlers. The
 * arguments that architectures have in another order are none. */
static pid_t clone_as_of_old(const struct clone_args *args, struct start *start)
{
	unsigned long flags = (args->flags & ~CLONE_CLEAR_SIGHAND) | args->exit_signal;

	start->handled = true;
	return (pid_t)syscall(SYS_clone, flags, NULL, args->pidfd, NULL, NULL);
}

/* Like fork(), with new namespaces. Signals wait until the child has reset its handlers. */
static pid_t clone_sandbox(struct start *start, int *pidfd)
{
	struct clone_args args = { .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS |
					    CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				   .pidfd = (uintptr_t)pidfd,
				   .exit_signal = SIGCHLD };
	sigset_t all, before;
	pid_t pid;
	int code;

	if (start->user_ns)
		args.flags |= CLONE_NEWUSER;
	if (start->adopted) {
		args.flags |= CLONE_PARENT;
		args.exit_signal = 0; /* it has the caller's own */
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && (errno == ENOSYS || errno == EINVAL))
		pid = clone_as_of_old(&args, start);
	if (pid == 0)
		child(start);
	code = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = code;
	return pid;
}

/* Mapping root needs CAP_SETFCAP since Linux 5.12 (user_namespaces(7)); anybody may map himself else. */
static int refuse(const char *doing, int code, struct nn_err *err)
{
	struct nn_host host;

	nn_host_read(&host);
	host.unmapped = geteuid() == 0 && strcmp(doing, MAPPING) == 0;
	/* The documented codes for "not possible here" are few; these mean the same. */
	if (code == EACCES)
		code = EPERM;
	else if (code == EINVAL)
		return nn_fail(err, ENOSYS, "%s (%s)", nn_host_why(&host, EINVAL), doing);
	return nn_fail(err, code, "%s (%s)", nn_host_why(&host, code), doing);
}

/* Waits until the child is ready or has told why not. */
static int read_report(int fd, struct nn_err *err)
{
	struct report report;
	ssize_t got;

	do
		got = read(fd, &report, sizeof(report));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return nn_fail(err, errno, "sandbox: cannot read from the child");
	if (got != sizeof(report))
		return nn_fail(err, ECHILD, "sandbox: its first process died at once");
	return report.code ? refuse(report.doing, report.code, err) : 0;
}

static int launch(struct start *start, struct nn_sandbox *box, struct nn_err *err)
{
	int pidfd = -1;
	pid_t pid;

	pid = clone_sandbox(start, &pidfd);
	if (pid < 0)
		return refuse("clone", errno, err);
	*box = (struct nn_sandbox){ .pid = pid, .pidfd = pidfd };
	nn_close_fd(&start->report[1]);
	return read_report(start->report[0], err);
}

static int start_sandbox(struct start *start, struct nn_sandbox *box, struct nn_err *err)
{
	int ret;

	*box = (struct nn_sandbox)NN_SANDBOX_INIT;
	start->user_ns = !nn_sandbox_is_privileged();
	start->uid = geteuid();
	start->gid = getegid();
	if (pipe2(start->report, O_CLOEXEC))
		return nn_fail(err, errno, "sandbox: pipe");
	ret = launch(start, box, err);
	nn_close_fd(&start->report[0]);
	nn_close_fd(&start->report[1]);
	return ret;
}

int nn_sandbox_start(struct nn_sandbox *box, int (*entry)(void *arg), void *arg, struct nn_err *err)
{
	struct start start = { .entry = entry, .arg = arg, .parent = pidfd_open_(getpid()) };
	int ret;

	if (start.parent < 0)
		return refuse("pidfd_open", errno, err);
	ret = start_sandbox(&start, box, err);
	nn_close_fd(&start.parent);
	if (ret)
		nn_sandbox_kill(box);
	return ret;
}

int nn_sandbox_start_for(int parent, struct nn_sandbox *box, int (*entry)(void *arg), void *arg,
			 struct nn_err *err)
{
	struct start start = { .entry = entry, .arg = arg, .parent = parent, .adopted = true };

	return start_sandbox(&start, box, err);
}

int nn_sandbox_wait(struct nn_sandbox *box)
{
	int status = 0, ret = -ECHILD;
	pid_t pid;

	if (box->pid > 0) {
		do
			pid = waitpid(box->pid, &status, 0);
		while (pid < 0 && errno == EINTR);
		if (pid < 0)
			ret = -errno;
		else
			ret = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	box->pid = -1;
	nn_close_fd(&box->pidfd);
	return ret;
}

void nn_sandbox_kill(struct nn_sandbox *box)
{
	if (box->pid <= 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, box->pidfd, SIGKILL, NULL, 0);
	(void)nn_sandbox_wait(box);
}

pid_t nn_sandbox_fork(int *pidfd)
{
	pid_t pid = fork();
	int code;

	/* Nothing to arrange for the child: the kernel kills all of a pid namespace with its
	 * process 1. */
	if (pid <= 0)
		return pid;
	*pidfd = pidfd_open_(pid);
	if (*pidfd >= 0)
		return pid;
	code = errno;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	errno = code;
	return -1;
}
