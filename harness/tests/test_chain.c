/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exact simulation under random traffic, against a second one that is stupid on purpose (it
 * looks at every jiffy), against the closed-form windows, and against what was measured.
 */
#include "judge/wheel.h"
#include "model/util.h"
#include "netns/tests/unit.h"

#define MAX_INPUTS 64
/* Far from zero, and no multiple of any granularity. */
#define EPOCH      INT64_C(123456789)

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

struct traffic {
	int hz;
	unsigned idle, intvl, cnt, ut_ms;
	struct ka_wheel_input inputs[MAX_INPUTS];
	size_t n;
};

/* ---- every jiffy -------------------------------------------------------------------------- */

static int64_t plain_fire(int64_t expires, int64_t clk)
{
	int64_t granule = 1;

	for (int64_t limit = 63; expires - clk >= limit; limit *= 8)
		granule *= 8;
	do
		expires++;
	while (expires % granule);
	return expires;
}

/* Only arming, segments and answers. Returns the end; *@probes: of the last unanswered run. */
static int64_t plain_run(const struct traffic *t, int *probes)
{
	int64_t idle = t->idle * t->hz, intvl = t->intvl * t->hz;
	int64_t ut = ((int64_t)t->ut_ms * t->hz + 999) / 1000;
	int64_t fire = -1, last = t->inputs[0].jiffy;
	size_t i = 0;

	*probes = 0;
	for (int64_t now = last;; now++) {
		for (int after = 0; after < 2; after++) {
			for (; i < t->n && t->inputs[i].jiffy == now; i++) {
				if (t->inputs[i].kind == KA_WHEEL_ANSWER && !after)
					break;
				if (t->inputs[i].kind == KA_WHEEL_ARM) {
					fire = plain_fire(now + idle, now);
					continue;
				}
				last = now;
				*probes = 0;
			}
			if (after || fire != now)
				continue;
			if (now - last < idle)
				fire = plain_fire(last + idle, now + 1);
			else if (ut ? now - last >= ut && *probes : *probes >= (int)t->cnt)
				return now;
			else if (++*probes)
				fire = plain_fire(now + intvl, now + 1);
		}
	}
}

/* ---- random traffic ------------------------------------------------------------------------ */

static const struct {
	unsigned idle, intvl, cnt;
} settings[] = { { 1, 1, 1 }, { 1, 1, 3 },  { 2, 1, 3 }, { 1, 3, 2 },
		 { 3, 1, 5 }, { 10, 5, 3 }, { 5, 11, 2 } };

/* Armed, then segments; @longest: the longest pause between two of them, in jiffies. */
static void random_traffic(struct traffic *t, uint64_t *seed, int64_t longest)
{
	int64_t now = EPOCH + below(seed, 1 << 20);

	t->n = 0;
	t->inputs[t->n++] = (struct ka_wheel_input){ .kind = KA_WHEEL_ARM, .jiffy = now };
	for (int64_t k = 1 + below(seed, 20); k; k--) {
		now += below(seed, longest);
		t->inputs[t->n++] = (struct ka_wheel_input){ .kind = KA_WHEEL_RX, .jiffy = now };
	}
}

static void choose(struct traffic *t, uint64_t *seed)
{
	static const int rates[] = { 100, 250, 300, 1000 };
	size_t i = (size_t)below(seed, KA_N(settings));

	t->hz = rates[below(seed, 4)];
	t->idle = settings[i].idle;
	t->intvl = settings[i].intvl;
	t->cnt = settings[i].cnt;
	t->ut_ms = below(seed, 3) ? 0 : (unsigned)(1 + below(seed, 30000));
}

static struct ka_wheel_chain run(const struct traffic *t)
{
	struct ka_wheel_chain chain;

	ka_wheel_run(t->idle, t->intvl, t->cnt, t->ut_ms, t->hz, t->inputs, t->n, INT64_MAX - 1,
		     &chain);
	return chain;
}

static int64_t last_input(const struct traffic *t)
{
	return t->inputs[t->n - 1].jiffy;
}

