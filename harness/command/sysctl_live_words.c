/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words about live connections that all formats have in common. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>

#include "command/sysctl_live.h"
#include "model/span.h"
#include "model/util.h"

const char *ka_live_address(int family, const uint8_t *bytes, uint16_t port, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family, bytes, text, sizeof(text));
	snprintf(buf, size, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
	return buf;
}

const char *ka_live_timer_name(enum ka_live_timer timer)
{
	static const char *const names[] = {
		[KA_LIVE_OFF] = "no keepalive",     [KA_LIVE_ARMED] = "keepalive",
		[KA_LIVE_BUSY] = "data in flight",  [KA_LIVE_CLOSED] = "window closed",
		[KA_LIVE_HIDDEN] = "another timer",
	};

	return names[timer];
}

const char *ka_live_state_name(enum ka_live_state state)
{
	static const char *const names[KA_LIVE_STATES] = {
		[KA_LIVE_ESTABLISHED] = "ESTABLISHED", [KA_LIVE_CLOSE_WAIT] = "CLOSE_WAIT",
		[KA_LIVE_FIN_WAIT1] = "FIN_WAIT1",     [KA_LIVE_FIN_WAIT2] = "FIN_WAIT2",
		[KA_LIVE_CLOSING] = "CLOSING",         [KA_LIVE_LAST_ACK] = "LAST_ACK",
	};

	return names[state];
}

const char *ka_live_program(const struct ka_live_socket *socket)
{
	if (*socket->program)
		return socket->program;
	if (socket->inode)
		return "?";
	return ka_live_is_queued(socket) ? "not accepted" : "nobody";
}

const char *ka_live_service(const struct ka_live_socket *socket, char *buf, size_t size)
{
	snprintf(buf, size, "%s %u", socket->accepted ? "on" : "to", ka_live_port(socket));
	return buf;
}

const char *ka_live_rule_text(const struct ka_live_rule *rule, char *buf, size_t size)
{
	const int64_t *value = rule->knobs.value;
	char span[64], timeout[100] = "";

	if (rule->ut_ms)
		snprintf(timeout, sizeof(timeout), ", user timeout %s",
			 ka_span_text(rule->ut_ms / 1000.0, span, sizeof(span)));
	if (!rule->keepalive)
		snprintf(buf, size, "no keepalive%s", timeout);
	else if (!rule->known)
		snprintf(buf, size, "not known");
	else
		snprintf(buf, size, "%" PRId64 "/%" PRId64 "/%" PRId64 "%s%s", value[KA_KNOB_TIME],
			 value[KA_KNOB_INTVL], value[KA_KNOB_PROBES],
			 rule->inherits ? " (as the sysctls)" : "", timeout);
	return buf;
}

const char *ka_live_window_text(const double window[2], char *buf, size_t size)
{
	int decimals = window[0] < 100 || window[1] - window[0] < 10 ? 1 : 0;

	if (isinf(window[0]))
		snprintf(buf, size, "never");
	else if (isinf(window[1]))
		snprintf(buf, size, "%.*f s .. never", decimals, window[0]);
	else
		snprintf(buf, size, "%.*f .. %.*f s", decimals, window[0], decimals, window[1]);
	return buf;
}

static void put_unknown(const struct ka_live_cost *cost, char *buf, size_t size)
{
	if (cost->end == KA_LIVE_KEEPALIVE)
		snprintf(buf, size,
			 "not before %.1f s; %.1f .. %.1f s if it has no options of its own",
			 cost->window_s[0], cost->assumed_s[0], cost->assumed_s[1]);
	else
		snprintf(buf, size, "%.0f .. %.0f s after the write, or at its user timeout",
			 cost->assumed_s[0], cost->assumed_s[1]);
}

