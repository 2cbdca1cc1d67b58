/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From many verdicts to one exit status. */
#include "command/verdicts.h"

#include "command/command.h"

/* Numbers that others have given a meaning. */
enum {
	KSELFTEST_SKIP = 4,       /* KSFT_SKIP */
	BISECT_CANNOT_TELL = 125, /* git bisect run: this commit cannot be tested */
};

int ka_exit_status(enum ka_exit_style style, const struct ka_totals *totals, bool lost)
{
	unsigned fail = totals->fail, pass = totals->pass + totals->known;

	if (style == KA_STYLE_BISECT) {
		unsigned good = totals->fail_program + totals->fail_passes;

		fail -= good;
		pass = totals->pass + good;
		fail += pass ? 0 : totals->known;
	}
	if (fail)
		return KA_EXIT_FAIL;
	if (totals->broken || lost)
		return style == KA_STYLE_BISECT ? BISECT_CANNOT_TELL : KA_EXIT_BROKEN;
	if (pass)
		return KA_EXIT_OK;
	if (style == KA_STYLE_KSELFTEST)
		return KSELFTEST_SKIP;
	return style == KA_STYLE_BISECT ? BISECT_CANNOT_TELL : KA_EXIT_NOTHING;
}

void ka_apply_strict(struct ka_result *result)
{
	json_t *json = result->json;

	if (result->verdict != KA_SKIP)
		return;
	json_object_set_new(json, "why", json_sprintf("--strict: skipped: %s", result->why));
	json_object_set_new(json, "verdict", json_string(ka_verdict_name(KA_FAIL)));
	result->verdict = KA_FAIL;
	result->line = NULL;
	result->why = json_string_value(json_object_get(json, "why"));
}

void ka_totals_count(struct ka_totals *totals, const struct ka_result *result)
{
	totals->fail_program += ka_result_blames_program(result);
	totals->fail_passes += ka_result_blames_catalogue(result);
	switch (result->verdict) {
	case KA_PASS:
		totals->pass++;
		break;
	case KA_FAIL:
		totals->fail++;
		break;
	case KA_SKIP:
		totals->skip++;
		break;
	case KA_BROKEN:
		totals->broken++;
		break;
	case KA_KNOWN:
		totals->known++;
		break;
	case KA_VERDICTS:
		break;
	}
}
