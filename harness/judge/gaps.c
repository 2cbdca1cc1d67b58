/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each unanswered probe comes when the one before says. A probe is not where its timer fires, but where
 * its handler runs: on an idle host often a jiffy later, for the tick of the CPU that looks after the
 * timers of a sleeping one is no earlier; on a busy host as late as that is. The handler sets the timer
 * again from the jiffy in which it runs, and the wheel rounds that up, so that the next one fires on the
 * wheel's own grid again. Hence a gap is judged by that grid, and not by the time stamp before it.
 */
#include "judge/checks.h"
#include "judge/regimes.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/util.h"

/* Unanswered probes and, as the last one, the end; and how the wheel may lie to their time stamps. */
struct chain {
	const struct ka_evidence *e;
	int64_t len; /* intvl, jiffies */
	int n;
	int64_t ns[KA_MAX_GAPS + 1];
	int64_t lag_ns;
	int64_t phase_ns;
};

/* Jiffies in which something may happen, inclusive. */
struct span {
	int64_t from, to;
};

static int64_t jiffy_at(const struct chain *c, int64_t ns)
{
	return c->e->facts->j0 + ka_floor_div(ns + c->phase_ns, c->e->tick_ns);
}

static int64_t ns_of(const struct chain *c, int64_t jiffy)
{
	return (jiffy - c->e->facts->j0) * c->e->tick_ns - c->phase_ns;
}

/* When the handler of @k ran, which was not before its timer was @due. One that runs at once is never
 * behind the tick that brought it; a busy host may be held up between it and the time stamp. */
static struct span handler_of(const struct chain *c, int k, struct span due)
{
	int64_t noise = ka_noise_at(c->e->facts, c->ns[k], c->ns[k]);
	bool held_up = noise >= c->e->tick_ns && !c->e->instance->case_->bias.gap_granules;
	struct span at = {
		.from = jiffy_at(c, c->ns[k] - (held_up ? c->lag_ns + c->e->tick_ns : 0)),
		.to = jiffy_at(c, c->ns[k] + (held_up ? c->lag_ns : 0)),
	};

	at.from = ka_greater(at.from, due.from);
	at.to = ka_greater(at.to, at.from);
	return at;
}

/* What follows on a timer that was @due and whose handler ran @at. The wheel's clock is one ahead of a
 * timer that is handled; of one that is handled late it may be left there. */
static struct span next_due(const struct chain *c, struct span due, struct span at)
{
	int64_t bias = c->e->instance->case_->bias.gap_granules * c->e->want->granule_intvl_j;
	int hz = c->e->facts->hz;
	struct span next;

	next.from = ka_wheel_fire(at.from + c->len, at.from + 1, hz) + bias;
	next.to = ka_greater(ka_wheel_fire(at.to + c->len, at.to + 1, hz),
			     ka_wheel_fire(at.to + c->len, ka_lesser(due.from, at.to) + 1, hz)) +
		  bias;
	return next;
}

/* An end that is too early is judged to the jiffy as one (ka_check_window(), ka_check_jiffy()). */
static bool comes_in_time(const struct chain *c, int k, struct span due)
{
	bool known = c->e->facts->phase_known, end = k == c->e->probes;
	int64_t from_ns = ns_of(c, due.from - end) - c->lag_ns;
	int64_t to_ns = ns_of(c, due.to + known);

	if (end)
		to_ns += ka_end_cpu_late_ns(c->e, to_ns);
	return c->ns[k] >= from_ns && c->ns[k] < to_ns + ka_late_ns(c->e, to_ns, c->ns[k]);
}

/* Where the timer of the first one was on a granule, too. */
static bool begins_aligned(const struct ka_evidence *e)
{
	return ka_armed_fresh(e) && e->want->granule_idle_j >= e->want->granule_intvl_j &&
	       !e->instance->case_->bias.gap_granules;
}

static struct span first_due(const struct chain *c)
{
	int64_t jiffy = jiffy_at(c, c->ns[0]), granule = c->e->want->granule_intvl_j;
	int64_t early_ns = c->ns[0] - ka_late_ns(c->e, c->ns[0], c->ns[0]);

