/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one instance, inside a sandbox, and returns what was seen. */
#ifndef KA_BENCH_H
#define KA_BENCH_H

#include "bench/capture.h"
#include "judge/judge.h"
#include "model/case.h"
#include "model/timeline.h"
#include "netns/err.h"

struct ka_record {
	struct ka_timeline timeline;
	struct ka_capture_file captures[2]; /* packets of client and server, for pcap files */
};

/*
 * Must run as first process of a sandbox (netns/sandbox.h): builds the topology, starts the peers,
 * runs the steps, observes, until the connection ended, was watched long enough or is overdue.
 * Whatever goes wrong is in the timeline (KA_END_BROKEN, KA_END_SKIP); the return value is -errno
 * only without memory. @on_ready(@arg) is called once when the set-up work is done and the
 * instance from now on mostly waits (the scheduler then starts the next one); it may be NULL.
 */
int ka_bench_run(const struct ka_instance *instance, const struct ka_prediction *prediction,
		 void (*on_ready)(void *arg), void *arg, struct ka_record *record);

void ka_record_free(struct ka_record *record);

#endif
