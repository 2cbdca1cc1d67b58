/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See expiries.h. */
#include "judge/expiries.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "judge/owned.h"
#include "judge/regimes.h"
#include "judge/replay.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/util.h"

/* Finds the expiries in a timeline; see expiries.h. */
/* TCP_RTO_MIN, under which no window probe is sent (tcp_probe0_base()) */
#define RTO_MIN_MS 200
#define RTO_MAX_MS 120000

/* An answer sets the timer of window probes again (tcp_ack_probe()), and clears their count. */
static void note_answer(struct ka_expiries *x, int64_t ns)
{
	if (x->timer.kind != KA_BACKOFF_WINDOW || !x->n)
		return;
	x->set_ns[x->n - 1] = ns;
	x->unanswered[x->n - 1] = 0;
}

/* Header prediction (tcp_rcv_established()): new data in order that acknowledges nothing and leaves the
 * window as it was is not looked at by tcp_ack(). @before: the segment before it. */
static bool is_predicted(const struct ka_packet *p, const struct ka_packet *before)
{
	return before && p->kind == KA_SEG_DATA && p->len && !(p->flags & TH_FIN) &&
	       p->ack == before->ack && p->window == before->window;
}

static void note_expiry(struct ka_expiries *x, int64_t ns)
{
	x->reverted[x->n] = false;
	x->ns[x->n] = x->set_ns[x->n] = ns;
	x->unanswered[x->n] = x->n ? x->unanswered[x->n - 1] + 1 : 1;
	x->n++;
}

/* RFC 6069: the network, not congestion, has lost the segment. Only these codes say so
 * (tcp_v4_err(), tcp_v6_err()). */
static bool takes_doubling_back(const struct ka_evidence *e, const struct ka_packet *p)
{
	if (e->instance->family == AF_INET)
		return p->icmp_type == ICMP_DEST_UNREACH &&
		       (p->icmp_code == ICMP_NET_UNREACH || p->icmp_code == ICMP_HOST_UNREACH);
	return p->icmp_type == ICMP6_DST_UNREACH && p->icmp_code == ICMP6_DST_UNREACH_NOROUTE;
}

/* tcp_ld_RTO_revert(): once for each expiry, and not before the first one. */
static void note_error(const struct ka_evidence *e, struct ka_expiries *x,
		       const struct ka_event *event)
{
	if (x->timer.kind != KA_BACKOFF_DATA || !x->n || x->reverted[x->n - 1] ||
	    !takes_doubling_back(e, &event->packet))
		return;
	x->reverted[x->n - 1] = true;
	x->set_ns[x->n - 1] = event->t_ns;
}

static bool find_expiries(const struct ka_evidence *e, enum ka_segment expiry,
			  struct ka_expiries *x)
{
	const struct ka_packet *before = NULL;
	uint32_t una = 0;

	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);
		bool news = p && p->accepted && (int32_t)(p->ack - una) > 0;
		bool unseen = p && p->accepted && is_predicted(p, before);

		if (news)
			una = p->ack;
		if (p && p->accepted)
			before = p;
		if (!p || event->t_ns <= e->waits_ns)
			continue;
		x->many = x->n == KA_MAX_EXPIRIES;
		if (x->many)
			break;
		x->over |= news;
		if (p->accepted && !unseen)
			note_answer(x, event->t_ns);
		if (!p->out && p->kind == KA_SEG_ICMP)
			note_error(e, x, event);
		if (p->out && p->kind == expiry)
			note_expiry(x, event->t_ns);
	}
	return x->n > 0;
}

/* RTO when the data was written: the last word of TCP_INFO before expiry 1, if no round trip was
 * measured after it. */
static int64_t find_rto(const struct ka_evidence *e, const struct ka_expiries *x)
{
	uint32_t acknowledged = 0;
	int64_t us = 0;

	for (size_t i = 0; i < e->timeline->n && e->timeline->events[i].t_ns < x->ns[0]; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (event->what == KA_EV_TCP_INFO && event->at == e->at)
			us = event->info.rto_us;
		if (p && p->accepted && (int32_t)(p->ack - acknowledged) > 0) {
			acknowledged = p->ack;
			us = 0;
		}
	}
	return (us * e->facts->hz + 500000) / 1000000;
}

