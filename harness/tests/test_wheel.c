/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer wheel: known answers, measured tables, and properties under random traffic. */
#include "judge/wheel.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "wheel_vectors.h"

static const int rates[] = { 100, 250, 300, 1000 };

/* A generator of our own: the same numbers everywhere. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static int64_t below(uint64_t *state, int64_t n)
{
	return (int64_t)(next_random(state) % (uint64_t)n);
}

static void run(const struct wheel_group *g, const struct wheel_vector *v, unsigned ut_ms,
		struct ka_wheel_chain *chain)
{
	const struct ka_wheel_input inputs[] = { { .kind = KA_WHEEL_ARM, .jiffy = v->arm },
						 { .kind = KA_WHEEL_RX, .jiffy = v->arm + v->rx } };

	ka_wheel_run(g->idle, g->intvl, g->cnt, ut_ms, g->hz, inputs, 2, INT64_MAX - 1, chain);
}

TEST(known_answers)
{
	for (size_t i = 0; i < KA_N(wheel_groups); i++) {
		const struct wheel_group *g = &wheel_groups[i];

		for (size_t n = 0; n < WHEEL_VECTORS; n++) {
			const struct wheel_vector *v = &g->vectors[n];
			int64_t rx = v->arm + v->rx;
			struct ka_wheel_chain chain;

			run(g, v, n == WHEEL_VECTORS - 1 ? g->ut_ms : 0, &chain);
			assert_int_equal(chain.end, rx + v->end);
			assert_int_equal(chain.n_probes, v->n_probes);
			assert_int_equal(chain.probes[0], rx + v->first);
			assert_int_equal(chain.probes[v->n_probes - 1], rx + v->last);
		}
	}
}

TEST(known_answers_lie_in_the_window)
{
	for (size_t i = 0; i < KA_N(wheel_groups); i++) {
		const struct wheel_group *g = &wheel_groups[i];

		for (size_t n = 0; n < WHEEL_VECTORS; n++) {
			const struct wheel_vector *v = &g->vectors[n];
			struct ka_wheel_bounds b = ka_wheel_window(
				g->idle, g->intvl, g->cnt, n == WHEEL_VECTORS - 1 ? g->ut_ms : 0,
				g->hz, v->rx ? KA_WHEEL_CHAINED : KA_WHEEL_FRESH);

			assert_in_range(v->first, b.p1[0], b.p1[1]);
			assert_in_range(v->end, b.end[0], b.end[1]);
			assert_in_range(v->n_probes, b.probes[0], b.probes[1]);
		}
	}
}

TEST(granules)
{
	static const int64_t from[] = { 0, 63, 504, 4032, 32256, 258048, 2064384, 16515072 };

	for (int n = 0; n < 8; n++) {
		int64_t granule = INT64_C(1) << (3 * n);

		assert_int_equal(ka_wheel_granule(from[n], 250), granule);
		if (n)
			assert_int_equal(ka_wheel_granule(from[n] - 1, 250), granule / 8);
	}
	/* one level less at HZ <= 100, and no level beyond the last one */
	assert_int_equal(ka_wheel_granule(INT64_C(63) << 24, 100), 1 << 21);
	assert_int_equal(ka_wheel_granule(INT64_C(63) << 27, 1000), 1 << 24);
}

TEST(fires_late_by_one_granule_at_most)
{
	uint64_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		int hz = rates[i % 4];
		int64_t clk = below(&seed, INT64_C(1) << 32);
		int64_t delta = below(&seed, INT64_C(1) << (1 + i % 24));
		int64_t granule = ka_wheel_granule(delta, hz);
		int64_t fire = ka_wheel_fire(clk + delta, clk, hz);

		assert_true(fire > clk + delta && fire <= clk + delta + granule);
		assert_int_equal(fire % granule, 0);
	}
}

TEST(fire_at_the_ends)
{
	/* already over when it is queued: the next tick of the clock */
	assert_int_equal(ka_wheel_fire(99, 100, 250), 100);
	assert_int_equal(ka_wheel_fire(100, 100, 250), 101);
	/* on a granule still waits for the next one */
	assert_int_equal(ka_wheel_fire(256, 0, 250), 264);
	assert_int_equal(ka_wheel_fire(255, 0, 250), 256);
	/* beyond the wheel's reach (49 days at 250 Hz) it fires early, at the wheel's end */
	assert_int_equal(ka_wheel_fire(INT64_C(1) << 40, 0, 250), INT64_C(63) << 24);
	assert_int_equal(ka_wheel_fire(INT64_C(1) << 40, 0, 100), INT64_C(63) << 21);
}

