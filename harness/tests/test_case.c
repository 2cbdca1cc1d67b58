/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of the vocabulary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "model/case.h"

static const struct ka_setting one = { .idle = 1, .intvl = 2, .cnt = 3 };
static const struct ka_setting linux_default = { .idle = 7200, .intvl = 75, .cnt = 9 };
static const struct ka_setting timed = { .idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 2500 };

static void close_to(double seen, double want)
{
	if (!(fabs(seen - want) < 1e-9))
		fail_msg("%.12f, wanted %.12f", seen, want);
}

static void nominal(void **state)
{
	(void)state;
	close_to(ka_nominal_s(&one), 7);
	close_to(ka_nominal_s(&linux_default), 7875);
}

static void times(void **state)
{
	(void)state;
	close_to(ka_time_s(&(struct ka_time){ 0 }, &one), 0);
	close_to(ka_time_s(&(struct ka_time){ .ms = -250 }, &one), -0.25);
	close_to(ka_time_s(&(struct ka_time){ .idle = 0.5, .intvl = 1.5 }, &one), 3.5);
	close_to(ka_time_s(&(struct ka_time){ .nominal = 2, .ms = 100 }, &one), 14.1);
	close_to(ka_time_s(&(struct ka_time){ .user_timeout = 2 }, &timed), 5);
	close_to(ka_time_s(&(struct ka_time){ .nominal = 1 }, &linux_default), 7875);
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(ka_number(0, &one), 0);
	assert_int_equal(ka_number(17, &one), 17);
	assert_int_equal(ka_number(KA_CNT, &one), 3);
	assert_int_equal(ka_number(KA_CNT_PLUS(-1), &one), 2);
	assert_int_equal(ka_number(KA_CNT_PLUS(-9), &linux_default), 0);
	assert_int_equal(ka_number(KA_CNT_PLUS(2), &linux_default), 11);
	assert_int_equal(ka_number(KA_SOME, &one), KA_SOME);
	assert_int_equal(ka_number(KA_ANY, &one), KA_ANY);
	assert_int_equal(ka_number(-1, &one), -1);
}

static void step_values(void **state)
{
	(void)state;
	assert_int_equal(ka_step_value(&(struct ka_step){ .value = 17 }, &one), 17);
	assert_int_equal(ka_step_value(&(struct ka_step){ .value = -1 }, &one), -1);
	assert_int_equal(ka_step_value(&(struct ka_step){ .value = KA_CNT_PLUS(2) }, &one), 5);
	assert_int_equal(
		ka_step_value(&(struct ka_step){ .amount = { .idle = 4 } }, &linux_default), 28800);
	assert_int_equal(ka_step_value(&(struct ka_step){ .amount = { .intvl = 0.5 } }, &one), 1);
}

static void releases(void **state)
{
	const struct ka_since_release any = { 0 }, since = { "6.10", "a change" };

	(void)state;
	assert_false(ka_release_before("2.6.32", &any));
	assert_true(ka_release_before("6.9.12", &since));
	assert_true(ka_release_before("5.15.0-91-generic", &since));
	assert_false(ka_release_before("6.10.0-rc1", &since));
	assert_false(ka_release_before("7.0", &since));
	assert_false(ka_release_before("unknown", &since));
}

static void setting_text(void **state)
{
	const struct ka_setting named = {
		.name = "redis-300", .idle = 300, .intvl = 100, .cnt = 3
	};
	char buf[32], small[4];

	(void)state;
	assert_string_equal(ka_setting_text(&one, buf, sizeof(buf)), "1-2-3");
	assert_string_equal(ka_setting_text(&timed, buf, sizeof(buf)), "1-1-9-u2500");
	assert_string_equal(ka_setting_text(&named, buf, sizeof(buf)), "redis-300");
	assert_string_equal(ka_setting_text(&one, small, sizeof(small)), "1-2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nominal),  cmocka_unit_test(times),
		cmocka_unit_test(numbers),  cmocka_unit_test(step_values),
		cmocka_unit_test(releases), cmocka_unit_test(setting_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
