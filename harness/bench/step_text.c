/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step does, in the words of the timeline. */
#include <stdio.h>
#include <string.h>

#include "bench/engine.h"
#include "model/names.h"
#include "model/verbs.h"

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

static const char *route_name(enum ka_route route)
{
	static const char *const names[] = { "removed", "unreachable", "blackhole", "prohibit" };

	return names[route];
}

const char *ka_step_text(const struct ka_step *step, const struct ka_setting *setting, char *buf,
			 size_t size)
{
	const char *who = who_name(step->who), *text = ka_verb(step->do_)->text;
	char option[48];

	switch (step->do_) {
	case KA_CONNECT:
		snprintf(buf, size, "%s", step->unacked ? "connecting" : text);
		break;
	case KA_SEND:
		snprintf(buf, size, "%s sends %u byte%s", who, step->bytes,
			 step->bytes == 1 ? "" : "s");
		break;
	case KA_EXCHANGE:
		snprintf(buf, size, "%s %u bytes", text, step->bytes);
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
	case KA_PROMISE:
		snprintf(buf, size, "%s %s", text, way_name(step->way));
		break;
	case KA_LOSE_SUBFLOW:
		snprintf(buf, size, "path of subflow %d dead", step->value);
		break;
	case KA_SUBFLOWS_ARE:
		snprintf(buf, size, "%s %s: %d", who, text, step->value);
		break;
	case KA_FORGET:
		snprintf(buf, size, "%s %s", who,
			 step->who == KA_GATEWAY ? "lost its entry without a word" : text);
		break;
	case KA_SYSCTL:
	case KA_SYSCTL_IS:
		snprintf(buf, size, "%s %s = %s", text, step->key, step->text);
		break;
	case KA_COUNTER_IS:
		snprintf(buf, size, "%s %s = %d", text, step->key, step->value);
		break;
	case KA_SETSOCKOPT:
	case KA_GETSOCKOPT:
		snprintf(buf, size, "%s %s(%s) %d", who, text,
			 ka_option_name(step->level, step->option, option, sizeof(option)),
			 ka_step_value(step, setting));
		break;
	case KA_ROUTE_GONE:
		snprintf(buf, size, "%s route %s", who, route_name(step->route));
		break;
	default:
		snprintf(buf, size, "%s%s%s", who, *who ? " " : "", text);
	}
	return buf;
}
