/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that stay behind of an instance: NAME/{client.pcap,server.pcap,timeline.tsv,result.json} */
#ifndef KA_SCHEDULE_KEEP_H
#define KA_SCHEDULE_KEEP_H

#include "bench/bench.h"
#include "plan/schedule.h"

/* True when files are wanted of an instance that was judged so. */
bool ka_keep_is_due(const struct ka_instance_run *run, const struct ka_verdict *verdict);

/* Writes the files, and into the result @json where they are ("kept") or what went wrong
 * ("keep_error"): a full disk changes no verdict. */
void ka_keep(const struct ka_instance_run *run, const struct ka_record *record,
	     const struct ka_verdict *verdict, json_t *json);

#endif
