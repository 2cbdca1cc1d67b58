/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the runner needs before it can start anything, and how it lets go of it. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "plan/schedule_state.h"
#include "plan/shard.h"

/* Per instance: pidfd and pipe, and for a moment the pipe's other end; besides those, what a process
 * has anyway. */
#define FDS_PER_JOB 3
#define FDS_SPARE   64

int ka_schedule_watch(struct ka_schedule *s, int fd, uint64_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = tag };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return nn_fail(s->err, errno, "epoll_ctl");
	return 0;
}

void ka_schedule_unwatch(struct ka_schedule *s, int fd)
{
	if (fd >= 0)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static size_t cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (size_t)CPU_COUNT(&set);
}

/* As many open files as the hard limit allows; and no more at once than fit into them. */
static void limit_running(struct ka_schedule *s)
{
	struct rlimit files;
	size_t fit;

	s->max_setting_up = 2 * cpus();
	s->max_running = s->options->jobs ? s->options->jobs : s->plan->n;
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
		s->max_running = fit;
}

/* Signals become events. A child has them unblocked: nn_sandbox_start() sees to that. */
static int open_signals(struct ka_schedule *s)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return nn_fail(s->err, errno, "signalfd");
	return ka_schedule_watch(s, s->signals, KA_TAG_SIGNAL);
}

static int allocate(struct ka_schedule *s)
{
	s->queue = ka_longest_first(s->plan->predictions, s->plan->n);
	s->jobs = calloc(s->plan->n + 1, sizeof(*s->jobs));
	if (!s->queue || !s->jobs)
		return nn_fail(s->err, ENOMEM, "cannot schedule %zu instances", s->plan->n);
	for (size_t i = 0; i < s->plan->n; i++)
		s->jobs[i] = (struct ka_job)KA_JOB_INIT;
	return 0;
}

int ka_schedule_open(struct ka_schedule *s)
{
	int ret = allocate(s);

	if (ret == 0 && !s->facts->virtual_clock)
		ret = ka_noise_start(&s->noise, s->err);
	if (ret < 0)
		return ret;
	limit_running(s);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll < 0 || s->timer < 0)
		return nn_fail(s->err, errno, "cannot wait for instances");
	ret = ka_schedule_watch(s, s->timer, KA_TAG_TIMER);
	return ret < 0 ? ret : open_signals(s);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Whatever still runs is killed here. */
void ka_schedule_close(struct ka_schedule *s)
{
	/* First all get the signal, so that they die side by side. */
	for (size_t i = 0; s->jobs && i < s->plan->n; i++)
		if (s->jobs[i].running)
			kill(s->jobs[i].box.pid, SIGKILL);
	for (size_t i = 0; s->jobs && i < s->plan->n; i++)
		ka_job_kill(&s->jobs[i]);
	ka_noise_stop(s->noise);
	close_fd(s->epoll);
	close_fd(s->timer);
	close_fd(s->signals);
	free(s->jobs);
	free(s->queue);
	if (s->files_before.rlim_max)
		setrlimit(RLIMIT_NOFILE, &s->files_before);
	sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
}
