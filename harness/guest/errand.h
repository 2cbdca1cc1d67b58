/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What travels between host and guest. In: an errand, a JSON file in the initramfs. Out, over a
 * serial line: one letter, a blank, JSON, newline: F facts, R a result with its index, K a file
 * that is kept of it, just before (parcel.h), X why the guest could not begin, E the end.
 */
#ifndef KA_ERRAND_H
#define KA_ERRAND_H

#include <jansson.h>

#include "judge/judge.h"
#include "netns/err.h"
#include "plan/plan.h"

#define KA_ERRAND_PATH  "/errand.json"
#define KA_MODULES_PATH "/modules.list" /* one path a line, in the order of loading */

struct ka_errand {
	struct ka_plan_options plan; /* its strings belong to .json */
	const char *trials;          /* NULL: the catalogue */
	unsigned jobs;
	unsigned part, part_size; /* of the plan: part.h */
	bool keep, keep_all;      /* files of what failed, or of everything */
	json_t *json;             /* owned */
};

/* As JSON text, to be freed; NULL without memory. */
char *ka_errand_text(const struct ka_errand *errand);
/* Reads the file at @path. 0 or -errno. */
int ka_errand_read(struct ka_errand *errand, const char *path, struct nn_err *err);
void ka_errand_free(struct ka_errand *errand);

/* The kernel's facts as JSON, NULL without memory, and back: 0 or -EINVAL. */
json_t *ka_facts_encode(const struct ka_facts *facts);
int ka_facts_decode(struct ka_facts *facts, const json_t *json);

#endif
