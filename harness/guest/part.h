/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan, cut for guests side by side. What an instance sees depends on its neighbours: they share
 * the guest's random numbers, its jiffies, its tables of routes and neighbours. So the cut depends on
 * the plan and the kind of kernel, and on nothing of the machine: the same results come whether one
 * guest runs the parts in turn, or as many as there are parts run them at once.
 *
 * Parts are dealt like cards, each round beginning one further on, so that no part gets all of one
 * family or one end.
 */
#ifndef KA_PART_H
#define KA_PART_H

#include "plan/plan.h"

#define KA_MAX_PARTS 8

/* How many parts a plan of @n instances has, none of them with much less than @part_size. */
unsigned ka_parts(size_t n, unsigned part_size);
/* Which instance of the whole plan is number @i of part @part; it may be one beyond the plan. */
size_t ka_part_index(unsigned part, unsigned parts, size_t i);
/* Keeps in @plan what part @part of @parts has, in the order of the plan. */
void ka_part_keep(struct ka_plan *plan, unsigned part, unsigned parts);

#endif
