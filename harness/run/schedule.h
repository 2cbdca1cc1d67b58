/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a plan: every instance in a sandbox of its own, as many at once as asked; set-up work
 * (building networks, handshakes) and tearing down only so many at a time that those that measure are
 * not disturbed (pace.h). Longest first. A deadline on every instance; what overruns is killed whole.
 * What a stall of the host has spoilt ends at once and is started again, the last time behind all others.
 */
#ifndef KA_SCHEDULE_H
#define KA_SCHEDULE_H

#include <jansson.h>

#include "netns/err.h"
#include "plan/plan.h"
#include "run/host.h"

/* What the first process of a sandbox is told. */
struct ka_instance_run {
	const struct ka_instance *instance;
	const struct ka_prediction *prediction;
	const struct ka_facts *facts; /* .noise_ns is still to be filled, if .noise is there */
	const struct ka_noise *noise; /* NULL: not measured */
	const char *out_dir;          /* where to keep files; NULL: nowhere */
	bool keep_all;
	bool last_try; /* nobody runs it again, even if the host stalled */
	bool paced;    /* asks before it tears down what it has built */
	int fd;        /* for ka_instance_send() */
	int made;      /* as in the options */
};

/* Runs one instance in its sandbox and sends the result; the return value is the exit status of
 * the process, anything but 0 makes the instance broken. */
typedef int ka_instance_fn(const struct ka_instance_run *run);

/* What every run has, the tests' own included: users meet no flake that CI does not see. */
#define KA_RETRIES         2
#define KA_NOISE_BUDGET_NS 250000000ll
#define KA_NOISE_GOAL_NS   20000000ll

struct ka_schedule_options {
	unsigned jobs;       /* instances at once; 0: all */
	const char *out_dir; /* where failures are kept; NULL: nowhere */
	bool keep_all;       /* keep passes too */
	unsigned retries;    /* how often a broken instance of a stalled host is run again */
	int64_t noise_budget_ns;
	int64_t noise_goal_ns; /* what building and tearing down may make timers late by; 0: any */
	/* how late they were, ns, from @from_ns to @to_ns; NULL: the watchers say */
	int64_t (*lateness)(int64_t from_ns, int64_t to_ns);
	ka_instance_fn *run; /* NULL: ka_instance_run */
	int made; /* of ka_schedule_made(): what set-up commands of programs have made; 0: none is kept */
	double set_up_s;  /* allowed for building and tearing down; 0: the default */
	double refused_s; /* no more at once than the host would have, so long; 0: the default */
};

struct ka_progress {
	unsigned done, running, total; /* .running 0: not known */
	double left_s;
};

struct ka_schedule_events {
	/* One result, as soon as it is there; takes over the JSON reference. Return non-zero to stop
	 * the whole schedule (the value is returned by ka_schedule_run). */
	int (*result)(void *arg, size_t index, json_t *json);
	void (*progress)(void *arg, const struct ka_progress *progress); /* NULL: none */
	int64_t progress_every_ns; /* 0: four times a second */
	/* once, at the end, where the host's clock is the instances' clock; NULL: not wanted */
	void (*noise)(void *arg, const struct ka_host_noise *noise);
	void *arg;
};

/* Returns 0 when all results were delivered, -errno when the runner itself failed, -EINTR after
 * SIGINT, SIGTERM or SIGHUP (all sandboxes are dead then). */
int ka_schedule_run(const struct ka_plan *plan, const struct ka_facts *facts,
		    const struct ka_schedule_options *options,
		    const struct ka_schedule_events *events, struct nn_err *err);

/* A file in memory for what the set-up commands of programs make: whoever runs several plans gives it to
 * all, so that only the first instance of each set-up runs it. To be closed. Never 0. -errno. */
int ka_schedule_made(struct nn_err *err);

/* ---- in the sandbox (run/instance.c) ------------------------------------------------ */

/* Bench, judge, result: what an instance does unless a test puts something else in its place. */
ka_instance_fn ka_instance_run;
/* The set-up is done: the next instance may begin its own. */
void ka_instance_ready(const struct ka_instance_run *run);
/* All was seen: waits until there is time for what it has built to be torn down. */
void ka_instance_done(const struct ka_instance_run *run);
/* Sends @line (a result without its newline). 0 or -errno. */
int ka_instance_send(const struct ka_instance_run *run, const char *line);

/* ---- kept files (run/keep.c) ---------------------------------------------------------- */

/* The folder of an instance below @out_dir: its name with '.' for '/', ".r7" for repetition 7. */
const char *ka_keep_folder(const struct ka_instance *instance, const char *out_dir, char *buf,
			   size_t size);

#endif
