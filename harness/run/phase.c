/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See phase.h. */
#include "run/phase.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/util.h"

/* A busy host may be late with a tick, and all looks until then are wrong: so they are made in groups that
 * lie a tick or more apart. */
#define LOOKS         48
#define LOOKS_A_GROUP 6
#define APART_MS      5
#define TRIES         5

/*
 * The file prints the time when it is opened. Jiffies come after the timers of the first CPU: a moment
 * later or, on a host with thousands of them, several ticks. So much is not known.
 */
static int look(int64_t tick_ns, struct ka_phase_look *out)
{
	FILE *file = fopen("/proc/timer_list", "re");
	int64_t opened = -1, jiffies = -1, read_ns = 0;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return -errno;
	while (jiffies < 0 && getline(&line, &room, file) > 0) {
		if (opened < 0)
			(void)sscanf(line, "now at %" SCNd64 " nsecs", &opened);
		else if (sscanf(line, "jiffies: %" SCNd64, &jiffies) == 1)
			read_ns = ka_now_ns();
	}
	free(line);
	fclose(file);
	if (jiffies < 0)
		return -ENODATA;
	*out = (struct ka_phase_look){ jiffies - read_ns / tick_ns, jiffies - opened / tick_ns };
	return 0;
}

static size_t count(const struct ka_phase_look *looks, size_t n, int64_t j0)
{
	size_t n_so = 0;

	for (size_t i = 0; i < n; i++)
		n_so += looks[i].least <= j0 && j0 <= looks[i].most;
	return n_so;
}

static bool is_agreed(const struct ka_phase_look *looks, size_t n, int64_t j0)
{
	if (count(looks, n, j0) < n - n / 4)
		return false;
	for (size_t i = 0; i < n; i++)
		for (int64_t other = looks[i].least; other <= looks[i].most; other++)
			if (other != j0 && count(looks, n, other) > n / 2)
				return false;
	return true;
}

bool ka_phase_agreed(const struct ka_phase_look *looks, size_t n, int64_t *j0)
{
	for (size_t i = 0; i < n; i++) {
		*j0 = looks[i].most;
		if (is_agreed(looks, n, *j0))
			return true;
		*j0 = looks[i].least;
		if (is_agreed(looks, n, *j0))
			return true;
	}
	return false;
}

static bool measure_once(int64_t tick_ns, struct ka_phase_look *looks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i && i % LOOKS_A_GROUP == 0)
			poll(NULL, 0, APART_MS);
		if (look(tick_ns, &looks[i]) < 0)
			return false;
	}
	return true;
}

bool ka_phase_measure(int64_t tick_ns, bool stands, int64_t *j0)
{
	struct ka_phase_look looks[LOOKS];
	size_t n = stands ? LOOKS_A_GROUP : LOOKS;

	for (int i = 0; i < TRIES && measure_once(tick_ns, looks, n); i++, n = LOOKS)
		if (ka_phase_agreed(looks, n, j0))
			return true;
	return false;
}
