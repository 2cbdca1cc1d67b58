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
	struct ka_capture_file captures[2]; /* packets of client and server, to be kept */
};

/* What whoever runs an instance is told of it, and what it is told of the host. Any may be NULL. */
struct ka_bench_events {
	/* the set-up work is done, from now on the instance mostly waits */
	void (*ready)(void *arg);
	/* all was seen; when this returns, what was built is torn down */
	void (*done)(void *arg);
	/* how late the host woke its timers from @from_ns to @to_ns */
	int64_t (*late_ns)(void *arg, int64_t from_ns, int64_t to_ns);
	/* later than this, where something was done or seen: it ends at once, the host has stalled */
	int64_t budget_ns;
	/* until when an end that is overdue by the prediction is to be waited for all the same, after what
	 * a program did on its own; the timeline is sorted. */
	int64_t (*give_up_ns)(void *arg, const struct ka_timeline *timeline);
	/* the process ends after it: what ends with that is left to it */
	bool last;
	/* see struct ka_facts */
	int64_t look_ns;
	/* the machine is there for this run alone: what concerns all of it concerns nobody else */
	bool own_machine;
	/* of ka_made_open(); 0: each instance of a program runs its set-up commands */
	int made;
	void *arg;
};

/*
 * Must run as first process of a sandbox (netns/sandbox.h): builds the topology, starts the peers,
 * runs the steps, observes, until the connection ended, was watched long enough or is overdue.
 * Whatever goes wrong is in the timeline (KA_END_BROKEN, KA_END_SKIP); the return value is -errno
 * only without memory. @events may be NULL.
 */
int ka_bench_run(const struct ka_instance *instance, const struct ka_prediction *prediction,
		 const struct ka_bench_events *events, struct ka_record *record);

/* A file in memory for what the set-up commands of programs make, so that only the first instance of each
 * runs them; all are given it by the same number, and it ends with the last of them. Never 0. -errno. */
int ka_made_open(struct nn_err *err);

void ka_record_free(struct ka_record *record);

#endif
