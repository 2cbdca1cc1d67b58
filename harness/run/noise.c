/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How late does this host wake its timers? One small process for each CPU asks to be woken every
 * PERIOD and writes how late it was into memory that all instances share. What the host did to the
 * watcher in some tenth of a second, it may have done to the experiments in the same tenth.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/util.h"
#include "run/host.h"

#define NSEC_PER_SEC 1000000000ll
/* What held a CPU up for longer than this and two jiffies, some wake-up has met. */
#define PERIOD_NS    4000000ll
#define BUCKET_NS    10000000ll
/* 22 minutes; what is asked about longer ago is answered with the worst that was ever seen. */
#define BUCKETS      131072
/* Of the histogram: four to each doubling of the lateness in us. */
#define BINS         128

/* A bucket holds its number (upper half) and the worst lateness in it, in us (lower half): one
 * word, so that a reader never sees one without the other. */
struct watch {
	_Atomic uint64_t buckets[BUCKETS];
	_Atomic int64_t worst_ns;
	_Atomic uint32_t bins[BINS]; /* how many wake-ups were so late */
	_Atomic int64_t next_due_ns; /* a wake-up that is overdue is late already; 0: not begun */
};

struct ka_noise {
	struct watch *watches; /* shared memory */
	pid_t *pids;
	size_t n;
};

static uint64_t pack(int64_t bucket, int64_t late_ns)
{
	int64_t us = (late_ns + 999) / 1000;

	return (uint64_t)bucket << 32 | (uint32_t)(us < UINT32_MAX ? us : UINT32_MAX);
}

static unsigned bin_of(int64_t late_ns)
{
	uint64_t us = late_ns > 0 ? (uint64_t)late_ns / 1000 : 0;
	unsigned octave;

	if (us < 4)
		return (unsigned)us;
	octave = 63u - (unsigned)__builtin_clzll(us);
	octave = octave < BINS / 4 ? octave : BINS / 4 - 1;
	return (octave - 1) * 4 + (unsigned)(us >> (octave - 2) & 3);
}

/* The most that is counted in @bin, us. */
static int64_t most_us(unsigned bin)
{
	if (bin < 4)
		return (int64_t)bin + 1;
	return (int64_t)(4 + bin % 4 + 1) << (bin / 4 - 1);
}

/* One long stall is many wake-ups that came late, each less than the one before. */
static void count(struct watch *watch, int64_t late_ns, uint64_t periods)
{
	for (; periods > 0 && late_ns >= 0; periods--, late_ns -= PERIOD_NS)
		atomic_fetch_add(&watch->bins[bin_of(late_ns)], 1);
}

/* The stall spans all buckets from when the wake-up was due until it came. */
static void note(struct watch *watch, int64_t due_ns, int64_t woken_ns)
{
	int64_t late_ns = woken_ns > due_ns ? woken_ns - due_ns : 0;
	int64_t last = woken_ns / BUCKET_NS;
	int64_t first = due_ns / BUCKET_NS;

	if (last - first >= BUCKETS)
		first = last - BUCKETS + 1;
	for (int64_t i = first; i <= last; i++) {
		_Atomic uint64_t *slot = &watch->buckets[i % BUCKETS];
		uint64_t old = atomic_load(slot), fresh = pack(i, late_ns);

		if (old >> 32 != fresh >> 32 || old < fresh)
			atomic_store(slot, fresh);
	}
	if (late_ns > atomic_load(&watch->worst_ns))
		atomic_store(&watch->worst_ns, late_ns);
}

static int start_timer(int64_t first_ns)
{
	struct itimerspec spec = { .it_interval.tv_nsec = PERIOD_NS,
				   .it_value = { .tv_sec = first_ns / NSEC_PER_SEC,
						 .tv_nsec = first_ns % NSEC_PER_SEC } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL) == 0)
		return fd;
	return -1;
}

/* The watcher's life. It ends with its parent. */
static void watch_cpu(struct watch *watch, int cpu)
{
	int64_t due_ns = ka_now_ns() + PERIOD_NS;
	int fd = start_timer(due_ns);
	cpu_set_t set;
	uint64_t periods;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* where it is refused, it watches any CPU */
	prctl(PR_SET_TIMERSLACK, 1ul);
	prctl(PR_SET_NAME, "kacheck-noise");
	if (fd < 0)
		return;
	atomic_store(&watch->next_due_ns, due_ns);
	while (read(fd, &periods, sizeof(periods)) == sizeof(periods)) {
		int64_t woken_ns = ka_now_ns();

		note(watch, due_ns, woken_ns);
		count(watch, woken_ns - due_ns, periods);
		due_ns += (int64_t)periods * PERIOD_NS;
		atomic_store(&watch->next_due_ns, due_ns);
	}
}

static pid_t fork_watcher(struct watch *watch, int cpu)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0); /* it had died before prctl */
	/* Ctrl-C goes to the whole process group: it ends the runner, which ends its watchers. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	watch_cpu(watch, cpu);
	_exit(1);
}

static int allocate(struct ka_noise **ret, size_t n)
{
	struct ka_noise *noise = calloc(1, sizeof(*noise));
	void *shared;

	if (!noise)
		return -ENOMEM;
	noise->pids = calloc(n, sizeof(*noise->pids));
	shared = mmap(NULL, n * sizeof(struct watch), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!noise->pids || shared == MAP_FAILED) {
		if (shared != MAP_FAILED)
			munmap(shared, n * sizeof(struct watch));
		free(noise->pids);
		free(noise);
		return -ENOMEM;
	}
	noise->watches = shared;
	noise->n = n;
	*ret = noise;
	return 0;
}

int ka_noise_start(struct ka_noise **ret, struct nn_err *err)
{
	struct ka_noise *noise;
	size_t started = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) == 0)
		CPU_SET(0, &set); /* more CPUs than a cpu_set_t holds: one watcher, anywhere */
	if (allocate(&noise, (size_t)CPU_COUNT(&set)) < 0)
		return nn_fail(err, ENOMEM, "cannot watch the host's timers");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		pid_t pid;

		if (!CPU_ISSET(cpu, &set))
			continue;
		pid = fork_watcher(&noise->watches[started], cpu);
		if (pid < 0) {
			int code = errno;

			ka_noise_stop(noise);
			return nn_fail(err, code, "cannot start a watcher of the host's timers");
		}
		noise->pids[started++] = pid;
	}
	*ret = noise;
	return 0;
}