static void drop_first(struct ka_expiries *x)
{
	x->base_ns = x->ns[0];
	x->n--;
	for (unsigned i = 0; i < x->n; i++) {
		x->ns[i] = x->ns[i + 1];
		x->set_ns[i] = x->set_ns[i + 1];
		x->reverted[i] = x->reverted[i + 1];
	}
}

/* A timer that goes off while a process owns the socket leaves its work to who releases that
 * (tcp_write_timer(): TCP_WRITE_TIMER_DEFERRED). One that goes off in between does when the socket is free
 * at last; @otherwise_ns if it was not owned. */
static int64_t caught_up_ns(const struct ka_evidence *e, int64_t earliest_ns, int64_t latest_ns,
			    int64_t otherwise_ns)
{
	struct ka_owned owned = { .step = -1 };

	while (ka_owned_next(e, &owned))
		if (owned.from_ns <= latest_ns && owned.until_ns >= earliest_ns)
			otherwise_ns = ka_greater(otherwise_ns, owned.free_ns);
	return otherwise_ns;
}

/* A tail loss probe sends the data once more, about as soon as the timer would, and sets the timer
 * anew without a doubling (tcp_send_loss_probe()). */
static void take_loss_probe_off(const struct ka_evidence *e, struct ka_expiries *x)
{
	int64_t one_and_a_half = x->timer.rto * e->tick_ns * 3 / 2;
	/* neither is one doubled whose doubling an ICMP error took back, nor tells one that was put off */
	bool tells = x->n > 1 && !x->reverted[0] && !caught_up_ns(e, x->ns[0], x->ns[1], 0);
	bool first = tells ? x->ns[1] - x->ns[0] < one_and_a_half
			   : ka_evidence_counter(e, "TcpExt.TCPLossProbes") > 0;

	if (x->timer.kind == KA_BACKOFF_DATA && first)
		drop_first(x);
}

/* ---- RTO of a program's socket, which nobody asks --------------------------------------------- */

/* A tail loss probe is followed by RTO, expiry 1 by twice that, and RTO is never below its least. */
static void take_unknown_loss_probe_off(const struct ka_evidence *e, struct ka_expiries *x)
{
	int64_t twice = 2 * ka_wheel_ms(RTO_MIN_MS, e->facts->hz) * e->tick_ns;

	if (x->timer.kind == KA_BACKOFF_DATA && x->n > 1 && x->ns[1] - x->ns[0] < twice)
		drop_first(x);
}

/* The interval before expiry @k + 1 says nothing of RTO: no doubling any more, or cut to what the user
 * timeout left. */
static bool is_cut(const struct ka_expiries *x, unsigned k)
{
	int64_t limit_ns = INT64_C(1000000) * x->timer.ut_ms;

	if (k > 20 || (x->timer.kind == KA_BACKOFF_WINDOW && k > x->timer.retries))
		return true;
	return limit_ns && x->ns[k] - x->ns[0] + 10 * INT64_C(1000000) >= limit_ns;
}

/* What the interval before expiry @k + 1 leaves of RTO: it was doubled @k times, and rounded up. */
static void narrow_rto(const struct ka_evidence *e, const struct ka_expiries *x, unsigned k,
		       int64_t from_ns, int64_t rto[2])
{
	int64_t late = ka_noise_at(e->facts, from_ns, x->ns[k]) / e->tick_ns;
	int64_t gap = ka_floor_div(x->ns[k] - from_ns, e->tick_ns);

	if (gap >= ka_wheel_ms(RTO_MAX_MS, e->facts->hz) || is_cut(x, k))
		return;
	rto[0] = ka_greater(rto[0], (gap - 1 - late - ka_wheel_granule(gap, e->facts->hz)) >> k);
	rto[1] = ka_lesser(rto[1], (gap + 1) >> k);
}

/* RTO from the intervals, as far as the wheel's rounding lets it be known. */
static void infer_rto(const struct ka_evidence *e, struct ka_expiries *x)
{
	int64_t rto[2] = { ka_wheel_ms(RTO_MIN_MS, e->facts->hz), INT64_MAX };

	take_unknown_loss_probe_off(e, x);
	if (x->timer.kind == KA_BACKOFF_WINDOW)
		narrow_rto(e, x, 0, e->zero_ns, rto);
	for (unsigned k = 1; k < x->n; k++)
		narrow_rto(e, x, k, x->set_ns[k - 1], rto);
	if (rto[1] == INT64_MAX || rto[0] > rto[1])
		return;
	x->timer.rto = rto[0];
	x->timer.rto_most = rto[1];
}

