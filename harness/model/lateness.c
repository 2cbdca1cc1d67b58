/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See lateness.h. */
#include "model/lateness.h"

#include <stddef.h>
#include <string.h>

#include "model/verdict.h"

/* What @a and @b, made one, would call louder than it was: lateness times time. */
static double cost(const struct ka_late *a, const struct ka_late *b)
{
	const struct ka_late *quieter = a->late_ns < b->late_ns ? a : b;
	const struct ka_late *louder = quieter == a ? b : a;
	double between = (double)(b->from_ns - a->to_ns) * (double)louder->late_ns;
	double length = (double)(quieter->to_ns - quieter->from_ns);

	return between + length * (double)(louder->late_ns - quieter->late_ns);
}

static void merge(struct ka_lateness *lateness, unsigned i)
{
	struct ka_late *a = &lateness->spans[i], *b = a + 1;

	a->to_ns = b->to_ns;
	if (b->late_ns > a->late_ns)
		a->late_ns = b->late_ns;
	lateness->n--;
	memmove(b, b + 1, (lateness->n - i - 1) * sizeof(*b));
}

static void make_room(struct ka_lateness *lateness)
{
	unsigned cheapest = 0;

	for (unsigned i = 1; i + 1 < lateness->n; i++)
		if (cost(&lateness->spans[i], &lateness->spans[i + 1]) <
		    cost(&lateness->spans[cheapest], &lateness->spans[cheapest + 1]))
			cheapest = i;
	merge(lateness, cheapest);
}

void ka_lateness_add(struct ka_lateness *lateness, int64_t from_ns, int64_t to_ns, int64_t late_ns)
{
	struct ka_late *last = lateness->n ? &lateness->spans[lateness->n - 1] : NULL;

	if (last && last->late_ns == late_ns && last->to_ns == from_ns) {
		last->to_ns = to_ns;
		return;
	}
	if (lateness->n == KA_MAX_LATE)
		make_room(lateness);
	lateness->spans[lateness->n++] = (struct ka_late){ from_ns, to_ns, late_ns };
}

int64_t ka_lateness_between(const struct ka_lateness *lateness, int64_t from_ns, int64_t to_ns)
{
	int64_t worst_ns = lateness->quiet_ns;

	for (unsigned i = 0; i < lateness->n; i++) {
		const struct ka_late *span = &lateness->spans[i];

		if (span->from_ns <= to_ns && span->to_ns >= from_ns && span->late_ns > worst_ns)
			worst_ns = span->late_ns;
	}
	return worst_ns;
}

int64_t ka_noise_at(const struct ka_facts *facts, int64_t from_ns, int64_t to_ns)
{
	int64_t begin_ns = from_ns < to_ns ? from_ns : to_ns, tick = facts->tick_ns;

	if (facts->virtual_clock)
		return 0;
	/* what was never done ends at INT64_MAX */
	return ka_lateness_between(&facts->late,
				   begin_ns < INT64_MIN + tick ? INT64_MIN : begin_ns - tick,
				   to_ns > INT64_MAX - tick ? INT64_MAX : to_ns + tick);
}
