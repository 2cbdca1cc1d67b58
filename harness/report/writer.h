/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a writer is, and what writers share. A new format is one file with a KA_WRITER() and its
 * name in report.c. Writers print into memory: report.c carries it out and minds the errors.
 */
#ifndef KA_WRITER_H
#define KA_WRITER_H

#include <stdio.h>

#include "model/escape.h"
#include "report/matrix.h"
#include "report/report.h"

struct ka_writer {
	/* Each may be NULL. @out is memory, report.c sees whether there was enough. Return 0 or
	 * -errno. */
	int (*begin)(struct ka_report *report, FILE *out);
	int (*result)(struct ka_report *report, FILE *out, const struct ka_result *result);
	int (*finish)(struct ka_report *report, FILE *out, const struct ka_totals *totals);
	/* Which results the writer needs again in finish(); NULL: none. */
	bool (*holds)(const struct ka_result *result);
	bool compares; /* finish() shows several kernels side by side: report->matrix */
};

/* Defines the writer that report.c knows by @name. */
#define KA_WRITER(name)                                                                            \
	extern const struct ka_writer ka_writer_##name;                                            \
	const struct ka_writer ka_writer_##name

/* What a writer has made of a kernel's results until finish(). */
struct ka_pile {
	FILE *out;  /* into .text; NULL: nothing yet */
	char *text; /* whole after fflush() */
	size_t len;
	char *kernel; /* ka_put_kernel() */
	unsigned counts[KA_VERDICTS];
};

struct ka_report {
	const struct ka_writer *writer;
	FILE *out;
	struct ka_report_options options;
	unsigned n;             /* results so far, with the one that is being written */
	struct ka_result last;  /* the one before; .json NULL: none */
	struct ka_result *held; /* in the order of their coming */
	size_t n_held, room;
	struct ka_kernels kernels;            /* that have come so far */
	struct ka_matrix matrix;              /* of several kernels, if the writer compares */
	struct ka_pile piles[KA_MAX_KERNELS]; /* for the writer's use */
};

static inline bool ka_several_kernels(const struct ka_report *report)
{
	return report->options.kernels > 1;
}

/* The number of the kernel of @result, which has come. */
size_t ka_kernel_of(struct ka_report *report, const struct ka_result *result);
#define KA_FULL_NAME_SIZE 400
/* The name of the instance; of several kernels, with " on uml-6.12.117-hz250". Returns @buf. */
const char *ka_full_name(struct ka_report *report, const struct ka_result *result, char *buf,
			 size_t size);

/* ---- words.c: one phrase each, without a newline -------------------------------------------- */

/* Instance name into @buf, with " #2" for the second repetition. Returns @buf. */
#define KA_NAME_SIZE 256
const char *ka_result_name(const struct ka_result *result, char *buf, size_t size);
/* "6.18.44 (host), HZ 250, real clock" */
void ka_put_kernel(FILE *out, const struct ka_result *result);
/* "4.095 s in 4.056..4.104   3 probes  ETIMEDOUT  (nominal 4 s, off 0 j)" */
void ka_put_summary(FILE *out, const struct ka_result *result);
/* "keepalive expiry 4.056..4.104 s after last rx (nominal 4 s), 3 probes, ETIMEDOUT" */
void ka_put_expected(FILE *out, const struct ka_result *result);
/* The same of what was seen. A broken experiment has seen nothing that counts: false. */
bool ka_has_observed(const struct ka_result *result);
void ka_put_observed(FILE *out, const struct ka_result *result);
/* What @put writes, to be freed; NULL without memory. */
char *ka_phrase(void (*put)(FILE *, const struct ka_result *), const struct ka_result *result);
/* How long the instance took, else how long what it saw took, in seconds; 0 if it did not run. */
double ka_result_took_s(const struct ka_result *result);

/* "9 passed, 1 failed, 2 known, 3 skipped, 0 broken", known ones only where there are any. What calls for a
 * look stands between two @mark, unless there is none of it. */
void ka_put_counts(FILE *out, const struct ka_totals *totals, const char *mark);
/* True for what is no failure: a pass, a skip, a failure that is known. */
bool ka_result_is_fine(const struct ka_result *result);

/* ---- story.c: whole lines, each after @prefix ----------------------------------------------- */

/* What went wrong, the rule, expected, observed. */
void ka_put_findings(FILE *out, const struct ka_result *result, const char *prefix);
/* Seconds since the last segment received, where, what. */
void ka_put_timeline(FILE *out, const struct ka_result *result, const char *prefix);
/* How to look at the packets in the folder @kept; NULL: there are none. */
void ka_put_packets(FILE *out, const char *prefix, const char *kept);
/* What is kept, and the command that runs the instance again. */
void ka_put_again(FILE *out, const struct ka_report *report, const struct ka_result *result,
		  const char *prefix);
/* That command, to be freed; NULL without memory. @command: argv[0]. */
char *ka_again_text(const char *command, const struct ka_result *result);
/* All of it. */
void ka_put_story(FILE *out, const struct ka_report *report, const struct ka_result *result,
		  const char *prefix);

#endif
