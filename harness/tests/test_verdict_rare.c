/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe in a hundred is ten jiffies late, in a chain of a hundred and ten whose handlers run in their
 * jiffy or in the next one, as an idle host runs them. Whichever it is: how loud must a host be to hide it?
 * And whatever handlers do that are as late as a host was, and no later, is no failure.
 */
#include "judge/wheel.h"
#include "model/util.h"
#include "scene.h"

#define PROBES 110
#define LATE_J 10
/* What the handler's slack of five jiffies does not take in, in whole granules. */
#define MOVED  (8 * TICK)

/* Ordinary handlers: every sixth runs a jiffy late, and all of them some time into it. */
static void prepare(struct scene *s)
{
	scene_init(s, KA_KEEPALIVE_EXPIRY);
	s->instance.setting.cnt = PROBES;
	s->case_.expect = (struct ka_expect){ .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1 };
	s->facts.noise_budget_ns = 250 * MS;
	scene_give_up(s, &scene_ordinary);
	for (int k = 0; k < PROBES; k++)
		scene_find(s, KA_SEG_PROBE, k)->t_ns += k % 6 ? k % 7 * 100 * US : TICK;
	scene_complete(s);
}

/* The kernel sets the timer of probe @k so much later: it fires on the grid, and so do those behind it. */
static void fires_late(struct scene *s, int k)
{
	scene_shift(s, scene_find(s, KA_SEG_PROBE, k), MOVED);
}

/* The record of probe @k is late, and no other. */
static void recorded_late(struct scene *s, int k)
{
	scene_find(s, KA_SEG_PROBE, k)->t_ns += LATE_J * TICK;
}

/* How many of all probes can be late without being found, where the host is late by @noise_ns. */
static int hidden(void (*spoil)(struct scene *s, int k), int64_t noise_ns)
{
	int n = 0;

	for (int k = 1; k < PROBES; k++) {
		struct scene s;

		prepare(&s);
		spoil(&s, k);
		scene_noise(&s, noise_ns);
		scene_judge(&s);
		n += s.verdict.kind == KA_PASS;
	}
	return n;
}

static int nothing_found(int64_t noise_ns)
{
	struct scene s;

	prepare(&s);
	scene_noise(&s, noise_ns);
	scene_judge(&s);
	return s.verdict.kind == KA_PASS;
}

TEST(ordinary_handlers)
{
	assert_true(nothing_found(0));
	assert_true(nothing_found(MS));
	assert_true(nothing_found(30 * MS));
}

/* Late beyond the slack, it would have moved the next one: no noise excuses that. */
TEST(recorded_late_is_found_in_any_noise)
{
	static const int64_t noise_ms[] = { 0, 1, 8, 20, 40, 80 };

	for (size_t i = 0; i < sizeof(noise_ms) / sizeof(*noise_ms); i++)
		assert_int_equal(hidden(recorded_late, noise_ms[i] * MS), 0);
}

/* A handler can be as late as that itself, where the host was. */
TEST(fires_late_is_found_up_to_what_could_have_moved_it)
{
	assert_int_equal(hidden(fires_late, 0), 0);
	assert_int_equal(hidden(fires_late, MS), 0);
	assert_int_equal(hidden(fires_late, 8 * MS), 0);
	assert_int_equal(hidden(fires_late, 16 * MS), 0);
	assert_in_range(hidden(fires_late, 40 * MS), 1, PROBES);
}

/* ---- no false failure ---------------------------------------------------------------------------- */

static unsigned seed;

static int64_t any_below(int64_t n)
{
	seed = seed * 1103515245u + 12345u;
	return (int64_t)(seed >> 8) % n;
}

/* The jiffy in which the timer fires next that a handler set in @jiffy, when it was due at @due. */
static int64_t next_due(const struct scene *s, int64_t due, int64_t jiffy)
{
	int64_t clk = jiffy == due || any_below(2) ? due + 1 : jiffy;

	return ka_wheel_fire(jiffy + s->instance.setting.intvl * s->facts.hz, clk, s->facts.hz);
}

/* Each handler runs in its jiffy or in the next one, some time into it, and up to @noise_ns later. */
static void run_late(struct scene *s, int64_t noise_ns)
{
	int n = (int)s->instance.setting.cnt;
	int64_t due = s->facts.j0 + scene_find(s, KA_SEG_PROBE, 0)->t_ns / TICK;

	for (int k = 0; k <= n; k++) {
		int64_t ns = (due - s->facts.j0 + any_below(2)) * TICK + 50 * US +
			     any_below(MS + noise_ns);
		struct ka_event *event =
			k < n ? scene_find(s, KA_SEG_PROBE, k) : scene_find(s, KA_SEG_RST, 0);

		scene_shift(s, event, ns - event->t_ns);
		due = next_due(s, due, s->facts.j0 + ns / TICK);
	}
}

static void expect_no_failure(int64_t intvl, int64_t noise_ns, bool phase_known)
{
	const struct scene_phase phase = { 1 + any_below(200), any_below(64), 2 * MS };
	struct scene s;

	scene_init(&s, KA_KEEPALIVE_EXPIRY);
	s.instance.setting.intvl = (int)intvl;
	s.instance.setting.cnt = 9;
	s.case_.expect = (struct ka_expect){ .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1 };
	s.facts.noise_budget_ns = 250 * MS;
	s.facts.phase_known = phase_known;
	scene_give_up(&s, &phase);
	run_late(&s, noise_ns);
	scene_noise(&s, noise_ns);
	scene_expect(&s, KA_PASS, "");
}

TEST(late_handlers_are_no_failure)
{
	static const int64_t intvls[] = { 1, 2, 3, 5, 7, 20, 75 };
	static const int64_t noise_ms[] = { 0, 1, 3, 4, 9, 21, 60 };

	for (int round = 0; round < 40; round++)
		for (size_t i = 0; i < KA_N(intvls); i++)
			for (size_t n = 0; n < KA_N(noise_ms); n++)
				expect_no_failure(intvls[i], noise_ms[n] * MS, round % 2);
}
