/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe in a hundred is ten jiffies late, in a chain of a hundred and ten whose handlers run in their
 * jiffy or in the next one, as an idle host runs them. Whichever it is: how loud must a host be to hide it?
 */
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
