/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which part of which plan a result belongs to: the field "plan" of its line. So the files of shards,
 * machines and kernels can be joined, and what is missing is known.
 *
 *   id        "9f3a...": of the names and the order of the whole plan
 *   seed      as text; parts of one plan have the same
 *   instances of the whole plan; part: how many this part has on each kernel
 *   place     of this instance in the whole plan, from 0
 *   shard, shards   "2", "3" of --shard 2/3; 1, 1: the whole
 *   kernels   how many the run was given
 *   machine, version   where it ran, and which kacheck
 */
#ifndef KA_PART_H
#define KA_PART_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "netns/err.h"

struct ka_part {
	uint64_t id, seed;
	unsigned instances, part, shard, shards, kernels;
	char machine[65], version[32];
};

/* The field of the instance at @place. A new reference, NULL without memory. */
json_t *ka_part_encode(const struct ka_part *part, unsigned place);

/* Reads the field. 0, or -EINVAL naming what is wrong. */
int ka_part_decode(struct ka_part *part, unsigned *place, const json_t *json, struct nn_err *err);

/* NULL: both are parts of one plan; else in what they differ, "seed". */
const char *ka_part_differs(const struct ka_part *a, const struct ka_part *b);

#endif
