/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See nursery.h. One socket: a request carries what the sandbox is told and its file, the answer the
 * sandbox's pid and pidfd. */
#include "nursery.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

struct request {
	char told[NN_NURSERY_TOLD] __attribute__((aligned(16)));
};

struct answer {
	int ret; /* of nn_sandbox_start_for() */
	pid_t pid;
	struct nn_err err;
};

/* ---- messages with a file ------------------------------------------------------------------ */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* @fd: -1: none. */
static int send_with_fd(int sock, const void *data, size_t size, int fd)
{
	struct iovec iov = { (void *)(uintptr_t)data, size };
	union control control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *cmsg = &control.head;

		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		*cmsg = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* *@fd: -1: none came. -EPIPE when the other end is gone. */
static int recv_with_fd(int sock, void *data, size_t size, int *fd)
{
	struct iovec iov = { data, size };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	const struct cmsghdr *cmsg;
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	*fd = -1;
	if (got != (ssize_t)size)
		return got < 0 ? -errno : -EPIPE;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cmsg), sizeof(*fd));
	return 0;
}

/* ---- in the nursery ------------------------------------------------------------------------ */

struct life {
	nn_nursery_entry *entry;
	int sock, parent; /* the parent's pidfd */
	int also;         /* -1: none */
};

/* Closes all files above the standard ones, but these. */
static void close_but(const int keep[3])
{
	for (int from = 3;;) {
		int next = INT_MAX;

		for (int i = 0; i < 3; i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		if (next == INT_MAX) {
			nn_close_range((unsigned)from, UINT_MAX);
			return;
		}
		if (next > from)
			nn_close_range((unsigned)from, (unsigned)next - 1);
		from = next + 1;
	}
}

/* What the new process finds in its copy of the memory. */
struct birth {
	const struct life *life;
	const struct request *request;
	int fd;
};

static int enter(void *arg)
{
	const struct birth *birth = arg;

	close_but((const int[3]){ birth->fd, birth->life->also, -1 });
	return birth->life->entry(birth->request->told, birth->fd);
}

static int serve(const struct life *life)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct request request;
	struct birth birth = { .life = life, .request = &request };
	struct answer answer = { .ret = 0 };
	int ret = recv_with_fd(life->sock, &request, sizeof(request), &birth.fd);

	if (ret)
		return ret;
	answer.ret = nn_sandbox_start_for(life->parent, &box, enter, &birth, &answer.err);
	answer.pid = box.pid;
	ret = send_with_fd(life->sock, &answer, sizeof(answer), box.pidfd);
	nn_close_fd(&box.pidfd);
	nn_close_fd(&birth.fd);
	return ret;
}

/* Ctrl-C goes to the whole process group: it ends the parent, and that ends the nursery, which does not
 * hear of it; a sandbox would inherit what is ignored, but not what is blocked. Of the parent's files it
 * keeps only the standard ones. */
static void live(const struct life *life) __attribute__((noreturn));
static void live(const struct life *life)
{
	sigset_t deaf;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "kacheck-nursery");
	nn_sandbox_heed_signals();
	sigemptyset(&deaf);
	sigaddset(&deaf, SIGINT);
	sigaddset(&deaf, SIGTERM);
	sigaddset(&deaf, SIGHUP);
	sigprocmask(SIG_BLOCK, &deaf, NULL);
	close_but((const int[3]){ life->sock, life->parent, life->also });
	while (!serve(life))
		;
	_exit(0);
}

/* ---- in its parent ------------------------------------------------------------------------- */

int nn_nursery_open(struct nn_nursery *nursery, nn_nursery_entry *entry, int also,
		    struct nn_err *err)
{
	struct life life = { .entry = entry, .sock = -1, .parent = -1, .also = also };
	int pair[2] = { -1, -1 }, ret = 0;

	life.parent = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (life.parent < 0)
		return nn_fail(err, errno, "pidfd_open");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		ret = nn_fail(err, errno, "nursery: socketpair");
		goto out;
	}
	life.sock = pair[1];
	nursery->pid = fork();
	if (nursery->pid == 0)
		live(&life);
	if (nursery->pid < 0) {
		ret = nn_fail(err, errno, "nursery: fork");
		nn_close_fd(&pair[0]);
	}
	nursery->fd = pair[0];
out:
	nn_close_fd(&pair[1]);
	nn_close_fd(&life.parent);
	return ret;
}

int nn_nursery_start(struct nn_nursery *nursery, struct nn_sandbox *box, const void *told,
		     size_t size, int fd, struct nn_err *err)
{
	struct request request = { .told = "" };
	struct answer answer;
	int ret;

	if (size > sizeof(request.told))
		return nn_fail(err, EMSGSIZE, "nursery");
	memcpy(request.told, told, size);
	ret = send_with_fd(nursery->fd, &request, sizeof(request), fd);
	if (!ret)
		ret = recv_with_fd(nursery->fd, &answer, sizeof(answer), &box->pidfd);
	if (ret)
		return nn_fail(err, -ret, "the process that starts sandboxes is gone");
	box->pid = answer.pid;
	if (!answer.ret)
		return 0;
	nn_sandbox_kill(box);
	if (err)
		*err = answer.err;
	return answer.ret;
}

void nn_nursery_close(struct nn_nursery *nursery)
{
	nn_close_fd(&nursery->fd);
	while (nursery->pid > 0 && waitpid(nursery->pid, NULL, 0) < 0 && errno == EINTR)
		;
	nursery->pid = -1;
}
