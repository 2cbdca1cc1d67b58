/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exact simulation under random traffic, against a second one that is stupid on purpose (it
 * looks at every jiffy), against the closed-form windows, and against what was measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/wheel.h"
#include "model/util.h"

#define COUNT(array) (KA_N(array))
#define MAX_INPUTS   64
/* Far from zero, and no multiple of any granularity. */
#define EPOCH        INT64_C(123456789)

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
	size_t i = (size_t)below(seed, COUNT(settings));

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

static void agrees_with_every_jiffy(void **state)
{
	uint64_t seed = 7;

	(void)state;
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

static void chained_window_holds_all_traffic(void **state)
{
	uint64_t seed = 11;

	(void)state;
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

static void fresh_window_holds_every_phase(void **state)
{
	(void)state;
	for (size_t s = 0; s < COUNT(settings); s++) {
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

/* The bounds are attained: not wider than they must be. */
static void fresh_window_is_tight(void **state)
{
	static const int rates[] = { 100, 250, 300, 1000 };

	(void)state;
	for (size_t s = 0; s < 4 * COUNT(settings); s++) {
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
static void probed_window_holds_answered_probes(void **state)
{
	uint64_t seed = 13;

	(void)state;
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
static void never_early(void **state)
{
	uint64_t seed = 17;

	(void)state;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_every_jiffy),
		cmocka_unit_test(chained_window_holds_all_traffic),
		cmocka_unit_test(fresh_window_holds_every_phase),
		cmocka_unit_test(fresh_window_is_tight),
		cmocka_unit_test(probed_window_holds_answered_probes),
		cmocka_unit_test(never_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
