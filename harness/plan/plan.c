/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands the catalogue into instances, and keeps those that a run wants. */
#include "plan/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/again.h"
#include "model/util.h"

/* A growing plan. */
struct builder {
	struct ka_plan *plan;
	const struct ka_plan_options *options;
	struct ka_setting settings[KA_MAX_SETTINGS]; /* of cases that have none of their own */
	size_t n_settings;
	size_t room;
	int hz;
	struct nn_err *err;
};

static int append(struct builder *b, const struct ka_theme *theme, const struct ka_case *case_,
		  const struct ka_setting *setting, int family, enum ka_role prober)
{
	struct ka_plan *plan = b->plan;
	struct ka_instance *instance;
	char text[64];

	if (ka_grow(&plan->instances, &b->room, plan->n + 1, sizeof(*instance)) < 0)
		return nn_fail(b->err, ENOMEM, "cannot plan %zu instances", plan->n + 1);
	instance = &plan->instances[plan->n++];
	*instance = (struct ka_instance){ .theme = theme,
					  .case_ = case_,
					  .setting = *setting,
					  .family = family,
					  .prober = prober,
					  .program = case_->program };
	snprintf(instance->name, sizeof(instance->name), "%s/%s/%s/%s", case_->name,
		 ka_setting_text(setting, text, sizeof(text)), family == AF_INET ? "v4" : "v6",
		 prober == KA_CLIENT ? "client" : "server");
	return 0;
}

/* The families and probers that @case_ allows, under one setting. */
static int expand_setting(struct builder *b, const struct ka_theme *theme,
			  const struct ka_case *case_, const struct ka_setting *setting)
{
	static const struct {
		unsigned family_bit, prober_bit;
		int family;
		enum ka_role prober;
	} ways[] = { { KA_V4, KA_ONLY_CLIENT, AF_INET, KA_CLIENT },
		     { KA_V4, KA_ONLY_SERVER, AF_INET, KA_SERVER },
		     { KA_V6, KA_ONLY_CLIENT, AF_INET6, KA_CLIENT },
		     { KA_V6, KA_ONLY_SERVER, AF_INET6, KA_SERVER } };
	int ret = 0;

	for (size_t i = 0; i < KA_N(ways) && ret == 0; i++)
		if ((!case_->families || case_->families & ways[i].family_bit) &&
		    (!case_->probers || case_->probers & ways[i].prober_bit))
			ret = append(b, theme, case_, setting, ways[i].family, ways[i].prober);
	return ret;
}

static bool same_setting(const struct ka_setting *a, const struct ka_setting *b)
{
	char text_a[64], text_b[64];

	return strcmp(ka_setting_text(a, text_a, sizeof(text_a)),
		      ka_setting_text(b, text_b, sizeof(text_b))) == 0;
}

/* A setting given twice counts once: names are addresses. */
static bool seen_before(const struct ka_setting *settings, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_setting(&settings[j], &settings[i]))
			return true;
	return false;
}

/* The settings that @case_ is to run with: its own, else the run's. */
static const struct ka_setting *settings_of(const struct builder *b, const struct ka_case *case_,
					    size_t *n)
{
	*n = b->n_settings;
	if (!case_->settings)
		return b->settings;
	for (*n = 0; case_->settings[*n].cnt; ++*n)
		;
	return case_->settings;
}

static void choose_settings(struct builder *b)
{
	b->n_settings = b->options->n_settings;
	if (b->n_settings)
		memcpy(b->settings, b->options->settings, sizeof(b->settings));
	else
		b->n_settings = ka_default_settings(b->settings);
}

static int expand_case(struct builder *b, const struct ka_theme *theme, const struct ka_case *case_)
{
	size_t n;
	const struct ka_setting *settings = settings_of(b, case_, &n);

	for (size_t i = 0; i < n; i++) {
		int ret;

		if (settings[i].cnt < case_->min_cnt || seen_before(settings, i) ||
		    (case_->no_user_timeout && settings[i].user_timeout_ms))
			continue;
		ret = expand_setting(b, theme, case_, &settings[i]);
		if (ret < 0 || case_->one_setting)
			return ret;
	}
	return 0;
}

/* A case's name is a part of file names, XML and globs. That of a program's has its recipe's in it. */
#define OF_CASES    "abcdefghijklmnopqrstuvwxyz0123456789_"
#define OF_PROGRAMS OF_CASES "ABCDEFGHIJKLMNOPQRSTUVWXYZ-."

static int check_case(const struct ka_theme *const *themes, const struct ka_theme *theme,
		      const struct ka_case *case_, struct nn_err *err)
{
	if (!case_->name || !*case_->name ||
	    case_->name[strspn(case_->name, case_->program ? OF_PROGRAMS : OF_CASES)])
		return nn_refuse(err, "theme %s: '%s' is no name of a case; use a-z, 0-9 and _",
				 theme->name, case_->name ? case_->name : "");
	if (strlen(case_->name) > 60)
		return nn_refuse(err, "case %s: the name is longer than 60 letters", case_->name);
	if (!case_->why || (!case_->steps && case_->n_steps))
		return nn_refuse(err, "case %s: it says no why, or has no steps", case_->name);
	for (;; themes++) {
		for (size_t i = 0; i < (*themes)->n; i++) {
			const struct ka_case *other = &(*themes)->cases[i];

			if (other == case_)
				return 0;
			if (other->name && strcmp(other->name, case_->name) == 0)
				return nn_refuse(err, "case %s is declared twice", case_->name);
		}
	}
}

