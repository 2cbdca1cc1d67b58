/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distance of two clocks: what one bad reading must not change, and what a set clock must. */
#include "bench/offset.h"
#include "model/util.h"
#include "netns/tests/unit.h"

TEST(what_is_believed)
{
	static const struct {
		struct ka_offset was, is;
		int64_t believed;
	} rows[] = {
		/* another process's reading of the clock, which costs 256 ns in a guest, in between */
		{ { 1000, 512 }, { 1128, 768 }, 1000 },
		{ { 1128, 768 }, { 1000, 512 }, 1000 },
		{ { 1000, 512 }, { 1000, 512 }, 1000 },
		/* somebody sets the clock */
		{ { 1000, 512 }, { 5000, 768 }, 5000 },
		{ { 1000, 512 }, { -5000, 768 }, -5000 },
	};

	for (size_t i = 0; i < KA_N(rows); i++)
		assert_int_equal(ka_offset_of(rows[i].was, rows[i].is).ns, rows[i].believed);
	assert_int_equal(ka_offset_of(KA_OFFSET_UNKNOWN, rows[0].is).ns, rows[0].is.ns);
}

TEST(clocks_of_this_host)
{
	struct ka_offset offset = ka_offset_measure(0);

	assert_true(offset.width_ns >= 0 && offset.width_ns < 1000000000);
	assert_true(offset.ns > 0);
}
