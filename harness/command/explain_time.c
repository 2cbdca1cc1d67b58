/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When it ends, and why that is not idle + intvl * cnt: the arithmetic of the kernel's timer wheel,
 * with the numbers of one instance. Every figure is computed by the judge's own functions.
 */
#include <stdio.h>

#include "command/explain_sum.h"
#include "command/page.h"
#include "judge/wheel.h"
#include "model/util.h"

/* More probes than this are not listed one by one. */
#define LISTED 6

/* ---- the table ---------------------------------------------------------------------------- */

static void print_expiry(const struct ka_sum *sum, unsigned nth, const char *what)
{
	int64_t bounds[2];

	ka_sum_expiry(sum, nth, bounds);
	printf("      %-18s  %12.3f s  %12.3f s   %lld .. %lld j\n", what, ka_sum_s(sum, bounds[0]),
	       ka_sum_s(sum, bounds[1]), (long long)bounds[0], (long long)bounds[1]);
}

static void print_chain(const struct ka_sum *sum, unsigned probes)
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

/* " + 3 x 0.024 s": the roundings of @steps full steps; nothing for none. */
static const char *steps_text(const struct ka_sum *sum, unsigned steps, char *buf, size_t size)
{
	buf[0] = '\0';
	if (steps)
		snprintf(buf, size, " + %u x %.3f s", steps,
			 ka_sum_s(sum, sum->p->gap_j - sum->intvl));
	return buf;
}

/* The same sum in one line. After the first step, which may come from a finer slot, every step is
 * the same. */
static void explain_latest(const struct ka_sum *sum, const int64_t second[2])
{
	const struct ka_prediction *p = sum->p;
	char steps[40];

	if (p->hi_j != second[1] + (int64_t)(sum->v.cnt - 1) * p->gap_j)
		return;
	if (second[1] - p->p1_hi_j == p->gap_j)
		ka_page_para("Latest: %g s on paper + %.3f s (idle waits for a whole slot)%s (each "
			     "interval is rounded up) = %.3f s.",
			     p->nominal_s, ka_sum_s(sum, p->p1_hi_j - sum->idle),
			     steps_text(sum, sum->v.cnt, steps, sizeof(steps)),
			     ka_sum_s(sum, p->hi_j));
	else
		ka_page_para(
			"Latest: %g s on paper + %.3f s (idle waits for a whole slot) + %.3f s "
			"(so does the first interval, whose slots are coarser)%s = %.3f s.",
			p->nominal_s, ka_sum_s(sum, p->p1_hi_j - sum->idle),
			ka_sum_s(sum, second[1] - p->p1_hi_j - sum->intvl),
			steps_text(sum, sum->v.cnt - 1, steps, sizeof(steps)),
			ka_sum_s(sum, p->hi_j));
}

static void explain_earliest(const struct ka_sum *sum, const int64_t second[2])
{
	const struct ka_prediction *p = sum->p;
	char steps[40];

	if (p->lo_j == sum->idle + 1 + (int64_t)sum->v.cnt * p->gap_j) {
		ka_page_para(
			"Earliest: %g s on paper + %.3f s (idle is one jiffy late at least)%s = "
			"%.3f s.",
			p->nominal_s, ka_sum_s(sum, 1),
			steps_text(sum, sum->v.cnt, steps, sizeof(steps)), ka_sum_s(sum, p->lo_j));
		return;
	}
	if (p->lo_j != second[0] + (int64_t)(sum->v.cnt - 1) * p->gap_j)
		return;
	ka_page_para(
		"Earliest: %g s on paper + %.3f s%s = %.3f s. This takes luck: the first probe "
		"left on time but between two starts of coarse slots, so that the first "
		"interval ended %lld jiffies after idle, not %lld.%s",
		p->nominal_s, ka_sum_s(sum, second[0] - sum->idle - sum->intvl),
		steps_text(sum, sum->v.cnt - 1, steps, sizeof(steps)), ka_sum_s(sum, p->lo_j),
		(long long)(second[0] - sum->idle), (long long)p->gap_j,
		sum->v.cnt > 1 ? " From the second probe on there is no more luck to be had." : "");
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

static void headline(const struct ka_sum *sum, double nominal_s)
{
	char title[120];

	snprintf(title, sizeof(title), "WHEN, AND WHY %g s BECOMES %.3f .. %.3f s", nominal_s,
		 ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
	ka_page_head(title);
}

static void expiry_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	int64_t second[2];

	headline(sum, sum->p->nominal_s);
	ka_page_para(
		"On paper: idle + intvl * cnt = %lld + %lld * %u = %g s. All times count from L, "
		"when the last segment was received.",
		(long long)sum->v.idle, (long long)sum->v.intvl, sum->v.cnt, sum->p->nominal_s);
	ka_explain_jiffy(sum);
	ka_explain_wheel(sum);
	ka_explain_first(sum);
	ka_explain_step(sum);
	print_chain(sum, sum->v.cnt);
	ka_sum_expiry(sum, 2, second);
	explain_latest(sum, second);
	explain_earliest(sum, second);
	explain_judge(lesson);
	compare_hz(lesson);
}

static void first_probe_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	headline(sum, (double)sum->v.idle);
	ka_page_para(
		"On paper: idle = %lld s, and a round trip. intvl and cnt have no part in it. All "
		"times count from L, when the last segment was received.",
		(long long)sum->v.idle);
	ka_explain_jiffy(sum);
	ka_explain_wheel(sum);
	ka_explain_first(sum);
	putchar('\n');
	explain_judge(lesson);
	compare_hz(lesson);
}

