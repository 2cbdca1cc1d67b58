/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that stay behind of an instance: NAME/{packets.pcapng,timeline.tsv,result.json} */
#ifndef KA_KEEP_H
#define KA_KEEP_H

#include "bench/bench.h"
#include "run/schedule.h"

/* True when files are wanted of an instance that was judged so. */
bool ka_keep_is_due(const struct ka_instance_run *run, const struct ka_verdict *verdict);

/* Writes the files, and into the result @json where they are ("kept") or what went wrong
 * ("keep_error"): a full disk changes no verdict. */
void ka_keep(const struct ka_instance_run *run, const struct ka_record *record,
	     const struct ka_verdict *verdict, json_t *json);

/* The names of an instance's files besides its result: ka_keep_name(0), ... until NULL. */
const char *ka_keep_name(size_t i);

/* Writes one of these files into @folder, which is made if it is not there; -EINVAL: no such name. */
int ka_keep_bytes(const char *folder, const char *name, const void *bytes, size_t n,
		  struct nn_err *err);
/* Writes the result there. */
int ka_keep_result(const char *folder, const json_t *json, struct nn_err *err);
/* Removes @folder and these files, as far as they are there. */
void ka_keep_remove(const char *folder);

#endif
