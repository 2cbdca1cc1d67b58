/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See live.h. */
#include "rollout/live.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "model/util.h"
#include "netns/diag.h"
#include "netns/sysctl.h"

static int identify(struct ka_live *out, const struct nn_ns *ns, struct nn_err *err)
{
	struct stat there, here;

	if (fstat(nn_ns_fd(ns), &there) || stat("/proc/thread-self/ns/net", &here))
		return nn_fail(err, errno, "cannot identify the network namespace");
	out->inode = there.st_ino;
	out->own = there.st_ino == here.st_ino && there.st_dev == here.st_dev;
	return 0;
}

/* ---- its values ------------------------------------------------------------------------- */

/* Those of connection tracking decide nothing here. What an old kernel lacks keeps its initial value, but
 * for the first ones, which every kernel has. */
static int read_values(struct ka_knobs *values, const struct nn_ns *ns, struct nn_err *err)
{
	char text[64];
	int ret = 0;

	*values = ka_knobs_initial();
	for (int i = 0; i < KA_KNOBS && ret >= 0; i++) {
		const char *key = ka_knob_infos[i].key;

		if (strncmp(key, "net/ipv4/", 9) != 0)
			continue;
		ret = nn_sysctl_get(ns, key, text, sizeof(text), err);
		if (ret == -ENOENT && i >= KA_LIVE_KNOBS)
			ret = 0;
		else if (ret >= 0 && ka_knob_number(&values->value[i], text) < 0)
			ret = nn_fail(err, EBADMSG, "sysctl %s is \"%s\", no number", key, text);
	}
	return ret < 0 ? ret : 0;
}

/* ---- its connections -------------------------------------------------------------------- */

#define PORTS           65536
/* Linux gives ports from here on to who asks for none (ip_local_port_range). */
#define FIRST_EPHEMERAL 32768

struct taking {
	struct ka_live *live;
	uint8_t listening[PORTS / 8];
};

static const struct {
	int tcp;
	enum ka_live_state is;
} states[] = { { TCP_ESTABLISHED, KA_LIVE_ESTABLISHED }, { TCP_CLOSE_WAIT, KA_LIVE_CLOSE_WAIT },
	       { TCP_FIN_WAIT1, KA_LIVE_FIN_WAIT1 },     { TCP_FIN_WAIT2, KA_LIVE_FIN_WAIT2 },
	       { TCP_CLOSING, KA_LIVE_CLOSING },         { TCP_LAST_ACK, KA_LIVE_LAST_ACK } };

/* KA_LIVE_STATES: none of those that are looked at. */
static enum ka_live_state state_of(int tcp)
{
	for (size_t i = 0; i < KA_N(states); i++)
		if (states[i].tcp == tcp)
			return states[i].is;
	return KA_LIVE_STATES;
}

static uint32_t wanted_states(void)
{
	uint32_t mask = 1u << TCP_LISTEN;

	for (size_t i = 0; i < KA_N(states); i++)
		mask |= 1u << states[i].tcp;
	return mask;
}

static enum ka_live_timer timer_of(uint8_t timer)
{
	static const struct {
		uint8_t timer;
		enum ka_live_timer is;
	} timers[] = { { NN_TIMER_OFF, KA_LIVE_OFF },
		       { NN_TIMER_RETRANS, KA_LIVE_BUSY },
		       { NN_TIMER_KEEPALIVE, KA_LIVE_ARMED },
		       { NN_TIMER_PROBE0, KA_LIVE_CLOSED } };

	for (size_t i = 0; i < KA_N(timers); i++)
		if (timers[i].timer == timer)
			return timers[i].is;
	return KA_LIVE_HIDDEN;
}

static struct ka_live_socket socket_of(const struct nn_diag *diag, uint16_t sport, uint16_t dport)
{
	struct ka_live_socket socket = {
		.family = diag->family,
		.local_port = sport,
		.remote_port = dport,
		.state = state_of(diag->state),
		.timer = timer_of(diag->timer),
		.expires_ms = diag->expires_ms,
		.unanswered = diag->probes_out,
		.received = diag->rqueue,
		.unacked = diag->wqueue,
		.have_quiet = diag->has_info,
		/* keepalive_time_elapsed(): whatever came last */
		.quiet_ms = ka_lesser(diag->last_ack_recv_ms, diag->last_data_recv_ms),
		.rto_ms = diag->rto_us / 1000 >> ka_lesser(diag->backoff, 31),
		.inode = diag->inode,
		.uid = diag->uid,
		.hidden = -ENOENT,
	};

	memcpy(socket.local, diag->local, sizeof(socket.local));
	memcpy(socket.remote, diag->remote, sizeof(socket.remote));
	memcpy(socket.cookie, diag->cookie, sizeof(socket.cookie));
	return socket;
}

/* The kernel tells its listeners first. */
static int take(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	struct taking *taking = arg;
	struct ka_live *live = taking->live;

	if (diag->state == TCP_LISTEN) {
		taking->listening[sport / 8] |= (uint8_t)(1 << sport % 8);
		return 0;
	}
	/* what waits in TIME_WAIT for the end of FIN_WAIT2 is no socket any more */
	if (state_of(diag->state) == KA_LIVE_STATES || diag->timer == NN_TIMER_TIMEWAIT)
		return 0;
	if (ka_grow(&live->sockets, &live->room, live->n + 1, sizeof(*live->sockets)) < 0)
		return -ENOMEM;
	live->sockets[live->n++] = socket_of(diag, sport, dport);
	return 0;
}

/* Its listener may be gone by now; then the ports tell. */
static bool was_accepted(const struct taking *taking, const struct ka_live_socket *socket)
{
	uint16_t port = socket->local_port;

	if (taking->listening[port / 8] & 1 << port % 8)
		return true;
	return port < FIRST_EPHEMERAL && socket->remote_port >= FIRST_EPHEMERAL;
}