TEST(agrees_with_every_jiffy)
{
	uint64_t seed = 7;

	for (int i = 0; i < 400; i++) {
		struct traffic t;
		struct ka_wheel_chain chain;
		int probes;

		choose(&t, &seed);
		/* pauses beyond idle + intvl: probes are sent and answered by the next segment */
		random_traffic(&t, &seed, (t.idle + 2 * t.intvl) * t.hz);
		for (size_t k = 1; k < t.n; k++)
			if (below(&seed, 2))
				t.inputs[k].kind = KA_WHEEL_ANSWER;
		chain = run(&t);
		assert_int_equal(chain.end, plain_run(&t, &probes));
		assert_int_equal(chain.n_probes, probes);
	}
}

static struct ka_wheel_bounds window(const struct traffic *t, enum ka_wheel_arming arming)
{
	return ka_wheel_window(t->idle, t->intvl, t->cnt, t->ut_ms, t->hz, arming);
}

static void assert_inside(const struct ka_wheel_chain *chain, int64_t last_rx,
			  const struct ka_wheel_bounds *b)
{
	assert_in_range(chain->probes[0] - last_rx, b->p1[0], b->p1[1]);
	assert_in_range(chain->end - last_rx, b->end[0], b->end[1]);
	assert_in_range(chain->n_probes, b->probes[0], b->probes[1]);
}

TEST(chained_window_holds_all_traffic)
{
	uint64_t seed = 11;

	for (int i = 0; i < 20000; i++) {
		struct traffic t;
		struct ka_wheel_chain chain;
		struct ka_wheel_bounds b;

		choose(&t, &seed);
		random_traffic(&t, &seed, (int64_t)t.idle * t.hz); /* never a probe before L */
		chain = run(&t);
		b = window(&t, KA_WHEEL_CHAINED);
		assert_inside(&chain, last_input(&t), &b);
	}
}

TEST(fresh_window_holds_every_phase)
{
	for (size_t s = 0; s < KA_N(settings); s++) {
		for (int64_t phase = 0; phase < 512; phase++) {
			struct traffic t = { .hz = 250,
					     .idle = settings[s].idle,
					     .intvl = settings[s].intvl,
					     .cnt = settings[s].cnt,
					     .inputs = { { KA_WHEEL_ARM, EPOCH + phase, 0 } },
					     .n = 1 };
			struct ka_wheel_chain chain = run(&t);
			struct ka_wheel_bounds b = window(&t, KA_WHEEL_FRESH);

			assert_inside(&chain, EPOCH + phase, &b);
		}
	}
}

/* Every phase, and every time before L at which the timer may have been armed. */
TEST(chained_window_is_every_phase)
{
	static const int rates[] = { 100, 250, 300, 1000 };

	for (size_t r = 0; r < KA_N(rates); r++) {
		struct traffic t = { .hz = rates[r], .idle = 1, .intvl = 1, .cnt = 3, .n = 2 };
		struct ka_wheel_bounds b = window(&t, KA_WHEEL_CHAINED);
		int64_t end[2] = { INT64_MAX, INT64_MIN };

		for (int64_t phase = 0; phase < ka_wheel_granule(t.hz, t.hz); phase++) {
			for (int64_t ago = 1; ago <= t.hz; ago++) {
				const int64_t rx = EPOCH + phase;

				t.inputs[0] = (struct ka_wheel_input){ KA_WHEEL_ARM, rx - ago, 0 };
				t.inputs[1] = (struct ka_wheel_input){ KA_WHEEL_RX, rx, 0 };
				ka_widen(end, run(&t).end - rx);
			}
		}
		assert_int_equal(end[0], b.end[0]);
		assert_int_equal(end[1], b.end[1]);
	}
}

