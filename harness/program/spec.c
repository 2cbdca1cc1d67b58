/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See spec.h. */
#include "program/spec.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "model/nearest.h"
#include "model/util.h"

/* ---- subjects ----------------------------------------------------------------------------- */

static int unknown_variant(const struct ka_recipe *recipe, const char *variant, struct nn_err *err)
{
	struct ka_nearest nearest = { .n = 0 };
	char hint[600];

	for (size_t i = 0; i < recipe->n_variants; i++)
		if (recipe->variants[i].program.variant)
			ka_nearest_offer(&nearest, variant, recipe->variants[i].program.variant);
	return nn_refuse(err, "%.40s has no variant '%.40s'%.200s", recipe->name, variant,
			 ka_nearest_text(&nearest, hint, sizeof(hint)));
}

static bool is_chosen(const struct ka_program_spec *spec, const struct ka_variant *variant)
{
	for (size_t i = 0; i < spec->n_subjects; i++)
		if (spec->subjects[i].variant == variant)
			return true;
	return false;
}

/* The variants of @recipe that are meant by @variant. */
static int add_subjects(struct ka_program_spec *spec, const struct ka_recipe *recipe,
			const char *variant, struct nn_err *err)
{
	bool found = false;

	for (size_t i = 0; i < recipe->n_variants; i++) {
		const char *name = recipe->variants[i].program.variant;

		if (variant && (!name || strcmp(name, variant) != 0))
			continue;
		found = true;
		if (is_chosen(spec, &recipe->variants[i]))
			continue;
		if (spec->n_subjects == KA_MAX_SUBJECTS)
			return nn_refuse(err, "more than %d variants at once", KA_MAX_SUBJECTS);
		spec->subjects[spec->n_subjects++] =
			(struct ka_subject){ recipe, &recipe->variants[i] };
	}
	return found ? 0 : unknown_variant(recipe, variant, err);
}

/* Of that name, or NULL. */
static struct ka_recipe *find_recipe(struct ka_program_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_recipes; i++)
		if (strcmp(spec->recipes[i].name, name) == 0)
			return &spec->recipes[i];
	return NULL;
}

int ka_program_spec_add(struct ka_program_spec *spec, struct ka_recipe *recipe, const char *variant,
			struct nn_err *err)
{
	struct ka_recipe *own = find_recipe(spec, recipe->name);

	if (own && strcmp(own->text, recipe->text) != 0)
		return nn_refuse(err, "two recipes are called %.40s: %.100s and %.100s", own->name,
				 own->file, recipe->file);
	if (!own && spec->n_recipes == KA_MAX_RECIPES)
		return nn_refuse(err, "more than %d programs at once", KA_MAX_RECIPES);
	if (!own) {
		own = &spec->recipes[spec->n_recipes++];
		*own = *recipe;
		*recipe = (struct ka_recipe){ .name = NULL };
	}
	return add_subjects(spec, own, variant, err);
}

void ka_program_spec_free(struct ka_program_spec *spec)
{
	for (size_t i = 0; i < spec->n_recipes; i++)
		ka_recipe_free(&spec->recipes[i]);
	*spec = (struct ka_program_spec){ .n_recipes = 0 };
}

const char *ka_subject_name(const struct ka_subject *subject, char *buf, size_t size)
{
	const struct ka_program *p = &subject->variant->program;

	snprintf(buf, size, "%s%s%s", p->name, p->variant ? "." : "", p->variant ? p->variant : "");
	return buf;
}

/* ---- gateways ------------------------------------------------------------------------------- */

/* One that forgets as another does is no other experiment. */
static void add_passage(struct ka_program_spec *spec, const char *name, unsigned timeout_s,
			enum ka_unknown unknown, bool asked)
{
	struct ka_passage *p = &spec->passages[spec->n_passages];

	for (size_t i = 0; i < spec->n_passages; i++)
		if (spec->passages[i].timeout_s == timeout_s &&
		    spec->passages[i].unknown == unknown) {
			spec->passages[i].asked |= asked;
			return;
		}
	if (spec->n_passages == KA_MAX_PASSAGES)
		return;
	*p = (struct ka_passage){ .timeout_s = timeout_s, .unknown = unknown, .asked = asked };
	if (*name)
		snprintf(p->name, sizeof(p->name), "%s", name);
	else
		snprintf(p->name, sizeof(p->name), "%us%s", timeout_s,
			 unknown == KA_UNKNOWN_RESET ? "-reset" : "");
	spec->n_passages++;
}

