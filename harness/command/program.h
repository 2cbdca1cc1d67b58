/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck program: does this program notice a dead peer, and when? */
#ifndef KA_COMMAND_PROGRAM_H
#define KA_COMMAND_PROGRAM_H

#include <stdio.h>

#include "plan/plan.h"
#include "program/advice.h"
#include "program/recipes.h"

enum ka_program_format {
	KA_PROGRAM_TEXT,
	KA_PROGRAM_MARKDOWN,
	KA_PROGRAM_TABLE,
	KA_PROGRAM_JSON,
	KA_PROGRAM_JUNIT,
	KA_PROGRAM_HTML,
	KA_PROGRAM_RESULTS,
};

#define KA_MAX_COPIES 32

struct ka_program_options {
	const char *words[KA_MAX_RECIPES]; /* names and files of recipes */
	size_t n_words;
	char **command; /* behind "--", NULL at the end; NULL: there is none */

	/* in place of a recipe */
	const char *server, *client; /* as one argument */
	unsigned port;
	const char *name;
	const char *send, *expect, *request, *request_expect, *flood, *answer;
	unsigned flood_times;
	const char *user, *cwd, *rootfs, *settle, *patience;
	const char *env[KA_PROGRAM_ENV];
	size_t n_env;
	unsigned memory;

	struct ka_demands demands;

	const char *kernel; /* NULL: a guest kernel if there is one */
	const char *copies[KA_MAX_COPIES + 1];
	size_t n_copies;
	const char *filters[8];
	size_t n_filters;
	double budget_s, idle_s, watch_s; /* 0: the default */
	const char *out_dir;
	bool keep_all, list, recipe, quiet;
	enum ka_program_format format;
};

/* Ends the process on wrong usage, and after --help (program_options.c). */
void ka_program_options_parse(struct ka_program_options *options, int argc, char **argv);

/* The recipe that the options, in place of one, stand for: of @command, the words of a program, or, without
 * any, of the text @line (program_recipe.c). To be freed; NULL without memory. */
char *ka_program_recipe(const struct ka_program_options *options, const char *const *command,
			const char *line, enum ka_role role);

/* --list (program_list.c). Returns the exit status. */
int ka_program_list(const struct ka_program_options *options);

/* The writers (program_page.c, program_json.c, program_junit.c, program_html.c). 0 or -ENOMEM. */
int ka_program_put_page(const struct ka_inquiry *q, bool markdown, FILE *out);
int ka_program_put_matrix(const struct ka_inquiry *q, FILE *out);
int ka_program_put_json(const struct ka_inquiry *q, int status, FILE *out);
int ka_program_put_junit(const struct ka_inquiry *q, FILE *out);
int ka_program_put_html(const struct ka_inquiry *q, int status, FILE *out);
/* The results of @plan, made of the attempts, as lines that kacheck report reads. */
int ka_program_put_results(const struct ka_inquiry *q, const struct ka_plan *plan, FILE *out);
/* What --format json writes. A new reference, NULL without memory. */
json_t *ka_program_json(const struct ka_inquiry *q, int status);

/* ---- what all formats have in common (program_words.c); each returns @buf --------------------- */

/* "10 min 17 s", "never", "closes after 1 min 1 s", "10 min 37 s (computed)": a cell. */
const char *ka_program_ending(const struct ka_ending *e, char *buf, size_t size);
/* What became of it when its counterpart came back: "served: 2 ms", "connects: 1.2 s", "no (2 min)": a cell. */
const char *ka_program_back(const struct ka_inquiry *q, size_t subject, char *buf, size_t size);
/* The same behind a gateway, the spec's number @passage: "kept (8 min 45 s)", "cut off, noticed: 10 min". */
const char *ka_program_passage(const struct ka_inquiry *q, size_t subject, size_t passage,
			       char *buf, size_t size);
/* "redis-server gives every client TCP_KEEPIDLE 300, ... A silent, idle client is gone after 10 min 17 s;
 * ...": the answer in words. */
const char *ka_program_answer(const struct ka_inquiry *q, size_t subject, char *buf, size_t size);
/* "18 experiments, all measured", how they went. */
const char *ka_program_tally(const struct ka_inquiry *q, char *buf, size_t size);
/* "an instance's name", for --filter and people. */
const char *ka_reply_word(enum ka_reply_kind kind);

#endif