static int by_address(const void *left, const void *right)
{
	const struct ka_live_socket *a = left, *b = right;
	int order;

	if (a->family != b->family)
		return a->family == AF_INET ? -1 : 1;
	order = memcmp(a->local, b->local, sizeof(a->local));
	if (!order)
		order = a->local_port - b->local_port;
	if (!order)
		order = memcmp(a->remote, b->remote, sizeof(a->remote));
	return order ? order : a->remote_port - b->remote_port;
}

static int read_sockets(struct ka_live *live, struct nn_ns *ns, struct nn_err *err)
{
	struct taking taking = { .live = live };
	int ret = nn_diag_walk(ns, wanted_states(), take, &taking, err);

	if (ret == -ENOMEM)
		return nn_fail(err, ENOMEM, "cannot list the connections");
	if (ret)
		return nn_prefix(err, ret, "cannot list the connections");
	for (size_t i = 0; i < live->n; i++)
		live->sockets[i].accepted = was_accepted(&taking, &live->sockets[i]);
	if (live->n)
		qsort(live->sockets, live->n, sizeof(*live->sockets), by_address);
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------- */

void ka_live_free(struct ka_live *live)
{
	free(live->sockets);
	*live = (struct ka_live){ 0 };
}

int ka_live_read(struct ka_live *out, struct nn_ns *ns, struct nn_err *err)
{
	struct ka_live live = { 0 };
	int ret = identify(&live, ns, err);

	if (!ret)
		ret = read_values(&live.values, ns, err);
	if (!ret)
		ret = read_sockets(&live, ns, err);
	live.after = live.values;
	if (ret)
		ka_live_free(&live);
	else
		*out = live;
	return ret;
}

/* ---- whose they are --------------------------------------------------------------------- */

/* Any holder will do: the options are the socket's. */
static void ask(struct ka_live_socket *socket, const struct nn_holder *holders, size_t n)
{
	for (size_t i = 0; i < n && socket->hidden; i++) {
		int ret = nn_holder_options(&holders[i], &socket->options, NULL);

		socket->hidden = ret ? ret : socket->options.error[NN_SO_KEEPALIVE];
	}
	if (!n)
		return;
	socket->pid = holders->pid;
	memcpy(socket->program, holders->comm, sizeof(socket->program));
}

void ka_live_ask(struct ka_live *live, const struct nn_holders *holders)
{
	for (size_t i = 0; i < live->n; i++) {
		struct ka_live_socket *socket = &live->sockets[i];
		const struct nn_holder *first;
		size_t n;

		if (!socket->inode)
			continue;
		first = nn_holders_of(holders, socket->inode, &n);
		ask(socket, first, n);
	}
}

static bool may_have_ended(const struct ka_live_socket *socket)
{
	return socket->hidden == -ENOENT || socket->hidden == -ESRCH || socket->hidden == -EBADF ||
	       socket->hidden == -ESTALE;
}

/* 1: it is gone, or its process has closed it meanwhile. */
static int has_ended(const struct ka_live_socket *socket, struct nn_ns *ns, struct nn_err *err)
{
	const struct nn_diag_key key = { .family = socket->family,
					 .sport = socket->local_port,
					 .dport = socket->remote_port };
	struct nn_diag diag = { 0 };
	int ret;

	memcpy(diag.local, socket->local, sizeof(diag.local));
	memcpy(diag.remote, socket->remote, sizeof(diag.remote));
	memcpy(diag.cookie, socket->cookie, sizeof(diag.cookie));
	ret = nn_diag_again(ns, &key, &diag, err);
	return ret == -ENOENT || (!ret && !diag.inode) ? 1 : ret;
}

int ka_live_drop_ended(struct ka_live *live, struct nn_ns *ns, struct nn_err *err)
{
	size_t kept = 0;
	int ended = 0, ret = 0;

	for (size_t i = 0; i < live->n; i++) {
		bool doubtful = ret >= 0 && may_have_ended(&live->sockets[i]);

		ret = doubtful ? has_ended(&live->sockets[i], ns, err) : ret;
		if (doubtful && ret == 1)
			ended++;
		else
			live->sockets[kept++] = live->sockets[i];
	}
	live->n = kept;
	return ret < 0 ? ret : ended;
}

bool ka_live_is_queued(const struct ka_live_socket *socket)
{
	return !socket->inode &&
	       (socket->state == KA_LIVE_ESTABLISHED || socket->state == KA_LIVE_CLOSE_WAIT);
}

uint16_t ka_live_port(const struct ka_live_socket *socket)
{
	return socket->accepted ? socket->local_port : socket->remote_port;
}

const char *ka_live_why_hidden(const struct ka_live_socket *socket)
{
	if (socket->hidden && !socket->inode)
		return ka_live_is_queued(socket) ? "its program has not accepted it yet"
						 : "its program has closed it";
	switch (socket->hidden) {
	case 0:
		return "";
	case -ENOENT:
		return "no process that may be seen holds it (CAP_SYS_PTRACE, which root of the "
		       "host "
		       "has)";
	case -EPERM:
	case -EACCES:
		return "its process may not be asked (CAP_SYS_PTRACE, which root of the host has)";
	case -ENOSYS:
		return "this kernel lends no files (Linux 5.6; a container's seccomp filter may "
		       "forbid pidfd_getfd)";
	case -EXDEV:
		return "asking would change the network class of its packets, or its process has "
		       "no "
		       "number here (run this in that process's namespaces and cgroup)";
	case -ESRCH:
	case -EBADF:
	case -ESTALE:
		return "its process ended, or passed it on, while it was looked at";
	default:
		return "its process could not be asked";
	}
}