/* The last step that changed the user timeout. The timer that runs is not touched: the new value counts
 * from when it is set again, or goes off. */
static void find_change(const struct ka_evidence *e, struct ka_expiries *x)
{
	x->changed_ns = INT64_MAX;
	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);
		struct ka_wheel_input change = { .kind = KA_WHEEL_NOTHING };

		if (step)
			change = ka_change_of(e->instance, step);
		if (change.kind != KA_WHEEL_UT)
			continue;
		x->changed_ns = ka_greater(event->step.done_ns, event->t_ns);
		x->changed_ms = (unsigned)change.value;
	}
}

/* The timer as it is at @ns. */
static struct ka_backoff timer_at(const struct ka_expiries *x, int64_t ns)
{
	struct ka_backoff timer = x->timer;

	if (ns >= x->changed_ns)
		timer.ut_ms = x->changed_ms;
	return timer;
}

/* How many doublings were taken back by expiry @k. */
static unsigned taken_back(const struct ka_expiries *x, unsigned k)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k && i < x->n; i++)
		n += x->reverted[i];
	return n;
}

/* An ICMP error sets the timer to what is then left of RTO, without regard to the user timeout. What has
 * passed since the retransmission is rounded up to jiffies (usecs_to_jiffies()). */
static void length_after_error(const struct ka_expiries *x, unsigned k, int64_t length[2])
{
	int64_t tick_ns = KA_NS_PER_S / x->timer.hz;
	int64_t passed = x->set_ns[k - 1] - x->ns[k - 1];
	struct ka_backoff timer = x->timer;

	timer.ut_ms = 0;
	ka_backoff_length(&timer, k - taken_back(x, k), 0, length);
	length[0] += ka_floor_div(-passed - KA_JIFFY_LAG_NS, tick_ns);
	length[1] += ka_lesser(ka_floor_div(-passed + KA_JIFFY_LAG_NS, tick_ns), 0);
}

/* Jiffies from expiry @k to the next, for all that RTO may be. */
static void length_of(const struct ka_expiries *x, unsigned k, int64_t since_ns, int64_t length[2])
{
	struct ka_backoff timer = timer_at(x, x->clock_ns + since_ns), slow = timer;
	int64_t most[2];

	if (k && k <= x->n && x->reverted[k - 1]) {
		length_after_error(x, k, length);
		return;
	}
	k -= taken_back(x, k);
	ka_backoff_length(&timer, k, since_ns, length);
	if (!slow.rto_most)
		return;
	slow.rto = slow.rto_most;
	ka_backoff_length(&slow, k, since_ns, most);
	length[1] = ka_greater(length[1], most[1]);
}

bool ka_expiries_of(const struct ka_evidence *e, struct ka_expiries *out)
{
	const struct ka_expect *expect = &e->instance->case_->expect;
	bool lives = ka_regime_is(e->want->when, KA_REGIME_LIVES);
	const struct ka_rule *rule = ka_rule(lives ? expect->meanwhile : e->want->when);
	int64_t least = ka_wheel_ms(RTO_MIN_MS, e->facts->hz);

	*out = (struct ka_expiries){ 0 };
	if (!rule->timer)
		return false;
	out->timer = rule->timer(e->instance, e->facts->hz);
	if (expect->unseen || !e->waits_ns || !find_expiries(e, rule->expiry, out))
		return false;
	/* data that waits sets the timer of window probes as it is written (tcp_check_probe_timer()) */
	if (out->timer.kind != KA_BACKOFF_DATA && !e->instance->program)
		out->base_ns = e->waits_ns;
	if (out->timer.kind != KA_BACKOFF_SYN)
		out->timer.rto = find_rto(e, out);
	if (out->timer.kind == KA_BACKOFF_WINDOW && out->timer.rto)
		out->timer.rto = ka_greater(out->timer.rto, least);
	out->timer.rto_most = 0;
	if (e->instance->program && !out->timer.rto)
		infer_rto(e, out);
	else
		take_loss_probe_off(e, out);
	find_change(e, out);
	out->clock_ns = out->timer.kind == KA_BACKOFF_SYN ? e->waits_ns : out->ns[0];
	return out->timer.rto > 0 && out->n > 0;
}

