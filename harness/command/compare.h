/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several runs side by side. A column is a kernel of a file, the first one is what the others are
 * compared with; a row is an instance. Reading and writing are elsewhere: this is pure.
 */
#ifndef KA_COMPARE_H
#define KA_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

#include "netns/err.h"
#include "report/kernels.h"
#include "report/rows.h"
#include "result/result.h"

#define KA_MAX_COLUMNS KA_MAX_KERNELS /* they are named by letters */

enum ka_change {
	KA_SAME,
	KA_REGRESSED, /* passed or was skipped; fails (also as it is known to) or breaks */
	KA_MOVED,     /* the end came at another time than the model explains */
	KA_CHANGED,   /* another verdict, errno, mask or number of probes that is no regression */
	KA_FIXED,     /* failed or broke, passes (also what is known to fail) */
	KA_NEW,       /* the first column has no such instance */
	KA_VANISHED,  /* only the first column has it */
	KA_CHANGES
};

struct ka_column {
	const char *file;                    /* borrowed */
	const char *release, *where, *clock; /* of the results */
	int hz;
	unsigned verdicts[KA_VERDICTS]; /* by enum ka_verdict_kind */
	unsigned changes[KA_CHANGES];
};

struct ka_cell {
	struct ka_result result; /* .json NULL: none */
	enum ka_change change;
	char why[256]; /* one phrase: what changed */
};

struct ka_comparison {
	struct ka_column columns[KA_MAX_COLUMNS];
	size_t n_columns;
	struct ka_rows rows; /* instances, with " #2" for the second repetition */
	struct ka_cell (*cells)[KA_MAX_COLUMNS];
	size_t room;
};

/* Adds a result of @file, which it takes over. 0, -E2BIG: too many columns, or -ENOMEM. */
int ka_comparison_add(struct ka_comparison *comparison, const char *file, struct ka_result *result);
/* Fills in what changed, when all are there. */
void ka_comparison_judge(struct ka_comparison *comparison);
/* In any column but the first. */
bool ka_comparison_has_changed(const struct ka_comparison *comparison, size_t row);
/* How many cells regressed or moved. */
unsigned ka_comparison_regressions(const struct ka_comparison *comparison);
void ka_comparison_free(struct ka_comparison *comparison);

/* What became of @before; @why (of @size) says how. Either may have .json NULL. */
enum ka_change ka_compare(const struct ka_result *before, const struct ka_result *after, char *why,
			  size_t size);
/* "regressed", "moved", ... */
const char *ka_change_name(enum ka_change change);

/* Writers (compare.c, compare_html.c); @all: also rows in which nothing changed. 0 or -ENOMEM. */
int ka_comparison_text(const struct ka_comparison *comparison, bool all, FILE *out);
int ka_comparison_markdown(const struct ka_comparison *comparison, bool all, FILE *out);
int ka_comparison_json(const struct ka_comparison *comparison, bool all, FILE *out);
int ka_comparison_html(const struct ka_comparison *comparison, bool all, FILE *out);
/* A run as JSON and page have it: file, kernel, counts. A new reference. */
json_t *ka_comparison_column(const struct ka_column *column);

#endif
