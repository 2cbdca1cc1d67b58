/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The experiments that answer for a rollout: cases as those of the catalogue, only that their
 * values are known when the program runs. Measuring, judging and cleaning up are those of any case.
 */
#ifndef KA_TRIALS_H
#define KA_TRIALS_H

#include "model/case.h"
#include "rollout/knobs.h"
#include "rollout/questions.h"

/* What is to be tried: values before and after, and the gateways that are asked about. It travels to a
 * guest kernel as text, so that both ends make the same experiments of it. */
#define KA_MAX_SPEC_GATEWAYS (KA_MAX_QUESTIONS + 2)

struct ka_spec_gateway {
	unsigned timeout_s;
	enum ka_unknown unknown;
	bool half_closed; /* the time is that of a connection that one end has shut down */
};

/* A value as it stands in the file. */
struct ka_spec_write {
	enum ka_knob knob;
	char text[48]; /* so much of it as is printable ASCII */
};

struct ka_spec {
	struct ka_knobs before, after;
	struct ka_spec_write writes[KA_KNOBS];
	size_t n_writes;
	struct ka_spec_gateway gateways[KA_MAX_SPEC_GATEWAYS];
	size_t n_gateways;
	bool virtual_clock; /* hours cost nothing */
};

/* As text, to be freed; NULL without memory. It is the structure itself, which has no pointers: the guest
 * runs the same program. */
char *ka_spec_text(const struct ka_spec *spec);
/* 0 or -EINVAL. */
int ka_spec_read(struct ka_spec *spec, const char *text, struct nn_err *err);

enum ka_trial_kind {
	KA_TRIAL_WRITE, /* .index of the spec's writes: does the kernel take it? */
	KA_TRIAL_DEAD_BEFORE,
	KA_TRIAL_DEAD_AFTER,
	KA_TRIAL_UNACKED_BEFORE,
	KA_TRIAL_UNACKED_AFTER,
	KA_TRIAL_DEAD_V6, /* after, over IPv6 */
	KA_TRIAL_UNACKED_V6,
	KA_TRIAL_ALIVE_BEFORE,
	KA_TRIAL_ALIVE_AFTER,
	KA_TRIAL_GATEWAY, /* .index of the spec's gateways; several phases of the timer */
	KA_TRIAL_ONE_LOST,
	KA_TRIAL_OPTION, /* the values as socket options */
	KA_TRIAL_EFFECT, /* .index of the spec's writes: what it does that keepalive does not */
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
	bool refused; /* KA_TRIAL_WRITE: declared as one that the kernel refuses */
	/* KA_TRIAL_GATEWAY: declared as one that the connection lives through; KA_TRIAL_EFFECT: as one
	 * where the closed connection is still there */
	bool must_keep;
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
	struct ka_spec spec; /* with what the kernel makes of its values */
	/* parallel; one more than .n may count: what has no room is made there, and left out */
	struct ka_case cases[KA_MAX_TRIALS + 1];
	struct ka_trial trials[KA_MAX_TRIALS + 1];
	size_t n;
	struct ka_theme theme;
	const struct ka_theme *themes[1];
};

/* The values make sense as a setting: all three are at least 1. */
bool ka_trials_regular(const struct ka_knobs *knobs);
/* To be freed with free(). -ENOMEM. What the kernel takes, and what is expected of the gateways, depends
 * on its HZ and release. */
int ka_trials_new(struct ka_trials **ret, const struct ka_spec *spec, int hz, const char *release,
		  struct nn_err *err);

#endif
