/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step does, in the words of the timeline. */
#include <stdio.h>
#include <string.h>

#include "bench/engine.h"

static const char *who_name(enum ka_who who)
{
	static const char *const names[] = { "", "prober", "peer", "gateway" };

	return names[who];
}

static const char *way_name(enum ka_way way)
{
	static const char *const names[] = { "both ways", "what the prober sends",
					     "what the peer sends" };

	return names[way];
}

static const char *verb(enum ka_do what)
{
	static const char *const verbs[] = {
		[KA_CONNECT] = "connected",
		[KA_SEND] = "sends",
		[KA_FILL] = "sends until the window is closed",
		[KA_REQUEST] = "requests",
		[KA_JOIN] = "further connections",
		[KA_STALL] = "stops reading",
		[KA_RESUME] = "reads again",
		[KA_SHUTDOWN] = "shutdown(WR)",
		[KA_CLOSE] = "close",
		[KA_DROP] = "drop",
		[KA_REJECT] = "reject",
		[KA_HEAL] = "path healed",
		[KA_KILL] = "killed",
		[KA_FREEZE] = "stopped (SIGSTOP)",
		[KA_THAW] = "continued (SIGCONT)",
		[KA_CRASH] = "host gone",
		[KA_REBOOT] = "host back, with no socket",
		[KA_FORGET] = "lost its socket without a word",
		[KA_DESTROY] = "socket destroyed",
		[KA_LINK_DOWN] = "link down",
		[KA_LINK_UP] = "link up",
		[KA_LINK_DELETE] = "device deleted",
		[KA_ADDRESS_GONE] = "address removed",
		[KA_ROUTE_GONE] = "route gone",
		[KA_NEIGHBOUR_GONE] = "next hop deaf to ARP and ND",
		[KA_REFUSE] = "device refuses packets",
		[KA_ACCEPT] = "device takes packets again",
		[KA_SETSOCKOPT] = "setsockopt",
		[KA_GETSOCKOPT] = "getsockopt",
		[KA_SYSCTL] = "sysctl",
		[KA_SYSCTL_IS] = "sysctl read",
		[KA_DIAG_IS] = "sock_diag",
		[KA_BLOCK] = "waits in a blocking call",
		[KA_ENTRY_IS] = "the gateway remembers?",
		[KA_ENTRY_GONE] = "the gateway has forgotten?",
		[KA_WAIT] = "waited",
	};

	return verbs[what];
}

static const char *route_name(enum ka_route route)
{
	static const char *const names[] = { "removed", "unreachable", "blackhole", "prohibit" };

	return names[route];
}

const char *ka_step_text(const struct ka_step *step, const struct ka_setting *setting, char *buf,
			 size_t size)
{
	const char *who = who_name(step->who);

	switch (step->do_) {
	case KA_CONNECT:
		snprintf(buf, size, "%s", step->unacked ? "connecting" : verb(KA_CONNECT));
		break;
	case KA_SEND:
		snprintf(buf, size, "%s sends %u byte%s", who, step->bytes,
			 step->bytes == 1 ? "" : "s");
		break;
	case KA_REQUEST:
		snprintf(buf, size, "%s requests %.*s", who, (int)strcspn(step->text, "\r\n"),
			 step->text);
		break;
	case KA_JOIN:
		snprintf(buf, size, "%d more connections", step->value);
		break;
	case KA_DROP:
	case KA_REJECT:
		snprintf(buf, size, "%s %s", verb(step->do_), way_name(step->way));
		break;
	case KA_FORGET:
		snprintf(buf, size, "%s %s", who,
			 step->who == KA_GATEWAY ? "lost its entry without a word"
						 : verb(step->do_));
		break;
	case KA_SYSCTL:
	case KA_SYSCTL_IS:
		snprintf(buf, size, "%s %s = %s", verb(step->do_), step->key, step->text);
		break;
	case KA_SETSOCKOPT:
	case KA_GETSOCKOPT:
		snprintf(buf, size, "%s %s(%d, %d) %d", who, verb(step->do_), step->level,
			 step->option, ka_step_value(step, setting));
		break;
	case KA_ROUTE_GONE:
		snprintf(buf, size, "%s route %s", who, route_name(step->route));
		break;
	default:
		snprintf(buf, size, "%s%s%s", who, *who ? " " : "", verb(step->do_));
	}
	return buf;
}
