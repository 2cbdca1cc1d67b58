/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See seen.h: questions about connections, and what would help. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/util.h"
#include "rollout/seen.h"
#include "rollout/suggest.h"

/* ---- one connection ----------------------------------------------------------------------- */

/* Its timer runs already, and may run longer than the values say. */
static enum ka_seen_reply within(const struct ka_seen *seen, enum ka_seen_when when, double limit_s,
				 bool holds)
{
	const struct ka_live_cost *cost = &seen->cost[when];

	if (cost->end == KA_LIVE_NEVER)
		return KA_SEEN_NO;
	if (!seen->rule[when].known)
		return cost->end == KA_LIVE_KEEPALIVE && cost->window_s[0] > limit_s
			       ? KA_SEEN_NO
			       : KA_SEEN_NOT_KNOWN;
	if (cost->end == KA_LIVE_KEEPALIVE && cost->window_s[1] > limit_s)
		return KA_SEEN_NO;
	return holds ? KA_SEEN_YES : KA_SEEN_NO;
}

/* A timer that has longer to go than a gateway remembers sends nothing in time. */
static enum ka_seen_reply survives(const struct ka_seen *seen, enum ka_seen_when when,
				   const struct ka_question *question, bool holds)
{
	const struct ka_live_socket *socket = seen->socket;
	double left_s = (double)socket->expires_ms / 1000;

	if (socket->timer == KA_LIVE_OFF || question->timer)
		return KA_SEEN_NO;
	if (socket->timer == KA_LIVE_ARMED && left_s >= question->limit_s)
		return KA_SEEN_NO;
	if (!seen->rule[when].known)
		return KA_SEEN_NOT_KNOWN;
	return holds ? KA_SEEN_YES : KA_SEEN_NO;
}

enum ka_seen_reply ka_seen_reply(const struct ka_seen *seen, enum ka_seen_when when,
				 const struct ka_question *question, int hz)
{
	struct ka_answer answer = ka_live_answer(&seen->rule[when], hz);
	bool holds = ka_question_holds(question, &answer);

	switch (question->kind) {
	case KA_ASK_DETECT:
		return within(seen, when, question->limit_s, holds);
	case KA_ASK_BUSY:
		if (!seen->rule[when].known)
			return KA_SEEN_NOT_KNOWN;
		return holds ? KA_SEEN_YES : KA_SEEN_NO;
	case KA_ASK_SURVIVE:
		return survives(seen, when, question, holds);
	case KA_ASK_RATE:
		break;
	}
	return KA_SEEN_YES;
}

const char *ka_seen_reason(const struct ka_seen *seen, enum ka_seen_when when,
			   const struct ka_question *question, int hz, char *buf, size_t size)
{
	struct ka_answer answer = ka_live_answer(&seen->rule[when], hz);
	bool busy = question->kind == KA_ASK_BUSY;

	if (seen->cost[when].end == KA_LIVE_NEVER && !seen->rule[when].keepalive && !busy)
		snprintf(buf, size, "it has no keepalive");
	else if (!seen->rule[when].known)
		snprintf(buf, size, "its options are not known: %s",
			 ka_live_why_hidden(seen->socket));
	else if (ka_seen_reply(seen, when, question, hz) == KA_SEEN_NO &&
		 ka_question_holds(question, &answer))
		snprintf(buf, size, "the timer that runs already has %.1f s to go",
			 (double)seen->socket->expires_ms / 1000);
	else if (busy && seen->rule[when].ut_ms)
		snprintf(buf, size, "%.1f s after the write at the latest: its user timeout rules",
			 answer.unacked_s[1]);
	else
		ka_question_reason(question, &answer, buf, size);
	return buf;
}

/* ---- all ---------------------------------------------------------------------------------- */

static double later_end(const struct ka_seen *a, enum ka_seen_when when)
{
	return a->cost[when].end == KA_LIVE_NEVER ? INFINITY : a->cost[when].window_s[1];
}

static void tally_rate(struct ka_seen_tally *tally, const struct ka_seen *seen,
		       enum ka_seen_when when, int hz)
{
	struct ka_answer answer = ka_live_answer(&seen->rule[when], hz);

	if (!seen->rule[when].known && seen->rule[when].keepalive) {
		tally->count[KA_SEEN_NOT_KNOWN]++;
		tally->worst = seen;
	} else {
		tally->rate += ka_answer_alive_per_hour(&answer) / 3600;
	}
}

static void tally_one(struct ka_seen_tally *tally, const struct ka_seen *seen,
		      enum ka_seen_when when, const struct ka_question *question, int hz)
{
	enum ka_seen_reply reply = ka_seen_reply(seen, when, question, hz);

