/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options by which `run` and `list` choose instances, as a child of their parsers. */
#ifndef KA_SELECT_H
#define KA_SELECT_H

#include <argp.h>

#include "plan/plan.h"

/* The parser; its input is a struct ka_plan_options, which it fills. */
const struct argp *ka_select_argp(void);

/* Makes the plan of @options for the kernel of @facts out of the catalogue. Complains itself;
 * returns KA_EXIT_OK, KA_EXIT_USAGE or KA_EXIT_BROKEN. */
int ka_select_plan(struct ka_plan *plan, const struct ka_plan_options *options,
		   const struct ka_facts *facts);

/* The facts of this host. Complains itself; returns KA_EXIT_OK or KA_EXIT_BROKEN. */
int ka_select_host(struct ka_facts *facts);

/* In real time, what was asked for may take hours: better known at once. */
void ka_select_warn(const struct ka_plan *plan);

#endif
