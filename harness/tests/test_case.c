/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of the vocabulary. */
#include <math.h>

#include "model/case.h"
#include "model/util.h"
#include "netns/tests/unit.h"

static const struct ka_setting one = { .idle = 1, .intvl = 2, .cnt = 3 };
static const struct ka_setting linux_default = { .idle = 7200, .intvl = 75, .cnt = 9 };
static const struct ka_setting timed = { .idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 2500 };

static void close_to(double seen, double want)
{
	if (!(fabs(seen - want) < 1e-9))
		fail_msg("%.12f, wanted %.12f", seen, want);
}

TEST(nominal)
{
	close_to(ka_nominal_s(&one), 7);
	close_to(ka_nominal_s(&linux_default), 7875);
}

TEST(times)
{
	close_to(ka_time_s(&(struct ka_time){ 0 }, &one), 0);
	close_to(ka_time_s(&(struct ka_time){ .ms = -250 }, &one), -0.25);
	close_to(ka_time_s(&(struct ka_time){ .idle = 0.5, .intvl = 1.5 }, &one), 3.5);
	close_to(ka_time_s(&(struct ka_time){ .nominal = 2, .ms = 100 }, &one), 14.1);
	close_to(ka_time_s(&(struct ka_time){ .user_timeout = 2 }, &timed), 5);
	close_to(ka_time_s(&(struct ka_time){ .nominal = 1 }, &linux_default), 7875);
}

TEST(numbers)
{
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

TEST(step_values)
{
	assert_int_equal(ka_step_value(&(struct ka_step){ .value = 17 }, &one), 17);
	assert_int_equal(ka_step_value(&(struct ka_step){ .value = -1 }, &one), -1);
	assert_int_equal(ka_step_value(&(struct ka_step){ .value = KA_CNT_PLUS(2) }, &one), 5);
	assert_int_equal(
		ka_step_value(&(struct ka_step){ .amount = { .idle = 4 } }, &linux_default), 28800);
	assert_int_equal(ka_step_value(&(struct ka_step){ .amount = { .intvl = 0.5 } }, &one), 1);
}

TEST(releases)
{
	static const struct {
		const char *release, *since;
		bool reached;
	} rows[] = {
		{ "2.6.32", NULL, true },
		{ "6.9.12", "6.10", false },
		{ "5.15.0-91-generic", "6.10", false },
		{ "6.10.0-rc1", "6.10", true },
		{ "6.10", "6.10", true },
		{ "7.0", "6.10", true },
		{ "5.11", "6.10", false },
		{ "unknown", "6.10", true },
		/* a stable branch counts for itself */
		{ "6.12.47", "6.17, 6.16.8, 6.12.48", false },
		{ "6.12.48", "6.17, 6.16.8, 6.12.48", true },
		{ "6.12.117-rt3", "6.17, 6.16.8, 6.12.48", true },
		{ "6.12.0", "6.17, 6.16.8, 6.12.48", false },
		{ "6.16.7", "6.17, 6.16.8, 6.12.48", false },
		{ "6.16.8", "6.17, 6.16.8, 6.12.48", true },
		{ "6.15.99", "6.17, 6.16.8, 6.12.48", false }, /* never got it */
		{ "6.1.200", "6.17, 6.16.8, 6.12.48", false },
		{ "6.17.0-rc6", "6.17, 6.16.8, 6.12.48", true },
		{ "6.18.1", "6.17, 6.16.8, 6.12.48", true },
		{ "7.0.1", "6.17, 6.16.8, 6.12.48", true },
	};

	for (size_t i = 0; i < KA_N(rows); i++)
		if (ka_release_reaches(rows[i].release, rows[i].since) != rows[i].reached)
			fail_msg("%s since %s", rows[i].release, rows[i].since);
}

TEST(setting_text)
{
	const struct ka_setting named = {
		.name = "redis-300", .idle = 300, .intvl = 100, .cnt = 3
	};
	char buf[32], small[4];

	assert_string_equal(ka_setting_text(&one, buf, sizeof(buf)), "1-2-3");
	assert_string_equal(ka_setting_text(&timed, buf, sizeof(buf)), "1-1-9-u2500");
	assert_string_equal(ka_setting_text(&named, buf, sizeof(buf)), "redis-300");
	assert_string_equal(ka_setting_text(&one, small, sizeof(small)), "1-2");
}
