/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recipe: one small text file (INI) that says how a program is started and what is said to it, with
 * the settings that it is tried with. CONTRIBUTING.md and the manual page describe the format.
 */
#ifndef KA_RECIPE_H
#define KA_RECIPE_H

#include <stddef.h>

#include "model/program.h"
#include "netns/err.h"
#include "program/demands.h"

#define KA_RECIPE_MOST  (1024u * 1024u) /* bytes of a file */
#define KA_RECIPE_LINE  16384           /* of a line */
#define KA_MAX_VARIANTS 24

/* One setting of the program. A recipe without any has one, of which .program.variant is NULL. */
struct ka_variant {
	const char *about; /* NULL: nothing is said */
	struct ka_program program;
	struct ka_demands demands;
};

struct ka_recipe {
	const char *name; /* "redis": the file's name, without ".conf"; letters, digits, - . _ */
	const char *file; /* as it was given */
	const char *about, *package; /* NULL: not said */
	const char *text;            /* all of it: what travels to a guest */
	struct ka_variant *variants;
	size_t n_variants;
	struct ka_strings { /* all of the above that is text */
		char **list;
		size_t n, room;
	} strings;
};

/* Reads the file at @path. 0, -ENOMEM, -errno of the file, or -EINVAL with "file:line: what; what would
 * be right". Free @recipe in any case. */
int ka_recipe_read(struct ka_recipe *recipe, const char *path, struct nn_err *err);
/* The same of @size bytes of text, as if they were @file. */
int ka_recipe_parse(struct ka_recipe *recipe, const char *file, const char *text, size_t size,
		    struct nn_err *err);
void ka_recipe_free(struct ka_recipe *recipe);

/* A copy of @size bytes of @text, with a zero behind, that lives as long as the recipe; NULL without
 * memory. */
char *ka_recipe_keep(struct ka_recipe *recipe, const char *text, size_t size);

#endif
