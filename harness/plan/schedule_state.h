/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner's state, shared by the files of the scheduler. */
#ifndef KA_SCHEDULE_STATE_H
#define KA_SCHEDULE_STATE_H

#include <signal.h>
#include <sys/resource.h>

#include "plan/schedule_job.h"

/* What an epoll event is about: the index of a job, times two, plus one for its pidfd; or these. */
#define KA_TAG_SIGNAL UINT64_MAX
#define KA_TAG_TIMER  (UINT64_MAX - 1)

struct ka_schedule {
	const struct ka_plan *plan;
	const struct ka_facts *facts;
	const struct ka_schedule_options *options;
	const struct ka_schedule_events *events;
	struct nn_err *err;

	struct ka_noise *noise;
	int epoll, timer, signals;
	sigset_t mask_before;
	struct rlimit files_before;

	struct ka_job *jobs; /* one for each instance, by its index in the plan */
	size_t *queue;       /* indices, longest first; queue[head..] still wait */
	size_t head;
	size_t done, running, setting_up;
	size_t max_running, max_setting_up;
	int64_t progress_ns; /* when progress is due again */
};

/* Allocates, starts the watch on the host's noise, raises limits, turns signals into events. 0 or
 * -errno; ka_schedule_close() in any case. */
int ka_schedule_open(struct ka_schedule *s);
/* Kills whatever still runs; puts limits and signals back. */
void ka_schedule_close(struct ka_schedule *s);
/* Lets epoll tell when @fd is readable. 0 or -errno. */
int ka_schedule_watch(struct ka_schedule *s, int fd, uint64_t tag);
void ka_schedule_unwatch(struct ka_schedule *s, int fd);

#endif
