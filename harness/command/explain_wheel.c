/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's timer wheel in words, with the numbers of one instance. */
#include <stdio.h>

#include "command/explain_sum.h"
#include "command/page.h"

double ka_sum_s(const struct ka_sum *sum, int64_t jiffies)
{
	return (double)jiffies / sum->hz;
}

struct ka_sum ka_sum_of(const struct ka_lesson *lesson)
{
	struct ka_sum sum = { .v = ka_values_begin(lesson->instance),
			      .p = lesson->prediction,
			      .hz = lesson->facts->hz,
			      .arming = KA_WHEEL_CHAINED };

	sum.idle = sum.v.idle * sum.hz;
	sum.intvl = sum.v.intvl * sum.hz;
	if (lesson->instance->case_->expect.arming == KA_FRESH)
		sum.arming = KA_WHEEL_FRESH;
	else if (lesson->instance->case_->expect.arming == KA_PROBED)
		sum.arming = KA_WHEEL_PROBED;
	return sum;
}

void ka_sum_expiry(const struct ka_sum *sum, unsigned nth, int64_t bounds[2])
{
	struct ka_wheel_bounds w =
		ka_wheel_window(sum->v.idle, sum->v.intvl, nth - 1, 0, sum->hz, sum->arming);

	bounds[0] = nth == 1 ? w.p1[0] : w.end[0];
	bounds[1] = nth == 1 ? w.p1[1] : w.end[1];
}

/* ---- the wheel ---------------------------------------------------------------------------- */

void ka_explain_jiffy(const struct ka_sum *sum)
{
	ka_page_hang("   1. ",
		     "The jiffy. This kernel counts time in jiffies of %g ms (HZ = %d): idle is "
		     "%lld of them, intvl %lld.",
		     1000.0 / sum->hz, sum->hz, (long long)sum->idle, (long long)sum->intvl);
}

/* Which of the setting's timers wait in slots of @granule. */
static const char *who_waits(const struct ka_sum *sum, int64_t granule)
{
	if (sum->p->granule_idle_j == granule && sum->p->granule_intvl_j == granule)
		return "  <- idle, intvl";
	if (sum->p->granule_idle_j == granule)
		return "  <- idle";
	return sum->p->granule_intvl_j == granule ? "  <- intvl" : "";
}

void ka_explain_wheel(const struct ka_sum *sum)
{
	int64_t longest = sum->idle > sum->intvl ? sum->idle : sum->intvl;
	int64_t granule = 1;

	ka_page_hang("   2. ",
		     "The wheel. Timers wait in slots, and the further away a timer is when it "
		     "is set, the coarser its slots. It goes off when the slot behind its time "
		     "comes round: at least one jiffy and at most one slot late, never early.");
	printf("\n      set ahead by less than           waits in slots of\n");
	do {
		printf("      %8lld j = %9.3f s   %8lld j = %9.3f s%s\n", (long long)63 * granule,
		       ka_sum_s(sum, 63 * granule), (long long)granule, ka_sum_s(sum, granule),
		       who_waits(sum, granule));
		granule *= 8;
	} while (63 * granule / 8 <= longest);
	putchar('\n');
}

void ka_explain_first(const struct ka_sum *sum)
{
	const struct ka_prediction *p = sum->p;

	if (sum->arming == KA_WHEEL_FRESH)
		ka_page_hang(
			"   3. ",
			"The first expiry. The timer was set in the same jiffy as L, %lld "
			"jiffies ahead, and goes off at the start of the next slot behind that: "
			"1 to %lld jiffies late.",
			(long long)sum->idle, (long long)p->granule_idle_j);
	else
		ka_page_hang(
			"   3. ",
			"The first expiry. The timer was already running when the last segment "
			"came. When it goes off it finds that idle is not over, and sets itself "
			"to L + idle; what is left may be short and then waits in fine slots. "
			"So the lateness is anything from 0 to %lld jiffies, depending on how "
			"the earlier traffic fell.",
			(long long)(p->p1_hi_j - sum->idle));
	if (sum->arming == KA_WHEEL_PROBED && sum->intvl > sum->idle)
		ka_page_text(6,
			     "(With intvl longer than idle an answered probe has set the timer to "
			     "intvl, not to idle: that is why it can be so late.)");
}

/* From a slot's start, where an expiry leaves the timer, to the start of the slot behind intvl. */
void ka_explain_step(const struct ka_sum *sum)
{
	const struct ka_prediction *p = sum->p;

	ka_page_hang(
		"   4. ",
		"From probe to probe. When the timer goes off, at the start of a slot of %lld, "
		"the kernel sets it intvl (%lld jiffies) ahead from there. The first start of a "
		"slot behind that is %lld jiffies ahead. So each step takes %lld jiffies = %.3f "
		"s instead of %lld s, every time the same. (Running up to %lld jiffies late "
		"changes nothing: there is so much room in the slot.)",
		(long long)p->granule_intvl_j, (long long)sum->intvl, (long long)p->gap_j,
		(long long)p->gap_j, ka_sum_s(sum, p->gap_j), (long long)sum->v.intvl,
		(long long)p->gap_slack_j);
	if (sum->arming != KA_WHEEL_FRESH || p->granule_idle_j < p->granule_intvl_j)
		ka_page_text(6,
			     "Only the first step can differ: the first probe may have left from a "
			     "finer slot, between two of these starts.");
}
