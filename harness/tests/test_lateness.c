/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short list of when a host was late: exact as long as there is room, and never too quiet. */
#include "model/verdict.h"
#include "netns/tests/unit.h"

#define MS INT64_C(1000000)

static void add_ms(struct ka_lateness *late, int64_t from, int64_t to, int64_t by)
{
	ka_lateness_add(late, from * MS, to * MS, by * MS);
}

static int64_t between_ms(const struct ka_lateness *late, int64_t from, int64_t to)
{
	return ka_lateness_between(late, from * MS, to * MS) / MS;
}

TEST(only_what_overlaps)
{
	struct ka_lateness late = { .quiet_ns = MS };

	add_ms(&late, 100, 110, 30);
	add_ms(&late, 110, 120, 50);
	add_ms(&late, 500, 510, 7);
	assert_int_equal(late.n, 3);
	assert_int_equal(between_ms(&late, 0, 99), 1);
	assert_int_equal(between_ms(&late, 0, 100), 30);
	assert_int_equal(between_ms(&late, 105, 106), 30);
	assert_int_equal(between_ms(&late, 105, 600), 50);
	assert_int_equal(between_ms(&late, 121, 499), 1);
	assert_int_equal(between_ms(&late, 505, 505), 7);
	assert_int_equal(between_ms(&late, 511, 9999), 1);
}

TEST(equal_neighbours_are_one)
{
	struct ka_lateness late = { .n = 0 };

	for (int64_t i = 0; i < 1000; i++)
		add_ms(&late, i * 10, i * 10 + 10, 200);
	assert_int_equal(late.n, 1);
	assert_int_equal(between_ms(&late, 9990, 9999), 200);
	assert_int_equal(between_ms(&late, 10001, 10002), 0);
}

/* A loud one keeps its place however many quieter ones there are; none is forgotten. */
TEST(overflow_makes_nothing_quieter)
{
	struct ka_lateness late = { .n = 0 };

	for (int64_t i = 0; i < 2000; i++)
		add_ms(&late, i * 10, i * 10 + 10, i == 700 ? 240 : 2 + i % 7);
	assert_in_range(late.n, 2, KA_MAX_LATE);
	for (int64_t i = 0; i < 2000; i++)
		assert_true(between_ms(&late, i * 10 + 1, i * 10 + 9) >=
			    (i == 700 ? 240 : 2 + i % 7));
	for (int64_t i = 0; i < 2000; i++)
		if (i != 700)
			assert_in_range(between_ms(&late, i * 10 + 1, i * 10 + 9), 2, 8);
}

TEST(noise_of_a_guest)
{
	struct ka_facts facts = { .hz = 250, .tick_ns = 4 * MS };

	add_ms(&facts.late, 100, 110, 30);
	assert_int_equal(ka_noise_at(&facts, 114 * MS, 200 * MS), 30 * MS); /* a tick beside it */
	assert_int_equal(ka_noise_at(&facts, 115 * MS, 200 * MS), 0);
	assert_int_equal(ka_noise_at(&facts, 200 * MS, 105 * MS),
			 30 * MS); /* was not late at all */
	facts.virtual_clock = true;
	assert_int_equal(ka_noise_at(&facts, 0, 200 * MS), 0);
}
