/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner: one thread, one epoll. It sleeps until an instance sends, ends or overruns, or
 * somebody interrupts. Every instance is in one of five states: waiting in the queue, setting up
 * (from the start to its 'R'), measuring, asking for leave to tear down ('D'), tearing down.
 */
#include "run/schedule.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "model/util.h"
#include "plan/plan.h"
#include "result/result.h"
#include "run/job.h"
#include "run/pace.h"

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
	struct nn_nursery nursery;
	int epoll, timer, signals;
	sigset_t mask_before;
	struct rlimit files_before;

	struct ka_job *jobs; /* one for each instance, by its index in the plan */
	size_t *queue;       /* indices, longest first; queue[head..] still wait */
	size_t head;
	size_t *asking; /* indices of those that wait for leave to tear down, the oldest first */
	size_t n_asking;
	size_t done, running, setting_up, tearing_down;
	size_t max_running;       /* at the most; */
	size_t may_run;           /* just now */
	int64_t refused_until_ns; /* then .may_run is what it was */
	struct ka_pace pace;
	bool began_last;     /* what was let to work last was a set-up */
	int64_t progress_ns; /* when progress is due again */
};

/* Per instance: pidfd and pipe, and for a moment the pipe's other end; besides those, what a process
 * has anyway. */
#define FDS_PER_JOB 3
#define FDS_SPARE   64

static int watch(struct ka_schedule *s, int fd, uint64_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return nn_fail(s->err, errno, "epoll_ctl");
	return 0;
}

static void unwatch(struct ka_schedule *s, int fd)
{
	if (fd >= 0)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* As many open files as the hard limit allows; and no more at once than fit into them. */
static void limit_running(struct ka_schedule *s)
{
	struct rlimit files;
	size_t fit;

	s->may_run = s->max_running = s->options->jobs ? s->options->jobs : s->plan->n;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	s->files_before = files;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		files = s->files_before;
	fit = files.rlim_cur > FDS_SPARE + FDS_PER_JOB
		      ? (size_t)(files.rlim_cur - FDS_SPARE) / FDS_PER_JOB
		      : 1;
	if (s->max_running > fit)
		s->may_run = s->max_running = fit;
}

static int allocate(struct ka_schedule *s)
{
	s->queue = ka_longest_first(s->plan->predictions, s->plan->n);
	s->asking = calloc(s->plan->n + 1, sizeof(*s->asking));
	s->jobs = calloc(s->plan->n + 1, sizeof(*s->jobs));
	if (!s->queue || !s->asking || !s->jobs)
		return nn_fail(s->err, ENOMEM, "cannot schedule %zu instances", s->plan->n);
	for (size_t i = 0; i < s->plan->n; i++)
		s->jobs[i] = (struct ka_job)KA_JOB_INIT;
	return 0;
}

static bool is_paced(const struct ka_schedule *s)
{
	return s->options->noise_goal_ns && !s->facts->virtual_clock;
}

static int open_schedule(struct ka_schedule *s)
{
	int ret = allocate(s);

	if (ret == 0 && !s->facts->virtual_clock)
		ret = ka_noise_start(&s->noise, s->err);
	if (ret == 0)
		ret = ka_job_nursery(&s->nursery, s->facts, s->options->made, s->err);
	if (ret < 0)
		return ret;
	limit_running(s);
	ka_pace_begin(&s->pace, is_paced(s) ? s->options->noise_goal_ns : 0, ka_usable_cpus(),
		      ka_now_ns());
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll < 0 || s->timer < 0)
		return nn_fail(s->err, errno, "cannot wait for instances");
	/* A child has them unblocked: nn_sandbox_start() sees to that. */
	s->signals = ka_signals_open(&s->mask_before, s->err);
	if (s->signals < 0)
		return s->signals;
	ret = watch(s, s->timer, KA_TAG_TIMER);
	return ret < 0 ? ret : watch(s, s->signals, KA_TAG_SIGNAL);
}

/* Whatever still runs is killed here. */
static void close_schedule(struct ka_schedule *s)
{
	/* First all get the signal, so that they die side by side. */
	for (size_t i = 0; s->jobs && i < s->plan->n; i++)
		if (s->jobs[i].running)
			kill(s->jobs[i].box.pid, SIGKILL);
	for (size_t i = 0; s->jobs && i < s->plan->n; i++)
		ka_job_kill(&s->jobs[i]);
	nn_nursery_close(&s->nursery);
	for (size_t i = 0; s->jobs && i < s->plan->n; i++)
		json_decref(s->jobs[i].history);
	ka_noise_stop(s->noise);
	ka_close_fd(&s->epoll);
	ka_close_fd(&s->timer);
	ka_close_fd(&s->signals);
	free(s->jobs);
	free(s->queue);
	free(s->asking);
	if (s->files_before.rlim_max)
		setrlimit(RLIMIT_NOFILE, &s->files_before);
	sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
}