TEST(step_and_slack)
{
	static const struct {
		int hz;
		int64_t intvl, step, slack;
	} known[] = {
		{ 100, 1, 104, 3 },          { 100, 5, 504, 3 },        { 100, 10, 1024, 23 },
		{ 100, 100, 10240, 239 },    { 100, 75, 7680, 179 },    { 250, 1, 256, 5 },
		{ 250, 5, 1280, 29 },        { 250, 10, 2560, 59 },     { 250, 100, 25088, 87 },
		{ 250, 75, 18944, 193 },     { 300, 1, 304, 3 },        { 300, 5, 1536, 35 },
		{ 300, 10, 3008, 7 },        { 300, 100, 30208, 207 },  { 300, 75, 22528, 27 },
		{ 1000, 1, 1024, 23 },       { 1000, 5, 5120, 119 },    { 1000, 10, 10240, 239 },
		{ 1000, 100, 102400, 2399 }, { 1000, 75, 77824, 2823 },
	};

	for (size_t i = 0; i < KA_N(known); i++) {
		int64_t slack;
		int64_t step = ka_wheel_step(known[i].intvl * known[i].hz, known[i].hz, &slack);

		assert_int_equal(step, known[i].step);
		assert_int_equal(slack, known[i].slack);
	}
	/* sysctl tcp_keepalive_intvl=0: a probe with every jiffy */
	assert_int_equal(ka_wheel_step(0, 250, NULL), 1);
}

TEST(milliseconds_round_up)
{
	assert_int_equal(ka_wheel_ms(0, 250), 0);
	assert_int_equal(ka_wheel_ms(1, 250), 1);
	assert_int_equal(ka_wheel_ms(4, 250), 1);
	assert_int_equal(ka_wheel_ms(2500, 250), 625);
	assert_int_equal(ka_wheel_ms(2501, 300), 751);
}

/* The windows that were measured with thousands of sockets, in milliseconds (rounded): of the first
 * probe and of the end, fresh and chained. */
static const struct table_row {
	int hz;
	unsigned idle, intvl, cnt;
	int fresh_p1_from, fresh_p1_to, fresh_from, fresh_to;
	int chained_p1_from, chained_p1_to, chained_from, chained_to;
} table[] = {
	{ 100, 1, 1, 1, 1010, 1080, 2050, 2120, 1000, 1080, 2020, 2120 },
	{ 100, 1, 1, 3, 1010, 1080, 4130, 4200, 1000, 1080, 4100, 4200 },
	{ 100, 2, 1, 3, 2010, 2080, 5130, 5200, 2000, 2080, 5100, 5200 },
	{ 100, 10, 5, 3, 10010, 10640, 25130, 25760, 10000, 10640, 25100, 25760 },
	{ 100, 60, 10, 6, 60010, 65120, 121450, 126560, 60000, 65120, 121220, 126560 },
	{ 100, 300, 100, 3, 300010, 305120, 607210, 612320, 300000, 305120, 604820, 612320 },
	{ 100, 7200, 75, 9, 7200010, 7527680, 7891210, 8218880, 7200000, 7527680, 7889420,
	  8218880 },
	{ 250, 1, 1, 1, 1004, 1032, 2028, 2056, 1000, 1032, 2008, 2056 },
	{ 250, 1, 1, 3, 1004, 1032, 4076, 4104, 1000, 1032, 4056, 4104 },
	{ 250, 2, 1, 3, 2004, 2032, 5076, 5104, 2000, 2032, 5056, 5104 },
	{ 250, 10, 5, 3, 10004, 10256, 25364, 25616, 10000, 10256, 25248, 25616 },
	{ 250, 60, 10, 6, 60004, 62048, 121444, 123488, 60000, 62048, 121208, 123488 },
	{ 250, 300, 100, 3, 300004, 316384, 601060, 617440, 300000, 316384, 600712, 617440 },
	{ 250, 7200, 75, 9, 7200004, 7331072, 7881988, 8013056, 7200000, 7331072, 7881216,
	  8013056 },
	{ 300, 1, 1, 1, 1003, 1027, 2017, 2040, 1000, 1027, 2007, 2040 },
	{ 300, 1, 1, 3, 1003, 1027, 4043, 4067, 1000, 1027, 4033, 4067 },
	{ 300, 2, 1, 3, 2003, 2213, 5043, 5253, 2000, 2213, 5033, 5253 },
	{ 300, 10, 5, 3, 10003, 10213, 25363, 25573, 10000, 10213, 25247, 25573 },
	{ 300, 60, 10, 6, 60003, 61707, 120163, 121867, 60000, 61707, 120140, 121867 },
	{ 300, 300, 100, 3, 300003, 313653, 602083, 615733, 300000, 313653, 601393, 615733 },
	{ 300, 7200, 75, 9, 7200003, 8073813, 7875843, 8749653, 7200000, 8073813, 7875753,
	  8749653 },
	{ 1000, 1, 1, 1, 1001, 1064, 2025, 2088, 1000, 1064, 2002, 2088 },
	{ 1000, 1, 1, 3, 1001, 1064, 4073, 4136, 1000, 1064, 4050, 4136 },
	{ 1000, 2, 1, 3, 2001, 2064, 5073, 5136, 2000, 2064, 5050, 5136 },
	{ 1000, 10, 5, 3, 10001, 10512, 25361, 25872, 10000, 10512, 25242, 25872 },
	{ 1000, 60, 10, 6, 60001, 64096, 121441, 125536, 60000, 64096, 121202, 125536 },
	{ 1000, 300, 100, 3, 300001, 332768, 607201, 639968, 300000, 332768, 604802, 639968 },
	{ 1000, 7200, 75, 9, 7200001, 7462144, 7900417, 8162560, 7200000, 7462144, 7897594,
	  8162560 },
};