const char *ka_live_cost_text(const struct ka_live_cost *cost, char *buf, size_t size)
{
	switch (cost->end) {
	case KA_LIVE_NEVER:
		snprintf(buf, size, "never");
		return buf;
	case KA_LIVE_UNKNOWN:
		snprintf(buf, size, "not to be seen");
		return buf;
	case KA_LIVE_KEEPALIVE:
	case KA_LIVE_DATA:
	case KA_LIVE_ORPHAN:
		break;
	}
	if (!cost->exact)
		put_unknown(cost, buf, size);
	else if (cost->end == KA_LIVE_KEEPALIVE)
		snprintf(buf, size, "%.1f .. %.1f s%s", cost->window_s[0], cost->window_s[1],
			 cost->other_idle ? " (armed with another idle)" : "");
	else
		snprintf(buf, size, "%.1f .. %.1f s%s", cost->window_s[0], cost->window_s[1],
			 cost->end == KA_LIVE_DATA ? " after the write" : ", by the kernel itself");
	return buf;
}

/* ---- gateways ----------------------------------------------------------------------------- */

/* More names than that do not help. */
#define MOST_NAMES 6

struct gateways {
	size_t n, fail;   /* those that a probe passes at all, and of them those that forget */
	unsigned longest; /* timeout of one that does */
	bool sorted;      /* so do all with a shorter one */
	char names[200];
};

static struct gateways ask_gateways(const struct ka_live_rule *rule, int hz)
{
	struct gateways all = { .sorted = true };
	const struct ka_preset *gateway;
	struct ka_preset room;
	unsigned kept = UINT_MAX; /* the shortest timeout of one that does not */
	size_t used = 0;

	for (size_t i = 0; (gateway = ka_preset_at(i, &room)); i++) {
		if (gateway->timer)
			continue;
		all.n++;
		if (ka_seen_survives(rule, gateway, hz)) {
			kept = gateway->timeout_s < kept ? gateway->timeout_s : kept;
			continue;
		}
		if (all.fail <= MOST_NAMES && used < sizeof(all.names))
			used += (size_t)snprintf(all.names + used, sizeof(all.names) - used, "%s%s",
						 all.fail ? ", " : "",
						 all.fail < MOST_NAMES ? gateway->name : "...");
		all.fail++;
		all.longest = (unsigned)ka_greater(all.longest, gateway->timeout_s);
	}
	all.sorted = all.longest < kept;
	return all;
}

const char *ka_live_gateways_text(const struct ka_live_rule *rule, int hz, char *buf, size_t size)
{
	struct gateways all;

	if (rule->keepalive && !rule->known) {
		snprintf(buf, size, "not known");
		return buf;
	}
	all = ask_gateways(rule, hz);
	if (all.fail == all.n || !all.fail)
		snprintf(buf, size, "%s", all.fail ? "all" : "none");
	else if (all.sorted)
		snprintf(buf, size, "those of %u s or less (%s)", all.longest, all.names);
	else
		snprintf(buf, size, "%s", all.names);
	return buf;
}

/* ---- what would help ---------------------------------------------------------------------- */

const char *ka_live_help_text(const struct ka_view_help *help, char *buf, size_t size)
{
	const struct ka_live_rule *rule = &help->group->list->rule[KA_SEEN_NOW];
	const int64_t *value = help->help.knobs.value;
	bool sysctls = rule->inherits && !help->help.keepalive && help->help.ut_ms == rule->ut_ms;
	size_t used = 0;

	if (sysctls) {
		snprintf(buf, size,
			 "sysctls of its namespace: net.ipv4.tcp_keepalive_time = %" PRId64
			 ", tcp_keepalive_intvl = %" PRId64 ", tcp_keepalive_probes = %" PRId64,
			 value[KA_KNOB_TIME], value[KA_KNOB_INTVL], value[KA_KNOB_PROBES]);
		return buf;
	}
	used = (size_t)snprintf(buf, size,
				"options of the program: %sTCP_KEEPIDLE %" PRId64
				", TCP_KEEPINTVL %" PRId64 ", TCP_KEEPCNT %" PRId64,
				help->help.keepalive ? "SO_KEEPALIVE 1, " : "", value[KA_KNOB_TIME],
				value[KA_KNOB_INTVL], value[KA_KNOB_PROBES]);
	if (help->help.ut_ms != rule->ut_ms && used < size)
		snprintf(buf + used, size - used, ", TCP_USER_TIMEOUT %u", help->help.ut_ms);
	return buf;
}