static int expand(struct builder *b, const struct ka_theme *const *themes, size_t n_themes)
{
	for (size_t t = 0; t < n_themes; t++) {
		const struct ka_theme *theme = themes[t];

		for (size_t c = 0; c < theme->n; c++) {
			int ret = check_case(themes, theme, &theme->cases[c], b->err);

			if (ret == 0)
				ret = expand_case(b, theme, &theme->cases[c]);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static bool wanted(const struct ka_plan_options *options, const struct ka_instance *instance)
{
	if (options->n_filters &&
	    !ka_filter_any(options->filters, options->n_filters, instance->name))
		return false;
	return !ka_filter_any(options->excludes, options->n_excludes, instance->name);
}

/* Nobody has asked for a setting of production by name: it must not make the run longer. */
static bool takes_long(const struct builder *b, const struct ka_instance *instance)
{
	const struct ka_facts facts = { .hz = b->hz };
	struct ka_prediction prediction;

	if (instance->case_->long_)
		return true;
	if (b->options->n_settings || instance->case_->settings || !instance->setting.name)
		return false;
	return ka_predict(instance, &facts, &prediction) == 0 &&
	       prediction.expected_s >= KA_DEFAULT_LIMIT_S;
}

/* Drops what filters, excludes and --long leave out; says why when nothing is left. */
static int select_wanted(struct builder *b)
{
	struct ka_plan *plan = b->plan;
	size_t kept = 0, too_long = 0;
	int ret;

	ret = ka_filter_check(b->options->filters, b->options->n_filters, plan->instances, plan->n,
			      b->err);
	if (ret == 0)
		ret = ka_filter_check(b->options->excludes, b->options->n_excludes, plan->instances,
				      plan->n, b->err);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < plan->n; i++) {
		if (!wanted(b->options, &plan->instances[i]))
			continue;
		if (!b->options->long_ && takes_long(b, &plan->instances[i])) {
			too_long++;
			continue;
		}
		plan->instances[kept++] = plan->instances[i];
	}
	plan->n = kept;
	if (kept)
		return 0;
	if (too_long)
		return nn_refuse(b->err, "what was asked for takes minutes or hours; add --long");
	return nn_refuse(b->err, "nothing is left to run: the filters and excludes together leave "
				 "no instance");
}

/* The whole plan again, with other seeds. */
static int repeat(struct builder *b)
{
	unsigned times = b->options->repeat ? b->options->repeat : 1;
	struct ka_plan *plan = b->plan;
	size_t once = plan->n;
	struct ka_instance *instances;

	instances = reallocarray(plan->instances, once * times, sizeof(*instances));
	if (!instances)
		return nn_fail(b->err, ENOMEM, "cannot plan %zu instances %u times", once, times);
	plan->instances = instances;
	plan->n = once * times;
	for (size_t i = 0; i < plan->n; i++) {
		instances[i] = instances[i % once];
		instances[i].repetition = (unsigned)(i / once);
		instances[i].seed = ka_seed_of_instance(b->options->seed, instances[i].name,
							instances[i].repetition);
	}
	return 0;
}

/* FNV-1a over the bytes of @text and its end. */
static uint64_t hash(uint64_t id, const char *text)
{
	do
		id = (id ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return id;
}

/* What the parts of this plan know each other by. */
static void name_plan(struct ka_plan *plan)
{
	plan->whole = plan->n;
	plan->id = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < plan->n; i++) {
		plan->instances[i].place = (unsigned)i;
		plan->id = hash(plan->id, plan->instances[i].name);
	}
}

static int predict(struct builder *b)
{
	struct ka_facts facts = { .hz = b->hz };
	struct ka_plan *plan = b->plan;

	plan->predictions = calloc(plan->n, sizeof(*plan->predictions));
	if (!plan->predictions)
		return nn_fail(b->err, ENOMEM, "cannot predict %zu instances", plan->n);
	for (size_t i = 0; i < plan->n; i++) {
		const struct ka_instance *instance = &plan->instances[i];
		char why[KA_SENSE_TEXT];

		if (ka_check_sense(instance, why, sizeof(why)) < 0)
			return nn_refuse(b->err, "%s: %s: %s",
					 instance->case_->declared ? instance->case_->declared
								   : instance->theme->name,
					 instance->name, why);
		if (ka_predict(instance, &facts, &plan->predictions[i]) < 0)
			return nn_refuse(b->err, "%s: nothing can be predicted with HZ %d",
					 instance->name, b->hz);
	}
	return 0;
}

int ka_plan_new(struct ka_plan *plan, const struct ka_theme *const *themes, size_t n_themes,
		const struct ka_plan_options *options, int hz, struct nn_err *err)
{
	struct ka_plan built = { .n = 0 };
	struct builder b = { .plan = &built, .options = options, .hz = hz, .err = err };
	int ret;

	choose_settings(&b);
	ret = expand(&b, themes, n_themes);
	if (ret == 0)
		ret = select_wanted(&b);
	if (ret == 0)
		ret = repeat(&b);
	if (ret == 0)
		ret = predict(&b);
	name_plan(&built);
	if (ret == 0 && ka_shard_keep(&built, options->shard, options->shards) < 0)
		ret = nn_fail(err, ENOMEM, "cannot deal %zu instances to shards", built.n);
	if (ret < 0) {
		ka_plan_free(&built);
		return ret;
	}
	*plan = built;
	return 0;
}

void ka_plan_free(struct ka_plan *plan)
{
	free(plan->instances);
	free(plan->predictions);
	*plan = (struct ka_plan){ .n = 0 };
}