	tally->count[reply]++;
	if (reply == KA_SEEN_YES)
		return;
	if (!tally->worst || (reply == KA_SEEN_NO && tally->reply != KA_SEEN_NO) ||
	    (reply == tally->reply && later_end(seen, when) > later_end(tally->worst, when)))
		tally->worst = seen;
	if (tally->reply != KA_SEEN_NO)
		tally->reply = reply;
}

struct ka_seen_tally ka_seen_ask(const struct ka_seen_all *all, enum ka_seen_when when,
				 const struct ka_question *question)
{
	struct ka_seen_tally tally = { .reply = KA_SEEN_YES };

	for (size_t i = 0; i < all->established; i++)
		if (question->kind == KA_ASK_RATE)
			tally_rate(&tally, &all->list[i], when, all->hz);
		else
			tally_one(&tally, &all->list[i], when, question, all->hz);
	if (question->kind != KA_ASK_RATE)
		return tally;
	if (tally.rate > question->rate)
		tally.reply = KA_SEEN_NO;
	else if (tally.count[KA_SEEN_NOT_KNOWN])
		tally.reply = KA_SEEN_NOT_KNOWN;
	return tally;
}

bool ka_seen_survives(const struct ka_live_rule *rule, const struct ka_preset *gateway, int hz)
{
	struct ka_answer answer = ka_live_answer(rule, hz);

	return !gateway->timer && ka_answer_keeps(&answer, gateway->timeout_s);
}

/* ---- what would help ---------------------------------------------------------------------- */

static bool holds_everywhere(const struct ka_seen_help *help, const struct ka_questions *questions,
			     const struct ka_rates *rates)
{
	const struct ka_live_rule rule = {
		.known = true, .keepalive = true, .ut_ms = help->ut_ms, .knobs = help->knobs
	};

	for (size_t i = 0; i < rates->n; i++) {
		struct ka_answer answer = ka_live_answer(&rule, rates->hz[i]);

		if (!ka_questions_hold(questions, &answer))
			return false;
	}
	return true;
}

/* The shortest time in which data in flight must be given up; 0: nobody asks. */
static double busy_limit_s(const struct ka_questions *questions)
{
	double limit_s = 0;

	for (size_t i = 0; i < questions->n; i++) {
		const struct ka_question *question = &questions->list[i];

		if (question->kind == KA_ASK_BUSY && (limit_s <= 0 || question->limit_s < limit_s))
			limit_s = question->limit_s;
	}
	return limit_s;
}

/* A user timeout decides instead of cnt, and ends what is in flight: it stays if it can, else it is what the
 * probes take together, or a part of what data may take. */
static bool fit_user_timeout(struct ka_seen_help *help, const struct ka_questions *questions,
			     const struct ka_rates *rates)
{
	const int64_t *value = help->knobs.value;
	int64_t last_s = value[KA_KNOB_TIME] + value[KA_KNOB_INTVL] * (value[KA_KNOB_PROBES] - 1);
	double busy_ms = 1000 * busy_limit_s(questions);
	const double candidates[] = { help->ut_ms,          1000.0 * (double)last_s + 1,
				      floor(0.9 * busy_ms), floor(0.7 * busy_ms),
				      floor(0.5 * busy_ms), 0 };

	for (size_t i = 0; i < KA_N(candidates); i++) {
		help->ut_ms = candidates[i] < INT32_MAX ? (unsigned)candidates[i] : 0;
		if (holds_everywhere(help, questions, rates))
			return true;
	}
	return false;
}

/* Those that are about one connection; with @busy, also those about data in flight. */
static struct ka_questions of_one(const struct ka_questions *questions, bool busy)
{
	struct ka_questions some = { .n = 0 };

	for (size_t i = 0; i < questions->n; i++)
		if (questions->list[i].kind != KA_ASK_RATE &&
		    (busy || questions->list[i].kind != KA_ASK_BUSY))
			some.list[some.n++] = questions->list[i];
	return some;
}

bool ka_seen_suggest(struct ka_seen_help *help, const struct ka_live_rule *rule,
		     const struct ka_questions *questions, int hz)
{
	const struct ka_questions idle = of_one(questions, false), all = of_one(questions, true);
	const struct ka_rates usual = ka_rates_usual(hz);

	*help = (struct ka_seen_help){ .keepalive = !rule->keepalive, .ut_ms = rule->ut_ms };
	return ka_suggest(&help->knobs, &rule->knobs, &idle, &usual) &&
	       fit_user_timeout(help, &all, &usual);
}
