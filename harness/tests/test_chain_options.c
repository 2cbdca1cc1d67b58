/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exact simulation where options change on the way, and at its limits; at 250 Hz. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/wheel.h"

/* Far from zero, and no multiple of any granularity. */
#define EPOCH INT64_C(123456789)

struct traffic {
	int hz;
	unsigned idle, intvl, cnt, ut_ms;
	struct ka_wheel_input inputs[8];
	size_t n;
};

static struct ka_wheel_chain run(const struct traffic *t)
{
	struct ka_wheel_chain chain;

	ka_wheel_run(t->idle, t->intvl, t->cnt, t->ut_ms, t->hz, t->inputs, t->n, INT64_MAX - 1,
		     &chain);
	return chain;
}

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

static void toggle_keeps_the_count(void **state)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_OFF, 625, 0 }, { KA_WHEEL_ARM, 625, 0 } };
	int64_t ms[2];

	(void)state;
	ends_of(1, 1, 3, more, 2, ms);
	assert_in_range(4550, ms[0], ms[1]);
	assert_true(ms[1] - ms[0] <= 64);
}

static void keepidle_raised_while_probing(void **state)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_IDLE, 625, 5 },
					       { KA_WHEEL_REARM, 625, 0 } };
	int64_t ms[2];

	(void)state;
	ends_of(1, 1, 3, more, 2, ms);
	assert_in_range(6150, ms[0], ms[1]);
	assert_true(ms[1] - ms[0] <= 256);
}

static void keepidle_set_again_burns_probes(void **state)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_REARM, 375, 0 },
					       { KA_WHEEL_REARM, 385, 0 } };
	int64_t ms[2];

	(void)state;
	ends_of(1, 5, 2, more, 2, ms);
	assert_in_range(ms[0], 1500, 1800);
	assert_in_range(ms[1], 1500, 1800);
}

static void intvl_and_cnt_count_from_the_next_expiry(void **state)
{
	const struct ka_wheel_input more[] = { { KA_WHEEL_INTVL, 400, 1 },
					       { KA_WHEEL_CNT, 400, 1 } };
	int64_t ms[2];

	(void)state;
	ends_of(1, 4, 3, more, 2, ms);
	assert_true(ms[0] <= 5060 && ms[1] >= 5060);
}

static void data_in_flight_silences(void **state)
{
	const struct ka_wheel_input for_ever[] = { { KA_WHEEL_BUSY, 10, 0 } };
	const struct ka_wheel_input a_while[] = { { KA_WHEEL_BUSY, 10, 0 },
						  { KA_WHEEL_RX, 700, 0 },
						  { KA_WHEEL_CLEAR, 700, 0 } };
	struct traffic t = { .hz = 250, .idle = 1, .intvl = 1, .cnt = 3 };
	struct ka_wheel_chain chain;

	(void)state;
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

static void off_and_never_armed(void **state)
{
	const struct ka_wheel_input inputs[] = { { KA_WHEEL_ARM, 0, 0 }, { KA_WHEEL_OFF, 600, 0 } };
	struct ka_wheel_chain chain;

	(void)state;
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
static void late_decides_only_at_the_limit(void **state)
{
	struct ka_wheel_input inputs[] = { { KA_WHEEL_LATE, 0, 1 },
					   { KA_WHEEL_ARM, 0, 0 },
					   { KA_WHEEL_RX, 7, 0 } };
	struct ka_wheel_chain late, prompt;

	(void)state;
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
static void late_leaves_less_to_round(void **state)
{
	struct ka_wheel_input inputs[] = { { KA_WHEEL_LATE, 0, 3 },
					   { KA_WHEEL_ARM, 0, 0 },
					   { KA_WHEEL_RX, 95, 0 } };
	struct ka_wheel_chain late, prompt;

	(void)state;
	ka_wheel_run(5, 2, 3, 0, 250, inputs + 1, 2, INT64_MAX - 1, &prompt);
	ka_wheel_run(5, 2, 3, 0, 250, inputs, 3, INT64_MAX - 1, &late);
	assert_int_equal(prompt.probes[0], 1352);
	assert_int_equal(late.probes[0], 1346); /* L + idle + 1: never early */
	inputs[0].value = 1;                    /* 64 are left, rounded as before */
	ka_wheel_run(5, 2, 3, 0, 250, inputs, 3, INT64_MAX - 1, &late);
	assert_int_equal(late.probes[0], prompt.probes[0]);
}

/* More probes than the record holds, and than the kernel's own byte counts. */
static void user_timeout_lets_hundreds_out(void **state)
{
	const struct ka_wheel_input arm = { KA_WHEEL_ARM, 0, 0 };
	struct ka_wheel_chain chain;

	(void)state;
	ka_wheel_run(1, 1, 9, 600000, 250, &arm, 1, INT64_MAX - 1, &chain);
	assert_int_equal(chain.n_probes, KA_WHEEL_MAX_PROBES);
	assert_true(chain.end >= 150000 && chain.end < 150000 + 256);
	ka_wheel_run(1, 1, 9, 0, 250, &(struct ka_wheel_input){ KA_WHEEL_ARM, 0, 0 }, 1,
		     INT64_MAX - 1, &chain);
	assert_int_equal(chain.n_probes, 9);
}

static void user_timeout_changes_on_the_way(void **state)
{
	const struct ka_wheel_input inputs[] = { { KA_WHEEL_ARM, 0, 0 },
						 { KA_WHEEL_UT, 300, 2500 } };
	struct ka_wheel_chain chain;

	(void)state;
	ka_wheel_run(1, 1, 9, 0, 250, inputs, 2, INT64_MAX - 1, &chain);
	assert_int_equal(chain.n_probes, 2);
	assert_true(chain.end >= 625 && chain.end < 625 + 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toggle_keeps_the_count),
		cmocka_unit_test(keepidle_raised_while_probing),
		cmocka_unit_test(keepidle_set_again_burns_probes),
		cmocka_unit_test(intvl_and_cnt_count_from_the_next_expiry),
		cmocka_unit_test(data_in_flight_silences),
		cmocka_unit_test(off_and_never_armed),
		cmocka_unit_test(late_decides_only_at_the_limit),
		cmocka_unit_test(late_leaves_less_to_round),
		cmocka_unit_test(user_timeout_lets_hundreds_out),
		cmocka_unit_test(user_timeout_changes_on_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