/* The table was rounded to the nearest millisecond. */
static void assert_ms(const int64_t got[2], int from, int to, int hz)
{
	assert_int_equal((got[0] * 2000 + hz) / (2 * hz), from);
	assert_int_equal((got[1] * 2000 + hz) / (2 * hz), to);
}

TEST(measured_windows)
{
	for (size_t i = 0; i < KA_N(table); i++) {
		const struct table_row *t = &table[i];
		struct ka_wheel_bounds fresh =
			ka_wheel_window(t->idle, t->intvl, t->cnt, 0, t->hz, KA_WHEEL_FRESH);
		struct ka_wheel_bounds chained =
			ka_wheel_window(t->idle, t->intvl, t->cnt, 0, t->hz, KA_WHEEL_CHAINED);

		assert_ms(fresh.p1, t->fresh_p1_from, t->fresh_p1_to, t->hz);
		assert_ms(fresh.end, t->fresh_from, t->fresh_to, t->hz);
		assert_ms(chained.p1, t->chained_p1_from, t->chained_p1_to, t->hz);
		assert_ms(chained.end, t->chained_from, t->chained_to, t->hz);
	}
}

TEST(user_timeout_as_measured)
{
	/* HZ 250; idle, intvl, cnt, timeout -> end in ms somewhere inside, number of probes */
	static const struct {
		unsigned idle, intvl, cnt, ut_ms;
		int ms;
		int probes;
	} known[] = {
		{ 1, 1, 9, 2500, 3056, 2 },
		{ 1, 1, 9, 500, 2025, 1 },
		{ 1, 1, 2, 5000, 5097, 4 },
		{ 3, 1, 5, 1, 4168, 1 },
	};

	for (size_t i = 0; i < KA_N(known); i++) {
		struct ka_wheel_bounds b =
			ka_wheel_window(known[i].idle, known[i].intvl, known[i].cnt, known[i].ut_ms,
					250, KA_WHEEL_CHAINED);

		assert_in_range(known[i].ms, b.end[0] * 4, b.end[1] * 4);
		assert_in_range(known[i].probes, b.probes[0], b.probes[1]);
	}
}

TEST(no_probes_at_all)
{
	struct ka_wheel_bounds b = ka_wheel_window(1, 1, 0, 0, 250, KA_WHEEL_FRESH);

	assert_int_equal(b.end[0], 251);
	assert_int_equal(b.end[1], 258);
	assert_int_equal(b.probes[1], 0);
}

/* One rule for the judge, who counts in ns, and for what is told before a rollout: the first jiffy may be
 * nearly over when the last segment arrives. 1/1/1 at 250 Hz: 502 .. 514 jiffies. */
TEST(a_window_begins_within_the_first_jiffy)
{
	struct ka_wheel_bounds b = ka_wheel_window(1, 1, 1, 0, 250, KA_WHEEL_CHAINED);
	double seconds[2];
	int64_t ns[2];

	ka_wheel_ns(b.end, 4000000, ns);
	assert_int_equal(ns[0], 2004000000);
	assert_int_equal(ns[1], 2056000000);
	ka_wheel_seconds(b.end, 250, seconds);
	assert_true(seconds[0] > 2.0039 && seconds[0] < 2.0041);
	assert_true(seconds[1] > 2.0559 && seconds[1] < 2.0561);
}
