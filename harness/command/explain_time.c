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
#include "model/regimes.h"
#include "model/util.h"

/* More probes than this are not listed one by one. */
#define LISTED 6

/* The numbers that the chapter is about. Jiffies. */
struct sum {
	struct ka_values v;
	const struct ka_prediction *p;
	int hz;
	int64_t idle, intvl;
	enum ka_wheel_arming arming;
	bool owned; /* a process owns the prober's socket meanwhile */
};

static struct sum sum_of(const struct ka_lesson *lesson)
{
	static const enum ka_wheel_arming armings[] = { [KA_CHAINED] = KA_WHEEL_CHAINED,
							[KA_FRESH] = KA_WHEEL_FRESH,
							[KA_PROBED] = KA_WHEEL_PROBED };
	struct sum sum = { .v = ka_values_begin(lesson->instance),
			   .p = lesson->prediction,
			   .hz = lesson->facts->hz,
			   .owned = ka_case_does(lesson->instance->case_, KA_OWN, KA_PROBER) };

	sum.idle = sum.v.idle * sum.hz;
	sum.intvl = sum.v.intvl * sum.hz;
	sum.arming = armings[lesson->instance->case_->expect.arming];
	return sum;
}

static double seconds(const struct sum *sum, int64_t jiffies)
{
	return (double)jiffies / sum->hz;
}

/* ---- the table of the wheel ----------------------------------------------------------------- */

/* When the timer goes off for the @nth time after L: probe @nth, or the end. */
static void expiry_of(const struct sum *sum, unsigned nth, int64_t bounds[2])
{
	struct ka_wheel_bounds w =
		ka_wheel_window(sum->v.idle, sum->v.intvl, nth - 1, 0, sum->hz, sum->arming);

	bounds[0] = nth == 1 ? w.p1[0] : w.end[0];
	bounds[1] = nth == 1 ? w.p1[1] : w.end[1];
}

static void print_row(const struct sum *sum, unsigned nth, const char *what)
{
	int64_t bounds[2], granule = nth == 1 ? sum->p->granule_idle_j : sum->p->granule_intvl_j;

	expiry_of(sum, nth, bounds);
	printf("  %-18s %5lld %8.3f %10.3f %10.3f  %lld .. %lld j\n", what,
	       (long long)(sum->v.idle + sum->v.intvl * (nth - 1)), seconds(sum, granule),
	       seconds(sum, bounds[0]), seconds(sum, bounds[1]), (long long)bounds[0],
	       (long long)bounds[1]);
}

static void print_columns(void)
{
	printf("\n  %-18s %5s %8s %10s %10s  %s\n", "s after L", "paper", "slots", "earliest",
	       "latest", "in jiffies");
}

static void print_chain(const struct sum *sum, unsigned probes)
{
	char what[32];

	print_columns();
	for (unsigned i = 1; i <= probes; i++) {
		if (i > LISTED / 2 && i + 1 < probes && probes > LISTED) {
			if (i == LISTED / 2 + 1)
				printf("  ...\n");
			continue;
		}
		snprintf(what, sizeof(what), "probe %u", i);
		print_row(sum, i, what);
	}
	print_row(sum, probes + 1, "RST and the end");
	putchar('\n');
}

/* Each expiry, and whether the user timeout is over by then. */
static void print_expiries(const struct sum *sum)
{
	int64_t timeout = ka_wheel_ms(sum->v.user_timeout_ms, sum->hz);
	int64_t bounds[2] = { 0, 0 };

	print_columns();
	for (unsigned i = 1; i < 200 && (i < 3 || bounds[0] < timeout); i++) {
		char what[40];

		expiry_of(sum, i, bounds);
		if (i > LISTED && bounds[1] + 2 * sum->p->gap_j < timeout) {
			if (i == LISTED + 1)
				printf("  ...\n");
			continue;
		}
		snprintf(what, sizeof(what), "%u: over? %s", i,
			 i == 1 && bounds[1] >= timeout ? "no probe"
			 : bounds[0] >= timeout         ? "yes"
			 : bounds[1] >= timeout         ? "perhaps"
							: "no");
		print_row(sum, i, what);
	}
	printf("  (Is the user timeout of %lld j over, and a probe out?)\n", (long long)timeout);
}

