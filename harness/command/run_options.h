/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck run` was asked for. */
#ifndef KA_RUN_OPTIONS_H
#define KA_RUN_OPTIONS_H

#include "command/verdicts.h"
#include "plan/plan.h"
#include "report/kernels.h"

#define KA_MAX_REPORTS 16

struct ka_report_file {
	const char *format, *path;
};

struct ka_run_options {
	struct ka_plan_options plan;
	const char *kernels[KA_MAX_KERNELS]; /* as given; at least "host" */
	size_t n_kernels;
	const char *guest_binary; /* NULL: guest/guest.h says which */
	unsigned jobs, guests, repeat;
	bool until_fail;
	bool have_seed;
	const char *format; /* of standard output */
	struct ka_report_file reports[KA_MAX_REPORTS];
	size_t n_reports;
	const char *out_dir; /* NULL: keep nothing */
	bool keep_all;
	int when_color; /* as given: enum color */
	bool color;     /* decided: option, environment, terminal */
	bool strict, quiet, verbose;
	enum ka_exit_style exit_style;
	unsigned noise_budget_ms, noise_goal_ms;
};

/* Parses the command line; ends the process on wrong usage and after --help. */
void ka_run_options_parse(struct ka_run_options *options, int argc, char **argv);

/* The same for `kacheck report`, which has those of the options that say what to write and what to make
 * of it. @take_file gets @options and a word. */
void ka_report_options_parse(struct ka_run_options *options, const char *about,
			     void (*take_file)(void *options, const char *word), int argc,
			     char **argv);

#endif