static void user_timeout_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	int64_t timeout = ka_wheel_ms(sum->v.user_timeout_ms, sum->hz);
	int64_t bounds[2] = { 0, 0 };

	headline(sum, sum->v.user_timeout_ms / 1000.0);
	ka_page_para(
		"On paper: the user timeout, %.3f s. But the kernel only looks when the keepalive "
		"timer goes off, and wants one unanswered probe. All times count from L, when "
		"the last segment was received.",
		sum->v.user_timeout_ms / 1000.0);
	ka_explain_jiffy(sum);
	ka_explain_wheel(sum);
	ka_explain_first(sum);
	ka_explain_step(sum);
	printf("\n      %-10s  %14s  %14s   user timeout of %lld j over?\n", "expiry", "earliest",
	       "latest", (long long)timeout);
	for (unsigned i = 1; i < 200 && (i < 3 || bounds[0] < timeout); i++) {
		const char *over;

		ka_sum_expiry(sum, i, bounds);
		over = bounds[0] >= timeout ? "yes" : bounds[1] >= timeout ? "perhaps" : "no";
		if (i > LISTED && bounds[1] + 2 * sum->p->gap_j < timeout)
			continue;
		printf("      %-10u  %12.3f s  %12.3f s   %s%s\n", i, ka_sum_s(sum, bounds[0]),
		       ka_sum_s(sum, bounds[1]), over,
		       i == 1 && bounds[1] >= timeout ? ", but no probe is out yet" : "");
	}
	putchar('\n');
	explain_judge(lesson);
	compare_hz(lesson);
}

static void never_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	const struct ka_case *c = lesson->instance->case_;
	struct ka_wheel_bounds dead = ka_wheel_window(sum->v.idle, sum->v.intvl, sum->v.cnt, 0,
						      sum->hz, KA_WHEEL_CHAINED);

	ka_page_head("WHEN");
	if (sum->p->changing) {
		ka_page_text(2, "No end is due: %s.",
			     "steps change the timer on the way, and what they leave behind does "
			     "not bring one");
		return;
	}
	if (c->from == KA_FROM_NOWHERE || !c->expect.answered || ka_case_persists(c)) {
		ka_page_text(2, "There is nothing to compute: %s.",
			     c->from == KA_FROM_NOWHERE ? "no timer, no end"
			     : ka_case_persists(c)      ? "no limit is reached"
							: "nothing is waited for");
		return;
	}
	ka_page_para(
		"If nobody answered, the end would come %.3f .. %.3f s after the last segment "
		"received (idle + intvl * cnt = %g s, each part rounded up by the timer wheel: "
		"see `kacheck explain silent_drop').",
		ka_sum_s(sum, dead.end[0]), ka_sum_s(sum, dead.end[1]),
		ka_nominal_s(&lesson->instance->setting));
	ka_page_text(
		2,
		"As it is, a probe goes out %.3f .. %.3f s after the last segment received, is "
		"answered sooner or later, and the answer is the last segment received from "
		"then on.",
		ka_sum_s(sum, dead.p1[0]), ka_sum_s(sum, dead.p1[1]));
}

