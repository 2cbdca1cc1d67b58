/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a runner needs of its host: facts of the kernel, measured, CPUs, signals, wake-up noise. */
#ifndef KA_HOST_H
#define KA_HOST_H

#include <signal.h>
#include <stdint.h>

#include "judge/judge.h"
#include "netns/err.h"

/* Fills all but noise_ns: HZ from CLOCK_MONOTONIC_COARSE's resolution, the phase from
 * /proc/timer_list where it is readable. 0 or -errno. */
int ka_host_facts(struct ka_facts *facts, struct nn_err *err);

/* In a guest whose clock moves only while all wait, and a bit each time that somebody looks at it
 * (timer_read() of User-mode Linux): that bit. 0 where computing takes time. */
int64_t ka_clock_look_ns(void);

/* CPUs that this process may use. */
unsigned ka_usable_cpus(void);

/* SIGINT, SIGTERM and SIGHUP become readable in a file: returns a signalfd, non-blocking, or -errno.
 * *@before: the mask to go back to. */
int ka_signals_open(sigset_t *before, struct nn_err *err);
/* Takes all of them: one that is left would end this process as soon as signals are unblocked. */
void ka_signals_drain(int fd);

/* Watches how late this host wakes timers: a small process for each CPU, results in shared memory.
 * The watchers die with the caller. */
struct ka_noise;
int ka_noise_start(struct ka_noise **ret, struct nn_err *err);
/* Worst lateness on any CPU between two CLOCK_MONOTONIC times, ns. Callable from any process that
 * was forked after ka_noise_start(). */
int64_t ka_noise_between(const struct ka_noise *noise, int64_t from_ns, int64_t to_ns);
/* The same with its times: spans of what was beyond @quiet_ns. */
void ka_noise_collect(const struct ka_noise *noise, int64_t from_ns, int64_t to_ns,
		      int64_t quiet_ns, struct ka_lateness *out);
/* How loud the host was all in all: of all wake-ups, 99 of 100 were no later than .p99_ns. */
struct ka_host_noise {
	int64_t p99_ns, worst_ns;
};
void ka_noise_told(const struct ka_noise *noise, struct ka_host_noise *out);
struct ka_noise *ka_noise_stop(struct ka_noise *noise);

#endif