void ka_program_spec_pass(struct ka_program_spec *spec, const struct ka_demands *demands)
{
	for (size_t i = 0; i < KA_GATEWAYS; i++)
		add_passage(spec, ka_gateways[i].name, ka_gateways[i].timeout_s,
			    ka_gateways[i].unknown, false);
	for (size_t i = 0; i < demands->survive.n; i++) {
		const struct ka_question *q = &demands->survive.list[i];

		add_passage(spec, q->gateway, (unsigned)q->limit_s, q->unknown, true);
	}
}

/* ---- from one program to another --------------------------------------------------------------- */

static json_t *recipes_json(const struct ka_program_spec *spec)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spec->n_recipes; i++)
		json_array_append_new(
			array, json_pack("[s, s]", spec->recipes[i].file, spec->recipes[i].text));
	return array;
}

/* Each as the numbers of its recipe and of its variant. */
static json_t *subjects_json(const struct ka_program_spec *spec)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spec->n_subjects; i++) {
		const struct ka_subject *s = &spec->subjects[i];

		json_array_append_new(array, json_pack("[i, i]", (int)(s->recipe - spec->recipes),
						       (int)(s->variant - s->recipe->variants)));
	}
	return array;
}

static json_t *passages_json(const struct ka_program_spec *spec)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spec->n_passages; i++) {
		const struct ka_passage *p = &spec->passages[i];

		json_array_append_new(array, json_pack("[s, i, i, b]", p->name, (int)p->timeout_s,
						       (int)p->unknown, (int)p->asked));
	}
	return array;
}

char *ka_program_spec_text(const struct ka_program_spec *spec)
{
	json_t *json = json_pack("{s:o, s:o, s:o, s:f, s:f, s:b}", "recipes", recipes_json(spec),
				 "subjects", subjects_json(spec), "passages", passages_json(spec),
				 "idle_s", spec->idle_s, "watch_s", spec->watch_s, "virtual",
				 (int)spec->virtual_clock);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

static int bad(struct nn_err *err)
{
	return nn_refuse(err, "which programs are to be tried cannot be read");
}

static int read_recipes(struct ka_program_spec *spec, const json_t *array, struct nn_err *err)
{
	int ret = 0;

	for (size_t i = 0; i < json_array_size(array) && ret == 0; i++) {
		const char *file = json_string_value(json_array_get(json_array_get(array, i), 0));
		const char *text = json_string_value(json_array_get(json_array_get(array, i), 1));

		if (!file || !text || i == KA_MAX_RECIPES)
			return bad(err);
		ret = ka_recipe_parse(&spec->recipes[spec->n_recipes++], file, text, strlen(text),
				      err);
	}
	return ret;
}

static int read_subjects(struct ka_program_spec *spec, const json_t *array, struct nn_err *err)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *pair = json_array_get(array, i);
		size_t recipe = (size_t)json_integer_value(json_array_get(pair, 0));
		size_t variant = (size_t)json_integer_value(json_array_get(pair, 1));

		if (i == KA_MAX_SUBJECTS || recipe >= spec->n_recipes ||
		    variant >= spec->recipes[recipe].n_variants)
			return bad(err);
		spec->subjects[spec->n_subjects++] =
			(struct ka_subject){ &spec->recipes[recipe],
					     &spec->recipes[recipe].variants[variant] };
	}
	return 0;
}

static int read_passages(struct ka_program_spec *spec, const json_t *array, struct nn_err *err)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct ka_passage *p = &spec->passages[spec->n_passages];
		const char *name;
		int timeout_s, unknown, asked;

		if (i == KA_MAX_PASSAGES ||
		    json_unpack(json_array_get(array, i), "[s, i, i, b]", &name, &timeout_s,
				&unknown, &asked) < 0 ||
		    timeout_s < 1 || unknown < 0 || unknown > KA_UNKNOWN_ADOPT)
			return bad(err);
		*p = (struct ka_passage){ .timeout_s = (unsigned)timeout_s,
					  .unknown = (enum ka_unknown)unknown,
					  .asked = asked };
		snprintf(p->name, sizeof(p->name), "%s", name);
		spec->n_passages++;
	}
	return 0;
}

int ka_program_spec_read(struct ka_program_spec *spec, const char *text, struct nn_err *err)
{
	json_t *json = json_loads(text, 0, NULL);
	int ret;

	*spec = (struct ka_program_spec){
		.idle_s = json_number_value(json_object_get(json, "idle_s")),
		.watch_s = json_number_value(json_object_get(json, "watch_s")),
		.virtual_clock = json_is_true(json_object_get(json, "virtual")),
	};
	ret = read_recipes(spec, json_object_get(json, "recipes"), err);
	if (ret == 0)
		ret = read_subjects(spec, json_object_get(json, "subjects"), err);
	if (ret == 0)
		ret = read_passages(spec, json_object_get(json, "passages"), err);
	if (ret == 0 && !spec->n_subjects)
		ret = bad(err);
	json_decref(json);
	return ret;
}
