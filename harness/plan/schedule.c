/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner: one thread, one epoll. It sleeps until an instance sends, ends or overruns, or
 * somebody interrupts. Every instance is in one of three states: waiting in the queue, setting up
 * (from the start to its 'R'), measuring.
 */
#include "plan/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "plan/schedule_state.h"
#include "result/result.h"

#define NSEC_PER_SEC 1000000000ll
#define PROGRESS_NS  (NSEC_PER_SEC / 4)
#define EVENTS       64

/* A network is built in some tens of ms, and as many are built at once as there are CPUs, twice; a
 * host that is a hundred times slower still fits in. */
#define SET_UP_S 20.0

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* ---- results ------------------------------------------------------------------------------ */

static int deliver(struct ka_schedule *s, size_t index, json_t *json)
{
	if (!json)
		return nn_fail(s->err, ENOMEM, "cannot keep a result");
	s->done++;
	return s->events->result(s->events->arg, index, json);
}

static int deliver_without_run(struct ka_schedule *s, size_t index, enum ka_verdict_kind kind,
			       const char *why)
{
	return deliver(s, index,
		       ka_result_without_run(&s->plan->instances[index], s->facts, kind, why));
}

/* Closing a file is not enough to end its watch: a sandbox that has just been forked may still hold
 * it, and a stale event would be taken for one of the job's next try. */
static void leave(struct ka_schedule *s, const struct ka_job *job)
{
	ka_schedule_unwatch(s, job->fd);
	ka_schedule_unwatch(s, job->box.pidfd);
	s->running--;
	s->setting_up -= !job->ready;
}

static bool host_stalled(const json_t *json)
{
	const char *verdict = json_string_value(json_object_get(json, "verdict"));
	const char *why = json_string_value(json_object_get(json, "why"));

	return verdict && why && strcmp(verdict, ka_verdict_name(KA_BROKEN)) == 0 &&
	       strncmp(why, "host stalled", strlen("host stalled")) == 0;
}

/* The sandbox of @job has ended. */
static int finish(struct ka_schedule *s, struct ka_job *job)
{
	char why[200];
	json_t *json;

	leave(s, job);
	json = ka_job_finish(job, why, sizeof(why));
	if (!json)
		return deliver_without_run(s, job->index, KA_BROKEN, why);
	if (host_stalled(json) && job->tries <= s->options->retries) {
		json_decref(json);
		s->queue[--s->head] = job->index; /* its own place, or that of one started since */
		return 0;
	}
	return deliver(s, job->index, json);
}

static int overrun(struct ka_schedule *s, struct ka_job *job)
{
	char why[100];

	snprintf(why, sizeof(why), "overran its deadline of %.0f s",
		 (double)(job->deadline_ns - job->started_ns) / NSEC_PER_SEC);
	leave(s, job);
	ka_job_kill(job);
	return deliver_without_run(s, job->index, KA_BROKEN, why);
}

/* ---- start -------------------------------------------------------------------------------- */

/* How long an instance may take: as long as predicted; if its end is overdue, until the bench gives
 * up on it, counted from a last segment that may have come at any time until then; and building. */
static int64_t allowance_ns(const struct ka_schedule *s, const struct ka_prediction *prediction)
{
	double set_up_s = s->options->set_up_s > 0 ? s->options->set_up_s : SET_UP_S;

	return (int64_t)((prediction->expected_s + prediction->give_up_s + set_up_s) *
			 NSEC_PER_SEC);
}

static int watch_job(struct ka_schedule *s, const struct ka_job *job)
{
	int ret = ka_schedule_watch(s, job->fd, job->index * 2);

	return ret < 0 ? ret : ka_schedule_watch(s, job->box.pidfd, job->index * 2 + 1);
}

static bool impossible_here(int ret)
{
	return ret == -EPERM || ret == -ENOSPC || ret == -ENOSYS || ret == -EUSERS;
}

static bool out_of_something(int ret)
{
	return ret == -EAGAIN || ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE ||
	       ret == -ENOSPC || ret == -EUSERS;
}

/* A sandbox could not be had. While others run, it may only be one too many: then no more than now
 * run from here on, and this one waits. */
static int not_started(struct ka_schedule *s, size_t index, int ret, const struct nn_err *why)
{
	if (out_of_something(ret) && s->running > 0) {
		s->max_running = s->running;
		s->queue[--s->head] = index;
		return 0;
	}
	return deliver_without_run(s, index, impossible_here(ret) ? KA_SKIP : KA_BROKEN, why->text);
}

static int start(struct ka_schedule *s, size_t index)
{
	const struct ka_schedule_options *options = s->options;
	struct ka_job *job = &s->jobs[index];
	struct ka_instance_run run = { .instance = &s->plan->instances[index],
				       .prediction = &s->plan->predictions[index],
				       .facts = s->facts,
				       .noise = s->noise,
				       .out_dir = options->out_dir,
				       .keep_all = options->keep_all,
				       .last_try = job->tries >= options->retries };
	struct ka_facts facts = *s->facts;
	struct nn_err why = { "" };
	int ret;

	facts.noise_budget_ns = options->noise_budget_ns;
	run.facts = &facts;
	job->index = index;
	ret = ka_job_start(job, options->run ? options->run : ka_instance_run, &run, &why);
	if (ret < 0)
		return not_started(s, index, ret, &why);
	s->running++;
	s->setting_up++;
	job->started_ns = now_ns();
	job->deadline_ns = job->started_ns + allowance_ns(s, run.prediction);
	return watch_job(s, job);
}

