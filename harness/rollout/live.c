/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See live.h. */
#include "rollout/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "judge/backoff.h"
#include "judge/wheel.h"
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

static int read_values(struct ka_knobs *values, const struct nn_ns *ns, struct nn_err *err)
{
	char text[64];
	int ret = 0;

	*values = ka_knobs_initial();
	for (int i = 0; i < KA_LIVE_KNOBS && ret >= 0; i++) {
		const char *key = ka_knob_infos[i].key;

		ret = nn_sysctl_get(ns, key, text, sizeof(text), err);
		if (ret >= 0 && ka_knob_number(&values->value[i], text) < 0)
			ret = nn_fail(err, EBADMSG, "sysctl %s is \"%s\", no number", key, text);
	}
	return ret < 0 ? ret : 0;
}

/* ---- its connections -------------------------------------------------------------------- */

struct taking {
	struct ka_live *live;
	int family;
};

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
	*socket = (struct ka_live_socket){
		.family = taking->family,
		.local_port = sport,
		.remote_port = dport,
		.timer = timer_of(diag->timer),
		.expires_ms = diag->expires_ms,
		.unanswered = diag->probes_out,
		.received = diag->rqueue,
		.unacked = diag->wqueue,
		.have_quiet = diag->has_info,
		/* keepalive_time_elapsed(): whatever came last */
		.quiet_ms = ka_lesser(diag->last_ack_recv_ms, diag->last_data_recv_ms),
	};
	memcpy(socket->local, diag->local, sizeof(socket->local));
	memcpy(socket->remote, diag->remote, sizeof(socket->remote));
	memcpy(socket->cookie, diag->cookie, sizeof(socket->cookie));
	return 0;
}

static int read_sockets(struct ka_live *live, struct nn_ns *ns, struct nn_err *err)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < KA_N(families); i++) {
		struct taking taking = { .live = live, .family = families[i] };
		int ret = nn_diag_walk(ns, families[i], take, &taking, err);

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

/* ---- what a peer that is dead from now on would cost ----------------------------------- */

#define RTO_MAX_MS INT64_C(120000)

/* The kernel's range is that of an int; a file may say anything. */
static int64_t bounded(int64_t value)
{
	return ka_lesser(ka_greater(value, INT32_MIN), INT32_MAX);
}

/* Milliseconds by which a timer of @ms may be late. */
static double late_ms(int64_t ms, int hz)
{
	int64_t granule = ka_wheel_granule(ka_wheel_ms(ka_greater(ms, 0), hz), hz);

	return 1000.0 * (double)granule / hz;
}

/*
 * tcp_keepalive_timer(): at the expiry a socket that has been quiet for less than idle only arms
 * its timer for the rest; otherwise it sends a probe and waits for intvl, or, with all probes
 * unanswered, ends.
 */
static struct ka_live_cost by_keepalive(const struct ka_live_socket *socket,
					const struct ka_knobs *k, int hz)
{
	int64_t idle_ms = 1000 * bounded(k->value[KA_KNOB_TIME]);
	int64_t intvl_ms = 1000 * ka_greater(bounded(k->value[KA_KNOB_INTVL]), 0);
	int64_t gaps = ka_greater(bounded(k->value[KA_KNOB_PROBES]) - socket->unanswered, 0);
	int64_t first = socket->expires_ms;
	double nominal, late;
	struct ka_live_cost cost = { .end = KA_LIVE_KEEPALIVE };

	if (socket->have_quiet && !socket->unanswered)
		first = ka_greater(first, idle_ms - socket->quiet_ms);
	nominal = (double)first + (double)gaps * (double)intvl_ms;
	/* the timer that runs was armed with intvl if a probe is out, with idle at the most else */
	late = late_ms(ka_greater(first, socket->unanswered ? intvl_ms : idle_ms), hz) +
	       (double)gaps * late_ms(intvl_ms, hz);
	/* one jiffy: what the kernel shows is rounded */
	cost.other_idle =
		!socket->unanswered && socket->expires_ms > ka_greater(idle_ms, 0) + 1000 / hz + 1;
	cost.first_probe_s = (double)first / 1000;
	cost.nominal_s = nominal / 1000;
	cost.window_s[0] = cost.nominal_s;
	cost.window_s[1] = (nominal + late) / 1000;
	return cost;
}

/* The limit is a sum of the shortest timeouts; the kernel looks at it whenever a timer of the
 * connection's own round trip expires, so up to the longest one later. */
static struct ka_live_cost by_retries(const struct ka_live_socket *socket, const struct ka_knobs *k,
				      int hz)
{
	unsigned retries2 = (unsigned)ka_lesser(ka_greater(k->value[KA_KNOB_RETRIES2], 0), 255);
	const struct ka_backoff timer = ka_backoff_on_lan(
		socket->timer == KA_LIVE_CLOSED ? KA_BACKOFF_WINDOW : KA_BACKOFF_DATA, retries2, 0,
		hz);
	struct ka_live_cost cost = { .end = KA_LIVE_DATA };
	int64_t window[2], last;

	ka_backoff_window(&timer, window);
	last = ka_lesser(ka_wheel_ms(RTO_MAX_MS, hz), window[0]);
	window[1] = ka_greater(window[1], window[0] + last + ka_wheel_granule(last, hz));
	cost.nominal_s = (double)window[0] / hz;
	cost.window_s[0] = (double)window[0] / hz;
	cost.window_s[1] = (double)window[1] / hz;
	return cost;
}

struct ka_live_cost ka_live_cost(const struct ka_live_socket *socket, const struct ka_knobs *k,
				 int hz)
{
	switch (socket->timer) {
	case KA_LIVE_ARMED:
		return by_keepalive(socket, k, hz);
	case KA_LIVE_BUSY:
	case KA_LIVE_CLOSED:
		return by_retries(socket, k, hz);
	case KA_LIVE_HIDDEN:
		return (struct ka_live_cost){ .end = KA_LIVE_UNKNOWN };
	case KA_LIVE_OFF:
		break;
	}
	return (struct ka_live_cost){ .end = KA_LIVE_NEVER };
}
