/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From cases to instances: expansion, filter, shard, seeds. */
#include <sys/socket.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "plan/plan.h"

#define HZ 250
#define EXPIRY                                                                                     \
	KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_DROP }), .expect = {                           \
		.when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1   \
	}

static const struct ka_setting own_settings[] = {
	{ .idle = 3, .intvl = 1, .cnt = 2 },
	{ .cnt = 0 },
};

static const struct ka_case drops[] = {
	{ .name = "drop", .why = "w", EXPIRY },
	{ .name = "drop_many", .why = "w", .min_cnt = 2, EXPIRY },
};

static const struct ka_case others[] = {
	{ .name = "once", .why = "w", .one_setting = true, EXPIRY },
	{ .name = "own", .why = "w", .settings = own_settings, EXPIRY },
	{ .name = "v6_client", .why = "w", .families = KA_V6, .probers = KA_ONLY_CLIENT, EXPIRY },
	{ .name = "slow", .why = "w", .long_ = true, EXPIRY },
};

static const struct ka_case lengths[] = {
	{ .name = "soon", .why = "w", EXPIRY },
	{ .name = "late",
	  .why = "w",
	  KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_DROP, .at = { .nominal = 2 } }),
	  .expect = { .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT } },
};

static const struct ka_theme drops_theme = { "drops", "Drops", drops, 2 };
static const struct ka_theme others_theme = { "others", "Others", others, 4 };
static const struct ka_theme *const themes[] = { &drops_theme, &others_theme };

static struct ka_plan plan_of(const struct ka_plan_options *options)
{
	struct nn_err err = { "" };
	struct ka_plan plan;

