/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor runs: something for each need of the catalogue, and no more than seconds of it. */
#include "command/doctor_plan.h"
#include "model/verbs.h"
#include "netns/tests/unit.h"

#define SECONDS 6

static int plan_all(void **state)
{
	static struct ka_plan plan;
	const struct ka_plan_options options = { .seed = 1 };
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);

	*state = &plan;
	return ka_plan_new(&plan, themes, n, &options, 250, NULL);
}

static int free_all(void **state)
{
	ka_plan_free(*state);
	return 0;
}

TEST(every_need_is_shown)
{
	struct ka_probes probes;
	unsigned shown = 0;

	assert_int_equal(ka_probes_of(&probes, *state), 0);
	for (size_t i = 0; i < probes.n; i++) {
		const struct ka_probe *probe = &probes.all[i];

		assert_true(ka_probe_matches(probe, &probes.examined.instances[probe->instance]));
		shown |= probe->need;
	}
	assert_int_equal(shown, (1u << KA_NEEDS) - 1);
	ka_probes_free(&probes);
}

TEST(it_takes_seconds)
{
	struct ka_probes probes;

	assert_int_equal(ka_probes_of(&probes, *state), 0);
	/* they run beside each other: one more for each thing that a kernel may lack costs little */
	assert_true(probes.examined.n < 48);
	for (size_t i = 0; i < probes.examined.n; i++)
		if (probes.examined.predictions[i].expected_s > SECONDS)
			fail_msg("%s takes %.1f s", probes.examined.instances[i].name,
				 probes.examined.predictions[i].expected_s);
	ka_probes_free(&probes);
}

/* A release and a sysctl that a case needs are shown, too: `run' skips what is too old. */
TEST(what_only_some_kernels_have)
{
	struct ka_probes probes;
	bool sysctl = false, release = false;

	assert_int_equal(ka_probes_of(&probes, *state), 0);
	for (size_t i = 0; i < probes.n; i++) {
		sysctl |= probes.all[i].key != NULL;
		release |= probes.all[i].case_ != NULL;
	}
	assert_true(sysctl && release);
	ka_probes_free(&probes);
}

TEST_GROUP(plan_all, free_all)