#define NSEC_PER_SEC 1000000000ll
#define PROGRESS_NS  (NSEC_PER_SEC / 4)
#define EVENTS       64

/* A network is built in some tens of ms, and as many are built at once as there are CPUs, twice; a
 * host that is a hundred times slower still fits in. */
#define SET_UP_S 20.0

/* A host that has no more sandboxes is asked again so much later. */
#define REFUSED_S 1.0

/* ---- results ------------------------------------------------------------------------------ */

static int deliver(struct ka_schedule *s, size_t index, json_t *json)
{
	if (!json ||
	    (s->jobs[index].history && json_object_set(json, "tries", s->jobs[index].history)))
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

static void stop_asking(struct ka_schedule *s, size_t index)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_asking; i++)
		if (s->asking[i] != index)
			s->asking[kept++] = s->asking[i];
	s->n_asking = kept;
}

/* Closing a file is not enough to end its watch: a sandbox that has just been forked may still hold
 * it, and a stale event would be taken for one of the job's next try. */
static void leave(struct ka_schedule *s, const struct ka_job *job)
{
	unwatch(s, job->fd);
	unwatch(s, job->box.pidfd);
	s->running--;
	s->setting_up -= !job->ready && !job->asked;
	s->tearing_down -= job->going;
	if (job->asked && !job->going)
		stop_asking(s, job->index);
}

/* Again at once, in its own place or that of one started since; for the last time when all that wait have
 * begun, and the host has less to do. */