	if (ka_plan_new(&plan, themes, 2, options, HZ, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static void assert_refused(const struct ka_plan_options *options, const char *because)
{
	struct nn_err err = { "" };
	struct ka_plan plan;

	assert_int_equal(ka_plan_new(&plan, themes, 2, options, HZ, &err), -EINVAL);
	if (!strstr(err.text, because))
		fail_msg("'%s' does not say '%s'", err.text, because);
}

static size_t count(const struct ka_plan *plan, const char *glob)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += ka_filter_matches(glob, plan->instances[i].name);
	return n;
}

/* ---- expansion ---------------------------------------------------------------------------- */

TEST(expands_everything)
{
	struct ka_plan plan = plan_of(&(struct ka_plan_options){ .seed = 1 });

	assert_string_equal(plan.instances[0].name, "drop/1-1-1/v4/client");
	assert_string_equal(plan.instances[1].name, "drop/1-1-1/v4/server");
	assert_string_equal(plan.instances[2].name, "drop/1-1-1/v6/client");
	assert_string_equal(plan.instances[4].name, "drop/1-1-3/v4/client");
	assert_int_equal(plan.instances[2].family, AF_INET6);
	assert_int_equal(plan.instances[1].prober, KA_SERVER);
	assert_ptr_equal(plan.instances[0].theme, &drops_theme);
	assert_int_equal(count(&plan, "drop"), 16);
	assert_int_equal(count(&plan, "drop_many"), 12); /* not 1-1-1 */
	assert_int_equal(count(&plan, "once"), 4);
	assert_int_equal(count(&plan, "own"), 4);
	assert_int_equal(count(&plan, "own/3-1-2"), 4);
	assert_int_equal(count(&plan, "v6_client"), 4);
	assert_int_equal(count(&plan, "slow"), 0);
	assert_int_equal(plan.n, 40);
	assert_true(plan.predictions[0].expected_s > 2);
	ka_plan_free(&plan);
}

TEST(settings_replace_the_default)
{
	const struct ka_plan_options options = {
		.settings = { { .idle = 5, .intvl = 1, .cnt = 1 },
			      { .idle = 4, .intvl = 2, .cnt = 2 },
			      { .idle = 5, .intvl = 1, .cnt = 1 } },
		.n_settings = 3,
	};
	struct ka_plan plan = plan_of(&options);

	assert_int_equal(count(&plan, "drop/5-1-1"), 4); /* once, though given twice */
	assert_int_equal(count(&plan, "drop"), 8);
	assert_int_equal(count(&plan, "drop_many/4-2-2"), 4);
	assert_int_equal(count(&plan, "once/5-1-1"), 4);
	assert_int_equal(count(&plan, "own/3-1-2"), 4);
	ka_plan_free(&plan);
}

/* Of what production has, a default run takes FreeRDP's, and of that only what ends in time. */
TEST(a_default_run_is_short)
{
	static const struct ka_theme theme = { "lengths", "Lengths", lengths, 2 };
	static const struct ka_theme *const list[] = { &theme };
	struct ka_plan_options options = { .filters = { "*/freerdp/*" }, .n_filters = 1 };
	struct ka_plan plan;

	assert_int_equal(ka_plan_new(&plan, list, 1, &options, HZ, NULL), 0);
	assert_int_equal(count(&plan, "soon/freerdp"), 4);
	assert_int_equal(plan.n, 4);
	ka_plan_free(&plan);
	assert_int_equal(ka_setting_parse(&options.settings[0], "freerdp", NULL), 0);
	options.n_settings = 1;
	assert_int_equal(ka_plan_new(&plan, list, 1, &options, HZ, NULL), 0);
	assert_int_equal(plan.n, 8); /* who asks, gets it */
	ka_plan_free(&plan);
}

TEST(long_cases_are_asked_for)
{
	const struct ka_plan_options with = { .filters = { "slow" },
					      .n_filters = 1,
					      .long_ = true };
	const struct ka_plan_options without = { .filters = { "slow" }, .n_filters = 1 };
	struct ka_plan plan = plan_of(&with);

	assert_int_equal(plan.n, 16);
	ka_plan_free(&plan);
	assert_refused(&without, "--long");
}

/* ---- filter ------------------------------------------------------------------------------- */

TEST(filters_match)
{
	assert_true(ka_filter_matches("drop", "drop/1-1-1/v4/client"));
	assert_true(ka_filter_matches("drop/1-1-1", "drop/1-1-1/v4/client"));
	assert_true(ka_filter_matches("drop/1-1-1/v4/client", "drop/1-1-1/v4/client"));
	assert_true(ka_filter_matches("*/v4/*", "drop/1-1-1/v4/client"));
	assert_true(ka_filter_matches("dr*", "drop/1-1-1/v4/client"));
	assert_true(ka_filter_matches("drop/[12]-*", "drop/1-1-1/v4/client"));
	assert_false(ka_filter_matches("dro", "drop/1-1-1/v4/client"));
	assert_false(ka_filter_matches("drop/1-1-1/v", "drop/1-1-1/v4/client"));
	assert_false(ka_filter_matches("drop", "drop_many/1-1-3/v4/client"));
	assert_false(ka_filter_matches("*/v4", "drop/1-1-1/v4/client"));
}

TEST(filters_and_excludes)
{
	const struct ka_plan_options options = { .filters = { "drop", "own" },
						 .n_filters = 2,
						 .excludes = { "*/v6/*", "*/server" },
						 .n_excludes = 2 };
	struct ka_plan plan = plan_of(&options);

	assert_int_equal(plan.n, 5);
	assert_string_equal(plan.instances[4].name, "own/3-1-2/v4/client");
	ka_plan_free(&plan);
}

TEST(unknown_filters_are_refused)
{
	const struct ka_plan_options near = { .filters = { "dorp" }, .n_filters = 1 };
	const struct ka_plan_options deep = { .filters = { "drop/1-1-4" }, .n_filters = 1 };
	const struct ka_plan_options far = { .filters = { "qqqqqqqq" }, .n_filters = 1 };
	const struct ka_plan_options second = { .filters = { "drop", "nonsense/*" },
						.n_filters = 2 };
	const struct ka_plan_options exclude = { .excludes = { "onse" }, .n_excludes = 1 };
	const struct ka_plan_options nothing = { .excludes = { "*" }, .n_excludes = 1 };

	assert_refused(&near, "no instance matches 'dorp'; did you mean 'drop'");
	assert_refused(&deep, "'drop/1-1-1'");
	assert_refused(&far, "'kacheck list' shows all");
	assert_refused(&second, "nonsense/*");
	assert_refused(&exclude, "'once'");
	assert_refused(&nothing, "nothing is left");
}

/* ---- repetition and seeds ------------------------------------------------------------------- */

TEST(repeats_with_other_seeds)
{
	const struct ka_plan_options options = {
		.filters = { "own" }, .n_filters = 1, .repeat = 3, .seed = 7
	};
	struct ka_plan plan = plan_of(&options);

	assert_int_equal(plan.n, 12);
	assert_string_equal(plan.instances[0].name, plan.instances[4].name);
	assert_int_equal(plan.instances[0].repetition, 0);
	assert_int_equal(plan.instances[11].repetition, 2);
	for (size_t i = 0; i < plan.n; i++)
		for (size_t j = 0; j < i; j++)
			assert_true(plan.instances[i].seed != plan.instances[j].seed);
	ka_plan_free(&plan);
}

/* An instance has the same seed in any plan, so that it can be run again alone. */
TEST(seeds_belong_to_names)
{
	const struct ka_plan_options alone = { .filters = { "own/3-1-2/v6/server" },
					       .n_filters = 1,
					       .seed = 7 };
	const struct ka_plan_options other = { .filters = { "own/3-1-2/v6/server" },
					       .n_filters = 1,
					       .seed = 8 };
	struct ka_plan everything = plan_of(&(struct ka_plan_options){ .seed = 7 });
	struct ka_plan one = plan_of(&alone);
	struct ka_plan two = plan_of(&other);
	size_t i = 0;

	while (strcmp(everything.instances[i].name, one.instances[0].name) != 0)
		i++;
	assert_true(everything.instances[i].seed == one.instances[0].seed);
	assert_true(two.instances[0].seed != one.instances[0].seed);
	/* The hash is a promise: --seed must mean the same in the next release. */
	assert_true(one.instances[0].seed == 0x985dda05199ea6bdu);
	ka_plan_free(&everything);
	ka_plan_free(&one);
	ka_plan_free(&two);
}

/* ---- shards ------------------------------------------------------------------------------- */

static double expected_of(const struct ka_plan *plan)
{
	double sum = 0;

	for (size_t i = 0; i < plan->n; i++)
		sum += plan->predictions[i].expected_s;
	return sum;
}

static double longest_of(const struct ka_plan *plan)
{
	double longest = 0;

	for (size_t i = 0; i < plan->n; i++)
		if (plan->predictions[i].expected_s > longest)
			longest = plan->predictions[i].expected_s;
	return longest;
}

/* Together everything, nothing twice, in the order of the plan, none much longer than another. */
TEST(shards_share)
{
	struct ka_plan everything = plan_of(&(struct ka_plan_options){ .seed = 1 });
	double least = 1e9, most = 0;
	size_t n = 0;

	for (unsigned i = 1; i <= 3; i++) {
		struct ka_plan part =
			plan_of(&(struct ka_plan_options){ .seed = 1, .shard = i, .shards = 3 });
		double expected_s = expected_of(&part);
		size_t at = 0;

		for (size_t j = 0; j < part.n; j++) {
			while (strcmp(everything.instances[at].name, part.instances[j].name) != 0)
				assert_true(++at < everything.n);
			assert_true(everything.instances[at].seed == part.instances[j].seed);
		}
		n += part.n;
		least = expected_s < least ? expected_s : least;
		most = expected_s > most ? expected_s : most;
		ka_plan_free(&part);
	}
	assert_int_equal(n, everything.n);
	assert_true(most - least <= longest_of(&everything));
	ka_plan_free(&everything);
}

TEST(more_shards_than_instances)
{
	const struct ka_plan_options options = {
		.filters = { "own" }, .n_filters = 1, .shard = 5, .shards = 9
	};
	struct ka_plan plan = plan_of(&options);

	assert_int_equal(plan.n, 0);
	ka_plan_free(&plan);
}

TEST(longest_first)
{
	const struct ka_prediction predictions[] = {
		{ .expected_s = 2 }, { .expected_s = 5 }, { .expected_s = 2 }, { .expected_s = 9 }
	};
	static const size_t wanted[] = { 3, 1, 0, 2 };
	size_t *order = ka_longest_first(predictions, 4);

	assert_memory_equal(order, wanted, sizeof(wanted));
	free(order);
}

/* ---- nonsense ----------------------------------------------------------------------------- */

static const struct ka_case twice[] = { { .name = "a", .why = "w", EXPIRY },
					{ .name = "a", .why = "w", EXPIRY } };
static const struct ka_case named[] = { { .name = "a/b", .why = "w", EXPIRY } };
static const struct ka_case no_reason[] = { { .name = "a", EXPIRY } };
static const struct ka_case off[] = {
	{ .name = "a", .why = "w", .from = KA_FROM_NOWHERE, EXPIRY }
};
static const struct ka_case route[] = { { .name = "a",
					  .declared = "cases/route.c:3",
					  .why = "w",
					  .topology = KA_PAIR,
					  KA_STEPS({ .do_ = KA_CONNECT },
						   { .do_ = KA_ROUTE_GONE, .who = KA_PEER }),
					  .expect = { .when = KA_NEVER } } };
static const struct ka_theme nonsense[] = { { "twice", "", twice, 2 },
					    { "named", "", named, 1 },
					    { "no_reason", "", no_reason, 1 },
					    { "off", "", off, 1 },
					    { "route", "", route, 1 } };
/* Where it stands, the instance, the step, and the reason. */
static const char route_gone[] =
	"cases/route.c:3: a/1-1-1/v4/client: step 2 (route_gone): a pair has no route that could "
	"be taken away";

static const char *const why_not[] = {
	"case a is declared twice",
	"theme named: 'a/b' is no name of a case",
	"case a: it says no why",
	"off: a/1-1-1/v4/client: nothing says SO_KEEPALIVE",
	route_gone,
};

TEST(nonsense_is_refused)
{
	for (size_t i = 0; i < KA_N(nonsense); i++) {
		const struct ka_theme *theme = &nonsense[i];
		struct nn_err err = { "" };
		struct ka_plan plan;

		assert_int_equal(
			ka_plan_new(&plan, &theme, 1, &(struct ka_plan_options){ 0 }, HZ, &err),
			-EINVAL);
		if (!strstr(err.text, why_not[i]))
			fail_msg("\"%s\" does not say \"%s\"", err.text, why_not[i]);
	}
}