static void at_once_time(const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_text(2,
		     "Within %lld jiffies (%g ms) after the fault, or after a program closed: the "
		     "tick may "
		     "pass once while the segment is on its way, and once until the reader runs. "
		     "To this, how late the "
		     "host was seen to wake its timers is added.",
		     (long long)sum->p->hi_j, 1000 * ka_sum_s(sum, sum->p->hi_j));
}

/* Data that cannot leave the host. */
static void stuck_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para("%.3f .. %.3f s after the data was written: the user timeout, counted "
		     "from the write or from the first expiry behind it, and rounded up "
		     "by the timer wheel.",
		     ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
	compare_hz(lesson);
}

/* The judge knows more than is known before. */
static void explain_narrowing(void)
{
	ka_page_para(
		"This is what can be said before. The judge knows more: TCP_INFO tells RTO when "
		"the data is written, the wire shows each time that the timer went off, and "
		"from the last one the next follows to the wheel's rounding; where the jiffies "
		"can be read, exactly. That is the window of the result.");
}

static void retransmit_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para("%.3f .. %.3f s after the data was sent: the first retransmission "
		     "comes after "
		     "about 0.2 s on such a short path, and each interval is twice the one "
		     "before, "
		     "up to 120 s.",
		     ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
	explain_narrowing();
	compare_hz(lesson);
}

static void persist_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para("%.3f .. %.3f s after the write: the first window probe comes after about 0.2 "
		     "s on such a short path, and each interval is twice the one before, up to "
		     "120 s.",
		     ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
	explain_narrowing();
	compare_hz(lesson);
}

static void persist_timeout_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para("%.3f .. %.3f s after the write: the first window probe comes after about 0.2 "
		     "s on such a short path, and the user timeout of %.3f s counts from there.",
		     ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j),
		     lesson->instance->setting.user_timeout_ms / 1000.0);
	explain_narrowing();
	compare_hz(lesson);
}

static void connect_time(const struct ka_lesson *lesson, const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para(
		"%.3f .. %.3f s after the first SYN: the sum of the intervals, each rounded up "
		"by the timer wheel.",
		ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
	compare_hz(lesson);
}

static void first_retransmit_time(const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para("%.3f .. %.3f s after the data was sent: the retransmission timer, or a tail "
		     "loss probe, about 0.2 s on such a short path.",
		     ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
}

/* Steps turn the values while the timer runs: no sum holds for all runs. */
static void changing_time(const struct ka_sum *sum)
{
	ka_page_head("WHEN");
	ka_page_para(
		"Steps change the timer's values while it runs, so no sum on paper holds. The "
		"judge replays what was really done, jiffy by jiffy, with the kernel's own "
		"arithmetic (`kacheck explain silent_drop' shows it), and expects the end where "
		"that leads. It lies somewhere in %.3f .. %.3f s after the last segment "
		"received.",
		ka_sum_s(sum, sum->p->lo_j), ka_sum_s(sum, sum->p->hi_j));
}

void ka_explain_time(const struct ka_lesson *lesson)
{
	struct ka_sum sum = ka_sum_of(lesson);
	enum ka_when when = lesson->prediction->when;

	if (lesson->prediction->changing && when != KA_NEVER && when != KA_CONNECT_LIMIT)
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
	else if (lesson->instance->case_->expect.unseen &&
		 (when == KA_PERSIST_LIMIT || when == KA_RETRANSMIT_LIMIT))
		stuck_time(lesson, &sum);
	else if (when == KA_CONNECT_LIMIT)
		connect_time(lesson, &sum);
	else if (when == KA_PERSIST_LIMIT && lesson->instance->setting.user_timeout_ms)
		persist_timeout_time(lesson, &sum);
	else if (when == KA_PERSIST_LIMIT)
		persist_time(lesson, &sum);
	else if (when == KA_FIRST_RETRANSMIT)
		first_retransmit_time(&sum);
	else
		retransmit_time(lesson, &sum);
}
