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
#include "model/util.h"
#include "rig.h"

#define N_GROUPS_MAX 16
#define N_TESTS_MAX  256

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
	if (result->verdict == KA_SKIP) {
		print_message("skip: %s\n", result->why);
		skip();
	}
	if (result->verdict != want->verdict || !strstr(result->why, want->text))
		fail_msg("%s (%s), must be %s (... %s ...)", ka_verdict_name(result->verdict),
			 result->why, ka_verdict_name(want->verdict), want->text);
}

/* Each case gives one instance. */
static size_t find(const struct ka_plan *plan, const char *case_name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->instances[i].case_->name, case_name))
			return i;
	abort();
}

static size_t add_tests(const struct ka_experiment_group *group, struct ka_rig *rig,
			struct item *items, struct CMUnitTest *tests)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct ka_experiment *experiment = &group->experiments[i];

		items[i] =
			(struct item){ rig, find(&rig->plan, experiment->case_name), experiment };
		tests[i] = (struct CMUnitTest){ .name = experiment->case_name,
						.test_func = is_not_passed,
						.initial_state = &items[i] };
	}
	return group->n;
}

int main(void)
{
	const struct ka_experiment_group *const groups[] = {
		&ka_experiments_basic,   &ka_experiments_regimes,      &ka_experiments_gateway,
		&ka_experiments_live,    &ka_experiments_applications, &ka_experiments_path,
		&ka_experiments_waiting,
	};
	const struct ka_theme *themes[N_GROUPS_MAX];
	const struct ka_plan_options options = {
		.seed = 1, .settings = { { .idle = 1, .intvl = 1, .cnt = 3 } }, .n_settings = 1
	};
	struct CMUnitTest tests[N_TESTS_MAX];
	struct item items[N_TESTS_MAX];
	struct ka_rig rig;
	struct nn_err err = { 0 };
	const size_t n_groups = KA_N(groups);
	size_t n = 0;
	int status;

	for (size_t i = 0; i < n_groups; i++)
		themes[i] = groups[i]->theme;
	if (ka_rig_start(&rig, themes, n_groups, &options, &err)) {
		print_error("%s\n", err.text);
		return 99;
	}
	for (size_t i = 0; i < n_groups; i++)
		n += add_tests(groups[i], &rig, items + n, tests + n);
	if (n != rig.plan.n) {
		print_error("%zu instances have %zu expectations\n", rig.plan.n, n);
		return 99;
	}
	status = _cmocka_run_group_tests("experiments", tests, n, NULL, NULL);
	ka_rig_stop(&rig);
	return status;
}
