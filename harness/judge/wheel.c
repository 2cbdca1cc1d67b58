/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer wheel's rounding, and the window that it leaves for a keepalive; see wheel.h. */
#include "judge/wheel.h"

#include "model/util.h"

/* kernel/time/timer.c: LVL_DEPTH is 9 for HZ > 100, else 8. */
static int depth(int hz)
{
	return hz > 100 ? 9 : 8;
}

/* LVL_START(n): the smallest delta that level @n takes. */
static int64_t level_start(int n)
{
	return n ? INT64_C(63) << (3 * (n - 1)) : 0;
}

static int64_t level_granule(int n)
{
	return INT64_C(1) << (3 * n);
}

static int level_of(int64_t delta, int hz)
{
	int n = 0;

	while (n + 1 < depth(hz) && delta >= level_start(n + 1))
		n++;
	return n;
}

int64_t ka_wheel_granule(int64_t delta, int hz)
{
	return level_granule(level_of(delta, hz));
}

int64_t ka_wheel_fire(int64_t expires, int64_t clk, int hz)
{
	int64_t granule;

	if (expires < clk)
		return clk;
	/* beyond the wheel's end: as far as it reaches (WHEEL_TIMEOUT_MAX) */
	if (expires - clk >= level_start(depth(hz)))
		expires = clk + level_start(depth(hz)) - level_granule(depth(hz) - 1);
	granule = ka_wheel_granule(expires - clk, hz);
	return (expires & ~(granule - 1)) + granule;
}

/* Granularity of a timer of @len jiffies that its own handler queues: inside the expiry at F the
 * wheel's clock already says F + 1. */
static int64_t chain_granule(int64_t len, int hz)
{
	return ka_wheel_granule(len > 1 ? len - 1 : 0, hz);
}

int64_t ka_wheel_step(int64_t len, int hz, int64_t *slack)
{
	int64_t granule = chain_granule(len, hz);

	if (slack)
		*slack = granule - 1 - len % granule;
	return (len / granule + 1) * granule;
}

int64_t ka_wheel_ms(int64_t ms, int hz)
{
	return (ms * hz + 999) / 1000;
}

/*
 * Which multiples can an expiry be that was queued before L and fires at L + idle or later? The
 * finest level that reaches so far: its longest timer, plus the rounding, plus the jiffy by which
 * the clock runs ahead inside a handler.
 */
static int64_t pending_granule(int64_t idle_j, int hz)
{
	for (int n = 0; n + 1 < depth(hz); n++)
		if (level_start(n + 1) + level_granule(n) >= idle_j)
			return level_granule(n);
	return level_granule(depth(hz) - 1);
}

/* What the window is computed from, in jiffies. */
struct window {
	int64_t idle, intvl;
	int64_t granule_idle, granule_intvl;
	int64_t step;
	enum ka_wheel_arming arming;
};

/*
 * First probe. Fresh: one rounding of idle. Chained: the pending expiry may fall exactly on
 * L + idle. Probed: the pending expiry may have been queued with intvl, at L at the latest.
 */
static void window_p1(const struct window *w, int64_t p1[2])
{
	p1[0] = w->idle + (w->arming == KA_WHEEL_FRESH);
	p1[1] = w->idle + w->granule_idle;
	if (w->arming == KA_WHEEL_PROBED)
		p1[1] = ka_greater(p1[1], w->intvl + w->granule_intvl);
}

/* Shortest way from a probe at a multiple of @granule to the next one. */
static int64_t shortest_gap(const struct window *w, int64_t granule)
{
	granule = ka_lesser(granule, w->granule_intvl);
	return (w->intvl / granule + 1) * granule;
}

static int64_t longest_gap(const struct window *w, int64_t granule)
{
	granule = ka_lesser(granule, w->granule_intvl);
	return (w->intvl + w->granule_intvl) / granule * granule;
}

/*
 * The expiry after the first probe. From here on every expiry is a multiple of intvl's granularity,
 * so that all that follows is a constant step. The earliest needs a closer look: a first probe at
 * L + idle is a multiple of its pending timer's granularity and cannot fall short; one at
 * L + idle + 1, queued by the handler just before, can lie anywhere.
 */
static void window_p2(const struct window *w, const int64_t p1[2], int hz, int64_t p2[2])
{
	int64_t pending = pending_granule(w->idle, hz);

	if (w->arming == KA_WHEEL_FRESH)
		p2[0] = p1[0] + shortest_gap(w, w->granule_idle);
	else
		p2[0] = ka_lesser(w->idle + shortest_gap(w, pending), w->idle + 1 + w->intvl + 1);
	p2[1] = w->idle + w->granule_idle + longest_gap(w, w->granule_idle);
	if (w->arming == KA_WHEEL_PROBED)
		p2[1] = ka_greater(p2[1], p1[1] + w->step);
}

/* Steps after the second expiry @p2 until @ut jiffies are over. */
static int64_t steps_until(int64_t p2, int64_t ut, int64_t step)
{
	return p2 >= ut ? 0 : (ut - p2 + step - 1) / step;
}

/*
 * User timeout: the end is the first expiry from the second one on that is not before @ut. As a
 * function of the second expiry it climbs by one and falls by a step wherever one expiry less is
 * needed: the extremes are at the ends of @p2 or beside a fall.
 */
static void window_user_timeout(const int64_t p2[2], int64_t ut, int64_t step,
				struct ka_wheel_bounds *out)
{
	int64_t few = steps_until(p2[1], ut, step), many = steps_until(p2[0], ut, step);

	out->probes[0] = few + 1;
	out->probes[1] = many + 1;
	out->end[0] = p2[0] + many * step;
	out->end[1] = p2[1] + few * step;
	if (few == many)
		return;
	out->end[0] = ut; /* some second expiry between lies whole steps before @ut */
	out->end[1] = ka_greater(out->end[1], ut - 1 + step);
}

struct ka_wheel_bounds ka_wheel_window(int64_t idle, int64_t intvl, unsigned cnt, unsigned ut_ms,
				       int hz, enum ka_wheel_arming arming)
{
	struct window w = {
		.idle = idle * hz,
		.intvl = intvl * hz,
		.granule_idle = ka_wheel_granule(idle * hz, hz),
		.granule_intvl = chain_granule(intvl * hz, hz),
		.step = ka_wheel_step(intvl * hz, hz, NULL),
		.arming = arming,
	};
	struct ka_wheel_bounds out = { .probes = { cnt, cnt } };
	int64_t p2[2];

	window_p1(&w, out.p1);
	window_p2(&w, out.p1, hz, p2);
	if (ut_ms) {
		window_user_timeout(p2, ka_wheel_ms(ut_ms, hz), w.step, &out);
	} else if (cnt) {
		out.end[0] = p2[0] + (cnt - 1) * w.step;
		out.end[1] = p2[1] + (cnt - 1) * w.step;
	} else {
		out.end[0] = out.p1[0];
		out.end[1] = out.p1[1];
	}
	return out;
}
