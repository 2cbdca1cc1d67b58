/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the running kernel: release, HZ, jiffy phase; CPUs and signals. */
#include "run/host.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "model/util.h"
#include "run/phase.h"

#define NSEC_PER_SEC 1000000000ll

/* System calls between two looks at a clock that stands, and what a look moves it by (256 ns). */
#define CALLS             32
#define MOST_OF_A_LOOK_NS 1000

int64_t ka_clock_look_ns(void)
{
	int64_t first_ns = ka_now_ns(), second_ns = ka_now_ns(), look_ns = second_ns - first_ns;

	for (int i = 0; i < CALLS; i++)
		(void)getppid();
	return ka_now_ns() - second_ns == look_ns && look_ns < MOST_OF_A_LOOK_NS ? look_ns : 0;
}

int ka_host_facts(struct ka_facts *facts, struct nn_err *err)
{
	struct ka_facts found = { .hz = 0 };
	struct timespec tick;
	struct utsname uts;

	if (uname(&uts) < 0)
		return nn_fail(err, errno, "uname");
	/* The coarse clock moves once a tick. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) < 0)
		return nn_fail(err, errno, "clock_getres(CLOCK_MONOTONIC_COARSE)");
	if (tick.tv_sec || tick.tv_nsec < 100000)
		return nn_fail(err, ERANGE, "a tick of %ld ns is not believable", tick.tv_nsec);
	snprintf(found.release, sizeof(found.release), "%.*s", (int)sizeof(found.release) - 1,
		 uts.release);
	found.hz = (int)((NSEC_PER_SEC + tick.tv_nsec / 2) / tick.tv_nsec);
	found.tick_ns = tick.tv_nsec;
	found.look_ns = ka_clock_look_ns();
	found.phase_known = ka_phase_measure(found.tick_ns, found.look_ns > 0, &found.j0);
	*facts = found;
	return 0;
}

unsigned ka_usable_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

int ka_signals_open(sigset_t *before, struct nn_err *err)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, before);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? nn_fail(err, errno, "signalfd") : fd;
}

void ka_signals_drain(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) > 0)
		;
}
