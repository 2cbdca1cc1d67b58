/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rollout and all that is known of it: what is written, what it means by arithmetic, what the
 * experiments have shown, what that says to each question. The writers only put it into words.
 */
#ifndef KA_ROLLOUT_H
#define KA_ROLLOUT_H

#include "judge/judge.h"
#include "result/result.h"
#include "rollout/rates.h"
#include "rollout/sanity.h"
#include "rollout/trials.h"

/* What one experiment has shown. */
struct ka_measured {
	bool there;   /* there is a result */
	bool planned; /* it was to run: without a result it was lost, and .why may say how */
	enum ka_verdict_kind verdict;
	char why[300];
	char refusal[32]; /* errno with which a value was refused; empty: none was */
	double detect_s;  /* NAN: no end */
	int probes, answered;
	double period_s[2]; /* between answered probes: shortest, longest; NAN: fewer than two */
	bool have_off;
	int64_t off_jiffies;
	json_t *result; /* all of it; owned; NULL: there is none */
};

/* "pass", ...; "no result" */
const char *ka_measured_word(const struct ka_measured *m);

struct ka_reply {
	bool yes;
	bool measured; /* else by arithmetic only */
	char why[600];
};

/* For which HZ questions are answered. */
#define KA_HZ_OF_KERNEL 0    /* the one of the kernel that is tried */
#define KA_HZ_ALL       (-1) /* all usual ones, and that one */

struct ka_rollout {
	const struct ka_sysctl_set *set; /* NULL: there are only values */
	const char *title;               /* what is rolled out: files or words */
	const char *before_name;         /* "kernel defaults", "host", a file */
	unsigned long connections;       /* 0: not said */
	struct ka_spec spec;
	struct ka_questions questions;
	int hz;                              /* KA_HZ_...; or another one, which is only computed */
	size_t gateway_of[KA_MAX_QUESTIONS]; /* index of the spec's gateways */
	size_t shortest;                     /* gateway of KA_SHOWN_BY_GATEWAY; SIZE_MAX: none */
	struct ka_facts facts;
	struct ka_facts host; /* of this host, which may be another kernel */
	char where[256];      /* "host", "uml:FILE" */
	struct ka_answer before, after;
	struct ka_warning findings[KA_SANES];
	size_t n_findings;
	struct ka_trials *trials; /* owned; NULL: none made */
	struct ka_measured measured[KA_MAX_TRIALS];
};

/* What is to be tried, from values and questions (.spec.before and .after are there). */
void ka_rollout_plan(struct ka_rollout *r);
/* The kernel is known: arithmetic, findings, experiments. 0 or -ENOMEM. */
int ka_rollout_predict(struct ka_rollout *r, struct nn_err *err);
void ka_rollout_free(struct ka_rollout *r);

/* Trial number @i is to run; its result has come: takes over @json. */
void ka_rollout_expect(struct ka_rollout *r, size_t i);
void ka_rollout_take(struct ka_rollout *r, size_t i, json_t *json);

/* The first trial of @kind and @index that is there; NULL: none. */
const struct ka_measured *ka_rollout_measured(const struct ka_rollout *r, enum ka_trial_kind kind,
					      size_t index);
/* The same with the trial itself. */
const struct ka_measured *ka_rollout_trial(const struct ka_rollout *r, enum ka_trial_kind kind,
					   size_t index, const struct ka_trial **trial);

/* Those for which an answer must hold. */
struct ka_rates ka_rollout_rates(const struct ka_rollout *r);
struct ka_reply ka_rollout_reply(const struct ka_rollout *r, size_t question);

/* What shows a finding; NULL: nothing that ran. */
const struct ka_measured *ka_rollout_proof(const struct ka_rollout *r,
					   const struct ka_warning *finding);

enum ka_outcome {
	KA_OUTCOME_HELD, /* as computed; a gateway whose timer decides by luck may end either way */
	KA_OUTCOME_DIFFERS,
	KA_OUTCOME_BROKEN, /* it did not happen */
	KA_OUTCOME_LOST,   /* it was to run, and there is no result that can be read */
	KA_OUTCOME_SKIPPED,
	KA_OUTCOME_NOT_RUN,
};
enum ka_outcome ka_rollout_outcome(const struct ka_rollout *r, size_t trial);

struct ka_tally {
	unsigned trials, held, differ, broken, lost, skipped, unplanned;
};
struct ka_tally ka_rollout_tally(const struct ka_rollout *r);

enum ka_rollout_end {
	KA_ROLLOUT_GOOD,
	KA_ROLLOUT_BAD,     /* a question is answered with no, or a kernel does otherwise */
	KA_ROLLOUT_BROKEN,  /* no such thing is known, but an experiment has no result */
	KA_ROLLOUT_NOTHING, /* of what was to run nothing is possible here */
};
enum ka_rollout_end ka_rollout_end(const struct ka_rollout *r);
/* No experiment that was to run has said anything. */
bool ka_rollout_silent(const struct ka_rollout *r);

#endif
