/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writers: each gets every result once, in the order of the plan, then the totals. */
#ifndef KA_REPORT_H
#define KA_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "netns/err.h"
#include "report/kernels.h"
#include "result/result.h"

struct ka_totals {
	unsigned pass, fail, skip, broken, known;
	unsigned fail_program;    /* of .fail, those that blame a real program, and no kernel */
	unsigned fail_passes;     /* of .fail, those that pass, though declared known to fail */
	unsigned again;           /* instances that a stall of the host made be run again */
	double late_s, late_99_s; /* the host's timers: worst, 99 of 100; 0: not known */
	double wall_s;
	double kernel_s[KA_MAX_KERNELS]; /* of several: how long each took, in their order */
};

struct ka_report; /* opaque */

struct ka_report_options {
	bool color;
	bool verbose;        /* text: also say more of what passed */
	bool quiet;          /* text: only what did not pass */
	unsigned kernels;    /* how many will come; 0 and 1: one */
	const char *command; /* argv[0] for the line that runs an instance again */
	unsigned planned;    /* number of results that will come; 0: not known (tap, ktap: none) */
	unsigned
		name_width; /* text: length of the longest instance name that will come; 0: not known */
};

/* @format: of ka_report_format(). -EINVAL names the known ones. @out stays the caller's; it and the
 * strings of @options must live until ka_report_free(). */
int ka_report_open(struct ka_report **ret, const char *format, FILE *out,
		   const struct ka_report_options *options, struct nn_err *err);
/* Writes one result, whole or not at all, and flushes. Returns 0 or -errno (-EPIPE, -ENOSPC: the
 * output is gone; no SIGPIPE is raised, nothing of it stays buffered in @out). */
int ka_report_result(struct ka_report *report, const struct ka_result *result);
/* Writes what comes last (@totals->wall_s NAN: not known), flushes. Returns 0 or -errno. */
int ka_report_finish(struct ka_report *report, const struct ka_totals *totals);
struct ka_report *ka_report_free(struct ka_report *report);

/* Names of the formats: ka_report_format(0), ... until NULL. */
const char *ka_report_format(size_t i);
/* All of them, "text, tap", into @buf. Returns @buf. */
char *ka_report_formats(char *buf, size_t size);
/* 0, or -EINVAL with a text that names those that there are. */
int ka_report_knows(const char *format, struct nn_err *err);

#endif
