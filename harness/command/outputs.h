/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go: a report on standard output and others in files. */
#ifndef KA_OUTPUTS_H
#define KA_OUTPUTS_H

#include <stdio.h>

#include "command/run_options.h"
#include "report/report.h"

struct ka_output {
	const char *name; /* "standard output", or the file's */
	const char *format;
	FILE *file;
	struct ka_report *report;
	bool only_trouble; /* passes are not written */
	bool lost;         /* it could not be written, and that was told */
};

/* What will come, of all kernels. */
struct ka_planned {
	unsigned n;
	unsigned name_width; /* length of the longest name */
	const char *from;    /* the files that were read; NULL: it is run now */
};

struct ka_outputs {
	struct ka_output all[KA_MAX_REPORTS + 1]; /* the first is standard output */
	size_t n;
};

/* Opens the files, before anything runs; nothing is written yet. Complains itself; returns
 * KA_EXIT_OK, KA_EXIT_USAGE or KA_EXIT_BROKEN. */
int ka_outputs_open(struct ka_outputs *outputs, const struct ka_run_options *options);

/* Begins the reports on @plan. Complains itself; true while any output is left. */
bool ka_outputs_begin(struct ka_outputs *outputs, const struct ka_run_options *options,
		      const struct ka_planned *planned);

/* Writes one result to each. An output that is lost is told of once. True while any is left. */
bool ka_outputs_result(struct ka_outputs *outputs, const struct ka_result *result);

/* Writes the ends (unless there was no beginning), closes. True when nothing was lost. */
bool ka_outputs_close(struct ka_outputs *outputs, const struct ka_totals *totals);

#endif
