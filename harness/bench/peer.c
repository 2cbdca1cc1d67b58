/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's handle on a peer. */
#include "bench/peer.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/touch.h"
#include "model/util.h"
#include "netns/sandbox.h"
#include "netns/util.h"

/* Of a peer's thread: its deepest buffers are some 20 KiB. */
#define STACK (256 << 10)

/* The engine's other descriptors are close-on-exec, but there is no exec here: close them, so that
 * a namespace dies when the engine lets go of it. */
static void close_all_but(int keep)
{
	if (keep > 3)
		nn_close_range(3, (unsigned)keep - 1);
	nn_close_range((unsigned)keep + 1, ~0u);
}

/* Blocked, not ignored: the post-mortem asks whether a write raised it. */
static void block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* What a thread is born with. */
struct birth {
	struct ka_peer_config config;
	struct nn_ns *ns;
	int ctl;
};

static int live(const struct birth *birth)
{
	if (nn_ns_enter(birth->ns, NULL))
		return EXIT_FAILURE;
	close_all_but(birth->ctl);
	block_sigpipe();
	return ka_peer_main(&birth->config, birth->ctl);
}

static void *live_as_thread(void *arg)
{
	struct birth birth = *(struct birth *)arg;

	free(arg);
	if (birth.config.clock_stands)
		ka_touch_stack();
	/* files of its own: what the engine opens and closes is no matter to it, nor the other way */
	if (!unshare(CLONE_FILES)) {
		live(&birth);
		nn_close_range(3, ~0u);
	}
	return NULL;
}

static int start_process(struct ka_peer *peer, const struct birth *birth, struct nn_err *err)
{
	peer->pid = nn_sandbox_fork(&peer->pidfd);
	if (peer->pid == 0)
		_exit(live(birth));
	return peer->pid < 0 ? nn_fail(err, errno, "cannot fork a peer") : 0;
}

static int start_thread(struct ka_peer *peer, const struct birth *birth, struct nn_err *err)
{
	struct birth *copy = malloc(sizeof(*copy));
	pthread_attr_t attr;
	int code;

	if (!copy)
		return nn_fail(err, ENOMEM, "peer");
	*copy = *birth;
#ifdef M_ARENA_MAX
	/* else each thread maps 128 MiB of its own for its few bytes */
	(void)mallopt(M_ARENA_MAX, 1);
#endif
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	code = pthread_create(&peer->thread, &attr, live_as_thread, copy);
	pthread_attr_destroy(&attr);
	if (code) {
		free(copy);
		return nn_fail(err, code, "cannot start a peer's thread");
	}
	peer->is_thread = true;
	return 0;
}

int ka_peer_start(struct ka_peer *peer, const struct ka_peer_config *config, struct nn_ns *ns,
		  struct nn_err *err)
{
	struct birth birth = { .config = *config, .ns = ns };
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nn_fail(err, errno, "control socket of a peer");
	birth.ctl = pair[1];
	peer->ctl = pair[0];
	peer->theirs = pair[1];
	ret = config->process ? start_process(peer, &birth, err) : start_thread(peer, &birth, err);
	/* a thread shares this file until it has a copy of all */
	if (config->process || ret)
		ka_close_fd(&peer->theirs);
	if (ret)
		ka_peer_close(peer);
	return ret;
}

int ka_peer_send(struct ka_peer *peer, const struct ka_peer_command *command, struct nn_err *err)
{
	if (send(peer->ctl, command, sizeof(*command), MSG_NOSIGNAL) < 0)
		return nn_fail(err, errno, "a peer does not take commands");
	return 0;
}

/* 0, or -EAGAIN, -EPIPE. */
static int fetch_messages(struct ka_peer *peer)
{
	struct mmsghdr mail[KA_INBOX] = { 0 };
	struct iovec room[KA_INBOX];

	for (int i = 0; i < KA_INBOX; i++) {
		room[i] = (struct iovec){ &peer->inbox[i], sizeof(peer->inbox[i]) };
		mail[i].msg_hdr = (struct msghdr){ .msg_iov = &room[i], .msg_iovlen = 1 };
	}
	peer->next = 0;
	peer->n = recvmmsg(peer->ctl, mail, KA_INBOX, MSG_DONTWAIT, NULL);
	/* one that is gone and left a command unread: what it said before can still be read */
	if (peer->n < 0 && errno == ECONNRESET)
		peer->n = recvmmsg(peer->ctl, mail, KA_INBOX, MSG_DONTWAIT, NULL);
	if (peer->n < 0) {
		peer->n = 0;
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	}
	ka_close_fd(&peer->theirs); /* who says something has files of its own */
	peer->emptied = peer->n < KA_INBOX;
	for (int i = 0; i < peer->n; i++)
		peer->got[i] = mail[i].msg_len;
	return 0;
}

bool ka_peer_has_message(const struct ka_peer *peer)
{
	return peer->next < peer->n;
}

int ka_peer_receive(struct ka_peer *peer, struct ka_message *message)
{
	bool emptied = peer->emptied;
	int ret;

	if (!ka_peer_has_message(peer)) {
		peer->emptied = false;
		ret = emptied ? -EAGAIN : fetch_messages(peer);
		if (ret)
			return ret;
	}
	*message = peer->inbox[peer->next];
	/* the end of a file is read as often as one asks */
	return peer->got[peer->next++] == sizeof(*message) ? 0 : -EPIPE;
}

int ka_peer_kill(struct ka_peer *peer)
{
	siginfo_t info;

	if (peer->is_thread) {
		/* it reads the end of its commands, and nothing else makes it wait */
		shutdown(peer->ctl, SHUT_RDWR);
		peer->is_thread = false;
		return -pthread_join(peer->thread, NULL);
	}
	if (peer->pid <= 0)
		return 0;
	if (kill(peer->pid, SIGKILL) < 0)
		return -errno;
	if (waitid(P_PID, (id_t)peer->pid, &info, WEXITED) < 0)
		return -errno;
	peer->pid = -1;
	return 0;
}

int ka_peer_freeze(struct ka_peer *peer, bool stop)
{
	siginfo_t info;

	if (kill(peer->pid, stop ? SIGSTOP : SIGCONT) < 0)
		return -errno;
	if (waitid(P_PID, (id_t)peer->pid, &info, stop ? WSTOPPED : WCONTINUED) < 0)
		return -errno;
	return 0;
}

void ka_peer_close(struct ka_peer *peer)
{
	ka_close_fd(&peer->ctl);
	ka_close_fd(&peer->theirs);
	ka_close_fd(&peer->pidfd);
	*peer = (struct ka_peer)KA_PEER_INIT;
}
