/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs what must not pass (experiments.c) and reads what the judge says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "experiments.h"
#include "rig.h"

struct item {
	struct ka_rig *rig;
	size_t index;
	const struct ka_experiment *experiment;
};

static void is_not_passed(void **state)
{
	const struct item *item = *state;
	const struct ka_experiment *want = item->experiment;
	const struct ka_result *result = ka_rig_wait(item->rig, item->index);

	assert_non_null(result);
	if (result->verdict == KA_SKIP)
		skip();
	if (result->verdict != want->verdict || !strstr(result->why, want->text))
		fail_msg("%s (%s), must be %s (... %s ...)", ka_verdict_name(result->verdict),
			 result->why, ka_verdict_name(want->verdict), want->text);
}

/* Each case gives one instance; its name begins with the case's. */
static size_t find(const struct ka_plan *plan, const char *case_name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->instances[i].case_->name, case_name))
			return i;
	abort();
}

int main(void)
{
	const struct ka_theme *theme = ka_experiments_theme();
	const struct ka_plan_options options = {
		.seed = 1, .settings = { { .idle = 1, .intvl = 1, .cnt = 3 } }, .n_settings = 1
	};
	struct CMUnitTest tests[64];
	struct item items[64];
	struct ka_rig rig;
	struct nn_err err = { 0 };
	size_t n;
	const struct ka_experiment *experiments = ka_experiments(&n);
	int failed;

	if (n != theme->n || n > 64 || ka_rig_start(&rig, &theme, 1, &options, &err)) {
		print_error("experiments and cases differ, or: %s\n", err.text);
		return 99;
	}
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct item){ &rig, find(&rig.plan, experiments[i].case_name),
					  &experiments[i] };
		tests[i] = (struct CMUnitTest){ .name = experiments[i].case_name,
						.test_func = is_not_passed,
						.initial_state = &items[i] };
	}
	failed = _cmocka_run_group_tests("experiments", tests, n, NULL, NULL);
	ka_rig_stop(&rig);
	return failed ? 1 : 0;
}
