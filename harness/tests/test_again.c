/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command that runs an instance again: for each instance there is, it has that one and no other. */
#include <wordexp.h>

#include "command/run_options.h"
#include "guest/guest.h"
#include "model/again.h"
#include "model/util.h"
#include "netns/tests/unit.h"

#define HZ       250
#define RUN_SEED 0x123456789abcdefu

static struct ka_plan plan_of(const struct ka_plan_options *options)
{
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);
	struct nn_err err = { "" };
	struct ka_plan plan;

	if (ka_plan_new(&plan, themes, n, options, HZ, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

/* Everything that has a name: settings of a default run, of production, and any others. */
static struct ka_plan everything(unsigned repeat)
{
	static const char *const others[] = { "10/5/3", "1/1/9/u2500", "3/1/1" };
	struct ka_plan_options options = { .long_ = true, .seed = RUN_SEED, .repeat = repeat };
	size_t n;
	const struct ka_setting *named = ka_named_settings(&n);

	options.n_settings = ka_default_settings(options.settings);
	for (size_t i = 0; i < n; i++) /* one that is there twice counts once */
		options.settings[options.n_settings++] = named[i];
	for (size_t i = 0; i < KA_N(others); i++)
		assert_int_equal(
			ka_setting_parse(&options.settings[options.n_settings++], others[i], NULL),
			0);
	return plan_of(&options);
}

static char *command_of(const struct ka_instance *instance, const char *kernel, unsigned needs)
{
	const struct ka_again again = { .kernel = kernel,
					.instance = instance->name,
					.more = " --keep",
					.needs = needs,
					.seed = instance->seed };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	ka_put_again_command(out, &again);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* The plan of a command line, as a shell and `kacheck run` read it. */
static struct ka_plan plan_of_command(const char *text, const char *kernel)
{
	struct ka_run_options options;
	struct ka_plan plan;
	wordexp_t words;

	assert_int_equal(wordexp(text, &words, WRDE_NOCMD | WRDE_UNDEF), 0);
	assert_string_equal(words.we_wordv[0], "kacheck");
	assert_string_equal(words.we_wordv[1], "run");
	ka_run_options_parse(&options, (int)words.we_wordc - 1, words.we_wordv + 1);
	assert_string_equal(options.kernels[0], kernel);
	if (strcmp(kernel, "host") != 0)
		ka_guest_plan_defaults(&options.plan);
	plan = plan_of(&options.plan);
	wordfree(&words);
	return plan;
}

static void is_alone(const struct ka_instance *instance, const char *kernel, unsigned needs)
{
	char *text = command_of(instance, kernel, needs);
	struct ka_plan plan = plan_of_command(text, kernel);

	if (plan.n != 1 || strcmp(plan.instances[0].name, instance->name) != 0)
		fail_msg("%s: %zu instances", text, plan.n);
	if ((needs & KA_AGAIN_SEED) && plan.instances[0].seed != instance->seed)
		fail_msg("%s: another seed", text);
	ka_plan_free(&plan);
	free(text);
}

TEST(every_instance_on_the_host)
{
	struct ka_plan plan = everything(1);

	for (size_t i = 0; i < plan.n; i++)
		is_alone(&plan.instances[i], "host", ka_again_needs(&plan.instances[i]));
	ka_plan_free(&plan);
}

TEST(every_instance_in_a_guest)
{
	struct ka_plan plan = everything(1);

	for (size_t i = 0; i < plan.n; i++)
		is_alone(&plan.instances[i], "uml:/a dir/it's $x/linux",
			 ka_again_needs(&plan.instances[i]));
	ka_plan_free(&plan);
}

/* A result line of an older kacheck does not say what is needed. */
TEST(everything_is_enough)
{
	struct ka_plan plan = everything(1);

	for (size_t i = 0; i < plan.n; i++)
		if (!plan.instances[i].case_->settings)
			is_alone(&plan.instances[i], "host", KA_AGAIN_ALL);
	ka_plan_free(&plan);
}

/* The third repetition of a run is the first one of another run. */
TEST(repetitions_have_a_run)
{
	struct ka_plan plan = everything(3);

	for (size_t i = 0; i < plan.n; i++) {
		const struct ka_instance *instance = &plan.instances[i];
		uint64_t run = ka_seed_of_run(instance->seed, instance->name);

		assert_true(ka_seed_of_instance(run, instance->name, 0) == instance->seed);
		if (instance->repetition == 0)
			assert_true(run == RUN_SEED);
	}
	ka_plan_free(&plan);
}

TEST(says_no_more_than_needed)
{
	const struct ka_instance instance = { .name = "silent_drop/1-1-3/v4/client", .seed = 7 };
	char *text = command_of(&instance, NULL, 0);

	assert_string_equal(text, "kacheck run --filter 'silent_drop/1-1-3/v4/client' --keep");
	free(text);
}

/* What comes from a result line is a word for the shell, or not there. */
TEST(harmless_for_a_shell)
{
	const struct ka_instance instance = { .name = "a'b/$(x);`y`/v4" };
	char *text = command_of(&instance, "uml:a'b", KA_AGAIN_SETTING);

	assert_string_equal(text, "kacheck run --kernel 'uml:a'\\''b' "
				  "--filter 'a'\\''b/$(x);`y`/v4' --keep");
	free(text);
}

/* A shard would leave instances out. */
static int run_whole_plans(void **state)
{
	(void)state;
	return unsetenv("CI_NODE_INDEX");
}
TEST_GROUP(run_whole_plans, NULL)
