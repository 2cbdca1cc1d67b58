/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the headers of probes and their answers say, at both ends: nobody reads it there, and a kernel
 * that says it wrong is found out by the first machine on the way that does.
 */
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "judge/checks.h"
#include "judge/values.h"
#include "model/release.h"
#include "model/util.h"

/* The kernel takes the time before it builds a segment, the capture when the device gets it. */
#define STAMP_LAG_NS INT64_C(20000000)

/* How far the clock that a socket stamps its segments with is ahead of the one of the captures. */
struct stamps {
	bool have;
	uint32_t first; /* the first stamp and when it was sent: they count from there */
	int64_t first_ns;
	int64_t ahead_ns; /* at the most, so far: what is stamped late is behind */
};

/* What its end has to say next, from what it has heard (RFC 7323 4.3, TS.Recent). */
struct echo {
	uint32_t recent, before; /* .before: until the last segment came, at .since_ns */
	int64_t since_ns;
	bool blind; /* from now on what arrives here need not reach TCP */
};

/* One end of the connection, and what it has sent and heard so far. */
struct speaker {
	enum ka_at at;
	struct stamps stamps;
	struct echo echo;
	const struct ka_packet *before; /* the last segment that is no probe and no answer */
	int probes, answers;
};

static int64_t lag_ns(const struct ka_evidence *e, int64_t then_ns, int64_t now_ns)
{
	return 2000000 + (e->facts->virtual_clock ? 0 : STAMP_LAG_NS) +
	       ka_noise_at(e->facts, now_ns, now_ns) + ka_noise_at(e->facts, then_ns, then_ns);
}

/* Takes in the stamp of a segment. Returns how far it is off, 0 when the lag of an observer explains
 * it. In milliseconds since Linux 4.13 (tcp_ts), in jiffies before. */
static int64_t stamp_off_ns(const struct ka_evidence *e, const struct ka_event *event,
			    struct stamps *stamps)
{
	const struct ka_packet *p = &event->packet;
	int64_t ahead_ns, off_ns, lag;

	if (!p->timestamps || p->flags & (TH_SYN | TH_RST) ||
	    !ka_release_reaches(e->facts->release, "4.13"))
		return 0;
	if (!stamps->have)
		*stamps =
			(struct stamps){ .have = true, .first = p->tsval, .first_ns = event->t_ns };
	ahead_ns = (int64_t)(int32_t)(p->tsval - stamps->first) * 1000000 -
		   (event->t_ns - stamps->first_ns);
	off_ns = ahead_ns - stamps->ahead_ns;
	if (off_ns > 0)
		stamps->ahead_ns = ahead_ns;
	lag = lag_ns(e, stamps->first_ns, event->t_ns);
	return off_ns < -lag || off_ns > lag ? off_ns : 0;
}

/* Where the rules of a pair are, the capture is in front of them. */
static bool may_lose(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_step *step = ka_evidence_step(e, event);

	return step && e->instance->case_->topology == KA_PAIR &&
	       (step->do_ == KA_DROP || step->do_ == KA_REJECT);
}

/* RFC 7323 4.3: of a segment that is in the window and does not begin behind what was acknowledged
 * (tcp_replace_ts_recent()): so not of a probe. */
static void hear(struct echo *echo, const struct ka_event *event)
{
	const struct ka_packet *p = &event->packet;
	bool first = p->flags & TH_SYN;

	if (!p->timestamps || p->kind == KA_SEG_ICMP || p->flags & TH_RST ||
	    (!first && (!p->accepted || (int32_t)(p->seq - p->snd_una) > 0 ||
			(int32_t)(p->tsval - echo->recent) < 0)))
		return;
	echo->before = first ? p->tsval : echo->recent;
	echo->recent = p->tsval;
	echo->since_ns = event->t_ns;
}

/* What arrived while the segment was made may have come too late for it. */
static bool echoes(const struct ka_evidence *e, const struct speaker *s,
		   const struct ka_event *event)
{
	const struct echo *echo = &s->echo;
	const struct ka_packet *p = &event->packet;

	if (!p->timestamps || echo->blind || p->tsecr == echo->recent)
		return true;
	return p->tsecr == echo->before &&
	       event->t_ns - echo->since_ns <= lag_ns(e, echo->since_ns, event->t_ns);
}

