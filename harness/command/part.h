/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which part of which plan a result is of, so that kacheck report joins what ran elsewhere. */
#ifndef KA_COMMAND_PART_H
#define KA_COMMAND_PART_H

#include <jansson.h>

#include "plan/plan.h"

/* Sets "plan" in @json, the result of instance number @index of @plan, which was made with @options and
 * runs on so many @kernels. */
void ka_part_add(json_t *json, const struct ka_plan *plan, size_t index,
		 const struct ka_plan_options *options, unsigned kernels);

#endif
