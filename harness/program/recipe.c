/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a recipe's lines by libinih. That counts no lines, cuts off long names of sections and does
 * not tell of a section without lines; so each line passes through here on its way to it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/escape.h"
#include "model/nearest.h"
#include "model/util.h"
#include "program/recipe_lines.h"

struct reader {
	struct ka_recipe *recipe;
	struct ka_recipe_lines *lines;
	const char *at; /* the next line */
	unsigned line;  /* the one that is read, from 1 */
	int ret;        /* of the first that is wrong */
	struct nn_err *err;
};

/* ---- what it holds ------------------------------------------------------------------------- */

char *ka_recipe_keep(struct ka_recipe *recipe, const char *text, size_t size)
{
	struct ka_strings *s = &recipe->strings;
	char *copy;

	if (ka_grow(&s->list, &s->room, s->n + 1, sizeof(*s->list)) < 0)
		return NULL;
	copy = malloc(size + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	s->list[s->n++] = copy;
	return copy;
}

void ka_recipe_free(struct ka_recipe *recipe)
{
	for (size_t i = 0; i < recipe->strings.n; i++)
		free(recipe->strings.list[i]);
	free(recipe->strings.list);
	free(recipe->variants);
	*recipe = (struct ka_recipe){ .name = NULL };
}

int ka_recipe_bad(const struct ka_recipe *recipe, unsigned line, struct nn_err *err,
		  const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return line ? nn_refuse(err, "%.100s:%u: %s", recipe->file, line, text)
		    : nn_refuse(err, "%.100s: %s", recipe->file, text);
}

/* ---- sections ------------------------------------------------------------------------------ */

static const struct {
	const char *word;
	enum ka_part part;
	const char *name; /* what stands behind the word; NULL: nothing */
} parts[] = {
	{ "program", KA_PART_PROGRAM, NULL },
	{ "set-up", KA_PART_SET_UP, NULL },
	{ "helpers", KA_PART_HELPERS, NULL },
	{ "env", KA_PART_ENV, NULL },
	{ "file", KA_PART_FILE, "a path: [file /run/kacheck/x.conf]" },
	{ "folder", KA_PART_FOLDER, "a path: [folder /run/kacheck/data]" },
	{ "talk", KA_PART_TALK, NULL },
	{ "variant", KA_PART_VARIANT, "a name: [variant timeout-60]" },
};

static int bad_section(const struct reader *r, const char *word)
{
	struct ka_nearest nearest = { .n = 0 };
	char hint[600];

	for (size_t i = 0; i < KA_N(parts); i++)
		ka_nearest_offer(&nearest, word, parts[i].word);
	return ka_recipe_bad(r->recipe, r->line, r->err,
			     "there is no section [%.40s]%.200s: program, set-up, helpers, env, "
			     "file, folder, talk, variant",
			     word, ka_nearest_text(&nearest, hint, sizeof(hint)));
}

/* [@word @name] */
static int add_section(struct reader *r, const char *word, const char *name)
{
	struct ka_recipe_lines *l = r->lines;
	size_t i = 0;

	while (i < KA_N(parts) && strcmp(parts[i].word, word) != 0)
		i++;
	if (i == KA_N(parts))
		return bad_section(r, word);
	if (parts[i].name && !*name)
		return ka_recipe_bad(r->recipe, r->line, r->err, "[%s] takes %s", word,
				     parts[i].name);
	if (!parts[i].name && *name)
		return ka_recipe_bad(r->recipe, r->line, r->err, "[%s] takes no '%.40s'", word,
				     name);
	for (size_t k = 0; k < l->n_sections; k++)
		if (l->sections[k].part == parts[i].part && strcmp(l->sections[k].name, name) == 0)
			return ka_recipe_bad(r->recipe, r->line, r->err,
					     "a second [%s%s%.80s]; the first is in line %u", word,
					     *name ? " " : "", name, l->sections[k].line);
	if (ka_grow(&l->sections, &l->sections_room, l->n_sections + 1, sizeof(*l->sections)) < 0)
		return nn_fail(r->err, ENOMEM, "%s", r->recipe->file);
	l->sections[l->n_sections++] = (struct ka_recipe_section){ .part = parts[i].part,
								   .word = parts[i].word,
								   .name = name,
								   .line = r->line,
								   .first = l->n };
	return 0;
}

/* A line that begins with '['. */
static int open_section(struct reader *r, const char *at, size_t size)
{
	const char *end = memchr(at, ']', size);
	char *word, *name;

	if (!end)
		return ka_recipe_bad(r->recipe, r->line, r->err, "a section's name has no ']'");
	if (strspn(end + 1, " \t\r") < size - (size_t)(end + 1 - at))
		return ka_recipe_bad(r->recipe, r->line, r->err,
				     "something follows the ']' of a section");
	word = ka_recipe_keep(r->recipe, at + 1, (size_t)(end - at - 1));
	if (!word)
		return nn_fail(r->err, ENOMEM, "%s", r->recipe->file);
	name = word + strcspn(word, " \t");
	if (*name)
		*name++ = '\0';
	return add_section(r, word, name + strspn(name, " \t"));
}

/* ---- lines --------------------------------------------------------------------------------- */

static int check_line(struct reader *r, const char *at, size_t size)
{
	size_t blank = strspn(at, " \t");

	if (size > KA_RECIPE_LINE)
		return ka_recipe_bad(r->recipe, r->line, r->err, "a line of more than %d bytes",
				     KA_RECIPE_LINE);
	return blank < size && at[blank] == '[' ? open_section(r, at + blank, size - blank) : 0;
}

/* For ini_parse_stream(): the next line, as fgets() does. After an error there is none. */
static char *next_line(char *to, int room, void *arg)
{
	struct reader *r = arg;
	size_t size = strcspn(r->at, "\n");

	if (!*r->at || r->ret)
		return NULL;
	r->line++;
	r->ret = check_line(r, r->at, size);
	if (r->ret)
		return NULL;
	snprintf(to, (size_t)room, "%.*s\n", (int)size, r->at);
	r->at += size + (r->at[size] == '\n');
	return to;
}

static int add_line(struct reader *r, const char *key, const char *value)
{
	struct ka_recipe_lines *l = r->lines;
	struct ka_recipe_line line = { .line = r->line };

	if (!l->n_sections)
		return ka_recipe_bad(r->recipe, r->line, r->err,
				     "a line before the first section; begin with [program]");
	line.key = ka_recipe_keep(r->recipe, key, strlen(key));
	line.value = line.key ? ka_recipe_keep(r->recipe, value, strlen(value)) : NULL;
	if (!line.value || ka_grow(&l->lines, &l->room, l->n + 1, sizeof(line)) < 0)
		return nn_fail(r->err, ENOMEM, "%s", r->recipe->file);
	l->lines[l->n++] = line;
	l->sections[l->n_sections - 1].n++;
	return 0;
}

/* For ini_parse_stream(): a line with a '='. */
static int on_line(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;

	(void)section; /* cut off after 49 bytes */
	if (!r->ret)
		r->ret = add_line(r, key, value);
	return !r->ret;
}

static int read_lines(struct reader *r)
{
	int bad;

	/* what is said to a program, or to a shell, may hold " ;", be long, or be indented */
	ini_use_stack = false;
	ini_initial_alloc = ini_max_line = KA_RECIPE_LINE + 3;
	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	bad = ini_parse_stream(next_line, r, on_line, r);
	if (r->ret || !bad)
		return r->ret;
	if (bad < 0)
		return nn_fail(r->err, ENOMEM, "%s", r->recipe->file);
	return ka_recipe_bad(r->recipe, (unsigned)bad, r->err,
			     "this is neither [section], key = value, nor a comment (; ...)");
}

/* ---- all of it -------------------------------------------------------------------------------- */

static int take_name(struct ka_recipe *recipe, const char *file)
{
	char *copy = ka_recipe_keep(recipe, file, strlen(file));
	char *name = copy ? ka_recipe_keep(recipe, file, strlen(file)) : NULL;
	char *end;

	if (!name)
		return -ENOMEM;
	recipe->file = copy;
	name = basename(name);
	end = strrchr(name, '.');
	if (end && strcmp(end, ".conf") == 0)
		*end = '\0';
	for (char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-._", *at))
			*at = '-';
	recipe->name = name;
	return 0;
}

static bool is_utf8(const char *text, size_t size)
{
	uint32_t code;

	for (size_t n = 1; size && n; text += n, size -= n)
		n = ka_utf8(text, size, &code);
	return !size;
}

int ka_recipe_parse(struct ka_recipe *recipe, const char *file, const char *text, size_t size,
		    struct nn_err *err)
{
	struct ka_recipe_lines lines = { .n = 0 };
	struct reader r = { .recipe = recipe, .lines = &lines, .err = err };
	int ret;

	*recipe = (struct ka_recipe){ .name = NULL };
	if (take_name(recipe, file) < 0)
		return nn_fail(err, ENOMEM, "%s", file);
	if (memchr(text, '\0', size))
		return ka_recipe_bad(recipe, 0, err, "this is no text: it has a zero byte");
	if (!is_utf8(text, size))
		return ka_recipe_bad(
			recipe, 0, err,
			"this is no text: it is not UTF-8; bytes are written as \\xff");
	recipe->text = r.at = ka_recipe_keep(recipe, text, size);
	if (!recipe->text)
		return nn_fail(err, ENOMEM, "%s", file);
	ret = read_lines(&r);
	if (!ret)
		ret = ka_recipe_build(recipe, &lines, err);
	free(lines.sections);
	free(lines.lines);
	return ret;
}

/* Reads @fd to its end. Returns how much there was, or -errno. */
static ssize_t read_all(int fd, char *text, size_t room)
{
	size_t used = 0;
	ssize_t n = 1;

	while (used < room && n > 0) {
		n = read(fd, text + used, room - used);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			used += (size_t)n;
	}
	return n < 0 ? -errno : (ssize_t)used;
}

int ka_recipe_read(struct ka_recipe *recipe, const char *path, struct nn_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = fd < 0 ? NULL : malloc(KA_RECIPE_MOST + 1);
	ssize_t size = text ? read_all(fd, text, KA_RECIPE_MOST + 1) : -ENOMEM;
	int ret;

	*recipe = (struct ka_recipe){ .name = NULL };
	if (fd < 0)
		ret = nn_fail(err, errno, "cannot read the recipe %.200s", path);
	else if (size < 0)
		ret = nn_fail(err, (int)-size, "cannot read the recipe %.200s", path);
	else if (size > (ssize_t)KA_RECIPE_MOST)
		ret = nn_refuse(err, "%.200s: more than 1 MiB; this is no recipe", path);
	else
		ret = ka_recipe_parse(recipe, path, text, (size_t)size, err);
	free(text);
	ka_close_fd(&fd);
	return ret;
}
