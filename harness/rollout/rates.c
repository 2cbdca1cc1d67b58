/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See rates.h. */
#include "rollout/rates.h"

#include <math.h>
#include <stdio.h>

#include "model/util.h"

struct ka_rates ka_rates_usual(int also)
{
	static const int usual[] = { 100, 250, 300, 1000 };
	struct ka_rates rates = { .n = 0 };
	bool there = false;

	for (size_t i = 0; i < KA_N(usual); i++) {
		there = there || usual[i] == also;
		rates.hz[rates.n++] = usual[i];
	}
	if (!there)
		rates.hz[rates.n++] = also;
	return rates;
}

struct ka_at_hz ka_rates_ask(const struct ka_question *question, const struct ka_knobs *knobs,
			     const struct ka_knobs *before, const char *release, int hz)
{
	struct ka_at_hz at = { .hz = hz, .seconds = NAN };
	struct ka_knobs kept = *knobs;
	struct ka_answer answer;

	ka_knobs_keep(&kept, before, hz, release);
	ka_answer_predict(&answer, &kept, hz);
	at.yes = ka_question_holds(question, &answer);
	at.seconds = ka_question_seconds(question, &answer);
	return at;
}

/* "100 (911.0 s), 300 (979.2 s)" of those that answer @yes. How many. */
static size_t list(const struct ka_at_hz *at, size_t n, bool yes, char *buf, size_t size)
{
	size_t used = 0, found = 0;

	*buf = '\0';
	for (size_t i = 0; i < n; i++) {
		if (at[i].yes != yes)
			continue;
		if (used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%d", found ? ", " : "",
						 at[i].hz);
		if (used < size && !isnan(at[i].seconds))
			used += (size_t)snprintf(buf + used, size - used, " (%.1f s)",
						 at[i].seconds);
		found++;
	}
	return found;
}

const char *ka_rates_text(const struct ka_at_hz *base, const struct ka_at_hz *others, size_t n,
			  char *buf, size_t size)
{
	char same[120], otherwise[120];
	size_t n_same, n_otherwise;

	*buf = '\0';
	if (isnan(base->seconds))
		return buf;
	n_same = list(others, n, base->yes, same, sizeof(same));
	n_otherwise = list(others, n, !base->yes, otherwise, sizeof(otherwise));
	if (n_otherwise)
		snprintf(buf, size, "; that is at HZ %d%s%s, but %s at HZ %s", base->hz,
			 n_same ? " and " : "", same, base->yes ? "NO" : "yes", otherwise);
	else
		snprintf(buf, size, "; that is at HZ %d, and the same at HZ %s", base->hz, same);
	return buf;
}