/* The kernel counts in truncated milliseconds, and reads its clock a little before a packet gets its
 * time stamp. */
#define SLACK_NS INT64_C(2000000)

/* ---- the end ------------------------------------------------------------------------------------ */

static int64_t slack_ns(const struct ka_evidence *e, int64_t from_ns, int64_t to_ns)
{
	return (e->tick_ns > SLACK_NS ? e->tick_ns : SLACK_NS) +
	       ka_noise_at(e->facts, from_ns, to_ns);
}

/* Expiry @k + 1, when the timer was set at some time of @set_ns by expiry @k. */
static void next_expiry(const struct ka_evidence *e, const struct ka_expiries *x, unsigned k,
			const int64_t set_ns[2], int64_t window[2])
{
	int64_t length[2], late[2];

	length_of(x, k, set_ns[0] - x->clock_ns, length);
	length_of(x, k, set_ns[1] - x->clock_ns, late);
	if (late[0] < length[0])
		length[0] = late[0];
	window[0] = ka_floor_div(set_ns[0] - e->zero_ns, e->tick_ns) + length[0] + 1;
	window[1] = -ka_floor_div(e->zero_ns - set_ns[1], e->tick_ns) + length[1] +
		    ka_wheel_granule(length[1], x->timer.hz);
}

static int64_t since_first(const struct ka_evidence *e, const struct ka_expiries *x,
			   int64_t jiffies)
{
	return e->zero_ns + jiffies * e->tick_ns - x->clock_ns;
}

/* Not before the limit, as exactly as the kernel itself knows it. */
static void begin_at_limit(const struct ka_evidence *e, const struct ka_expiries *x,
			   int64_t window[2])
{
	const struct ka_backoff timer = timer_at(x, e->end_ns);
	int64_t limit_ns = ka_backoff_limit_ns(&timer);
	int64_t least = ka_floor_div(x->clock_ns + limit_ns - e->zero_ns, e->tick_ns);

	if (x->timer.kind != KA_BACKOFF_SYN && limit_ns && least > window[0] && least < window[1])
		window[0] = least;
}

/* Was expiry @k, the @k-th on the wire, the end already? */
static bool was_due(const struct ka_evidence *e, const struct ka_expiries *x, unsigned k)
{
	int64_t ns = x->ns[k - 1];
	const struct ka_backoff timer = timer_at(x, ns);

	return ka_backoff_over(&timer, k, ns - x->clock_ns, slack_ns(e, ns, ns),
			       k < 2 ? 0 : x->unanswered[k - 2]) == KA_OVER;
}

/* Its timer, with the RTO that the kernel told when the data was written. */
static bool refused_timer(const struct ka_evidence *e, struct ka_backoff *timer)
{
	const struct ka_rule *rule = ka_rule(e->want->when);
	int64_t us = 0;

	if (!rule->timer || !ka_case_refuses(e->instance->case_) || !e->have_zero)
		return false;
	*timer = rule->timer(e->instance, e->facts->hz);
	for (size_t i = 0; i < e->end_index && timer->kind != KA_BACKOFF_SYN; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_TCP_INFO && event->at == e->at)
			us = event->info.rto_us;
	}
	if (us) {
		timer->rto = (us * timer->hz + 500000) / 1000000;
		timer->rto = ka_greater(timer->rto, ka_wheel_ms(RTO_MIN_MS, timer->hz));
		timer->rto_most = 0;
	}
	return true;
}

bool ka_expiries_window(const struct ka_evidence *e, int64_t window[2])
{
	struct ka_expiries x;
	int64_t set_ns[2], slack;
	unsigned k = 1, unanswered;

	if (refused_timer(e, &x.timer)) {
		ka_backoff_window(&x.timer, window);
		return true;
	}
	if (!ka_expiries_of(e, &x) || x.many)
		return false;
	while (k < x.n && !was_due(e, &x, k + 1))
		k++;
	set_ns[0] = set_ns[1] = x.set_ns[k - 1];
	slack = slack_ns(e, set_ns[0], e->end_ns);
	unanswered = x.unanswered[k - 1];
	for (;; k++, unanswered++) {
		int64_t since_ns;
		struct ka_backoff timer;

		next_expiry(e, &x, k, set_ns, window);
		since_ns = since_first(e, &x, window[1]);
		timer = timer_at(&x, x.clock_ns + since_ns);
		if (ka_backoff_over(&timer, k + 1, since_ns, slack, unanswered) != KA_NOT_OVER)
			break;
		if (k > KA_MAX_EXPIRIES)
			return false;
		set_ns[0] = e->zero_ns + (window[0] - 1) * e->tick_ns;
		set_ns[1] = e->zero_ns + window[1] * e->tick_ns;
	}
	begin_at_limit(e, &x, window);
	return true;
}