/* ---- the wheel in words --------------------------------------------------------------------- */

/* A slot of @granule takes what is set less than 63 of them ahead, and too far for the next finer
 * ones. */
static void explain_slots(const struct sum *sum, const char *what, int64_t ahead, int64_t granule)
{
	ka_page_hang("      - ",
		     "%s, %lld j, waits in slots of %lld j = %.3f s, as all that is set up to %lld "
		     "j = %.3f s ahead.",
		     what, (long long)ahead, (long long)granule, seconds(sum, granule),
		     63LL * granule, seconds(sum, 63 * granule));
}

static void explain_wheel(const struct sum *sum, bool intervals)
{
	ka_page_hang("   1. ",
		     "The jiffy. This kernel counts time in jiffies of %g ms (HZ = %d): idle is "
		     "%lld of them, intvl %lld.",
		     1000.0 / sum->hz, sum->hz, (long long)sum->idle, (long long)sum->intvl);
	ka_page_hang("   2. ",
		     "The wheel. Timers wait in slots, and the further away a timer is when it "
		     "is set, the coarser its slots. It goes off when the slot behind its time "
		     "comes round: at least one jiffy and at most one slot late, never early.");
	explain_slots(sum, "idle", sum->idle, sum->p->granule_idle_j);
	if (intervals)
		explain_slots(sum, "intvl", sum->intvl, sum->p->granule_intvl_j);
}

static void explain_first(const struct sum *sum)
{
	const struct ka_prediction *p = sum->p;

	if (sum->arming == KA_WHEEL_FRESH)
		ka_page_hang("   3. ",
			     "The first expiry. The timer was set in the same jiffy as L, %lld "
			     "jiffies ahead, and goes off at the start of the next slot behind "
			     "that: 1 to %lld jiffies late.",
			     (long long)sum->idle, (long long)p->granule_idle_j);
	else
		ka_page_hang("   3. ",
			     "The first expiry. The timer was already running when the last "
			     "segment came. When it goes off it finds that idle is not over, and "
			     "sets itself to L + idle; what is left may be short and then waits in "
			     "fine slots. So the lateness is anything from 0 to %lld jiffies, "
			     "depending on how the earlier traffic fell.",
			     (long long)(p->p1_hi_j - sum->idle));
	if (sum->arming == KA_WHEEL_PROBED && sum->intvl > sum->idle)
		ka_page_text(6, "(With intvl longer than idle an answered probe has set the timer "
				"to intvl, not to idle: that is why it can be so late.)");
}

/* From a slot's start, where an expiry leaves the timer, to the start of the slot behind intvl. */
static void explain_steps(const struct sum *sum)
{
	const struct ka_prediction *p = sum->p;

	ka_page_hang(
		"   4. ",
		"From probe to probe. When the timer goes off, at the start of a slot of %lld, "
		"the kernel sets it intvl (%lld jiffies) ahead from there. The first start of "
		"a slot behind that is %lld jiffies ahead. So each step takes %lld jiffies = "
		"%.3f s instead of %lld s, every time the same. (Running up to %lld jiffies "
		"late changes nothing: there is so much room in the slot.)",
		(long long)p->granule_intvl_j, (long long)sum->intvl, (long long)p->gap_j,
		(long long)p->gap_j, seconds(sum, p->gap_j), (long long)sum->v.intvl,
		(long long)p->gap_slack_j);
	if (sum->arming != KA_WHEEL_FRESH || p->granule_idle_j < p->granule_intvl_j)
		ka_page_text(6, "Only the first step can differ: the first probe may have left "
				"from a finer slot, between two of these starts.");
}

