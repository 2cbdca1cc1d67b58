/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole catalogue on the running kernel, one cmocka test for each instance. What is known to fail
 * fails as declared. */

#include "netns/tests/unit.h"
#include "rig.h"

/* What a test gets: cmocka hands over one pointer. */
struct item {
	struct ka_rig *rig;
	size_t index;
};

static void verdict_is_pass(void **state)
{
	const struct item *item = *state;
	const struct ka_result *result = ka_rig_wait(item->rig, item->index);

	if (!result)
		fail_msg("the run ended without a result");
	if (result->verdict == KA_SKIP) {
		print_message("skip: %s\n", result->why);
		skip();
	}
	if (result->verdict == KA_KNOWN) {
		print_message("known: %s\n", result->why);
		return;
	}
	if (result->verdict != KA_PASS)
		fail_msg("%s: %s", ka_verdict_name(result->verdict), result->why);
}

int main(int argc, char **argv)
{
	struct ka_rig rig;
	struct ka_plan_options options = { .seed = 1 };
	struct nn_err err = { 0 };
	struct CMUnitTest *tests;
	struct item *items;
	size_t n_themes;
	const struct ka_theme *const *themes = ka_catalogue(&n_themes);
	int status;

	for (int i = 1; i < argc && i <= KA_MAX_GLOBS; i++)
		options.filters[options.n_filters++] = argv[i];
	if (ka_rig_start(&rig, themes, n_themes, &options, &err)) {
		print_error("%s\n", err.text);
		return 99;
	}
	tests = calloc(rig.plan.n, sizeof(*tests));
	items = calloc(rig.plan.n, sizeof(*items));
	if (!tests || !items)
		return 99;
	for (size_t i = 0; i < rig.plan.n; i++) {
		items[i] = (struct item){ .rig = &rig, .index = i };
		tests[i] = (struct CMUnitTest){ .name = rig.plan.instances[i].name,
						.test_func = verdict_is_pass,
						.initial_state = &items[i] };
	}
	status = _cmocka_run_group_tests("catalogue", tests, rig.plan.n, NULL, NULL);
	ka_rig_stop(&rig);
	free(tests);
	free(items);
	return status;
}
