/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many may work at once, as the host is heard. */
#include "netns/tests/unit.h"
#include "run/pace.h"

#define MS INT64_C(1000000)

/* Looks as often as it wants to until @until_ms, and hears @late_ms each time. */
static void hear(struct ka_pace *pace, int64_t *now_ns, int64_t until_ms, int64_t late_ms)
{
	for (; *now_ns < until_ms * MS; *now_ns += MS)
		if (ka_pace_is_due(pace, *now_ns))
			ka_pace_look(pace, *now_ns, late_ms * MS);
}

TEST(quiet_hosts_get_more_loud_ones_less)
{
	int64_t now_ns = 0;
	struct ka_pace pace;

	ka_pace_begin(&pace, 20 * MS, 4, now_ns);
	assert_int_equal(ka_pace_allows(&pace), 4);
	hear(&pace, &now_ns, 3000, 1);
	assert_int_equal(ka_pace_allows(&pace), 32);
	hear(&pace, &now_ns, 4000, 15); /* between half the goal and the goal: as it is */
	assert_int_equal(ka_pace_allows(&pace), 32);
	hear(&pace, &now_ns, 4020, 21);
	assert_int_equal(ka_pace_allows(&pace), 16);
	hear(&pace, &now_ns, 9000, 100);
	assert_int_equal(ka_pace_allows(&pace), 4); /* and not less */
	hear(&pace, &now_ns, 9100, 1);
	assert_in_range(ka_pace_allows(&pace), 4, 7);
	hear(&pace, &now_ns, 11000, 1);
	assert_int_equal(ka_pace_allows(&pace), 32);
}

/* Where it is loud with one at a time for each CPU, it is others who are loud: for two seconds thrice the
 * goal will do, then it is tried again. */
TEST(others_are_loud)
{
	int64_t now_ns = 0;
	struct ka_pace pace;

	ka_pace_begin(&pace, 20 * MS, 2, now_ns);
	hear(&pace, &now_ns, 130, 25);
	assert_int_equal(ka_pace_allows(&pace), 2);
	hear(&pace, &now_ns, 1900, 25);
	assert_int_equal(ka_pace_allows(&pace), 16);
	hear(&pace, &now_ns, 2300, 25);
	assert_int_equal(ka_pace_allows(&pace), 2);
	hear(&pace, &now_ns, 4000, 25);
	assert_int_equal(ka_pace_allows(&pace), 16);
	hear(&pace, &now_ns, 4100, 61);
	assert_in_range(ka_pace_allows(&pace), 2, 3);
	hear(&pace, &now_ns, 20000, 61);
	assert_int_equal(ka_pace_allows(&pace), 2);
}

/* On any number of CPUs there is one for each, and no more than some. */
TEST(any_host)
{
	static const size_t cpus[] = { 0, 1, 2, 64 };

	for (size_t i = 0; i < 4; i++) {
		size_t most = cpus[i] ? 8 * cpus[i] : 8;
		int64_t now_ns = 5 * MS;
		struct ka_pace pace;

		ka_pace_begin(&pace, 20 * MS, cpus[i], now_ns);
		assert_in_range(ka_pace_allows(&pace), 1, most);
		hear(&pace, &now_ns, 60000, 0);
		assert_int_equal(ka_pace_allows(&pace), most);
		hear(&pace, &now_ns, 80000, 61);
		assert_int_equal(ka_pace_allows(&pace), most / 8);
	}
}

/* What was answered is not answered again, and old news are none. */
TEST(what_it_listens_to)
{
	int64_t now_ns = 0;
	struct ka_pace pace;

	ka_pace_begin(&pace, 20 * MS, 2, now_ns);
	hear(&pace, &now_ns, 1000, 0);
	assert_in_range(pace.since_ns, now_ns - 130 * MS, now_ns - 90 * MS);
	hear(&pace, &now_ns, 1030, 50);
	assert_in_range(pace.since_ns, now_ns - 30 * MS, now_ns);
}

TEST(without_a_goal)
{
	struct ka_pace pace;

	ka_pace_begin(&pace, 0, 4, 0);
	assert_false(ka_pace_is_due(&pace, 1000000 * MS));
	assert_int_equal(ka_pace_allows(&pace), 8);
}