/* The window as a sum: what is on paper, idle's lateness, and what is left is the intervals'. */
static void explain_sum(const struct sum *sum, const char *which, int64_t end, int64_t first)
{
	int64_t paper = sum->idle + sum->intvl * sum->v.cnt;

	ka_page_text(2,
		     "%s: %g s on paper + %.3f s (idle waits for its slot) + %.3f s (%u "
		     "interval%s, each rounded up) = %.3f s.",
		     which, sum->p->nominal_s, seconds(sum, first - sum->idle),
		     seconds(sum, end - paper - (first - sum->idle)), sum->v.cnt,
		     sum->v.cnt == 1 ? "" : "s", seconds(sum, end));
}

/* ---- what the judge adds ------------------------------------------------------------------ */

static void explain_judge(const struct ka_lesson *lesson)
{
	ka_page_para(
		"The judge accepts one jiffy less at the low end, because L is cut down to a "
		"whole jiffy. At the high end it adds how late this host was seen to wake its "
		"timers while the instance ran (measured, not guessed), and nothing else. A "
		"single jiffy too early is a failure. %s",
		lesson->facts->phase_known
			? "The jiffies of this host can be read (/proc/timer_list), so the end "
			  "is also predicted to the jiffy: \"off\" in the result is measured "
			  "minus predicted, 0 or 1."
			: "Where /proc/timer_list can be read (as root, on the running kernel) "
			  "the end is also predicted to the jiffy.");
}

/* The same declaration on kernels that were built otherwise. */
static void compare_hz(const struct ka_lesson *lesson)
{
	static const int usual[] = { 100, 250, 300, 1000 };

	printf("  The same on kernels with other jiffies:\n");
	for (size_t i = 0; i < KA_N(usual); i++) {
		struct ka_facts facts = { .hz = usual[i] };
		struct ka_prediction p;

		if (ka_predict(lesson->instance, &facts, &p) == 0)
			printf("      HZ %4d   %9.3f .. %.3f s%s\n", usual[i],
			       (double)p.lo_j / usual[i], (double)p.hi_j / usual[i],
			       usual[i] == lesson->facts->hz ? "   (here)" : "");
	}
}

/* ---- regimes ------------------------------------------------------------------------------ */

/* Those in which the keepalive timer brings the end. */
static void explain_timer(const struct ka_lesson *lesson, const struct sum *sum)
{
	enum ka_when when = sum->p->when;
	bool by_cnt = ka_regime_is(when, KA_REGIME_BY_CNT);
	bool intervals = !ka_regime_is(when, KA_REGIME_ONE_PROBE);
	char title[120], text[KA_EXPLAIN_TEXT];

	snprintf(title, sizeof(title), "WHEN, AND WHY %g s BECOMES %.3f .. %.3f s",
		 by_cnt      ? sum->p->nominal_s
		 : intervals ? sum->v.user_timeout_ms / 1000.0
			     : (double)sum->v.idle,
		 seconds(sum, sum->p->lo_j), seconds(sum, sum->p->hi_j));
	ka_page_head(title);
	ka_page_para("%s All times count from L, when the last segment was received.",
		     ka_explain_fill(lesson, ka_regime(when)->time, text));
	explain_wheel(sum, intervals);
	explain_first(sum);
	if (intervals)
		explain_steps(sum);
	if (by_cnt) {
		print_chain(sum, sum->v.cnt);
		explain_sum(sum, "Earliest", sum->p->lo_j, sum->p->p1_lo_j);
		explain_sum(sum, "Latest", sum->p->hi_j, sum->p->p1_hi_j);
	} else if (intervals) {
		print_expiries(sum);
	} else {
		print_columns();
		print_row(sum, 1, "probe, and the end");
	}
	putchar('\n');
	explain_judge(lesson);
	compare_hz(lesson);
}