	if (!begins_aligned(c->e))
		return (struct span){ jiffy_at(c, early_ns), jiffy };
	jiffy = ka_floor_div(jiffy, granule) * granule;
	return (struct span){ jiffy, jiffy };
}

/* How many follow one on the other as they must, beginning with the first. */
static int follow(const struct chain *c)
{
	struct span due = first_due(c);

	for (int k = 0; k < c->n; k++) {
		if (!comes_in_time(c, k, due))
			return k;
		due = next_due(c, due, handler_of(c, k, due));
	}
	return c->n;
}

/* The same for the best of all the ways in which the wheel may lie: one of them came just when its jiffy
 * began, or the wheel may as well lie a little later. */
static int follow_somehow(struct chain *c)
{
	int64_t tick = c->e->tick_ns, granule = c->e->want->granule_intvl_j;
	int best = 0;

	if (c->e->facts->phase_known)
		return follow(c);
	c->lag_ns = 0;
	for (int64_t way = 0; way < c->n * granule && best < c->n; way++) {
		int n;

		c->phase_ns = way / c->n * tick - c->ns[way % c->n] % tick;
		n = follow(c);
		best = n > best ? n : best;
	}
	return best;
}

/* The unanswered probes that fit, and the end where it comes of their timer. */
static void collect(const struct ka_evidence *e, struct chain *c)
{
	bool same_timer = e->detected &&
			  ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP);

	*c = (struct chain){
		.e = e,
		.len = ka_values_begin(e->instance).intvl * e->facts->hz,
		.n = e->probes <= KA_MAX_GAPS ? e->probes : KA_MAX_GAPS,
		.lag_ns = e->facts->virtual_clock ? 0 : KA_JIFFY_LAG_NS,
	};
	for (int k = 0; k < c->n; k++)
		c->ns[k] = e->probe_ns[k];
	if (c->n && c->n == e->probes && same_timer)
		c->ns[c->n++] = e->end_ns;
}

static void check_chain(const struct ka_evidence *e, struct ka_findings *f)
{
	struct chain c;
	int64_t k;

	collect(e, &c);
	if (c.n < 2)
		return;
	k = ka_greater(follow_somehow(&c), 1);
	if (k == c.n)
		return;
	ka_find(f, KA_FIND_GAP, -1, "gap of %.6f s from probe %d to %s, must be %.3f s",
		ka_seconds(c.ns[k] - c.ns[k - 1]), (int)k, k < e->probes ? "the next" : "the end",
		ka_seconds(e->want->gap_j * e->tick_ns));
}

/* Window probes: each interval is twice the one before. */
static void check_backoff(const struct ka_evidence *e, int n, struct ka_findings *f)
{
	const struct ka_backoff timer = ka_rule(e->want->when)->timer(e->instance, e->facts->hz);

	for (int k = 0; k + 1 < n; k++) {
		int64_t from_ns = e->probe_ns[k], to_ns = e->probe_ns[k + 1], range[2];
		int64_t gap = to_ns - from_ns, latest;

		ka_backoff_gap(&timer, (unsigned)k + 1, range);
		latest = range[1] * e->tick_ns;
		if (gap < (range[0] - 1) * e->tick_ns - ka_noise_at(e->facts, from_ns, from_ns) ||
		    gap > latest + ka_late_ns(e, from_ns + latest, to_ns))
			ka_find(f, KA_FIND_GAP, -1,
				"gap of %.6f s from window probe %d, must be %.3f .. %.3f s",
				ka_seconds(gap), k + 1, ka_seconds(range[0] * e->tick_ns),
				ka_seconds(range[1] * e->tick_ns));
	}
}

void ka_check_gaps(const struct ka_evidence *e, struct ka_findings *f)
{
	/* of a program some may have been answered before; ka_check_expiries() knows which */
	if (ka_regime_is(e->want->when, KA_REGIME_WINDOW_PROBES) && !e->instance->program)
		check_backoff(e, e->probes <= KA_MAX_GAPS ? e->probes : KA_MAX_GAPS, f);
	if (!ka_case_persists(e->instance->case_) && !e->want->changing)
		check_chain(e, f);
}