static void queue_again(struct ka_schedule *s, const struct ka_job *job)
{
	size_t last = s->plan->n - 1;

	s->head--;
	if (job->tries < s->options->retries) {
		s->queue[s->head] = job->index;
		return;
	}
	memmove(&s->queue[s->head], &s->queue[s->head + 1], (last - s->head) * sizeof(*s->queue));
	s->queue[last] = job->index;
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
	if (ka_result_is_stall(json) && job->tries <= s->options->retries) {
		int ret = ka_job_remember(job, json);

		json_decref(json);
		queue_again(s, job);
		return ret < 0 ? nn_fail(s->err, -ret, "cannot keep a result") : 0;
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

static int64_t set_up_ns(const struct ka_schedule *s)
{
	return (int64_t)((s->options->set_up_s > 0 ? s->options->set_up_s : SET_UP_S) *
			 NSEC_PER_SEC);
}

static int64_t refused_ns(const struct ka_schedule *s)
{
	return (int64_t)((s->options->refused_s > 0 ? s->options->refused_s : REFUSED_S) *
			 NSEC_PER_SEC);
}

/* tcp_retries2, and the persist timer's as many: whatever a program says by itself, where it is waited for. */
#define SPOKEN_S 3000

/* It may hold its socket for a while, or have made another rule out of the planned one. */
static double program_s(const struct ka_instance_run *run)
{
	double patience_s = run->instance->program->patience_s;

	patience_s = patience_s > 0 ? patience_s : KA_PROGRAM_PATIENCE_S;
	return KA_PROGRAM_START_S + patience_s + (run->facts->virtual_clock ? SPOKEN_S : 0);
}

/* How long an instance may take: as long as predicted; if its end is overdue, until the bench gives
 * up on it, counted from a last segment that may have come at any time until then; and building. */
static int64_t allowance_ns(const struct ka_schedule *s, const struct ka_instance_run *run)
{
	double seconds = run->prediction->expected_s + run->prediction->give_up_s;

	if (run->instance->program)
		seconds += program_s(run) +
			   ka_time_s(&run->instance->case_->returns, &run->instance->setting);
	return (int64_t)(seconds * NSEC_PER_SEC) + set_up_ns(s);
}

static int watch_job(struct ka_schedule *s, const struct ka_job *job)
{
	int ret = watch(s, job->fd, job->index * 2);

	return ret < 0 ? ret : watch(s, job->box.pidfd, job->index * 2 + 1);
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

/* A sandbox could not be had. While others run, it may only be one too many, or the host short of memory
 * for a moment: then no more than now run for some time, and this one waits. */
static int not_started(struct ka_schedule *s, size_t index, int ret, const struct nn_err *why)
{
	if (out_of_something(ret) && s->running > 0) {
		s->may_run = s->running;
		s->refused_until_ns = ka_now_ns() + refused_ns(s);
		s->queue[--s->head] = index;
		return 0;
	}
	return deliver_without_run(s, index, impossible_here(ret) ? KA_SKIP : KA_BROKEN, why->text);
}

static int start(struct ka_schedule *s, size_t index)
{
	const struct ka_schedule_options *options = s->options;
	struct ka_job *job = &s->jobs[index];
	struct ka_facts facts = *s->facts;
	struct ka_instance_run run = { .instance = &s->plan->instances[index],
				       .prediction = &s->plan->predictions[index],
				       .facts = &facts,
				       .noise = s->noise,
				       .out_dir = options->out_dir,
				       .keep_all = options->keep_all,
				       .made = options->made,
				       .last_try = job->tries >= options->retries,
				       .paced = is_paced(s) };
	struct nn_err why = { "" };
	int ret;

	facts.noise_budget_ns = options->noise_budget_ns;
	job->index = index;
	ret = ka_job_start(job, &s->nursery, options->run ? options->run : ka_instance_run, &run,
			   &why);
	if (ret < 0)
		return not_started(s, index, ret, &why);
	s->running++;
	s->setting_up++;
	job->started_ns = ka_now_ns();
	job->deadline_ns = job->started_ns + allowance_ns(s, &run);
	return watch_job(s, job);
}

/* ---- pace --------------------------------------------------------------------------------- */

static void look(struct ka_schedule *s)
{
	int64_t now = ka_now_ns(), since = s->pace.since_ns, late;

	if (!ka_pace_is_due(&s->pace, now))
		return;
	late = s->options->lateness ? s->options->lateness(since, now)
				    : ka_noise_between(s->noise, since, now);
	ka_pace_look(&s->pace, now, late);
}

static bool can_start(const struct ka_schedule *s)
{
	return s->head < s->plan->n && s->running < s->may_run;
}

/* The one that has asked longest tears down. */
static void let_go(struct ka_schedule *s)
{
	struct ka_job *job = &s->jobs[s->asking[0]];

	stop_asking(s, job->index);
	s->tearing_down++;
	s->began_last = false;
	job->deadline_ns = ka_now_ns() + set_up_ns(s);
	ka_job_go(job);
}

/* By turns; but where only so many may be there at once, those that are of no use any more go first. */
static bool tears_down_next(const struct ka_schedule *s)
{
	return s->n_asking && (s->began_last || !can_start(s) || s->may_run < s->plan->n);
}

/* Lets work what may. */
static int start_some(struct ka_schedule *s)
{
	int ret = 0;

	look(s);
	if (s->may_run < s->max_running && ka_now_ns() >= s->refused_until_ns)
		s->may_run = s->max_running;
	while (ret == 0 && s->setting_up + s->tearing_down < ka_pace_allows(&s->pace)) {
		if (tears_down_next(s)) {
			let_go(s);
		} else if (can_start(s)) {
			s->began_last = true;
			ret = start(s, s->queue[s->head++]);
		} else {
			break;
		}
	}
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
	int64_t now = ka_now_ns();

	if (!s->events->progress || now < s->progress_ns)
		return;
	s->progress_ns =
		now + (s->events->progress_every_ns ? s->events->progress_every_ns : PROGRESS_NS);
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

	if (is_paced(s) && (s->n_asking || can_start(s)) && s->pace.look_ns < next)
		next = s->pace.look_ns;
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
	int64_t now = ka_now_ns();
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
	bool was_up = job->ready || job->asked, had_asked = job->asked;

	/* What is wrong with what it sends is found again, and told, when it ends. */
	if (ka_job_read(job) != 0)
		unwatch(s, job->fd);
	if ((job->ready || job->asked) && !was_up)
		s->setting_up--;
	if (!job->asked || had_asked)
		return 0;
	s->asking[s->n_asking++] = job->index;
	job->deadline_ns = INT64_MAX;
	return 0;
}

static int on_signal(struct ka_schedule *s)
{
	ka_signals_drain(s->signals);
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

static void tell_noise(const struct ka_schedule *s)
{
	struct ka_host_noise noise;

	if (!s->noise || !s->events->noise)
		return;
	ka_noise_told(s->noise, &noise);
	s->events->noise(s->events->arg, &noise);
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
				 .nursery = NN_NURSERY_INIT,
				 .epoll = -1,
				 .timer = -1,
				 .signals = -1 };
	int ret;

	sigprocmask(SIG_SETMASK, NULL, &s.mask_before);
	ret = open_schedule(&s);
	if (ret == 0)
		ret = loop(&s);
	tell_noise(&s);
	close_schedule(&s);
	return ret;
}
