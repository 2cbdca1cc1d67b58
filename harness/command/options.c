/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See options.h. */
#include "command/options.h"

#include <stdbool.h>

#include "command/command.h"
#include "model/escape.h"

/* Of an option without a letter: beyond all letters, and the keys of a child. */
#define FIRST_KEY 0x400

struct parser {
	const struct ka_options *options;
	void *target;
};

static int key_of(const struct ka_options *options, const struct ka_option *row)
{
	if (!row->name)
		return 0;
	return row->letter ? row->letter : FIRST_KEY + (int)(row - options->rows);
}

void ka_take_flag(void *target, const struct ka_option *option, const char *arg)
{
	(void)arg;
	*(bool *)((char *)target + option->at) = true;
}

void ka_take_text(void *target, const struct ka_option *option, const char *arg)
{
	*(const char **)((char *)target + option->at) = arg;
}

void ka_take_number(void *target, const struct ka_option *option, const char *arg)
{
	*(unsigned *)((char *)target + option->at) =
		(unsigned)ka_number_argument(option->name, arg, option->min, option->max);
}

void ka_take_choice(void *target, const struct ka_option *option, const char *arg)
{
	*(int *)((char *)target + option->at) =
		ka_choice_argument(option->name, arg, option->choices);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct parser *p = state->input;
	const struct ka_options *options = p->options;

	if (key == ARGP_KEY_INIT && options->children)
		state->child_inputs[0] = options->child_target;
	else if (key == ARGP_KEY_ARG && options->take_word)
		options->take_word(p->target, arg);
	else if (key == ARGP_KEY_ARG)
		ka_usage_error("unexpected '%.*s'%s", KA_CUT(arg, 60), options->unexpected);
	else if (key == ARGP_KEY_SUCCESS && options->finish)
		options->finish(p->target);
	for (const struct ka_option *row = options->rows; row && row->doc; row++)
		if (row->name && key_of(options, row) == key) {
			row->take(p->target, row, arg);
			return 0;
		}
	return key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

void ka_options_parse(const struct ka_options *options, int argc, char **argv, void *target)
{
	struct argp_option rows[KA_MAX_OPTIONS] = { { .name = NULL } };
	struct argp argp = {
		NULL, parse, options->words, options->about, options->children, options->help, NULL
	};
	struct parser parser = { options, target };
	size_t n = 0;

	for (const struct ka_option *row = options->rows; row && row->doc && n < KA_MAX_OPTIONS - 1;
	     row++)
		rows[n++] = (struct argp_option){ row->name, key_of(options, row),
						  row->arg,  0,
						  row->doc,  row->group };
	if (n) /* argp's help loses the memory of a table without rows */
		argp.options = rows;
	argp_parse(&argp, argc, argv, 0, NULL, &parser);
}
