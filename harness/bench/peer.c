/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's handle on a peer process. */
#include "bench/peer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns/sandbox.h"

/* The engine's other descriptors are close-on-exec, but there is no exec here: close them, so that
 * a namespace dies when the engine lets go of it. */
static void close_all_but(int keep)
{
	if (keep > 3)
		close_range(3, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, ~0u, 0);
}

/* Blocked, not ignored: the post-mortem asks whether a write raised it. */
static void block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void live(const struct ka_peer_config *config, struct nn_ns *ns, int ctl)
{
	if (nn_ns_enter(ns, NULL))
		_exit(EXIT_FAILURE);
	close_all_but(ctl);
	block_sigpipe();
	_exit(ka_peer_main(config, ctl));
}

int ka_peer_start(struct ka_peer *peer, const struct ka_peer_config *config, struct nn_ns *ns,
		  struct nn_err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nn_fail(err, errno, "control socket of a peer");
	peer->pid = nn_sandbox_fork(&peer->pidfd);
	if (peer->pid == 0)
		live(config, ns, pair[1]);
	close(pair[1]);
	peer->ctl = pair[0];
	if (peer->pid < 0) {
		int ret = nn_fail(err, errno, "cannot fork a peer");

		ka_peer_close(peer);
		return ret;
	}
	return 0;
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
	if (peer->ctl >= 0)
		close(peer->ctl);
	if (peer->pidfd >= 0)
		close(peer->pidfd);
	*peer = (struct ka_peer)KA_PEER_INIT;
}
