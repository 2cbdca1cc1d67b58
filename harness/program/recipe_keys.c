/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recipe's keys mean: one row each. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/nearest.h"
#include "model/util.h"
#include "program/recipe_lines.h"
#include "program/words.h"

struct key {
	const char *name;
	unsigned parts; /* where it may stand */
	bool repeats;
	int (*take)(const struct ka_recipe_maker *maker, const struct key *key,
		    const struct ka_recipe_line *line, struct nn_err *err);
	size_t at; /* the member of its structure that takes it */
	unsigned long min, max;
};

static int no_memory(const struct ka_recipe_maker *maker, struct nn_err *err)
{
	return nn_fail(err, ENOMEM, "%s", maker->recipe->file);
}

/* Why a value is refused, with where it stands. */
static int refuse(const struct ka_recipe_maker *maker, const struct ka_recipe_line *line,
		  struct nn_err *err)
{
	char why[300];

	snprintf(why, sizeof(why), "%.290s", err ? err->text : "");
	return ka_recipe_bad(maker->recipe, line->line, err, "%.40s: %s", line->key, why);
}

/* ---- how values are read --------------------------------------------------------------------- */

static int take_text(const struct ka_recipe_maker *maker, const struct key *key,
		     const struct ka_recipe_line *line, struct nn_err *err)
{
	if (!*line->value)
		return ka_recipe_bad(maker->recipe, line->line, err, "%s: nothing is said",
				     key->name);
	*(const char **)((char *)&maker->variant->program + key->at) = line->value;
	return 0;
}

static int take_about(const struct ka_recipe_maker *maker, const struct key *key,
		      const struct ka_recipe_line *line, struct nn_err *err)
{
	(void)key;
	(void)err;
	maker->variant->about = line->value;
	return 0;
}

/* About the recipe: the same for each of its variants. */
static int take_recipe(const struct ka_recipe_maker *maker, const struct key *key,
		       const struct ka_recipe_line *line, struct nn_err *err)
{
	(void)err;
	*(const char **)((char *)maker->recipe + key->at) = line->value;
	return 0;
}

static int take_role(const struct ka_recipe_maker *maker, const struct key *key,
		     const struct ka_recipe_line *line, struct nn_err *err)
{
	bool client = strcmp(line->value, "client") == 0;

	(void)key;
	maker->variant->program.role = client ? KA_CLIENT : KA_SERVER;
	if (client || strcmp(line->value, "server") == 0)
		return 0;
	return ka_recipe_bad(
		maker->recipe, line->line, err,
		"role: '%.40s' is neither server (it listens) nor client (it connects)",
		line->value);
}

static int take_command(const struct ka_recipe_maker *maker, const struct key *key,
			const struct ka_recipe_line *line, struct nn_err *err)
{
	char *copy = ka_recipe_keep(maker->recipe, line->value, strlen(line->value));
	struct nn_err why = { "" };
	int n;

	(void)key;
	if (!copy)
		return no_memory(maker, err);
	n = ka_words(copy, maker->variant->program.command, KA_PROGRAM_ARGS, &why);
	if (n == 0)
		nn_refuse(&why, "nothing is said");
	return n > 0 ? 0
		     : ka_recipe_bad(maker->recipe, line->line, err, "command: %.200s", why.text);
}

static int take_argument(const struct ka_recipe_maker *maker, const struct key *key,
			 const struct ka_recipe_line *line, struct nn_err *err)
{
	const char **command = maker->variant->program.command;
	size_t n = 0;

	(void)key;
	while (command[n])
		n++;
	if (n == KA_PROGRAM_ARGS)
		return ka_recipe_bad(maker->recipe, line->line, err,
				     "argument: a command has at most %d words", KA_PROGRAM_ARGS);
	command[n] = line->value;
	command[n + 1] = NULL;
	return 0;
}

static int take_unsigned(const struct ka_recipe_maker *maker, const struct key *key,
			 const struct ka_recipe_line *line, struct nn_err *err)
{
	char *end;
	unsigned long value = strtoul(line->value, &end, 10);

	if (strspn(line->value, "0123456789") == 0 || *end || value < key->min || value > key->max)
		return ka_recipe_bad(maker->recipe, line->line, err,
				     "%s: '%.40s' is no number from %lu to %lu", key->name,
				     line->value, key->min, key->max);
	*(unsigned *)((char *)&maker->variant->program + key->at) = (unsigned)value;
	return 0;
}

static int take_span(const struct ka_recipe_maker *maker, const struct key *key,
		     const struct ka_recipe_line *line, struct nn_err *err)
{
	double *to = (double *)((char *)&maker->variant->program + key->at);

	*to = 0;
	if (strcmp(line->value, "0") == 0 || ka_span_parse(to, line->value, err) == 0)
		return 0;
	return refuse(maker, line, err);
}

