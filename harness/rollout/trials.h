/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The experiments that answer for a rollout: cases as those of the catalogue, only that their
 * values are known when the program runs. Measuring, judging and cleaning up are those of any case.
 */
#ifndef KA_TRIALS_H
#define KA_TRIALS_H

#include "model/case.h"
#include "rollout/spec.h"

enum ka_trial_kind {
	KA_TRIAL_WRITE, /* .index of the spec's writes: does the kernel take it? */
	KA_TRIAL_DEAD_BEFORE,
	KA_TRIAL_DEAD_AFTER,
	KA_TRIAL_UNACKED_BEFORE,
	KA_TRIAL_UNACKED_AFTER,
	KA_TRIAL_ALIVE_BEFORE,
	KA_TRIAL_ALIVE_AFTER,
	KA_TRIAL_GATEWAY, /* .index of the spec's gateways; several phases of the timer */
	KA_TRIAL_ONE_LOST,
	KA_TRIAL_OPTION, /* the values as socket options */
	/* who is not changed */
	KA_TRIAL_NO_KEEPALIVE,
	KA_TRIAL_OWN_OPTIONS,
	KA_TRIAL_ARMED,
	KA_TRIAL_CONTAINERS,
};

#define KA_MAX_TRIALS   128
#define KA_TRIAL_STEPS  10
#define KA_TRIAL_TEXTS  6
#define KA_TRIAL_PHASES 4

struct ka_trial {
	enum ka_trial_kind kind;
	size_t index;
	bool must_keep; /* KA_TRIAL_GATEWAY: declared as one that the connection lives through */
	struct ka_setting with[2]; /* the values that it was made with, and the end of the list */
	struct ka_setting then;    /* KA_TRIAL_ARMED: those that they were changed to */
	/* what the case points to besides */
	struct ka_case *case_;
	char name[48];
	struct ka_step steps[KA_TRIAL_STEPS];
	char texts[KA_TRIAL_TEXTS][24];
	size_t n_texts;
	struct ka_gateway gateway;
};

struct ka_trials {
	/* parallel; one more than .n may count: what has no room is made there, and left out */
	struct ka_case cases[KA_MAX_TRIALS + 1];
	struct ka_trial trials[KA_MAX_TRIALS + 1];
	size_t n;
	struct ka_theme theme;
	const struct ka_theme *themes[1];
};

/* To be freed with free(). -ENOMEM. What is expected of the gateways depends on @hz. */
int ka_trials_new(struct ka_trials **ret, const struct ka_spec *spec, int hz, struct nn_err *err);

/* The trial that @name (of a case) is; NULL: none. */
const struct ka_trial *ka_trials_find(const struct ka_trials *trials, const char *name);

#endif
