/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a recipe, between the reader and what makes programs of them. Only recipe*.c. */
#ifndef KA_RECIPE_LINES_H
#define KA_RECIPE_LINES_H

#include "program/recipe.h"

/* What a section says, as a bit. */
enum ka_part {
	KA_PART_PROGRAM = 1u << 0,
	KA_PART_SET_UP = 1u << 1,
	KA_PART_HELPERS = 1u << 2,
	KA_PART_ENV = 1u << 3,
	KA_PART_FILE = 1u << 4,
	KA_PART_FOLDER = 1u << 5,
	KA_PART_TALK = 1u << 6,
	KA_PART_VARIANT = 1u << 7,
};

struct ka_recipe_section {
	enum ka_part part;
	const char *word; /* "file" */
	const char *name; /* behind the word: "/run/kacheck/redis.conf"; "": nothing */
	unsigned line;
	size_t first, n; /* its lines */
};

struct ka_recipe_line {
	const char *key, *value; /* value trimmed */
	unsigned line;
};

struct ka_recipe_lines {
	struct ka_recipe_section *sections;
	size_t n_sections, sections_room;
	struct ka_recipe_line *lines;
	size_t n, room;
};

/* "file:line: what". Returns -EINVAL. */
int ka_recipe_bad(const struct ka_recipe *recipe, unsigned line, struct nn_err *err,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Makes the variants. 0, -ENOMEM or -EINVAL (recipe_build.c). */
int ka_recipe_build(struct ka_recipe *recipe, const struct ka_recipe_lines *lines,
		    struct nn_err *err);

/* ---- what keys mean (recipe_keys.c) ----------------------------------------------------------- */

/* What a line is read into. */
struct ka_recipe_maker {
	struct ka_recipe *recipe;
	struct ka_variant *variant;
	struct ka_program_file *file; /* KA_PART_FILE, KA_PART_FOLDER */
};

/* Reads one line of a section of @part; lines that the reader of files takes ("line", "into") it only
 * knows. 0, -ENOMEM or -EINVAL. */
int ka_recipe_take(const struct ka_recipe_maker *maker, enum ka_part part,
		   const struct ka_recipe_line *line, struct nn_err *err);
/* True when the key may stand in a section more than once. */
bool ka_recipe_repeats(enum ka_part part, const char *key);

#endif