/* ---- the exact jiffy ------------------------------------------------------------------------------ */

/*
 * The jiffies in which the timer may have been set last. An expiry that is handled at once is never
 * behind the tick that brought it, whatever jiffies says at other times.
 */
static void set_in(const struct ka_evidence *e, const struct ka_expiries *x, int64_t jiffies[2])
{
	int64_t ns = x->set_ns[x->n - 1];
	bool at_once = ns == x->ns[x->n - 1] && ka_noise_at(e->facts, ns, ns) < e->tick_ns;

	jiffies[0] = e->facts->j0 + ka_floor_div(ns - (at_once ? 0 : KA_JIFFY_LAG_NS), e->tick_ns);
	jiffies[1] = e->facts->j0 + ka_floor_div(ns + KA_JIFFY_LAG_NS, e->tick_ns);
}

/* The end that follows where expiry 1 came at jiffy @first, and @n expiries are all. */
static int64_t refused_end(const struct ka_backoff *timer, int64_t first, unsigned n)
{
	for (unsigned k = 1; k < n; k++)
		first = ka_wheel_fire(first + timer->hz / 2, first + 1, timer->hz);
	return first;
}

/* No attempt is on the wire, but all later expiries are on the same grid, wherever the first one was. */
static bool refused_off(const struct ka_evidence *e, int64_t *off)
{
	struct ka_backoff timer;
	int64_t zero = e->facts->j0 + ka_floor_div(e->zero_ns, e->tick_ns), first[2];
	int64_t seen = e->facts->j0 + ka_floor_div(e->end_ns, e->tick_ns);
	bool have = false;
	unsigned n[2];

	if (!refused_timer(e, &timer) || (timer.ut_ms && timer.kind == KA_BACKOFF_WINDOW))
		return false; /* the last interval is what the user timeout leaves */
	ka_backoff_refusals(&timer, n);
	ka_backoff_first_refusal(&timer, first);
	for (int64_t j = zero + first[0]; j <= zero + first[1] + 1; j++) {
		for (unsigned k = n[0]; k <= n[1]; k++) {
			int64_t this = seen - refused_end(&timer, j, k);

			if (!have || ka_off_explains(this, *off))
				*off = this;
			have = true;
		}
	}
	return have;
}

bool ka_expiries_off(const struct ka_evidence *e, int64_t *off)
{
	struct ka_expiries x;
	int64_t length[2], set[2], seen = e->facts->j0 + ka_floor_div(e->end_ns, e->tick_ns);
	bool have = false;

	if (!e->facts->phase_known || !e->detected)
		return false;
	if (refused_off(e, off))
		return true;
	if (!ka_expiries_of(e, &x) || x.many)
		return false;
	set_in(e, &x, set);
	length_of(&x, x.n, x.set_ns[x.n - 1] - x.clock_ns, length);
	for (int64_t j = set[0]; j <= set[1]; j++) {
		for (int64_t len = length[0]; len <= length[1]; len++) {
			/* inside the expiry the wheel's clock is one ahead */
			int64_t this = seen - ka_wheel_fire(j + len, j + 1, x.timer.hz);

			if (!have || ka_off_explains(this, *off))
				*off = this;
			have = true;
		}
	}
	return have;
}

/* ---- the intervals -------------------------------------------------------------------------------- */

static const char *expiry_name(const struct ka_expiries *x, unsigned k, char text[32])
{
	static const char *const names[] = {
		[KA_BACKOFF_DATA] = "retransmission",
		[KA_BACKOFF_WINDOW] = "window probe",
		[KA_BACKOFF_SYN] = "SYN",
	};

	snprintf(text, 32, "%s %u", names[x->timer.kind], k + 1);
	return text;
}

