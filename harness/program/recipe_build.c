/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a recipe's lines to its variants: each is the whole program, with what the variant adds. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "program/recipe_lines.h"
#include "program/words.h"

/* The line of a file that a variant's lines take the place of; without it they come last. */
#define HERE "@variant@"

/* From the first byte of an answer to its last, with what a program does afterwards. */
#define USUAL_SETTLE_S 0.2

struct maker {
	struct ka_recipe *recipe;
	const struct ka_recipe_lines *lines;
	const struct ka_recipe_section *variant; /* NULL: there are none */
	struct ka_variant *to;
	struct nn_err *err;
};

static int no_memory(const struct maker *m)
{
	return nn_fail(m->err, ENOMEM, "%s", m->recipe->file);
}

/* ---- whole sections ------------------------------------------------------------------------- */

/* A key that stands twice is a mistake, unless it may. */
static int check_twice(const struct maker *m, const struct ka_recipe_section *s, size_t i)
{
	const struct ka_recipe_line *lines = &m->lines->lines[s->first];

	if (ka_recipe_repeats(s->part, lines[i].key))
		return 0;
	for (size_t k = 0; k < i; k++)
		if (strcmp(lines[k].key, lines[i].key) == 0)
			return ka_recipe_bad(m->recipe, lines[i].line, m->err,
					     "'%.40s' was said in line %u already", lines[i].key,
					     lines[k].line);
	return 0;
}

static int take_keys(const struct maker *m, const struct ka_recipe_section *s,
		     struct ka_program_file *file)
{
	const struct ka_recipe_maker maker = { m->recipe, m->to, file };
	int ret = 0;

	for (size_t i = 0; i < s->n && ret == 0; i++) {
		ret = ka_recipe_take(&maker, s->part, &m->lines->lines[s->first + i], m->err);
		if (ret == 0)
			ret = check_twice(m, s, i);
	}
	return ret;
}

/* [set-up], [helpers]: what stands before '=' only keeps them apart. */
static int take_commands(const struct maker *m, const struct ka_recipe_section *s,
			 const char **commands)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ka_recipe_line *line = &m->lines->lines[s->first + i];

		if (i == KA_PROGRAM_COMMANDS)
			return ka_recipe_bad(m->recipe, line->line, m->err,
					     "more than %d commands in [%s]", KA_PROGRAM_COMMANDS,
					     s->word);
		commands[i] = line->value;
	}
	return 0;
}

static int take_env(const struct maker *m, const struct ka_recipe_section *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ka_recipe_line *line = &m->lines->lines[s->first + i];
		char *text;

		if (i == KA_PROGRAM_ENV || !*line->key)
			return ka_recipe_bad(m->recipe, line->line, m->err,
					     "[env] takes NAME = VALUE, %d at the most",
					     KA_PROGRAM_ENV);
		if (asprintf(&text, "%s=%s", line->key, line->value) < 0)
			return no_memory(m);
		m->to->program.env[i] = ka_recipe_keep(m->recipe, text, strlen(text));
		free(text);
		if (!m->to->program.env[i])
			return no_memory(m);
	}
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* True when the lines of the variant go into @s: the file that it names, else the first one. */
static bool is_for(const struct maker *m, const struct ka_recipe_section *s)
{
	const struct ka_recipe_section *v = m->variant;

	for (size_t i = 0; v && i < v->n; i++)
		if (strcmp(m->lines->lines[v->first + i].key, "into") == 0)
			return strcmp(m->lines->lines[v->first + i].value, s->name) == 0;
	for (size_t i = 0; i < m->lines->n_sections; i++)
		if (m->lines->sections[i].part == KA_PART_FILE)
			return &m->lines->sections[i] == s;
	return false;
}

static void put_lines(const struct maker *m, const struct ka_recipe_section *s, FILE *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ka_recipe_line *line = &m->lines->lines[s->first + i];

		if (strcmp(line->key, "line") == 0)
			fprintf(out, "%s\n", line->value);
	}
}

static void put_text(const struct maker *m, const struct ka_recipe_section *s, FILE *out)
{
	bool wanted = m->variant && is_for(m, s);

	for (size_t i = 0; i < s->n; i++) {
		const struct ka_recipe_line *line = &m->lines->lines[s->first + i];

		if (strcmp(line->key, "line") != 0)
			continue;
		if (strcmp(line->value, HERE) != 0) {
			fprintf(out, "%s\n", line->value);
			continue;
		}
		if (wanted)
			put_lines(m, m->variant, out);
		wanted = false;
	}
	if (wanted)
		put_lines(m, m->variant, out);
}

static int make_text(const struct maker *m, const struct ka_recipe_section *s,
		     struct ka_program_file *file)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, &file->text.n);

	if (!out)
		return no_memory(m);
	put_text(m, s, out);
	if (fclose(out) == 0)
		file->text.data = ka_recipe_keep(m->recipe, text, file->text.n);
	free(text);
	return file->text.data ? 0 : no_memory(m);
}