/* The bounds are attained: not wider than they must be. */
TEST(fresh_window_is_tight)
{
	static const int rates[] = { 100, 250, 300, 1000 };

	for (size_t s = 0; s < 4 * KA_N(settings); s++) {
		struct traffic t = { .hz = rates[s % 4],
				     .idle = settings[s / 4].idle,
				     .intvl = settings[s / 4].intvl,
				     .cnt = settings[s / 4].cnt,
				     .n = 1 };
		struct ka_wheel_bounds b = window(&t, KA_WHEEL_FRESH);
		int64_t least = INT64_MAX, most = 0;

		for (int64_t phase = 0; phase < 4096; phase++) {
			struct ka_wheel_chain chain;

			t.inputs[0].jiffy = EPOCH + phase;
			chain = run(&t);
			chain.end -= EPOCH + phase;
			least = chain.end < least ? chain.end : least;
			most = chain.end > most ? chain.end : most;
		}
		assert_int_equal(most, b.end[1]);
		assert_int_equal(least, b.end[0]);
	}
}

/* A living peer that dies after some answered probes. */
TEST(probed_window_holds_answered_probes)
{
	uint64_t seed = 13;

	for (int i = 0; i < 4000; i++) {
		struct traffic t;
		struct ka_wheel_chain chain;
		struct ka_wheel_bounds b;

		choose(&t, &seed);
		random_traffic(&t, &seed, (int64_t)t.idle * t.hz);
		for (int64_t k = 1 + below(&seed, 4); k; k--) {
			chain = run(&t);
			if (!chain.n_probes)
				break;
			t.inputs[t.n].kind = KA_WHEEL_ANSWER;
			t.inputs[t.n++].jiffy = chain.probes[0] + below(&seed, 2);
		}
		chain = run(&t);
		b = window(&t, KA_WHEEL_PROBED);
		assert_inside(&chain, last_input(&t), &b);
	}
}

/* RFC 1122 4.2.3.6 and tcp_keepalive_timer(): idle and every intvl are waited for in full. */
TEST(never_early)
{
	uint64_t seed = 17;

	for (int i = 0; i < 5000; i++) {
		struct traffic t;
		struct ka_wheel_chain chain;

		choose(&t, &seed);
		t.ut_ms = 0;
		random_traffic(&t, &seed, (t.idle + t.intvl) * t.hz);
		chain = run(&t);
		assert_true(chain.probes[0] - last_input(&t) >= (int64_t)t.idle * t.hz);
		for (int k = 1; k < chain.n_probes; k++)
			assert_true(chain.probes[k] - chain.probes[k - 1] > t.intvl * t.hz);
		assert_true(chain.end - chain.probes[t.cnt - 1] > t.intvl * t.hz);
		assert_int_equal(chain.n_probes, t.cnt);
	}
}

/* ---- options that change on the way, and limits; at 250 Hz --------------------------------- */

/* End in milliseconds after the arming, over all phases: [least, most]. */
static void ends_of(unsigned idle, unsigned intvl, unsigned cnt, const struct ka_wheel_input *more,
		    size_t n, int64_t ms[2])
{
	ms[0] = INT64_MAX;
	ms[1] = 0;
	for (int64_t phase = 0; phase < 512; phase++) {
		struct traffic t = { .hz = 250, .idle = idle, .intvl = intvl, .cnt = cnt };
		struct ka_wheel_chain chain;
		int64_t end;

		t.inputs[t.n++] = (struct ka_wheel_input){ KA_WHEEL_ARM, EPOCH + phase, 0 };
		for (size_t i = 0; i < n; i++) {
			t.inputs[t.n] = more[i];
			t.inputs[t.n++].jiffy += EPOCH + phase;
		}
		chain = run(&t);
		end = (chain.end - EPOCH - phase) * 4;
		ms[0] = end < ms[0] ? end : ms[0];
		ms[1] = end > ms[1] ? end : ms[1];
	}
}

TEST(toggle_keeps_the_count)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_OFF, 625, 0 }, { KA_WHEEL_ARM, 625, 0 } };
	int64_t ms[2];

	ends_of(1, 1, 3, more, 2, ms);
	assert_in_range(4550, ms[0], ms[1]);
	assert_true(ms[1] - ms[0] <= 64);
}

