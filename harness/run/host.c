/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the running kernel: release, HZ, jiffy phase; CPUs and signals. */
#include "run/host.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ll

/* So many looks at /proc/timer_list; a phase must be seen in more than half of them to be believed. A
 * busy host may be late with a tick, and all looks until then are wrong: so they are made in groups
 * that lie a tick or more apart. */
#define LOOKS         48
#define LOOKS_A_GROUP 6
#define APART_MS      5

/* One look: jiffies at CLOCK_MONOTONIC 0, as far as this look tells. The file prints the time when
 * it is opened and jiffies a little later: a tick between them makes the value one too high. */
static int look_at_phase(int64_t tick_ns, int64_t *j0)
{
	FILE *file = fopen("/proc/timer_list", "re");
	int64_t now = -1, jiffies = -1;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return -errno;
	while (jiffies < 0 && getline(&line, &room, file) > 0) {
		if (now < 0)
			(void)sscanf(line, "now at %" SCNd64 " nsecs", &now);
		else
			(void)sscanf(line, "jiffies: %" SCNd64, &jiffies);
	}
	free(line);
	fclose(file);
	if (jiffies < 0)
		return -ENODATA;
	*j0 = jiffies - now / tick_ns;
	return 0;
}

static unsigned count(const int64_t *seen, int64_t value)
{
	unsigned same = 0;

	for (size_t i = 0; i < LOOKS; i++)
		same += seen[i] == value;
	return same;
}

/* The value that most looks agree on; unknown where the file is not readable or says nothing
 * steady. */
static void find_phase(struct ka_facts *facts)
{
	int64_t seen[LOOKS];

	facts->phase_known = false;
	for (size_t i = 0; i < LOOKS; i++) {
		if (i && i % LOOKS_A_GROUP == 0)
			poll(NULL, 0, APART_MS);
		if (look_at_phase(facts->tick_ns, &seen[i]) < 0)
			return;
	}
	for (size_t i = 0; i < LOOKS && !facts->phase_known; i++) {
		facts->j0 = seen[i];
		facts->phase_known = count(seen, seen[i]) > LOOKS / 2;
	}
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
	find_phase(&found);
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
