/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a namespace that exists already; see live.h. */
#include "rollout/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "model/util.h"
#include "netns/diag.h"
#include "netns/ns.h"
#include "netns/sysctl.h"

#define STATE_ESTABLISHED 1

/* ---- which namespace -------------------------------------------------------------------- */

static int open_process(struct nn_ns **ns, const char *pid, struct nn_err *err)
{
	char path[64];
	int ret;

	if ((size_t)snprintf(path, sizeof(path), "/proc/%s/ns/net", pid) >= sizeof(path))
		return nn_fail(err, ESRCH, "no process %.20s...", pid);
	ret = nn_ns_open_path(ns, path, err);
	if (ret == -ENOENT)
		return nn_fail(err, ESRCH, "no process %s", pid);
	return ret;
}

static int open_target(struct nn_ns **ns, const char *target, struct nn_err *err)
{
	int ret;

	if (*target && !target[strspn(target, "0123456789")])
		ret = open_process(ns, target, err);
	else
		ret = nn_ns_open_path(ns, target, err);
	if (ret == -EACCES || ret == -EPERM)
		return nn_prefix(
			err, ret,
			"may not look into %s (CAP_SYS_PTRACE, which root of the host has)",
			target);
	return ret;
}

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

static int read_value(const struct nn_ns *ns, const char *key, int64_t *value, struct nn_err *err)
{
	char text[64], *end;
	int ret = nn_sysctl_get(ns, key, text, sizeof(text), err);

	if (ret < 0)
		return ret;
	errno = 0;
	*value = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return nn_fail(err, EBADMSG, "sysctl %s is \"%s\", no number", key, text);
	return 0;
}

static int read_values(struct ka_live_values *values, const struct nn_ns *ns, struct nn_err *err)
{
	int ret = read_value(ns, "net/ipv4/tcp_keepalive_time", &values->time, err);

	if (!ret)
		ret = read_value(ns, "net/ipv4/tcp_keepalive_intvl", &values->intvl, err);
	if (!ret)
		ret = read_value(ns, "net/ipv4/tcp_keepalive_probes", &values->probes, err);
	if (!ret)
		ret = read_value(ns, "net/ipv4/tcp_retries2", &values->retries2, err);
	return ret;
}

/* ---- its connections -------------------------------------------------------------------- */

struct taking {
	struct ka_live *live;
	int family;
};

static enum ka_live_timer timer_of(uint8_t timer)
{
	switch (timer) {
	case NN_TIMER_OFF:
		return KA_LIVE_OFF;
	case NN_TIMER_RETRANS:
		return KA_LIVE_BUSY;
	case NN_TIMER_KEEPALIVE:
		return KA_LIVE_ARMED;
	case NN_TIMER_PROBE0:
		return KA_LIVE_CLOSED;
	default:
		return KA_LIVE_HIDDEN;
	}
}

static void fill(struct ka_live_socket *socket, const struct nn_diag *diag)
{
	memcpy(socket->local, diag->local, sizeof(socket->local));
	memcpy(socket->remote, diag->remote, sizeof(socket->remote));
	memcpy(socket->cookie, diag->cookie, sizeof(socket->cookie));
	socket->timer = timer_of(diag->timer);
	socket->expires_ms = diag->expires_ms;
	socket->unanswered = diag->probes_out;
	socket->received = diag->rqueue;
	socket->unacked = diag->wqueue;
	socket->have_quiet = diag->has_info;
	/* keepalive_time_elapsed(): whatever came last */
	socket->quiet_ms = diag->last_ack_recv_ms < diag->last_data_recv_ms
				   ? diag->last_ack_recv_ms
				   : diag->last_data_recv_ms;
}

static int take(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	const struct taking *taking = arg;
	struct ka_live *live = taking->live;
	struct ka_live_socket *socket;

	if (diag->state != STATE_ESTABLISHED)
		return 0;
	if (ka_grow(&live->sockets, &live->room, live->n + 1, sizeof(*socket)) < 0)
		return -ENOMEM;
	socket = &live->sockets[live->n++];
	*socket = (struct ka_live_socket){ .family = taking->family,
					   .local_port = sport,
					   .remote_port = dport };
	fill(socket, diag);
	return 0;
}

static int read_sockets(struct ka_live *live, struct nn_ns *ns, struct nn_err *err)
{
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;
	int ret;

	for (i = 0; i < 2; i++) {
		struct taking taking = { .live = live, .family = families[i] };

		ret = nn_diag_walk(ns, families[i], take, &taking, err);
		if (ret == -ENOMEM)
			return nn_fail(err, ENOMEM, "cannot list the connections");
		if (ret)
			return nn_prefix(err, ret, "cannot list the connections");
	}
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------- */

void ka_live_free(struct ka_live *live)
{
	free(live->sockets);
	*live = (struct ka_live){ 0 };
}

int ka_live_read(struct ka_live *out, const char *target, struct nn_err *err)
{
	struct ka_live live = { 0 };
	struct nn_ns *ns = NULL;
	int ret = open_target(&ns, target, err);

	if (ret)
		return ret;
	ret = identify(&live, ns, err);
	if (!ret)
		ret = read_values(&live.values, ns, err);
	if (!ret)
		ret = read_sockets(&live, ns, err);
	nn_ns_free(ns);
	if (ret == -EPERM)
		nn_prefix(err, ret,
			  "may not look into %s (CAP_SYS_ADMIN, which root of the host has)",
			  target);
	if (ret)
		ka_live_free(&live);
	else
		*out = live;
	return ret;
}