static int take_bytes(const struct ka_recipe_maker *maker, const struct key *key,
		      const struct ka_recipe_line *line, struct nn_err *err)
{
	struct ka_bytes *to = (struct ka_bytes *)((char *)&maker->variant->program + key->at);
	char *copy = ka_recipe_keep(maker->recipe, line->value, strlen(line->value));

	if (!copy)
		return no_memory(maker, err);
	if (ka_unescape(copy, &to->n, err) < 0)
		return refuse(maker, line, err);
	to->data = copy;
	return 0;
}

static int read_yes(const struct ka_recipe_maker *maker, const struct key *key,
		    const struct ka_recipe_line *line, bool *to, struct nn_err *err)
{
	*to = strcmp(line->value, "yes") == 0;
	if (*to || strcmp(line->value, "no") == 0)
		return 0;
	return ka_recipe_bad(maker->recipe, line->line, err, "%s: '%.40s' is neither yes nor no",
			     key->name, line->value);
}

static int take_yes(const struct ka_recipe_maker *maker, const struct key *key,
		    const struct ka_recipe_line *line, struct nn_err *err)
{
	bool *to = (bool *)((char *)&maker->variant->program + key->at);

	return read_yes(maker, key, line, to, err);
}

static int take_env(const struct ka_recipe_maker *maker, const struct key *key,
		    const struct ka_recipe_line *line, struct nn_err *err)
{
	const char **env = maker->variant->program.env;
	size_t n = 0;

	(void)key;
	while (env[n])
		n++;
	if (n == KA_PROGRAM_ENV)
		return ka_recipe_bad(maker->recipe, line->line, err,
				     "more than %d environment variables", KA_PROGRAM_ENV);
	if (!strchr(line->value, '=') || *line->value == '=')
		return ka_recipe_bad(maker->recipe, line->line, err,
				     "env: '%.40s' is not NAME=VALUE", line->value);
	env[n] = line->value;
	return 0;
}

static int take_demand(const struct ka_recipe_maker *maker, const struct key *key,
		       const struct ka_recipe_line *line, struct nn_err *err)
{
	if (ka_demands_take(&maker->variant->demands, key->name, line->value, err) == 0)
		return 0;
	return refuse(maker, line, err);
}

/* ---- files --------------------------------------------------------------------------------- */

static int take_owner(const struct ka_recipe_maker *maker, const struct key *key,
		      const struct ka_recipe_line *line, struct nn_err *err)
{
	(void)key;
	(void)err;
	maker->file->user = line->value;
	return 0;
}

static int take_mode(const struct ka_recipe_maker *maker, const struct key *key,
		     const struct ka_recipe_line *line, struct nn_err *err)
{
	char *end;
	unsigned long mode = strtoul(line->value, &end, 8);

	(void)key;
	if (strspn(line->value, "01234567") == 0 || *end || mode == 0 || mode > 07777)
		return ka_recipe_bad(maker->recipe, line->line, err,
				     "mode: '%.40s' is none; write 0644 or 0755", line->value);
	maker->file->mode = (unsigned)mode;
	return 0;
}

static int take_late(const struct ka_recipe_maker *maker, const struct key *key,
		     const struct ka_recipe_line *line, struct nn_err *err)
{
	return read_yes(maker, key, line, &maker->file->late, err);
}

static int take_fill(const struct ka_recipe_maker *maker, const struct key *key,
		     const struct ka_recipe_line *line, struct nn_err *err)
{
	char *end;
	unsigned long size = strtoul(line->value, &end, 10);

	(void)key;
	if (*end == 'K' || *end == 'M')
		size <<= *end++ == 'K' ? 10 : 20;
	if (strspn(line->value, "0123456789") == 0 || *end || size == 0 || size > 1ul << 30)
		return ka_recipe_bad(maker->recipe, line->line, err,
				     "fill: '%.40s' is no size; write 500K or 20M (at most 1024M)",
				     line->value);
	maker->file->fill = size;
	return 0;
}

/* What recipe_build.c takes itself. */
static int take_nothing(const struct ka_recipe_maker *maker, const struct key *key,
			const struct ka_recipe_line *line, struct nn_err *err)
{
	(void)maker;
	(void)key;
	(void)line;
	(void)err;
	return 0;
}

/* ---- the keys -------------------------------------------------------------------------------- */

/* What a variant may say otherwise than its recipe. */
#define PROGRAM (KA_PART_PROGRAM | KA_PART_VARIANT)
#define TALK    (KA_PART_TALK | KA_PART_VARIANT)

