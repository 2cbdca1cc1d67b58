/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See sanity.h. */
#include "rollout/sanity.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "model/span.h"
#include "rollout/questions.h"

/* What setsockopt() takes: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT (net/tcp.h). */
#define MOST_OPTION_S   32767
#define MOST_OPTION_CNT 127
/* When tcp_retries2 of 15 has given up on the same peer: longer, and writing finds out sooner. */
#define SLOW_S          900

struct list {
	struct ka_warning *findings;
	size_t n;
};

static void __attribute__((format(printf, 6, 7)))
put(struct list *list, enum ka_sane what, bool serious, enum ka_shown_by proof, const char *text,
    const char *fmt, ...)
{
	struct ka_warning *finding = &list->findings[list->n++];
	va_list args;

	*finding = (struct ka_warning){ .what = what, .proof = proof, .serious = serious };
	snprintf(finding->text, sizeof(finding->text), "%s", text);
	va_start(args, fmt);
	vsnprintf(finding->reason, sizeof(finding->reason), fmt, args);
	va_end(args);
}

static void check_probes(struct list *list, int64_t probes)
{
	if (probes == 0)
		put(list, KA_SANE_PROBES_ZERO, true, KA_SHOWN_BY_DEAD,
		    "tcp_keepalive_probes = 0 kills living connections",
		    "no probe that is unanswered is already enough: when a connection has been "
		    "idle for tcp_keepalive_time the kernel sends a RST, without having asked");
	if (probes == 1)
		put(list, KA_SANE_PROBES_ONE, true, KA_SHOWN_BY_ONE_LOST,
		    "tcp_keepalive_probes = 1: a single lost packet ends a living connection",
		    "RFC 9293, 3.8.4, MUST-29: one probe without an answer must not be taken for a "
		    "dead peer; 3 or more would be right");
}

static void check_signs(struct list *list, int64_t time, int64_t intvl)
{
	if (time < 0)
		put(list, KA_SANE_TIME_NEGATIVE, true, KA_SHOWN_BY_ALIVE,
		    "a negative tcp_keepalive_time switches keepalive off",
		    "the kernel takes it, and reads it as an unsigned number: no probe for months, "
		    "though getsockopt() says that keepalive is on");
	if (time == 0)
		put(list, KA_SANE_TIME_ZERO, true, KA_SHOWN_BY_ALIVE,
		    "tcp_keepalive_time = 0 does not switch keepalive off",
		    "any silence is long enough: the first probe leaves at once, and a healthy "
		    "peer is probed each tcp_keepalive_intvl for ever");
	if (intvl < 0)
		put(list, KA_SANE_INTVL_NEGATIVE, true, KA_SHOWN_BY_DEAD,
		    "with a negative tcp_keepalive_intvl a dead peer is never noticed",
		    "the first probe is sent, and the timer for the second one is set months "
		    "ahead");
	if (intvl == 0)
		put(list, KA_SANE_INTVL_ZERO, true, KA_SHOWN_BY_DEAD,
		    "tcp_keepalive_intvl = 0 spends all probes within a few ticks",
		    "a path that is away for a tenth of a second costs every connection that is "
		    "just being probed");
	if (intvl > time && time > 0)
		put(list, KA_SANE_INTVL_LONG, false, KA_SHOWN_BY_ALIVE,
		    "the interval is longer than the idle time",
		    "once a probe was answered the next one comes after %" PRId64 " s, not %" PRId64
		    " s: the timer that the answer leaves behind runs with "
		    "tcp_keepalive_intvl",
		    intvl, time);
}

