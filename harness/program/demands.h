/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is demanded of a program: by a variant of its recipe, or on the command line. Pure. */
#ifndef KA_DEMANDS_H
#define KA_DEMANDS_H

#include <stdbool.h>

#include "model/setting.h"
#include "rollout/questions.h"

struct ka_demands {
	/* a silent peer of an idle connection, and of one with an answer on its way, is noticed
	 * within so long; 0: not demanded, INFINITY: never */
	double detect_s, busy_s;
	double idle_s; /* a healthy connection is there after so long; 0: not demanded */
	struct ka_questions survive; /* gateways that an idle connection lives through */
	bool options;                /* .keepalive is demanded; .cnt 0: no SO_KEEPALIVE */
	struct ka_setting keepalive;
	bool no_leak; /* it lets go of what the kernel has ended, or the peer has closed */
};

/* What a demand is called, in a recipe and, behind "--", on the command line; NULL at the end. */
extern const char *const ka_demand_names[];

/* Adds "detect-within" "2m" and the like. 0 or -EINVAL; the text says what would be right. */
int ka_demands_take(struct ka_demands *demands, const char *name, const char *value,
		    struct nn_err *err);
bool ka_demands_any(const struct ka_demands *demands);
/* Adds those of @more, which take the place of what @demands has. */
void ka_demands_add(struct ka_demands *demands, const struct ka_demands *more);

#endif