#define OF_PROGRAM(member) .at = offsetof(struct ka_program, member)
#define OF_RECIPE(member)  .at = offsetof(struct ka_recipe, member)

static const struct key keys[] = {
	{ "about", KA_PART_PROGRAM, .take = take_recipe, OF_RECIPE(about) },
	{ "about", KA_PART_VARIANT, .take = take_about },
	{ "package", KA_PART_PROGRAM, .take = take_recipe, OF_RECIPE(package) },
	{ "role", KA_PART_PROGRAM, .take = take_role },
	{ "command", PROGRAM, .take = take_command },
	{ "argument", PROGRAM, .repeats = true, .take = take_argument },
	{ "needs", PROGRAM, .take = take_text, OF_PROGRAM(needs) },
	{ "user", PROGRAM, .take = take_text, OF_PROGRAM(user) },
	{ "set-up-each", PROGRAM, .take = take_yes, OF_PROGRAM(set_up_each) },
	{ "cwd", PROGRAM, .take = take_text, OF_PROGRAM(cwd) },
	{ "rootfs", PROGRAM, .take = take_text, OF_PROGRAM(rootfs) },
	{ "port", PROGRAM, .take = take_unsigned, OF_PROGRAM(port), .min = 1, .max = 65535 },
	{ "memory", PROGRAM, .take = take_unsigned, OF_PROGRAM(memory_mib), .min = 16,
	  .max = 65536 },
	{ "settle", PROGRAM, .take = take_span, OF_PROGRAM(settle_s) },
	{ "patience", PROGRAM, .take = take_span, OF_PROGRAM(patience_s) },
	{ "hello", TALK, .take = take_bytes, OF_PROGRAM(hello) },
	{ "expect", TALK, .take = take_bytes, OF_PROGRAM(hello_expect) },
	{ "request", TALK, .take = take_bytes, OF_PROGRAM(request) },
	{ "request-expect", TALK, .take = take_bytes, OF_PROGRAM(request_expect) },
	{ "deaf", TALK, .take = take_yes, OF_PROGRAM(deaf) },
	{ "flood", TALK, .take = take_bytes, OF_PROGRAM(flood) },
	{ "flood-times", TALK, .take = take_unsigned, OF_PROGRAM(flood_times), .min = 1,
	  .max = 1000000 },
	{ "answer", TALK, .take = take_bytes, OF_PROGRAM(answer) },
	{ "answer-times", TALK, .take = take_unsigned, OF_PROGRAM(answer_times), .min = 1,
	  .max = 1000000 },
	{ "env", KA_PART_VARIANT, .repeats = true, .take = take_env },
	{ "user", KA_PART_FILE | KA_PART_FOLDER, .take = take_owner },
	{ "mode", KA_PART_FILE | KA_PART_FOLDER, .take = take_mode },
	{ "fill", KA_PART_FILE, .take = take_fill },
	{ "late", KA_PART_FILE, .take = take_late },
	{ "line", KA_PART_FILE | KA_PART_VARIANT, .repeats = true, .take = take_nothing },
	{ "into", KA_PART_VARIANT, .take = take_nothing },
	{ "detect-within", PROGRAM, .take = take_demand },
	{ "detect-busy-within", PROGRAM, .take = take_demand },
	{ "survive", PROGRAM, .take = take_demand },
	{ "survive-idle", PROGRAM, .take = take_demand },
	{ "keepalive", PROGRAM, .take = take_demand },
	{ "no-leak", PROGRAM, .take = take_demand },
};

static const struct key *find(enum ka_part part, const char *name)
{
	for (size_t i = 0; i < KA_N(keys); i++)
		if (keys[i].parts & part && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

bool ka_recipe_repeats(enum ka_part part, const char *key)
{
	const struct key *found = find(part, key);

	return !found || found->repeats;
}

int ka_recipe_take(const struct ka_recipe_maker *maker, enum ka_part part,
		   const struct ka_recipe_line *line, struct nn_err *err)
{
	const struct key *key = find(part, line->key);
	struct ka_nearest nearest = { .n = 0 };
	struct nn_err own = { "" };
	char hint[600];

	if (key)
		return key->take(maker, key, line, err ? err : &own);
	for (size_t i = 0; i < KA_N(keys); i++)
		if (keys[i].parts & part)
			ka_nearest_offer(&nearest, line->key, keys[i].name);
	return ka_recipe_bad(maker->recipe, line->line, err, "there is no key '%.40s' here%.200s",
			     line->key, ka_nearest_text(&nearest, hint, sizeof(hint)));
}