TEST(keepidle_raised_while_probing)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_IDLE, 625, 5 },
					       { KA_WHEEL_REARM, 625, 0 } };
	int64_t ms[2];

	ends_of(1, 1, 3, more, 2, ms);
	assert_in_range(6150, ms[0], ms[1]);
	assert_true(ms[1] - ms[0] <= 256);
}

TEST(keepidle_set_again_burns_probes)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_REARM, 375, 0 },
					       { KA_WHEEL_REARM, 385, 0 } };
	int64_t ms[2];

	ends_of(1, 5, 2, more, 2, ms);
	assert_in_range(ms[0], 1500, 1800);
	assert_in_range(ms[1], 1500, 1800);
}

TEST(intvl_and_cnt_count_from_the_next_expiry)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_INTVL, 400, 1 },
					       { KA_WHEEL_CNT, 400, 1 } };
	int64_t ms[2];

	ends_of(1, 4, 3, more, 2, ms);
	assert_true(ms[0] <= 5060 && ms[1] >= 5060);
}

TEST(data_in_flight_silences)
{
	const struct ka_wheel_input for_ever[] = { { KA_WHEEL_BUSY, 10, 0 } };
	const struct ka_wheel_input a_while[] = { { KA_WHEEL_BUSY, 10, 0 },
						  { KA_WHEEL_RX, 700, 0 },
						  { KA_WHEEL_CLEAR, 700, 0 } };
	struct traffic t = { .hz = 250, .idle = 1, .intvl = 1, .cnt = 3 };
	struct ka_wheel_chain chain;

	t.inputs[t.n++] = (struct ka_wheel_input){ KA_WHEEL_ARM, 0, 0 };
	t.inputs[t.n++] = for_ever[0];
	ka_wheel_run(1, 1, 3, 0, 250, t.inputs, t.n, 100000, &chain);
	assert_int_equal(chain.end, -1);
	assert_int_equal(chain.n_probes, 0);
	t.n = 1;
	for (size_t i = 0; i < 3; i++)
		t.inputs[t.n++] = a_while[i];
	chain = run(&t);
	assert_in_range(chain.end - 700, 1014, 1026);
}

/* A handler that finds the socket owned comes back 13 jiffies later, until it does not. */
TEST(owned_is_tried_again)
{
	struct ka_wheel_input inputs[] = { { KA_WHEEL_ARM, 0, 0 },
					   { KA_WHEEL_OWN, 100, 0 },
					   { KA_WHEEL_RELEASE, 0, 0 } };
	struct ka_wheel_chain chain;

	/* it goes off at 256, 269, 282 */
	for (int64_t released = 256; released < 283; released++) {
		int64_t probe = released < 269 ? 269 : released < 282 ? 282 : 295;

		inputs[2].jiffy = released;
		ka_wheel_run(1, 1, 3, 0, 250, inputs, 3, INT64_MAX - 1, &chain);
		assert_int_equal(chain.n_probes, 3);
		assert_int_equal(chain.probes[0], probe);
		assert_true(chain.end > 0);
	}
	inputs[2].jiffy = 255;
	ka_wheel_run(1, 1, 3, 0, 250, inputs, 3, INT64_MAX - 1, &chain);
	assert_int_equal(chain.probes[0], 256);
	ka_wheel_run(1, 1, 3, 0, 250, inputs, 2, 100000, &chain);
	assert_int_equal(chain.n_probes, 0);
	assert_int_equal(chain.end, -1);
}

TEST(off_and_never_armed)
{
	const struct ka_wheel_input inputs[] = { { KA_WHEEL_ARM, 0, 0 }, { KA_WHEEL_OFF, 600, 0 } };
	struct ka_wheel_chain chain;

	ka_wheel_run(1, 1, 3, 0, 250, inputs, 2, INT64_MAX - 1, &chain);
	assert_int_equal(chain.end, -1);
	assert_int_equal(chain.n_probes, 2);
	ka_wheel_run(1, 1, 3, 0, 250, NULL, 0, INT64_MAX - 1, &chain);
	assert_int_equal(chain.end, -1);
	ka_wheel_run(1, 1, 3, 0, 250, inputs, 1, 300, &chain);
	assert_int_equal(chain.end, -1);
	assert_int_equal(chain.n_probes, 1);
}

