/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_topology [N]: builds and tears down the pair N times (1000) in a sandbox and prints the
 * median in milliseconds. For ci/bench; not a test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "netns/sandbox.h"
#include "netns/topology.h"

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int measure(void *arg)
{
	const size_t n = *(const size_t *)arg;
	struct nn_topology net = { 0 };
	struct nn_err err = { 0 };
	double *ms = calloc(n, sizeof(*ms));
	size_t i;

	if (!ms)
		return 1;
	for (i = 0; i < n; i++) {
		const double begin = now_ms();

		if (nn_topology_new(&net, NN_PAIR, &err) < 0) {
			fprintf(stderr, "bench_topology: %s\n", err.text);
			free(ms);
			return 1;
		}
		nn_topology_free(&net);
		ms[i] = now_ms() - begin;
	}
	qsort(ms, n, sizeof(*ms), by_size);
	printf("%.3f\n", ms[n / 2]);
	fflush(stdout);
	free(ms);
	return 0;
}

int main(int argc, char **argv)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { 0 };
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;

	if (n == 0 || n > 1000000) {
		fprintf(stderr, "usage: bench_topology [N]\n");
		return 2;
	}
	if (nn_sandbox_start(&box, measure, &n, &err) < 0) {
		fprintf(stderr, "bench_topology: %s\n", err.text);
		return 77;
	}
	return nn_sandbox_wait(&box);
}