/* ---- the rules ----------------------------------------------------------------------------------- */

/* RFC 8684 3.3.1: the window is that of the whole connection and counts from its DATA_ACK, which a subflow's
 * own numbers do not tell. */
static bool shares_window(const struct ka_case *c)
{
	return ka_case_does(c, KA_ADD_SUBFLOW, KA_NOBODY);
}

/* Adds what is wrong with one probe or answer; true: something is. */
static bool check_one(const struct ka_evidence *e, struct speaker *s, const struct ka_event *event,
		      int64_t off_ns, struct ka_findings *f)
{
	const struct ka_packet *p = &event->packet, *before = s->before;
	const unsigned ecn =
		e->instance->case_->ecn == KA_ECN_ACCURATE ? IPTOS_ECN_ECT0 : IPTOS_ECN_NOT_ECT;
	bool probe = p->kind == KA_SEG_PROBE;
	char who[40];

	snprintf(who, sizeof(who), "%s%s %d of all", s->at == e->at ? "" : "the peer's ",
		 probe ? "probe" : "answer", probe ? s->probes : s->answers);
	if (off_ns)
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "the timestamp of %s is %.3f s %s its time",
			who, (double)(off_ns < 0 ? -off_ns : off_ns) / 1e9,
			off_ns < 0 ? "behind" : "ahead of");
	else if (!echoes(e, s, event))
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "%s echoes the timestamp %u, must echo %u",
			who, p->tsecr, s->echo.recent);
	else if (!p->dont_fragment)
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "%s may be fragmented", who);
	else if ((p->tos & IPTOS_ECN_MASK) != ecn)
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "%s has ECN bits %u, must be %s", who,
			p->tos & IPTOS_ECN_MASK, ecn ? "ECT(0)" : "Not-ECT");
	else if (before && p->ttl != before->ttl)
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "%s has TTL %u, must be %u", who, p->ttl,
			before->ttl);
	else if (before && IPTOS_DSCP(p->tos) != IPTOS_DSCP(before->tos))
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "%s has TOS 0x%02x, must be 0x%02x", who,
			IPTOS_DSCP(p->tos), IPTOS_DSCP(before->tos));
	else if (probe && before && p->ack == before->ack && p->window < before->window &&
		 !shares_window(e->instance->case_))
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "%s takes the window back from %u to %u", who,
			before->window, p->window);
	else
		return false;
	return true;
}

/* What every segment of an end has in common: how far it may travel, its class, and a window whose right
 * edge never moves back (RFC 9293 3.8.6; tcp_select_window()). RFC 7323 4.1: a timestamp is the time at
 * which the segment is sent. RFC 3168 6.1.4: a pure ACK is not ECN-capable; with RFC 9768 Linux makes it
 * so. */
static bool check_sent(const struct ka_evidence *e, struct speaker *s, const struct ka_event *event,
		       struct ka_findings *f)
{
	const struct ka_packet *p = &event->packet;
	int64_t off_ns = stamp_off_ns(e, event, &s->stamps);

	s->probes += p->kind == KA_SEG_PROBE;
	s->answers += p->kind == KA_SEG_ANSWER;
	if ((p->kind == KA_SEG_PROBE || p->kind == KA_SEG_ANSWER) &&
	    check_one(e, s, event, off_ns, f))
		return true;
	if (!(p->flags & (TH_SYN | TH_RST)))
		s->before = p;
	return false;
}

static void check_end(const struct ka_evidence *e, enum ka_at at, struct ka_findings *f)
{
	struct speaker s = { .at = at };

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		s.echo.blind |= may_lose(e, event);
		if (event->what != KA_EV_PACKET || event->at != at || event->t_ns < e->life_ns)
			continue;
		if (!event->packet.out)
			hear(&s.echo, event);
		else if (event->packet.kind != KA_SEG_ICMP && check_sent(e, &s, event, f))
			return;
	}
}

void ka_check_headers(const struct ka_evidence *e, struct ka_findings *f)
{
	check_end(e, KA_AT_CLIENT, f);
	check_end(e, KA_AT_SERVER, f);
}
