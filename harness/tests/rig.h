/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a plan beside a cmocka group: a child process schedules all instances at once and passes
 * the results on; each test waits for its own. So the group takes as long as its longest instance,
 * and no assertion is ever made in a child.
 */
#ifndef KA_RIG_H
#define KA_RIG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "plan/plan.h"
#include "result/result.h"

struct ka_rig {
	struct ka_plan plan;
	struct ka_result *results; /* by index in the plan; .json NULL while it is not there */
	pid_t child;
	FILE *lines;
};

/* Expands @themes and starts the run. Returns 0 or -errno with @err. */
int ka_rig_start(struct ka_rig *rig, const struct ka_theme *const *themes, size_t n_themes,
		 const struct ka_plan_options *options, struct nn_err *err);

/* Waits for the result of instance @index; NULL when the run ended without it. */
const struct ka_result *ka_rig_wait(struct ka_rig *rig, size_t index);

/* Ends the child (kills it if results are missing) and frees everything. */
void ka_rig_stop(struct ka_rig *rig);

#endif