static int64_t worst_in_buckets(const struct watch *watch, int64_t from_ns, int64_t to_ns)
{
	int64_t worst_us = 0;

	for (int64_t i = from_ns / BUCKET_NS; i <= to_ns / BUCKET_NS; i++) {
		uint64_t word = atomic_load(&watch->buckets[i % BUCKETS]);
		int64_t us = (int64_t)(word & UINT32_MAX);

		if ((int64_t)(word >> 32) == i && us > worst_us)
			worst_us = us;
	}
	return worst_us * 1000;
}

/* The worst of all CPUs in bucket @i. */
static int64_t bucket_ns(const struct ka_noise *noise, int64_t i)
{
	int64_t worst_ns = 0;

	for (size_t cpu = 0; cpu < noise->n; cpu++) {
		int64_t ns = worst_in_buckets(&noise->watches[cpu], i * BUCKET_NS, i * BUCKET_NS);

		worst_ns = ns > worst_ns ? ns : worst_ns;
	}
	return worst_ns;
}

/* A wake-up that is still to come is late from when it was due. */
static int64_t first_due_ns(const struct ka_noise *noise, int64_t to_ns)
{
	int64_t first_ns = to_ns;

	for (size_t cpu = 0; cpu < noise->n; cpu++) {
		int64_t due_ns = atomic_load(&noise->watches[cpu].next_due_ns);

		if (due_ns && due_ns < first_ns)
			first_ns = due_ns;
	}
	return first_ns;
}

void ka_noise_collect(const struct ka_noise *noise, int64_t from_ns, int64_t to_ns,
		      int64_t quiet_ns, struct ka_lateness *out)
{
	int64_t due_ns = first_due_ns(noise, to_ns);

	*out = (struct ka_lateness){ .n = 0 };
	if (to_ns - from_ns >= (BUCKETS - 1) * BUCKET_NS) {
		out->quiet_ns = ka_noise_between(noise, from_ns, to_ns);
		return;
	}
	for (int64_t i = from_ns / BUCKET_NS; i <= to_ns / BUCKET_NS; i++) {
		int64_t ns = bucket_ns(noise, i), begin_ns = i * BUCKET_NS;
		int64_t end_ns = begin_ns + BUCKET_NS;

		if (due_ns < end_ns && to_ns - due_ns > ns)
			ns = to_ns - due_ns;
		if (ns > quiet_ns)
			ka_lateness_add(out, begin_ns, end_ns, ns);
		else if (ns > out->quiet_ns)
			out->quiet_ns = ns;
	}
}

void ka_noise_told(const struct ka_noise *noise, struct ka_host_noise *out)
{
	uint64_t all = 0, seen = 0;

	*out = (struct ka_host_noise){ .p99_ns = 0 };
	for (size_t cpu = 0; cpu < noise->n; cpu++) {
		int64_t worst_ns = atomic_load(&noise->watches[cpu].worst_ns);

		out->worst_ns = worst_ns > out->worst_ns ? worst_ns : out->worst_ns;
		for (unsigned i = 0; i < BINS; i++)
			all += atomic_load(&noise->watches[cpu].bins[i]);
	}
	for (unsigned i = 0; i < BINS && seen * 100 < all * 99; i++) {
		for (size_t cpu = 0; cpu < noise->n; cpu++)
			seen += atomic_load(&noise->watches[cpu].bins[i]);
		out->p99_ns = most_us(i) * 1000;
	}
	if (out->p99_ns > out->worst_ns)
		out->p99_ns = out->worst_ns;
}

static int64_t worst_of(const struct watch *watch, int64_t from_ns, int64_t to_ns)
{
	int64_t due_ns = atomic_load(&watch->next_due_ns);
	int64_t overdue_ns = due_ns && due_ns < to_ns ? to_ns - due_ns : 0;
	int64_t worst_ns;

	if (to_ns - from_ns >= (BUCKETS - 1) * BUCKET_NS)
		worst_ns = atomic_load(&watch->worst_ns);
	else
		worst_ns = worst_in_buckets(watch, from_ns, to_ns);
	return overdue_ns > worst_ns ? overdue_ns : worst_ns;
}

int64_t ka_noise_between(const struct ka_noise *noise, int64_t from_ns, int64_t to_ns)
{
	int64_t worst_ns = 0;

	for (size_t i = 0; i < noise->n; i++) {
		int64_t ns = worst_of(&noise->watches[i], from_ns, to_ns);

		if (ns > worst_ns)
			worst_ns = ns;
	}
	return worst_ns;
}

struct ka_noise *ka_noise_stop(struct ka_noise *noise)
{
	if (!noise)
		return NULL;
	for (size_t i = 0; i < noise->n; i++) {
		if (noise->pids[i] <= 0)
			continue;
		kill(noise->pids[i], SIGKILL);
		while (waitpid(noise->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	}
	munmap(noise->watches, noise->n * sizeof(*noise->watches));
	free(noise->pids);
	free(noise);
	return NULL;
}
