/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One part of a plan, for one of several machines. */
#include "model/escape.h"
#include "plan/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static int longer_first(const void *a, const void *b, void *arg)
{
	const struct ka_prediction *predictions = arg;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;

	if (predictions[i].from_boot != predictions[j].from_boot)
		return predictions[i].from_boot ? -1 : 1;
	if (predictions[i].expected_s != predictions[j].expected_s)
		return predictions[i].expected_s < predictions[j].expected_s ? 1 : -1;
	return i < j ? -1 : i > j;
}

size_t *ka_longest_first(const struct ka_prediction *predictions, size_t n)
{
	size_t *order = calloc(n + 1, sizeof(*order));

	if (!order)
		return NULL;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), longer_first, (void *)predictions);
	return order;
}

static unsigned least_loaded(const double *load, unsigned shards)
{
	unsigned least = 0;

	for (unsigned i = 1; i < shards; i++)
		if (load[i] < load[least])
			least = i;
	return least;
}

/* Moves the instances that are marked in @mine to the front. */
static void keep_marked(struct ka_plan *plan, const bool *mine)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		if (!mine[i])
			continue;
		plan->instances[kept] = plan->instances[i];
		plan->predictions[kept++] = plan->predictions[i];
	}
	plan->n = kept;
}

int ka_shard_keep(struct ka_plan *plan, unsigned shard, unsigned shards)
{
	size_t *order;
	double *load;
	bool *mine;

	if (shards <= 1)
		return 0;
	order = ka_longest_first(plan->predictions, plan->n);
	load = calloc(shards, sizeof(*load));
	mine = calloc(plan->n + 1, sizeof(*mine));
	if (order && load && mine) {
		for (size_t i = 0; i < plan->n; i++) {
			unsigned to = least_loaded(load, shards);

			load[to] += plan->predictions[order[i]].expected_s;
			mine[order[i]] = to == shard - 1;
		}
		keep_marked(plan, mine);
	}
	free(mine);
	free(load);
	free(order);
	return order && load && mine ? 0 : -ENOMEM;
}

int ka_shard_parse(unsigned *shard, unsigned *shards, const char *text, struct nn_err *err)
{
	unsigned long i = 0, n = 0;
	char *end = (char *)text;

	if (isdigit((unsigned char)*text))
		i = strtoul(text, &end, 10);
	if (*end == '/' && isdigit((unsigned char)end[1]))
		n = strtoul(end + 1, &end, 10);
	if (*end || i < 1 || n < i || n > 100000)
		return nn_refuse(err, "shard '%.*s' is not I/N with 1 <= I <= N, like 2/5",
				 KA_CUT(text, 40));
	*shard = (unsigned)i;
	*shards = (unsigned)n;
	return 0;
}
