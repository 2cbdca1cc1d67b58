/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs what must not pass (experiments.c) and reads what the judge says of it. */
#include "experiments.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "rig.h"

extern const struct ka_theme ka_theme_experiments_basic, ka_theme_experiments_regimes,
	ka_theme_experiments_gateway, ka_theme_experiments_live, ka_theme_experiments_applications,
	ka_theme_experiments_path, ka_theme_experiments_waiting, ka_theme_experiments_loss,
	ka_theme_experiments_layers, ka_theme_experiments_refused;

#define N_MAX 256

struct item {
	struct ka_rig *rig;
	size_t index;
};

/* "fail: too late": the verdict, and what its why must say. */
static void is_not_passed(void **state)
{
	const struct item *item = *state;
	const char *must_be = item->rig->plan.instances[item->index].case_->lesson;
	const char *says = strstr(must_be, ": ");
	const struct ka_result *result = ka_rig_wait(item->rig, item->index);
	const char *verdict;

	assert_non_null(result);
	assert_non_null(says);
	if (result->verdict == KA_SKIP) {
		print_message("skip: %s\n", result->why);
		skip();
	}
	verdict = ka_verdict_name(result->verdict);
	if (strlen(verdict) != (size_t)(says - must_be) ||
	    memcmp(verdict, must_be, strlen(verdict)) || !strstr(result->why, says + 2))
		fail_msg("%s (%s), must be %s", verdict, result->why, must_be);
}

int main(void)
{
	static const struct ka_theme *const themes[] = {
		&ka_theme_experiments_basic,        &ka_theme_experiments_regimes,
		&ka_theme_experiments_gateway,      &ka_theme_experiments_live,
		&ka_theme_experiments_applications, &ka_theme_experiments_path,
		&ka_theme_experiments_waiting,      &ka_theme_experiments_loss,
		&ka_theme_experiments_layers,       &ka_theme_experiments_refused,
	};
	const struct ka_plan_options options = {
		.seed = 1, .settings = { { .idle = 1, .intvl = 1, .cnt = 3 } }, .n_settings = 1
	};
	struct CMUnitTest tests[N_MAX];
	struct item items[N_MAX];
	struct ka_rig rig;
	struct nn_err err = { 0 };
	size_t n_cases = 0;
	int status;

	for (size_t i = 0; i < KA_N(themes); i++)
		n_cases += themes[i]->n;
	if (ka_rig_start(&rig, themes, KA_N(themes), &options, &err)) {
		print_error("%s\n", err.text);
		return 99;
	}
	if (n_cases != rig.plan.n || n_cases > N_MAX) {
		print_error("%zu experiments have %zu instances\n", n_cases, rig.plan.n);
		return 99;
	}
	for (size_t i = 0; i < n_cases; i++) {
		items[i] = (struct item){ &rig, i };
		tests[i] = (struct CMUnitTest){ .name = rig.plan.instances[i].case_->name,
						.test_func = is_not_passed,
						.initial_state = &items[i] };
	}
	status = _cmocka_run_group_tests("experiments", tests, n_cases, NULL, NULL);
	ka_rig_stop(&rig);
	return status;
}