static void check_ranges(struct list *list, const struct ka_knobs *k)
{
	bool beyond = k->value[KA_KNOB_TIME] > MOST_OPTION_S ||
		      k->value[KA_KNOB_INTVL] > MOST_OPTION_S ||
		      k->value[KA_KNOB_PROBES] > MOST_OPTION_CNT;

	if (beyond)
		put(list, KA_SANE_BEYOND_OPTION, false, KA_SHOWN_BY_OPTION,
		    "no program can set these values for itself",
		    "TCP_KEEPIDLE and TCP_KEEPINTVL take 1..%d s, TCP_KEEPCNT 1..%d; a socket that "
		    "copies the sysctls gets EINVAL",
		    MOST_OPTION_S, MOST_OPTION_CNT);
}

static void check_slow(struct list *list, const struct ka_answer *answer)
{
	char span[64];

	if (answer->effect != KA_EFFECT_DETECTS)
		return;
	if (answer->detect_s[1] > SLOW_S)
		put(list, KA_SANE_SLOW, false, KA_SHOWN_BY_DEAD,
		    "a dead peer is noticed only after more than 15 min",
		    "up to %s in which a connection that is gone holds its file, its memory and "
		    "its place in a pool",
		    ka_span_text(answer->detect_s[1], span, sizeof(span)));
	if (answer->detect_s[1] * 2 < answer->unacked_s[0])
		put(list, KA_SANE_DATA_SLOWER, false, KA_SHOWN_BY_UNACKED,
		    "with unacknowledged data keepalive has no say",
		    "a connection that has written when the peer dies takes %.0f .. %.0f s "
		    "(tcp_retries2), not %.0f s; TCP_USER_TIMEOUT or a smaller tcp_retries2 would "
		    "change that",
		    answer->unacked_s[0], answer->unacked_s[1], answer->detect_s[1]);
}

static void check_gateways(struct list *list, const struct ka_knobs *k,
			   const struct ka_answer *answer)
{
	const struct ka_gateway *shortest = ka_gateway_shortest();
	double own_s = (double)k->value[KA_KNOB_CT_ESTABLISHED];

	if (answer->effect != KA_EFFECT_DETECTS)
		return;
	if (!ka_answer_keeps(answer, shortest->timeout_s))
		put(list, KA_SANE_GATEWAY, false, KA_SHOWN_BY_GATEWAY,
		    "idle connections do not live through every gateway out there",
		    "the shortest memory is that of %s (%s): %u s; a probe passes only each %.0f "
		    "s and more",
		    shortest->name, shortest->source, shortest->timeout_s, answer->period_s[0]);
	if (!ka_answer_keeps(answer, own_s))
		put(list, KA_SANE_OWN_FIREWALL, true, KA_SHOWN_BY_NONE,
		    "the machine's own connection tracking forgets before the first probe",
		    "nf_conntrack_tcp_timeout_established = %.0f, and a probe passes only each "
		    "%.0f s and more",
		    own_s, answer->period_s[0]);
}

/* tcp_rcv_state_process(), tcp_keepalive_timer(): TCP_TIMEWAIT_LEN is taken off twice. */
static void check_fin(struct list *list, int64_t timeout_s)
{
	const int64_t minute = 60;

	if (timeout_s <= minute || timeout_s == 2 * minute)
		return;
	put(list, KA_SANE_FIN_TIMEOUT, false, KA_SHOWN_BY_NONE,
	    "tcp_fin_timeout above 60 is not what a closed connection waits",
	    "Linux waits twice for what is above the minute: %" PRId64 " s here, not %" PRId64 " s",
	    2 * (timeout_s - minute), timeout_s);
}

size_t ka_sanity_check(struct ka_warning findings[KA_SANES], const struct ka_knobs *k,
		       const struct ka_answer *answer)
{
	struct list list = { .findings = findings };

	check_probes(&list, k->value[KA_KNOB_PROBES]);
	check_signs(&list, k->value[KA_KNOB_TIME], k->value[KA_KNOB_INTVL]);
	check_gateways(&list, k, answer);
	check_slow(&list, answer);
	check_ranges(&list, k);
	check_fin(&list, k->value[KA_KNOB_FIN_TIMEOUT]);
	return list.n;
}
