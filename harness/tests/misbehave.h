/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instances that need no bench and misbehave in every way. What they do is in their seed, their
 * index in the plan in their repetition; what they did is in memory that all sandboxes share.
 */
#ifndef KA_MISBEHAVE_H
#define KA_MISBEHAVE_H

#include "run/schedule.h"

#define KA_MOST 40         /* instances of one plan */
#define KA_MUCH (3u << 20) /* letters of a very long result */

enum ka_behaviour {
	PASSES,
	PASSES_WITHOUT_READY,
	HANGS,
	HANGS_WITH_CHILD,
	CRASHES,
	EXITS_7,
	SAYS_NOTHING,
	SAYS_GARBAGE,
	SAYS_HALF,
	SAYS_MUCH,
	PASSES_AND_EXITS_1,
	STALLS_UNTIL_LAST_TRY,
	STALLS_ALWAYS,
	BREAKS,
	LINGERS, /* takes a moment, so that others run beside it */
};

/* Seen by all sandboxes. */
struct ka_shared {
	_Atomic unsigned starts, running, most_running, setting_up, most_setting_up;
	_Atomic unsigned working, most_working; /* setting up or tearing down */
	_Atomic unsigned order[KA_MOST];        /* indices + 1 in the order of their start */
	_Atomic unsigned tries[KA_MOST];
};

/* The shared memory; NULL without. */
struct ka_shared *ka_misbehave_shared(void);

ka_instance_fn ka_misbehave;

#endif
