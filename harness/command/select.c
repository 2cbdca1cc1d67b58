/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options by which `run` and `list` choose instances. */
#include "command/select.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/command.h"
#include "model/util.h"
#include "run/host.h"

#define LONG_S 100 /* longer than anybody waits without a word */

enum { KEY_EXCLUDE = 0x100, KEY_SHARD, KEY_LONG };

static void add_glob(const char **globs, size_t *n, const char *option, const char *glob)
{
	if (!*glob)
		ka_usage_error("%s: an empty pattern names no instance", option);
	if (*n == KA_MAX_GLOBS)
		ka_usage_error("%s: more than %d patterns", option, KA_MAX_GLOBS);
	globs[(*n)++] = glob;
}

static void add_setting(struct ka_plan_options *options, const char *text)
{
	struct nn_err err = { "" };

	if (options->n_settings == KA_MAX_SETTINGS)
		ka_usage_error("--setting: more than %d settings", KA_MAX_SETTINGS);
	if (ka_setting_parse(&options->settings[options->n_settings++], text, &err) < 0)
		ka_usage_error("%s", err.text);
}

static void set_shard(struct ka_plan_options *options, const char *text, const char *origin)
{
	struct nn_err err = { "" };

	if (ka_shard_parse(&options->shard, &options->shards, text, &err) < 0)
		ka_usage_error("%s: %s", origin, err.text);
}

/* What tells a job which of how many it is. */
static const struct {
	const char *index, *total;
	unsigned first;         /* what the first one is called */
	const char *first_from; /* or where that stands; NULL: nowhere */
} engines[] = {
	{ "CI_NODE_INDEX", "CI_NODE_TOTAL", 1, NULL },         /* GitLab, and others */
	{ "JOB_COMPLETION_INDEX", "KACHECK_SHARDS", 0, NULL }, /* Kubernetes tells no total */
	{ "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0, "SLURM_ARRAY_TASK_MIN" },
};

/* The number that @variable (NULL: none) holds; @otherwise where it holds none. */
static unsigned long number_in(const char *variable, unsigned long otherwise)
{
	const char *text = variable ? getenv(variable) : NULL;
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;

	return text && isdigit((unsigned char)*text) && !*end ? number : otherwise;
}

static void shard_from_environment(struct ka_plan_options *options)
{
	for (size_t i = 0; i < KA_N(engines) && !options->shards; i++) {
		const char *index = getenv(engines[i].index), *total = getenv(engines[i].total);
		unsigned long first = number_in(engines[i].first_from, engines[i].first);
		unsigned long number = number_in(engines[i].index, first - 1);
		char text[64], origin[80];

		if (!index || !total || !*index || !*total)
			continue;
		snprintf(origin, sizeof(origin), "%s and %s", engines[i].index, engines[i].total);
		snprintf(text, sizeof(text), "%lu/%.20s", number - first + 1, total);
		set_shard(options, text, origin);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ka_plan_options *options = state->input;

	switch (key) {
	case 'f':
		add_glob(options->filters, &options->n_filters, "--filter", arg);
		return 0;
	case KEY_EXCLUDE:
		add_glob(options->excludes, &options->n_excludes, "--exclude", arg);
		return 0;
	case 's':
		add_setting(options, arg);
		return 0;
	case KEY_SHARD:
		set_shard(options, arg, "--shard");
		return 0;
	case KEY_LONG:
		options->long_ = true;
		return 0;
	case ARGP_KEY_END:
		shard_from_environment(options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp *ka_select_argp(void)
{
	static const struct argp_option options[] = {
		{ "filter", 'f', "GLOB", 0,
		  "Only instances whose name matches, like 'silent_drop/*/v6/*' or 'answered' "
		  "(may be given more than once; * also matches /)",
		  0 },
		{ "exclude", KEY_EXCLUDE, "GLOB", 0,
		  "No instances whose name matches (may be given more than once)", 0 },
		{ "setting", 's', "I/V/N", 0,
		  "Idle and interval in seconds and number of probes, instead of 1/1/1, 1/1/3, "
		  "2/1/3 and what of production ends in under 15 s (may be given more than once); "
		  "1/1/9/u2500 adds a user timeout of 2500 ms; or a name, like redis-300",
		  0 },
		{ "shard", KEY_SHARD, "I/N", 0,
		  "Only part I of N, of about the same length each (default: as "
		  "GitLab, Kubernetes or Slurm tell their jobs)",
		  0 },
		{ "long", KEY_LONG, NULL, 0, "Also what takes minutes or hours", 0 },
		{ NULL, 0, NULL, 0, NULL, 0 },
	};
	static const struct argp argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

	return &argp;
}

int ka_select_host(struct ka_facts *facts)
{
	struct nn_err err = { "" };

	if (ka_host_facts(facts, &err) == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return KA_EXIT_BROKEN;
}

int ka_select_plan(struct ka_plan *plan, const struct ka_plan_options *options,
		   const struct ka_facts *facts)
{
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);
	struct nn_err err = { "" };
	int ret = ka_plan_new(plan, themes, n, options, facts->hz, &err);

	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return ret == -EINVAL ? KA_EXIT_USAGE : KA_EXIT_BROKEN;
}

void ka_select_warn(const struct ka_plan *plan)
{
	double longest_s = 0;

	for (size_t i = 0; i < plan->n; i++)
		longest_s = fmax(longest_s, plan->predictions[i].expected_s);
	if (longest_s >= LONG_S)
		ka_complain("this takes %.0f minutes on the running kernel; a guest kernel does it "
			    "in seconds, see `kacheck kernels'",
			    ceil(longest_s / 60));
}
