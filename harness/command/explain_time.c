/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When it ends, and why that is not idle + intvl * cnt: the arithmetic of the kernel's timer wheel,
 * with the numbers of one instance. Every figure is computed by the judge's own functions.
 */
#include <stdio.h>

#include "command/explain.h"
#include "command/page.h"
#include "judge/values.h"
#include "judge/wheel.h"

/* More probes than this are not listed one by one. */
#define LISTED 6

/* The numbers that the chapter is about. Jiffies. */
struct sum {
	struct ka_values v;
	const struct ka_prediction *p;
	int hz;
	int64_t idle, intvl;
	enum ka_wheel_arming arming;
};

static double s_of(const struct sum *sum, int64_t jiffies)
{
	return (double)jiffies / sum->hz;
}

static struct sum sum_of(const struct ka_lesson *lesson)
{
	struct sum sum = { .v = ka_values_begin(lesson->instance),
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

/* When the timer goes off for the @nth time after L: probe @nth, or the end. */
static void expiry(const struct sum *sum, unsigned nth, int64_t bounds[2])
{
	struct ka_wheel_bounds w =
		ka_wheel_window(sum->v.idle, sum->v.intvl, nth - 1, 0, sum->hz, sum->arming);

	bounds[0] = nth == 1 ? w.p1[0] : w.end[0];
	bounds[1] = nth == 1 ? w.p1[1] : w.end[1];
}

/* ---- the wheel ---------------------------------------------------------------------------- */

static void explain_jiffy(const struct sum *sum)
{
	ka_page_hang("   1. ",
		     "The jiffy. This kernel counts time in jiffies of %g ms (HZ = %d): idle is "
		     "%lld of them, intvl %lld.",
		     1000.0 / sum->hz, sum->hz, (long long)sum->idle, (long long)sum->intvl);
}

/* Which of the setting's timers wait in slots of @granule. */
static const char *who_waits(const struct sum *sum, int64_t granule)
{
	if (sum->p->granule_idle_j == granule && sum->p->granule_intvl_j == granule)
		return "  <- idle, intvl";
	if (sum->p->granule_idle_j == granule)
		return "  <- idle";
	return sum->p->granule_intvl_j == granule ? "  <- intvl" : "";
}

static void explain_wheel(const struct sum *sum)
{
	int64_t longest = sum->idle > sum->intvl ? sum->idle : sum->intvl;
	int64_t granule = 1;

	ka_page_hang("   2. ",
		     "The wheel. Timers wait in slots, and the further away a timer is when it "
		     "is set, the coarser its slots. It goes off when the slot behind its time "
		     "comes round: at least one jiffy and at most one slot late, never early.");
	printf("\n        set less than ahead          waits in slots of\n");
	do {
		printf("      %8lld j = %9.3f s   %8lld j = %9.3f s%s\n", (long long)(63 * granule),
		       s_of(sum, 63 * granule), (long long)granule, s_of(sum, granule),
		       who_waits(sum, granule));
		granule *= 8;
	} while (63 * granule / 8 <= longest);
	putchar('\n');
}

static void explain_first(const struct sum *sum)
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
static void explain_step(const struct sum *sum)
{
	const struct ka_prediction *p = sum->p;

	ka_page_hang("   4. ",
		     "From probe to probe. When the timer goes off, the kernel sets it intvl (%lld "
		     "jiffies) ahead from there. That is the start of a slot of %lld; the first "
		     "start of a slot behind %lld jiffies is at %lld. So each step takes %lld "
		     "jiffies = %.3f s instead of %lld s, every time the same. (Running up to %lld "
		     "jiffies late changes nothing: there is so much room in the slot.)",
		     (long long)sum->intvl, (long long)p->granule_intvl_j, (long long)sum->intvl,
		     (long long)p->gap_j, (long long)p->gap_j, s_of(sum, p->gap_j),
		     (long long)sum->v.intvl, (long long)p->gap_slack_j);
}

/* ---- the table ---------------------------------------------------------------------------- */

static void print_expiry(const struct sum *sum, unsigned nth, const char *what)
{
	int64_t bounds[2];

	expiry(sum, nth, bounds);
	printf("      %-18s  %12.3f s  %12.3f s   %lld .. %lld j\n", what, s_of(sum, bounds[0]),
	       s_of(sum, bounds[1]), (long long)bounds[0], (long long)bounds[1]);
}

static void print_chain(const struct sum *sum, unsigned probes)
{
	char what[32];

	printf("\n      %-18s  %14s  %14s   in jiffies\n", "after L", "earliest", "latest");
	for (unsigned i = 1; i <= probes; i++) {
		if (i > LISTED / 2 && i + 1 < probes && probes > LISTED) {
			if (i == LISTED / 2 + 1)
				printf("      ...\n");
			continue;
		}
		snprintf(what, sizeof(what), "probe %u", i);
		print_expiry(sum, i, what);
	}
	print_expiry(sum, probes + 1, "RST and the end");
	putchar('\n');
}

/* The same sum in one line, latest and earliest. */
static void explain_sum(const struct sum *sum)
{
	const struct ka_prediction *p = sum->p;
	double rounding_s = s_of(sum, p->gap_j - sum->intvl);
	int64_t second[2];

	if (p->hi_j == sum->idle + p->granule_idle_j + (int64_t)sum->v.cnt * p->gap_j)
		ka_page_para("Latest: %g s on paper + %.3f s (idle waits for a whole slot) + %u x "
			     "%.3f s (each interval is rounded up) = %.3f s.",
			     p->nominal_s, s_of(sum, p->granule_idle_j), sum->v.cnt, rounding_s,
			     s_of(sum, p->hi_j));
	if (p->lo_j == sum->idle + 1 + (int64_t)sum->v.cnt * p->gap_j) {
		ka_page_para(
			"Earliest: %g s on paper + %.3f s (idle is one jiffy late at least) + %u "
			"x %.3f s = %.3f s.",
			p->nominal_s, s_of(sum, 1), sum->v.cnt, rounding_s, s_of(sum, p->lo_j));
		return;
	}
	expiry(sum, 2, second);
	if (p->lo_j != second[0] + (int64_t)(sum->v.cnt - 1) * p->gap_j)
		return;
	ka_page_para(
		"Earliest: %g s on paper + %.3f s + %u x %.3f s = %.3f s. This needs luck once: "
		"the first probe left on time but between two starts of coarse slots, so that "
		"the first interval ended after %lld jiffies and not after %lld. From the "
		"second probe on there is no more luck to be had.",
		p->nominal_s, s_of(sum, second[0] - sum->idle - sum->intvl), sum->v.cnt - 1,
		rounding_s, s_of(sum, p->lo_j), (long long)(second[0] - sum->idle),
		(long long)p->gap_j);
}

/* ---- what the judge adds ------------------------------------------------------------------ */

static void explain_judge(const struct ka_lesson *lesson)
{
	ka_page_para("The judge accepts one jiffy less at the low end, because L is cut down to a "
		     "whole jiffy. At the high end it adds how late this host was seen to wake its "
		     "timers while the instance ran (measured, not guessed), and nothing else. A "
		     "single jiffy too early is a failure.");
	if (lesson->facts->phase_known)
		ka_page_para(
			"The jiffies of this host can be read (/proc/timer_list), so the end is "
			"also predicted to the jiffy: \"off\" in the result is measured minus "
			"predicted, 0 or 1.");
	else
		ka_page_para(
			"Where /proc/timer_list can be read (as root, on the running kernel) the "
			"end is also predicted to the jiffy.");
}

/* The same declaration on kernels that were built otherwise. */
static void compare_hz(const struct ka_lesson *lesson)
{
	static const int usual[] = { 100, 250, 300, 1000 };

	printf("  The same on kernels with other jiffies:\n");
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct ka_facts facts = { .hz = usual[i] };
		struct ka_prediction p;

		if (ka_predict(lesson->instance, &facts, &p) == 0)
			printf("      HZ %4d   %9.3f .. %.3f s%s\n", usual[i],
			       (double)p.lo_j / usual[i], (double)p.hi_j / usual[i],
			       usual[i] == lesson->facts->hz ? "   (here)" : "");
	}
}

/* ---- regimes ------------------------------------------------------------------------------ */

static void headline(const struct sum *sum, double nominal_s)
{
	char title[120];

	snprintf(title, sizeof(title), "WHEN, AND WHY %g s BECOMES %.3f .. %.3f s", nominal_s,
		 s_of(sum, sum->p->lo_j), s_of(sum, sum->p->hi_j));
	ka_page_head(title);
}

static void expiry_time(const struct ka_lesson *lesson, const struct sum *sum)
{
	headline(sum, sum->p->nominal_s);
	ka_page_para(
		"On paper: idle + intvl * cnt = %lld + %lld * %u = %g s. All times count from L, "
		"when the last segment was received.",
		(long long)sum->v.idle, (long long)sum->v.intvl, sum->v.cnt, sum->p->nominal_s);
	explain_jiffy(sum);
	explain_wheel(sum);
	explain_first(sum);
	explain_step(sum);
	print_chain(sum, sum->v.cnt);
	explain_sum(sum);
	explain_judge(lesson);
	compare_hz(lesson);
}

static void first_probe_time(const struct ka_lesson *lesson, const struct sum *sum)
{
	headline(sum, (double)sum->v.idle);
	ka_page_para(
		"On paper: idle = %lld s, and a round trip. intvl and cnt have no part in it. All "
		"times count from L, when the last segment was received.",
		(long long)sum->v.idle);
	explain_jiffy(sum);
	explain_wheel(sum);
	explain_first(sum);
	putchar('\n');
	explain_judge(lesson);
	compare_hz(lesson);
}

static void user_timeout_time(const struct ka_lesson *lesson, const struct sum *sum)
{
	int64_t timeout = ka_wheel_ms(sum->v.user_timeout_ms, sum->hz);
	int64_t bounds[2] = { 0, 0 };

	headline(sum, sum->v.user_timeout_ms / 1000.0);
	ka_page_para(
		"On paper: the user timeout, %.3f s. But the kernel only looks when the keepalive "
		"timer goes off, and wants one unanswered probe. All times count from L, when "
		"the last segment was received.",
		sum->v.user_timeout_ms / 1000.0);
	explain_jiffy(sum);
	explain_wheel(sum);
	explain_first(sum);
	explain_step(sum);
	printf("\n      %-10s  %14s  %14s   user timeout of %lld j over?\n", "expiry", "earliest",
	       "latest", (long long)timeout);
	for (unsigned i = 1; i < 200 && (i < 3 || bounds[0] < timeout); i++) {
		const char *over;

		expiry(sum, i, bounds);
		over = bounds[0] >= timeout ? "yes" : bounds[1] >= timeout ? "perhaps" : "no";
		if (i > LISTED && bounds[1] + 2 * sum->p->gap_j < timeout)
			continue;
		printf("      %-10u  %12.3f s  %12.3f s   %s%s\n", i, s_of(sum, bounds[0]),
		       s_of(sum, bounds[1]), over,
		       i == 1 && bounds[1] >= timeout ? ", but no probe is out yet" : "");
	}
	putchar('\n');
	explain_judge(lesson);
	compare_hz(lesson);
}

static void never_time(const struct ka_lesson *lesson, const struct sum *sum)
{
	const struct ka_case *c = lesson->instance->case_;
	struct ka_wheel_bounds dead = ka_wheel_window(sum->v.idle, sum->v.intvl, sum->v.cnt, 0,
						      sum->hz, KA_WHEEL_CHAINED);

	ka_page_head("WHEN");
	if (c->from == KA_FROM_NOWHERE) {
		ka_page_para("There is nothing to compute: no timer, no end.");
		return;
	}
	ka_page_para(
		"If nobody answered, the end would come %.3f .. %.3f s after the last segment "
		"received (idle + intvl * cnt = %g s, each part rounded up by the timer wheel: "
		"see `kacheck explain silent_drop').",
		s_of(sum, dead.end[0]), s_of(sum, dead.end[1]),
		ka_nominal_s(&lesson->instance->setting));
	if (c->expect.answered)
		ka_page_para(
			"As it is, a probe goes out %.3f .. %.3f s after the last segment "
			"received, is answered, and the answer is the last segment received from "
			"then on.",
			s_of(sum, dead.p1[0]), s_of(sum, dead.p1[1]));
}

static void at_once_time(const struct sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para(
		"Within %lld jiffies (%g ms) after the fault: the tick may pass once while the "
		"segment is on its way, and once until the reader runs. To this, how late the "
		"host was seen to wake its timers is added.",
		(long long)sum->p->hi_j, 1000 * s_of(sum, sum->p->hi_j));
}

static void retransmit_time(const struct ka_lesson *lesson, const struct sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para("%.3f .. %.3f s after the data was sent: the first retransmission comes after "
		     "about 0.2 s on such a short path, and each interval is twice the one before, "
		     "up to 120 s.",
		     s_of(sum, sum->p->lo_j), s_of(sum, sum->p->hi_j));
	compare_hz(lesson);
}

/* Steps turn the values while the timer runs: no sum holds for all runs. */
static void changing_time(const struct sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para(
		"Steps change the timer's values while it runs, so no sum on paper holds. The "
		"judge replays what was really done, jiffy by jiffy, with the kernel's own "
		"arithmetic (`kacheck explain silent_drop' shows it), and expects the end where "
		"that leads. It lies somewhere in %.3f .. %.3f s after the last segment "
		"received.",
		s_of(sum, sum->p->lo_j), s_of(sum, sum->p->hi_j));
}

void ka_explain_time(const struct ka_lesson *lesson)
{
	struct sum sum = sum_of(lesson);
	enum ka_when when = lesson->prediction->when;

	if (lesson->prediction->changing && when != KA_NEVER)
		changing_time(&sum);
	else if (when == KA_KEEPALIVE_EXPIRY)
		expiry_time(lesson, &sum);
	else if (when == KA_FIRST_PROBE)
		first_probe_time(lesson, &sum);
	else if (when == KA_USER_TIMEOUT)
		user_timeout_time(lesson, &sum);
	else if (when == KA_NEVER)
		never_time(lesson, &sum);
	else if (when == KA_AT_ONCE)
		at_once_time(&sum);
	else
		retransmit_time(lesson, &sum);
}
