/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See suggest.h. */
#include "rollout/suggest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/util.h"

/* Numbers that people put into such files; the present value is tried, too. */
static const int64_t times[] = { 1,    2,     3,     5,     10,    15,    20,   30,   45,
				 60,   75,    90,    100,   120,   150,   180,  200,  220,
				 240,  270,   300,   330,   360,   420,   480,  540,  600,
				 720,  780,   840,   900,   1200,  1800,  2700, 3600, 5400,
				 7200, 10800, 14400, 21600, 28800, 43200, 86400 };
static const int64_t intvls[] = { 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 75, 90, 120, 180, 300 };
static const int64_t counts[] = { 3, 4, 5, 6, 7, 8, 9, 10, 12 };

/* How far from the present: an additional knob weighs more than any change of one. */
#define KNOB_WEIGHT 100.0

struct search {
	const struct ka_knobs *now;
	const struct ka_questions *questions;
	const struct ka_rates *rates;
	struct ka_knobs best;
	double cost;
};

static double change(int64_t from, int64_t to)
{
	if (from == to)
		return 0;
	return KNOB_WEIGHT + (from > 0 ? fabs(log((double)to / (double)from)) : 1);
}

static bool holds(const struct search *search, const struct ka_knobs *knobs)
{
	struct ka_answer answer;

	for (size_t i = 0; i < search->rates->n; i++) {
		ka_answer_predict(&answer, knobs, search->rates->hz[i]);
		if (!ka_questions_hold(search->questions, &answer))
			return false;
	}
	return true;
}

static void try(struct search *search, int64_t time, int64_t intvl, int64_t count)
{
	const int64_t *now = search->now->value;
	struct ka_knobs knobs = *search->now;
	double cost = change(now[KA_KNOB_TIME], time) + change(now[KA_KNOB_INTVL], intvl) +
		      change(now[KA_KNOB_PROBES], count);

	if (cost >= search->cost || time < 1 || intvl < 1 || count < 2 || intvl > time)
		return;
	knobs.value[KA_KNOB_TIME] = time;
	knobs.value[KA_KNOB_INTVL] = intvl;
	knobs.value[KA_KNOB_PROBES] = count;
	if (!holds(search, &knobs))
		return;
	search->best = knobs;
	search->cost = cost;
}

static int64_t pick(const int64_t *list, size_t n, size_t i, int64_t now)
{
	return i < n ? list[i] : now;
}

/* Questions about data in flight hang on tcp_retries2 alone: the most of it that answers them. */
static bool fit_retries(struct ka_knobs *knobs, const struct ka_questions *questions,
			const struct ka_rates *rates)
{
	struct ka_questions busy = { .n = 0 };
	struct search search = { .questions = &busy, .rates = rates };

	for (size_t i = 0; i < questions->n; i++)
		if (questions->list[i].kind == KA_ASK_BUSY)
			busy.list[busy.n++] = questions->list[i];
	while (!holds(&search, knobs))
		if (--knobs->value[KA_KNOB_RETRIES2] < 1)
			return false;
	return true;
}

bool ka_suggest(struct ka_knobs *suggested, const struct ka_knobs *now,
		const struct ka_questions *questions, const struct ka_rates *rates)
{
	struct ka_knobs fit = *now;
	struct search search = {
		.now = &fit, .questions = questions, .rates = rates, .cost = INFINITY
	};

	if (!fit_retries(&fit, questions, rates))
		return false;

	for (size_t t = 0; t <= KA_N(times); t++)
		for (size_t i = 0; i <= KA_N(intvls); i++)
			for (size_t c = 0; c <= KA_N(counts); c++)
				try(&search, pick(times, KA_N(times), t, now->value[KA_KNOB_TIME]),
				    pick(intvls, KA_N(intvls), i, now->value[KA_KNOB_INTVL]),
				    pick(counts, KA_N(counts), c, now->value[KA_KNOB_PROBES]));
	if (isinf(search.cost))
		return false;
	*suggested = search.best;
	return true;
}

/* ---- snippets ----------------------------------------------------------------------------- */

/* Those that a container may set: what is written in its own namespace and counts as safe. A new one
 * begins with the kernel's values. */
static bool is_for_containers(int knob, const struct ka_knobs *knobs)
{
	bool safe = knob <= KA_KNOB_PROBES || knob == KA_KNOB_FIN_TIMEOUT;

	return safe && knobs->value[knob] != ka_knob_infos[knob].initial;
}

static const struct {
	const char *head, *before, *between, *after;
} snippets[] = {
	[KA_SNIPPET_FILE] = { "", "", " = ", "\n" },
	[KA_SNIPPET_KUBERNETES] = { "securityContext:\n  sysctls:\n",
				    "  - name: ", "\n    value: \"", "\"\n" },
	[KA_SNIPPET_DOCKER] = { "docker run", " --sysctl ", "=", "" },
};

const char *ka_suggest_text(enum ka_snippet kind, const struct ka_knobs *knobs,
			    const struct ka_knobs *before, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%s", snippets[kind].head);
	char name[80];

	for (int i = 0; i < KA_KNOBS && used < size; i++)
		if (kind == KA_SNIPPET_FILE ? knobs->value[i] != before->value[i]
					    : is_for_containers(i, knobs))
			used += (size_t)snprintf(buf + used, size - used, "%s%s%s%" PRId64 "%s",
						 snippets[kind].before,
						 ka_knob_name((enum ka_knob)i, name, sizeof(name)),
						 snippets[kind].between, knobs->value[i],
						 snippets[kind].after);
	return buf;
}
