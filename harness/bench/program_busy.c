/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a program run in circles on a socket that has ended? Each thread's time on a CPU and of waiting for
 * one (CONFIG_SCHED_INFO) is noted a second after the end, and again when the watch is over: a thread that
 * was never asleep between is busy, however little of a CPU the host had for it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/program.h"
#include "model/util.h"

/* From the end until the first note, and at least from that to the second. */
#define BUSY_AFTER_NS INT64_C(1000000000)
#define BUSY_PERCENT  90

/* On a CPU and waiting for one, in all, ns; -1: not known. */
static int64_t runnable_ns(const char *process, const char *thread)
{
	char path[600], text[80], *second;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.250s/task/%.250s/schedstat", process, thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	ka_close_fd(&fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return (int64_t)strtoull(text, &second, 10) + (int64_t)strtoull(second, NULL, 10);
}

static size_t note_threads(const char *process, struct ka_program_thread *out, size_t room)
{
	const struct dirent *entry;
	char path[300];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.250s/task", process);
	dir = opendir(path);
	while (dir && n < room && (entry = readdir(dir))) {
		out[n].id = (pid_t)strtol(entry->d_name, NULL, 10);
		out[n].runnable_ns = out[n].id > 0 ? runnable_ns(process, entry->d_name) : -1;
		n += out[n].runnable_ns >= 0;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* All threads of the program; returns how many. */
static size_t note(const struct ka_engine *e, struct ka_program_thread *out)
{
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir)))
		if (ka_process_is_of_program(e, (pid_t)strtol(entry->d_name, NULL, 10)))
			n += note_threads(entry->d_name, out + n, KA_PROGRAM_THREADS - n);
	if (dir)
		closedir(dir);
	return n;
}

/* When the kernel, or the other end, had ended it; 0: not yet. */
static int64_t ended_ns(const struct ka_bench_program *p)
{
	return p->gone_ns ? p->gone_ns : p->told_ns;
}

void ka_busy_tick(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	int64_t at_ns = ended_ns(p) + BUSY_AFTER_NS, now_ns = ka_now_ns();

	if (!ended_ns(p) || p->let_go_ns || p->noted_ns)
		return;
	if (now_ns < at_ns) {
		ka_program_wake_at(e, at_ns);
		return;
	}
	p->n_noted = note(e, p->noted);
	p->noted_ns = now_ns;
}

static int64_t noted_before(const struct ka_bench_program *p, pid_t id)
{
	for (size_t i = 0; i < p->n_noted; i++)
		if (p->noted[i].id == id)
			return p->noted[i].runnable_ns;
	return 0;
}

void ka_busy_evidence(struct ka_engine *e)
{
	struct ka_program_thread now[KA_PROGRAM_THREADS];
	struct ka_event event = { .at = e->prober, .what = KA_EV_PROCESS };
	const struct ka_bench_program *p = e->program;
	int64_t passed_ns = ka_now_ns() - p->noted_ns, most_ns = 0;
	size_t n;

	if (!p->noted_ns || p->let_go_ns || passed_ns < BUSY_AFTER_NS)
		return;
	n = note(e, now);
	for (size_t i = 0; i < n; i++)
		most_ns = ka_greater(most_ns, now[i].runnable_ns - noted_before(p, now[i].id));
	event.process.act = KA_PROC_BUSY;
	event.process.pid = (int)p->children[p->main].pid;
	event.process.status = (int)ka_lesser(100 * most_ns / passed_ns, 100);
	snprintf(event.process.name, sizeof(event.process.name), "%s", p->children[p->main].name);
	if (event.process.status >= BUSY_PERCENT)
		ka_engine_event(e, event);
}