static int start_some(struct ka_schedule *s)
{
	int ret = 0;

	while (ret == 0 && s->head < s->plan->n && s->running < s->max_running &&
	       s->setting_up < s->max_setting_up)
		ret = start(s, s->queue[s->head++]);
	return ret;
}

/* ---- time --------------------------------------------------------------------------------- */

static double expected_left_s(const struct ka_schedule *s, int64_t now)
{
	double longest = 0, waiting = 0;
	size_t lanes = s->max_running < s->plan->n ? s->max_running : s->plan->n;

	for (size_t i = s->head; i < s->plan->n; i++)
		waiting += s->plan->predictions[s->queue[i]].expected_s;
	if (s->head < s->plan->n)
		longest = s->plan->predictions[s->queue[s->head]].expected_s;
	for (size_t i = 0; i < s->plan->n; i++) {
		double left;

		if (!s->jobs[i].running)
			continue;
		left = s->plan->predictions[i].expected_s -
		       (double)(now - s->jobs[i].started_ns) / NSEC_PER_SEC;
		if (left > longest)
			longest = left;
	}
	return longest > waiting / (double)lanes ? longest : waiting / (double)lanes;
}

static void tell_progress(struct ka_schedule *s)
{
	struct ka_progress progress;
	int64_t now = now_ns();

	if (!s->events->progress || now < s->progress_ns)
		return;
	s->progress_ns = now + PROGRESS_NS;
	progress = (struct ka_progress){ .done = (unsigned)s->done,
					 .running = (unsigned)s->running,
					 .total = (unsigned)s->plan->n,
					 .left_s = expected_left_s(s, now) };
	s->events->progress(s->events->arg, &progress);
}

/* Sets the timer to the next deadline, or to when progress is to be told. */
static int set_timer(struct ka_schedule *s)
{
	int64_t next = s->events->progress ? s->progress_ns : INT64_MAX;
	struct itimerspec spec = { .it_value.tv_nsec = 0 };

	for (size_t i = 0; i < s->plan->n; i++)
		if (s->jobs[i].running && s->jobs[i].deadline_ns < next)
			next = s->jobs[i].deadline_ns;
	if (next != INT64_MAX)
		spec.it_value = (struct timespec){ .tv_sec = next / NSEC_PER_SEC,
						   .tv_nsec = next % NSEC_PER_SEC };
	if (timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return nn_fail(s->err, errno, "timerfd_settime");
	return 0;
}

static int kill_overdue(struct ka_schedule *s)
{
	int64_t now = now_ns();
	int ret = 0;

	for (size_t i = 0; i < s->plan->n && ret == 0; i++)
		if (s->jobs[i].running && s->jobs[i].deadline_ns <= now)
			ret = overrun(s, &s->jobs[i]);
	return ret;
}

static int on_timer(struct ka_schedule *s)
{
	uint64_t expirations;

	if (read(s->timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		return nn_fail(s->err, errno, "cannot read the timer");
	return kill_overdue(s);
}

/* ---- the loop ----------------------------------------------------------------------------- */

static int on_pipe(struct ka_schedule *s, struct ka_job *job)
{
	bool was_ready = job->ready;

	/* What is wrong with what it sends is found again, and told, when it ends. */
	if (ka_job_read(job) != 0)
		ka_schedule_unwatch(s, job->fd);
	if (job->ready && !was_ready)
		s->setting_up--;
	return 0;
}

/* Takes the signals, or they would kill the process as soon as they are unblocked. */
static int on_signal(struct ka_schedule *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) > 0)
		;
	return nn_fail(s->err, EINTR, "stopped after %zu of %zu instances", s->done, s->plan->n);
}

static int dispatch(struct ka_schedule *s, uint64_t tag)
{
	struct ka_job *job;

	if (tag == KA_TAG_SIGNAL)
		return on_signal(s);
	if (tag == KA_TAG_TIMER)
		return on_timer(s);
	job = &s->jobs[tag / 2];
	if (!job->running)
		return 0; /* finished by an earlier event of the same batch */
	return tag % 2 ? finish(s, job) : on_pipe(s, job);
}

static int wait_for_events(struct ka_schedule *s)
{
	struct epoll_event events[EVENTS];
	int n, ret = 0;

	n = epoll_wait(s->epoll, events, EVENTS, -1);
	if (n < 0 && errno != EINTR)
		return nn_fail(s->err, errno, "epoll_wait");
	for (int i = 0; i < n && ret == 0; i++)
		ret = dispatch(s, events[i].data.u64);
	return ret;
}

static int loop(struct ka_schedule *s)
{
	for (;;) {
		int ret = start_some(s);

		tell_progress(s);
		if (ret || s->done == s->plan->n)
			return ret;
		ret = set_timer(s);
		if (ret == 0)
			ret = wait_for_events(s);
		if (ret)
			return ret;
	}
}

/* ---- run ----------------------------------------------------------------------------------- */

int ka_schedule_run(const struct ka_plan *plan, const struct ka_facts *facts,
		    const struct ka_schedule_options *options,
		    const struct ka_schedule_events *events, struct nn_err *err)
{
	struct ka_schedule s = { .plan = plan,
				 .facts = facts,
				 .options = options,
				 .events = events,
				 .err = err,
				 .epoll = -1,
				 .timer = -1,
				 .signals = -1 };
	int ret;

	sigprocmask(SIG_SETMASK, NULL, &s.mask_before);
	ret = ka_schedule_open(&s);
	if (ret == 0)
		ret = loop(&s);
	ka_schedule_close(&s);
	return ret;
}