static void explain_never(const struct ka_lesson *lesson, const struct sum *sum)
{
	const struct ka_case *c = lesson->instance->case_;
	struct ka_wheel_bounds dead = ka_wheel_window(sum->v.idle, sum->v.intvl, sum->v.cnt, 0,
						      sum->hz, KA_WHEEL_CHAINED);

	if (sum->p->changing && !sum->owned)
		ka_page_text(2, "No end is due: steps change the timer on the way, and what they "
				"leave behind does not bring one.");
	else if (c->from == KA_FROM_NOWHERE || !c->expect.answered || ka_case_persists(c))
		ka_page_text(2, "There is nothing to compute: %s.",
			     c->from == KA_FROM_NOWHERE ? "no timer, no end"
			     : ka_case_persists(c)      ? "no limit is reached"
							: "nothing is waited for");
	else
		ka_page_text(2,
			     "If nobody answered, the end would come %.3f .. %.3f s after the last "
			     "segment received (idle + intvl * cnt = %g s, each part rounded up by "
			     "the timer wheel: see `kacheck explain silent_drop'). As it is, a "
			     "probe goes out %.3f .. %.3f s after it, is answered sooner or later, "
			     "and the answer is the last segment received from then on.",
			     seconds(sum, dead.end[0]), seconds(sum, dead.end[1]),
			     ka_nominal_s(&lesson->instance->setting), seconds(sum, dead.p1[0]),
			     seconds(sum, dead.p1[1]));
}

/* Those of other timers than keepalive's. */
static const char *why_of(const struct ka_lesson *lesson)
{
	enum ka_when when = lesson->prediction->when;

	if (ka_case_refuses(lesson->instance->case_))
		return "each attempt that the device refuses is followed by the next after half a "
		       "second, rounded up by the timer wheel.";
	if (ka_explain_unseen(lesson))
		return "the user timeout, counted from the write or from the first expiry behind "
		       "it, and rounded up by the timer wheel.";
	return ka_regime(when)->by_timeout && lesson->instance->setting.user_timeout_ms
		       ? ka_regime(when)->by_timeout
		       : ka_regime(when)->time;
}

/* Steps turn the values while the timer runs: no sum holds for all runs. */
static void explain_changing(const struct sum *sum)
{
	ka_page_text(2,
		     "%s, so no sum on paper holds. The "
		     "judge replays what was really done, jiffy by jiffy, with the kernel's own "
		     "arithmetic (`kacheck explain silent_drop' shows it), and expects the end "
		     "where that leads. It lies somewhere in %.3f .. %.3f s after the last segment "
		     "received.",
		     sum->owned ? "A process owns the socket for a while"
				: "Steps change the timer's values while it runs",
		     seconds(sum, sum->p->lo_j), seconds(sum, sum->p->hi_j));
}

void ka_explain_time(const struct ka_lesson *lesson)
{
	const struct sum sum = sum_of(lesson);
	enum ka_when when = sum.p->when;
	char text[KA_EXPLAIN_TEXT];

	if (!sum.p->changing && ka_regime_is(when, KA_REGIME_KEEPALIVE)) {
		explain_timer(lesson, &sum);
		return;
	}
	ka_page_head("WHEN");
	if (ka_regime_is(when, KA_REGIME_LIVES)) {
		explain_never(lesson, &sum);
	} else if (sum.p->changing && !ka_case_refuses(lesson->instance->case_) &&
		   (!sum.owned || ka_regime_is(when, KA_REGIME_KEEPALIVE))) {
		explain_changing(&sum);
	} else {
		ka_page_text(2, "%.3f .. %.3f s after %s: %s", seconds(&sum, sum.p->lo_j),
			     seconds(&sum, sum.p->hi_j), ka_zero_text(ka_regime(when)->zero),
			     ka_explain_fill(lesson, why_of(lesson), text));
		if (ka_regime_is(when, KA_REGIME_GIVES_UP)) {
			putchar('\n');
			compare_hz(lesson);
		}
	}
}

const char *ka_explain_on_the_way(const struct ka_lesson *lesson)
{
	if (!lesson->prediction->changing ||
	    !ka_regime_is(lesson->prediction->when, KA_REGIME_KEEPALIVE))
		return "";
	if (ka_case_does(lesson->instance->case_, KA_OWN, KA_PROBER))
		return " Here it goes off while a process owns the socket, and then sets itself "
		       "again, "
		       "for HZ/20 (50 ms), until it finds the socket free.";
	return " Here steps change these values on the way: the timer asks for them at each "
	       "expiry, not before.";
}
