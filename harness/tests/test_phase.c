/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What looks at jiffies agree on. */
#include "model/util.h"
#include "netns/tests/unit.h"
#include "run/phase.h"

#define TRUE_J0 INT64_C(-75065)

/* @of of twelve looks are @other, the rest tell the truth. */
static bool agreed(size_t of, struct ka_phase_look other, int64_t *j0)
{
	struct ka_phase_look looks[12];

	for (size_t i = 0; i < KA_N(looks); i++)
		looks[i] = i < of ? other : (struct ka_phase_look){ TRUE_J0, TRUE_J0 };
	return ka_phase_agreed(looks, KA_N(looks), j0);
}

TEST(narrow_looks_agree)
{
	int64_t j0;

	assert_true(agreed(0, (struct ka_phase_look){ 0 }, &j0));
	assert_int_equal(j0, TRUE_J0);
}

/* It took several ticks to come to jiffies: such looks contradict nobody. */
TEST(wide_looks_leave_it_to_others)
{
	int64_t j0;

	assert_true(agreed(6, (struct ka_phase_look){ TRUE_J0 - 8, TRUE_J0 + 4 }, &j0));
	assert_int_equal(j0, TRUE_J0);
}

/* Most of them wide, as beside a thousand timers: what they have in common is more than one value. */
TEST(wide_looks_alone_tell_nothing)
{
	int64_t j0;

	assert_false(agreed(7, (struct ka_phase_look){ TRUE_J0 - 8, TRUE_J0 + 4 }, &j0));
	assert_false(agreed(12, (struct ka_phase_look){ TRUE_J0, TRUE_J0 + 1 }, &j0));
}

/* A tick was late: jiffies were behind. */
TEST(a_few_wrong_looks_are_outvoted)
{
	const struct ka_phase_look behind = { TRUE_J0 - 1, TRUE_J0 - 1 };
	int64_t j0;

	assert_true(agreed(3, behind, &j0));
	assert_int_equal(j0, TRUE_J0);
	assert_false(agreed(4, behind, &j0));
}

/* Ticks that are no multiples of their length: each of two values is true for a part of the time. */
TEST(two_values_are_none)
{
	int64_t j0;

	assert_false(agreed(6, (struct ka_phase_look){ TRUE_J0 + 1, TRUE_J0 + 1 }, &j0));
}
