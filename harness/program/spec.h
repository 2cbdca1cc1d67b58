/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be tried, of which programs. It travels to a guest kernel as text, so that both ends make
 * the same experiments of it. */
#ifndef KA_PROGRAM_SPEC_H
#define KA_PROGRAM_SPEC_H

#include "program/recipe.h"

#define KA_MAX_RECIPES  32
#define KA_MAX_SUBJECTS 128
#define KA_MAX_PASSAGES 24

/* One variant of one recipe: what is put under test. */
struct ka_subject {
	const struct ka_recipe *recipe;
	const struct ka_variant *variant;
};

/* A gateway that an idle connection is to live through. */
struct ka_passage {
	char name[24]; /* "aws-nlb", "350s" */
	unsigned timeout_s;
	enum ka_unknown unknown;
	bool asked; /* somebody demands it: it is tried, however long it takes */
};

struct ka_program_spec {
	struct ka_recipe recipes[KA_MAX_RECIPES]; /* owned */
	size_t n_recipes;
	struct ka_subject subjects[KA_MAX_SUBJECTS];
	size_t n_subjects;
	struct ka_passage passages[KA_MAX_PASSAGES];
	size_t n_passages;
	/* seconds: how long a healthy connection is idle; how long an end that must not come is waited
	 * for */
	double idle_s, watch_s;
	bool virtual_clock;
};

/* Adds all variants of @recipe, or the one called @variant. Takes @recipe over, which is empty then, unless
 * it is there already. 0 or -EINVAL with a text. */
int ka_program_spec_add(struct ka_program_spec *spec, struct ka_recipe *recipe, const char *variant,
			struct nn_err *err);
/* The gateways that are known here, and those that @demands names. */
void ka_program_spec_pass(struct ka_program_spec *spec, const struct ka_demands *demands);
void ka_program_spec_free(struct ka_program_spec *spec);

/* "redis", "redis.timeout-60" into @buf. Returns @buf. */
const char *ka_subject_name(const struct ka_subject *subject, char *buf, size_t size);

/* As text, to be freed; NULL without memory. It begins with '{'. */
char *ka_program_spec_text(const struct ka_program_spec *spec);
/* 0, -ENOMEM or -EINVAL. Free @spec in any case. */
int ka_program_spec_read(struct ka_program_spec *spec, const char *text, struct nn_err *err);

#endif
