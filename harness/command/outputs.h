/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go: a report on standard output and others in files. */
#ifndef KA_OUTPUTS_H
#define KA_OUTPUTS_H

#include <stdio.h>

#include "command/run_options.h"

struct ka_output {
	const char *name; /* "standard output", or the file's */
	FILE *file;
	struct ka_report *report;
	bool only_trouble; /* passes are not written */
	bool lost;         /* it could not be written, and that was told */
};

struct ka_outputs {
	struct ka_output all[KA_MAX_REPORTS + 1]; /* the first is standard output */
	size_t n;
};

/* Opens all of them for @planned results, before anything runs. Complains itself; returns
 * KA_EXIT_OK, KA_EXIT_USAGE or KA_EXIT_BROKEN. */
int ka_outputs_open(struct ka_outputs *outputs, const struct ka_run_options *options,
		    unsigned planned);

/* Writes one result to each. An output that is lost is told of once. True while any is left. */
bool ka_outputs_result(struct ka_outputs *outputs, const struct ka_result *result);

/* Writes the ends, closes. True when nothing was lost. */
bool ka_outputs_close(struct ka_outputs *outputs, const struct ka_totals *totals);

/* Standard output, for a headline before the first result. */
FILE *ka_outputs_stdout(struct ka_outputs *outputs);

#endif