/* Does expiry @k come of a timer that was set for @length? Where the tick was late, it was set from an older
 * jiffy. */
static bool comes_after(const struct ka_evidence *e, const struct ka_expiries *x, unsigned k,
			int64_t set_ns, const int64_t length[2])
{
	int64_t quiet = e->facts->virtual_clock ? 0 : e->tick_ns / KA_QUIET_PART;
	int64_t lag = ka_greater(quiet, ka_noise_at(e->facts, set_ns, set_ns));
	int64_t gap = x->ns[k] - set_ns;
	int64_t latest = (length[1] + ka_wheel_granule(length[1], x->timer.hz)) * e->tick_ns;

	latest =
		caught_up_ns(e, set_ns + length[0] * e->tick_ns, set_ns + latest, set_ns + latest) -
		set_ns;
	return gap >= length[0] * e->tick_ns - lag &&
	       gap <= latest + ka_late_ns(e, set_ns + latest, x->ns[k]);
}

/*
 * What the device itself refuses is tried again after TCP_RESOURCE_PROBE_INTERVAL, and counts for no
 * doubling (tcp_retransmit_timer(): "Retransmission failed because of local congestion"). Two namespaces
 * have the host's queues between them (veth_xmit(): NET_XMIT_DROP).
 */
static bool is_retried(const struct ka_evidence *e, const struct ka_expiries *x, unsigned k)
{
	const int64_t length[2] = { x->timer.hz / 2, x->timer.hz / 2 };

	return e->timeline->host_lost && k && x->timer.kind != KA_BACKOFF_WINDOW &&
	       comes_after(e, x, k, x->set_ns[k - 1], length);
}

/* Returns how many of those before did not count, for the next. */
static unsigned check_interval(const struct ka_evidence *e, const struct ka_expiries *x, unsigned k,
			       unsigned uncounted, struct ka_findings *f)
{
	int64_t set_ns = k ? x->set_ns[k - 1] : x->base_ns, length[2];
	double gap_s = ka_seconds(x->ns[k] - set_ns);
	char text[32];

	length_of(x, k - uncounted, set_ns - x->clock_ns, length);
	if (comes_after(e, x, k, set_ns, length))
		return uncounted;
	if (is_retried(e, x, k)) {
		ka_find(f, KA_FIND_RETRIED, -1,
			"%s comes after %.6f s, as the next after one that the device refused",
			expiry_name(x, k, text), gap_s);
		return uncounted + 1;
	}
	ka_find(f, KA_FIND_EXPIRY, -1, "%s comes after %.6f s, must be %.3f .. %.3f s",
		expiry_name(x, k, text), gap_s, ka_seconds(length[0] * e->tick_ns),
		ka_seconds((length[1] + ka_wheel_granule(length[1], x->timer.hz)) * e->tick_ns));
	return uncounted;
}

/* What waits when the watch is over: the timer that works for it has not been forgotten. */
static void check_next(const struct ka_evidence *e, const struct ka_expiries *x,
		       struct ka_findings *f)
{
	int64_t set_ns = x->set_ns[x->n - 1], length[2], latest_ns;
	char text[32];

	if (x->over || x->many || !e->stop || !ka_regime_is(e->want->when, KA_REGIME_LIVES))
		return;
	length_of(x, x->n, set_ns - x->clock_ns, length);
	latest_ns = set_ns + (length[1] + ka_wheel_granule(length[1], x->timer.hz)) * e->tick_ns;
	if (e->stop->t_ns > latest_ns + ka_late_ns(e, latest_ns, e->stop->t_ns))
		ka_find(f, KA_FIND_EXPIRY, -1, "%s has not come %.3f s after the one before",
			expiry_name(x, x->n, text), ka_seconds(e->stop->t_ns - set_ns));
}

void ka_check_expiries(const struct ka_evidence *e, struct ka_findings *f)
{
	struct ka_expiries x;
	unsigned uncounted = 0;

	if (!ka_expiries_of(e, &x))
		return;
	if (x.base_ns)
		check_interval(e, &x, 0, 0, f);
	for (unsigned k = 1; k < x.n; k++)
		uncounted = check_interval(e, &x, k, uncounted, f);
	check_next(e, &x, f);
}
