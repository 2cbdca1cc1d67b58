/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One part of a plan, for one of several machines. */
#ifndef KA_SHARD_H
#define KA_SHARD_H

#include "plan/plan.h"

/* Keeps in @plan what shard @shard of @shards (1-based) gets, in the order of the plan. The longest
 * are dealt first, each to the shard that has least to do. 0 or -ENOMEM. */
int ka_shard_keep(struct ka_plan *plan, unsigned shard, unsigned shards);

/* Indices 0..n-1, those with the longest expected time first; equal ones in the order of the plan.
 * Owned by the caller; NULL without memory. */
size_t *ka_longest_first(const struct ka_prediction *predictions, size_t n);

#endif
