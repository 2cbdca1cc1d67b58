/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One instance under way, seen from the runner: a sandbox, the pipe on which its result comes, a
 * deadline. What travels on its channel: 'R' when the set-up is done, 'D' when all was seen (either may
 * be left out), to which the runner answers with one byte, the result as one JSON line, end of file.
 */
#ifndef KA_JOB_H
#define KA_JOB_H

#include "netns/nursery.h"
#include "run/schedule.h"

struct ka_job {
	size_t index; /* in the plan */
	struct nn_sandbox box;
	int fd; /* the runner's end; -1: none */
	char *text;
	size_t used, room;
	bool running, ready;
	bool asked;      /* all was seen: it waits for leave to tear down */
	bool going;      /* it has it */
	json_t *history; /* owned; why it was tried before; NULL: it was not */
	int64_t started_ns, deadline_ns;
	unsigned tries; /* how often it was started */
};

#define KA_JOB_INIT                                                                                \
	{                                                                                          \
		.box = NN_SANDBOX_INIT, .fd = -1                                                   \
	}

/* Opens the nursery of all jobs: what a job's run points to must be there now. */
int ka_job_nursery(struct nn_nursery *nursery, const struct ka_facts *facts, int made,
		   struct nn_err *err);

/* Starts @job as @run says (its facts are copied, its fd is filled in). The runner's files are closed
 * in the sandbox. 0 or -errno of nn_sandbox_start(), pipe(). */
int ka_job_start(struct ka_job *job, struct nn_nursery *nursery, ka_instance_fn *fn,
		 const struct ka_instance_run *run, struct nn_err *err);

/* Tears down what it has built, if it has asked. */
void ka_job_go(struct ka_job *job);

/* Reads what is there. 1 at the end of the pipe, 0 when more may come, or -errno. */
int ka_job_read(struct ka_job *job);

/* The sandbox has ended: reaps it and returns the result that it sent, or NULL with @why (of @size)
 * saying what came instead. */
json_t *ka_job_finish(struct ka_job *job, char *why, size_t size);

/* Remembers why this try was in vain: the host's findings of its result @json. 0 or -ENOMEM. */
int ka_job_remember(struct ka_job *job, const json_t *json);

/* Kills the sandbox with all that is in it, forgets what it has sent. Safe at any time. */
void ka_job_kill(struct ka_job *job);

#endif
