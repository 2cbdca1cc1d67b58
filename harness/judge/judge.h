/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge: prediction and verdict. Pure functions of values: no socket, no clock, no file.
 */
#ifndef KA_JUDGE_H
#define KA_JUDGE_H

#include "model/case.h"
#include "model/timeline.h"
#include "model/verdict.h"

#define KA_SENSE_TEXT 200

/* Seconds that the steps of @instance take at the most that can be said before they are done: waits
 * for probes count with the setting's longest rounding (judge/oracle.c). */
double ka_steps_s(const struct ka_instance *instance);

/* 0, or -EINVAL with the reason in @why: the declaration makes no sense (judge/oracle.c). */
int ka_check_sense(const struct ka_instance *instance, char *why, size_t size);

/* Computes what must happen (judge/oracle.c). Needs of @facts only hz. Returns 0, or -EINVAL for a
 * declaration that makes no sense. */
int ka_predict(const struct ka_instance *instance, const struct ka_facts *facts,
	       struct ka_prediction *out);

/*
 * An instance as it was: of one with a program, its case, setting and prediction follow the options
 * that the program's socket had, and what the program did by itself (judge/settle.c). It closed before
 * its kernel ended the connection; it sent what nobody acknowledged, so that another timer rules; what
 * waits cannot be sent. Of any other instance, a copy. Must not be moved: .instance points into it.
 */
struct ka_settled {
	struct ka_case case_;
	struct ka_instance instance;
	struct ka_prediction prediction;
	struct ka_timeline timeline; /* the same events; .armed_ns as sock_diag told it */
	/* the time from which on the rule in force counts: of what is lost, or of the last segment that
	 * was accepted; 0: not known */
	int64_t since_ns;
};

/*
 * Settles. @timeline is sorted, and may still grow: .since_ns and .prediction.give_up_s then say how long
 * the end of what was seen so far may take. The events stay @timeline's.
 */
void ka_settle(const struct ka_instance *instance, const struct ka_facts *facts,
	       const struct ka_prediction *prediction, const struct ka_timeline *timeline,
	       struct ka_settled *out);

/*
 * Judges an instance; one with a program must be settled. Compares @timeline (sorted) with @prediction.
 * Broken comes before fail: where the experiment did not happen, nothing is said about the kernel.
 */
void ka_judge(const struct ka_instance *instance, const struct ka_facts *facts,
	      const struct ka_prediction *prediction, const struct ka_timeline *timeline,
	      struct ka_verdict *out);

#endif
