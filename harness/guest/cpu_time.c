/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has computed: CPU time of its processes on the host. */
#include "guest/cpu_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of one process, and of its children that have ended. */
static double own_cpu_s(pid_t pid)
{
	unsigned long user = 0, system = 0;
	long dead_user = 0, dead_system = 0, ticks_a_second = sysconf(_SC_CLK_TCK);
	char path[64], text[1024], *at;
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	at = strrchr(text, ')'); /* the name before it may be anything */
	if (!at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
			  &user, &system, &dead_user, &dead_system) != 4)
		return 0;
	return (double)(user + system + (unsigned long)dead_user + (unsigned long)dead_system) /
	       (double)ticks_a_second;
}

/* Returns how many are in @list, which has room for @n. */
static size_t children(pid_t pid, pid_t *list, size_t n)
{
	char path[80];
	size_t found = 0;
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(path, "re");
	while (file && found < n && fscanf(file, "%d", &child) == 1)
		list[found++] = child;
	if (file)
		fclose(file);
	return found;
}

double ka_cpu_time_s(pid_t pid)
{
	enum { MOST = 4096 };
	pid_t *list = calloc(MOST, sizeof(*list));
	size_t n = 1;
	double sum = 0;

	if (!list)
		return 0;
	list[0] = pid;
	for (size_t i = 0; i < n; i++) {
		sum += own_cpu_s(list[i]);
		n += children(list[i], list + n, MOST - n);
	}
	free(list);
	return sum;
}
