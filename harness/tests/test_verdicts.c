/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit statuses: what CI believes. */
#include "command/verdicts.h"
#include "model/util.h"
#include "netns/tests/unit.h"

TEST(exit_status_by_style)
{
	static const struct {
		struct ka_totals totals;
		bool lost;
		int status[3]; /* default, kselftest, bisect */
	} rows[] = {
		{ { .pass = 3 }, false, { 0, 0, 0 } },
		{ { .pass = 1, .skip = 9 }, false, { 0, 0, 0 } },
		{ { .skip = 9 }, false, { 77, 4, 125 } },
		{ { .pass = 0 }, false, { 77, 4, 125 } }, /* nothing ran: never 0 */
		{ { .pass = 9, .fail = 1 }, false, { 1, 1, 1 } },
		{ { .pass = 9, .broken = 1 }, false, { 99, 99, 125 } },
		{ { .skip = 9, .broken = 1 }, false, { 99, 99, 125 } },
		{ { .pass = 9, .fail = 1, .broken = 1 }, false, { 1, 1, 1 } },
		{ { .pass = 9 }, true, { 99, 99, 125 } },
		{ { .pass = 9, .fail = 1 }, true, { 1, 1, 1 } },
		/* a program under test is no kernel: no commit of one is bad for it */
		{ { .fail = 1, .fail_program = 1 }, false, { 1, 1, 0 } },
		{ { .fail = 2, .fail_program = 1 }, false, { 1, 1, 1 } },
		{ { .fail = 1, .fail_program = 1, .broken = 1 }, false, { 1, 1, 125 } },
		{ { .pass = 0 }, true, { 99, 99, 125 } },
		/* what is known to fail is no failure; where nothing else ran, it is what a bisection
		 * looks for, and there a kernel that does it right is good */
		{ { .pass = 9, .known = 2 }, false, { 0, 0, 0 } },
		{ { .known = 2 }, false, { 0, 0, 1 } },
		{ { .known = 2, .skip = 1 }, false, { 0, 0, 1 } },
		{ { .known = 2, .broken = 1 }, false, { 99, 99, 1 } },
		{ { .fail = 1, .fail_passes = 1 }, false, { 1, 1, 0 } },
		{ { .fail = 1, .fail_passes = 1, .known = 1 }, false, { 1, 1, 0 } },
		{ { .fail = 2, .fail_passes = 1, .known = 1 }, false, { 1, 1, 1 } },
	};

	for (size_t i = 0; i < KA_N(rows); i++)
		for (int style = KA_STYLE_DEFAULT; style <= KA_STYLE_BISECT; style++)
			assert_int_equal(ka_exit_status((enum ka_exit_style)style, &rows[i].totals,
							rows[i].lost),
					 rows[i].status[style]);
}

TEST(totals_count)
{
	static const enum ka_verdict_kind verdicts[] = { KA_PASS, KA_PASS,   KA_FAIL,
							 KA_SKIP, KA_BROKEN, KA_KNOWN };
	struct ka_totals totals = { .pass = 0 };

	for (size_t i = 0; i < KA_N(verdicts); i++) {
		const struct ka_result result = { .verdict = verdicts[i] };

		ka_totals_count(&totals, &result);
	}
	assert_int_equal(totals.pass, 2);
	assert_int_equal(totals.fail, 1);
	assert_int_equal(totals.skip, 1);
	assert_int_equal(totals.broken, 1);
	assert_int_equal(totals.known, 1);
	assert_int_equal(totals.fail_program, 0);
}

/* A failure is the program's alone if all that was found is. */
TEST(totals_know_whose_failure)
{
	static const struct {
		const char *findings;
		unsigned program, passes;
	} rows[] = {
		{ "[{\"class\":\"program\"}]", 1, 0 },
		{ "[{\"class\":\"catalogue\"}]", 0, 1 },
		{ "[{\"class\":\"catalogue\"},{\"class\":\"kernel\"}]", 0, 0 },
		{ "[{\"class\":\"program\"},{\"class\":\"kernel\"}]", 0, 0 },
		{ "[{\"class\":\"loss\"},{\"class\":\"program\"}]", 0, 0 },
		{ "[{\"class\":7}]", 0, 0 },
		{ "[]", 0, 0 },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_totals totals = { .pass = 0 };
		struct ka_result result = { .verdict = KA_FAIL,
					    .findings = json_loads(rows[i].findings, 0, NULL) };

		ka_totals_count(&totals, &result);
		assert_int_equal(totals.fail, 1);
		assert_int_equal(totals.fail_program, rows[i].program);
		assert_int_equal(totals.fail_passes, rows[i].passes);
		json_decref(result.findings);
	}
}