/* The handler that runs one jiffy late finds the idle time just over, instead of just not. */
TEST(late_decides_only_at_the_limit)
{
	struct ka_wheel_input inputs[] = { { KA_WHEEL_LATE, 0, 1 },
					   { KA_WHEEL_ARM, 0, 0 },
					   { KA_WHEEL_RX, 7, 0 } };
	struct ka_wheel_chain late, prompt;

	ka_wheel_run(1, 1, 1, 0, 250, inputs, 3, INT64_MAX - 1, &late);
	ka_wheel_run(1, 1, 1, 0, 250, inputs + 1, 2, INT64_MAX - 1, &prompt);
	assert_int_equal(prompt.probes[0], 258); /* expired at 256: 249 jiffies after L */
	assert_int_equal(late.probes[0], 257);
	inputs[2].jiffy = 8;
	ka_wheel_run(1, 1, 1, 0, 250, inputs, 3, INT64_MAX - 1, &late);
	ka_wheel_run(1, 1, 1, 0, 250, inputs + 1, 2, INT64_MAX - 1, &prompt);
	assert_int_equal(late.end, prompt.end);
}

/* The first expiry, at 1280, finds 65 jiffies left of the idle time: rounded to eight. Three jiffies
 * late it finds 62, which the wheel takes to the jiffy. */
TEST(late_leaves_less_to_round)
{
	struct ka_wheel_input inputs[] = { { KA_WHEEL_LATE, 0, 3 },
					   { KA_WHEEL_ARM, 0, 0 },
					   { KA_WHEEL_RX, 95, 0 } };
	struct ka_wheel_chain late, prompt;

	ka_wheel_run(5, 2, 3, 0, 250, inputs + 1, 2, INT64_MAX - 1, &prompt);
	ka_wheel_run(5, 2, 3, 0, 250, inputs, 3, INT64_MAX - 1, &late);
	assert_int_equal(prompt.probes[0], 1352);
	assert_int_equal(late.probes[0], 1346); /* L + idle + 1: never early */
	inputs[0].value = 1;                    /* 64 are left, rounded as before */
	ka_wheel_run(5, 2, 3, 0, 250, inputs, 3, INT64_MAX - 1, &late);
	assert_int_equal(late.probes[0], prompt.probes[0]);
}

/* More probes than the record holds, and than the kernel's own byte counts. */
TEST(user_timeout_lets_hundreds_out)
{
	const struct ka_wheel_input arm = { KA_WHEEL_ARM, 0, 0 };
	struct ka_wheel_chain chain;

	ka_wheel_run(1, 1, 9, 600000, 250, &arm, 1, INT64_MAX - 1, &chain);
	assert_int_equal(chain.n_probes, KA_WHEEL_MAX_PROBES);
	assert_true(chain.end >= 150000 && chain.end < 150000 + 256);
	ka_wheel_run(1, 1, 9, 0, 250, &(struct ka_wheel_input){ KA_WHEEL_ARM, 0, 0 }, 1,
		     INT64_MAX - 1, &chain);
	assert_int_equal(chain.n_probes, 9);
}

TEST(user_timeout_changes_on_the_way)
{
	const struct ka_wheel_input inputs[] = { { KA_WHEEL_ARM, 0, 0 },
						 { KA_WHEEL_UT, 300, 2500 } };
	struct ka_wheel_chain chain;

	ka_wheel_run(1, 1, 9, 0, 250, inputs, 2, INT64_MAX - 1, &chain);
	assert_int_equal(chain.n_probes, 2);
	assert_true(chain.end >= 625 && chain.end < 625 + 256);
}