static int take_file(const struct maker *m, const struct ka_recipe_section *s)
{
	struct ka_program *p = &m->to->program;
	struct ka_program_file *file = &p->files[p->n_files];
	int ret;

	if (*s->name != '/')
		return ka_recipe_bad(m->recipe, s->line, m->err,
				     "[%s %.80s]: the path must begin with '/'", s->word, s->name);
	if (p->n_files == KA_PROGRAM_FILES)
		return ka_recipe_bad(m->recipe, s->line, m->err, "more than %d files and folders",
				     KA_PROGRAM_FILES);
	*file = (struct ka_program_file){ .path = s->name, .folder = s->part == KA_PART_FOLDER };
	p->n_files++;
	ret = take_keys(m, s, file);
	return ret || file->folder ? ret : make_text(m, s, file);
}

/* ---- a variant ------------------------------------------------------------------------------ */

static int take_section(const struct maker *m, const struct ka_recipe_section *s)
{
	switch (s->part) {
	case KA_PART_PROGRAM:
	case KA_PART_TALK:
		return take_keys(m, s, NULL);
	case KA_PART_SET_UP:
		return take_commands(m, s, m->to->program.set_up);
	case KA_PART_HELPERS:
		return take_commands(m, s, m->to->program.helpers);
	case KA_PART_ENV:
		return take_env(m, s);
	case KA_PART_FILE:
	case KA_PART_FOLDER:
		return take_file(m, s);
	case KA_PART_VARIANT:
		break; /* at the end */
	}
	return 0;
}

static int check_name(const struct maker *m)
{
	const struct ka_recipe_section *v = m->variant;

	for (const char *at = v->name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-._", *at))
			return ka_recipe_bad(m->recipe, v->line, m->err,
					     "[variant %.40s]: a name has letters, digits, - . _",
					     v->name);
	return 0;
}

/* Lines that no file takes are a mistake. */
static int check_lines(const struct maker *m)
{
	const struct ka_recipe_section *v = m->variant;
	bool taken = false;

	for (size_t i = 0; i < m->lines->n_sections; i++)
		taken |= m->lines->sections[i].part == KA_PART_FILE &&
			 is_for(m, &m->lines->sections[i]);
	for (size_t i = 0; i < v->n && !taken; i++) {
		const struct ka_recipe_line *line = &m->lines->lines[v->first + i];

		if (strcmp(line->key, "line") == 0 || strcmp(line->key, "into") == 0)
			return ka_recipe_bad(m->recipe, line->line, m->err,
					     "%s: there is no such [file] that would take lines",
					     line->key);
	}
	return 0;
}

static int take_variant(const struct maker *m)
{
	int ret = check_name(m);

	if (ret == 0)
		ret = check_lines(m);
	m->to->program.variant = m->variant->name;
	return ret ? ret : take_keys(m, m->variant, NULL);
}

/* What no recipe can do without. */
static int check_whole(const struct maker *m)
{
	const struct ka_program *p = &m->to->program;
	unsigned line = m->variant ? m->variant->line : 0;

	if (!p->command[0])
		return ka_recipe_bad(m->recipe, line, m->err,
				     "what is started? [program] needs command = ...");
	if (!p->port)
		return ka_recipe_bad(m->recipe, line, m->err,
				     "where does it listen, or connect to? [program] needs port = "
				     "...");
	return 0;
}

static int make(const struct maker *m)
{
	struct ka_program *p = &m->to->program;
	char *declared;
	int ret = 0;

	if (asprintf(&declared, "%s:%u", m->recipe->file, m->variant ? m->variant->line : 1) < 0)
		return no_memory(m);
	p->name = m->recipe->name;
	p->role = KA_SERVER;
	p->settle_s = USUAL_SETTLE_S;
	p->declared = ka_recipe_keep(m->recipe, declared, strlen(declared));
	free(declared);
	if (!p->declared)
		return no_memory(m);
	for (size_t i = 0; i < m->lines->n_sections && ret == 0; i++)
		ret = take_section(m, &m->lines->sections[i]);
	if (ret == 0 && m->variant)
		ret = take_variant(m);
	return ret ? ret : check_whole(m);
}

int ka_recipe_build(struct ka_recipe *recipe, const struct ka_recipe_lines *lines,
		    struct nn_err *err)
{
	struct maker m = { .recipe = recipe, .lines = lines, .err = err };
	size_t n = 0;
	int ret = 0;

	for (size_t i = 0; i < lines->n_sections; i++)
		n += lines->sections[i].part == KA_PART_VARIANT;
	if (n > KA_MAX_VARIANTS)
		return ka_recipe_bad(recipe, 0, err, "more than %d variants", KA_MAX_VARIANTS);
	recipe->variants = calloc(n ? n : 1, sizeof(*recipe->variants));
	if (!recipe->variants)
		return no_memory(&m);
	for (size_t i = 0; i < lines->n_sections && n && ret == 0; i++) {
		if (lines->sections[i].part != KA_PART_VARIANT)
			continue;
		m.variant = &lines->sections[i];
		m.to = &recipe->variants[recipe->n_variants++];
		ret = make(&m);
	}
	if (n)
		return ret;
	m.to = &recipe->variants[recipe->n_variants++];
	return make(&m);
}
