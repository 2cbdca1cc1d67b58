/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck explain` is made of: words (explain_words.c), the window (explain_time.c), and the
 * chapters around them (explain.c). */
#ifndef KA_EXPLAIN_H
#define KA_EXPLAIN_H

#include "judge/judge.h"
#include "model/case.h"

struct ka_lesson {
	const struct ka_instance *instance;
	const struct ka_prediction *prediction;
	const struct ka_facts *facts;
	const struct ka_step *step; /* the one that is told; NULL: none */
};

#define KA_EXPLAIN_TEXT 2048

/* People also write a setting as --setting takes it, silent_drop/15/5/3/u60000: @word with dashes between
 * the numbers, into @buf. Returns @buf, or @word where it has no room. */
const char *ka_explain_name(const char *word, char *buf, size_t size);

/* True when the regime's second sentence is meant (struct ka_regime's .unseen). */
bool ka_explain_unseen(const struct ka_lesson *lesson);
/* @sentence into @buf, with the words of @lesson in place of what stands in braces. Returns @buf. */
const char *ka_explain_fill(const struct ka_lesson *lesson, const char *sentence,
			    char buf[KA_EXPLAIN_TEXT]);
/* "the client", "the server", "the gateway". */
const char *ka_explain_who(const struct ka_instance *instance, enum ka_who who);
/* "after 3 s: ": when the step is due; nothing for at once. */
const char *ka_explain_when(const struct ka_lesson *lesson, char *buf, size_t size);

/* On which kernels it holds, and on which it is known to fail; nothing where all are alike. */
void ka_explain_kernels(const struct ka_instance *instance);

/* A sentence for what keepalive's timer meets on the way, or nothing. */
const char *ka_explain_on_the_way(const struct ka_lesson *lesson);
/* When it ends, and why that is not idle + intvl * cnt. */
void ka_explain_time(const struct ka_lesson *lesson);

/* "program:redis" is a recipe (program_explain.c). Returns the exit status. */
#define KA_EXPLAIN_PROGRAM "program:"
int ka_explain_program(const char *word);

#endif
