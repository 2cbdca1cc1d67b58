/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See advice.h. */
#include "program/advice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "model/span.h"
#include "rollout/rates.h"
#include "rollout/suggest.h"

/* What nobody has demanded, and most would want. */
#define USUAL_DETECT_S 120
/* What was noticed so late was not noticed in time. */
#define LATE_S         900

struct adviser {
	const struct ka_inquiry *q;
	size_t subject;
	const struct ka_socket_options *options;
	const struct ka_demands *demands;
	struct ka_advices *to;
};

__attribute__((format(printf, 3, 4))) static void say(struct adviser *a, bool serious,
						      const char *fmt, ...)
{
	struct ka_advice *advice = &a->to->list[a->to->n];
	va_list args;

	if (a->to->n == KA_MAX_ADVICE)
		return;
	a->to->n++;
	advice->serious = serious;
	va_start(args, fmt);
	vsnprintf(advice->text, sizeof(advice->text), fmt, args);
	va_end(args);
}

/* ---- values ---------------------------------------------------------------------------------- */

static double wanted_s(double demanded_s)
{
	return demanded_s > 0 && !isinf(demanded_s) ? demanded_s : USUAL_DETECT_S;
}

static void ask_detect(struct ka_questions *questions, double limit_s)
{
	if (questions->n < KA_MAX_QUESTIONS)
		questions->list[questions->n++] =
			(struct ka_question){ .kind = KA_ASK_DETECT, .limit_s = limit_s };
}

bool ka_advise_values(struct ka_setting *values, const struct ka_inquiry *q, size_t subject)
{
	const struct ka_demands *d = &q->demands[subject];
	const struct ka_socket_options *o = &q->surveys[subject].connection;
	struct ka_knobs now = ka_knobs_initial(), found;
	struct ka_questions questions = d->survive;
	const struct ka_gateway *shortest = ka_gateway_shortest();
	const struct ka_rates rates = ka_rates_usual(q->facts.hz > 0 ? q->facts.hz : 250);

	if (o->known && o->keepalive)
		now = ka_knobs_of(o->idle, o->intvl, o->cnt);
	ask_detect(&questions, wanted_s(d->detect_s));
	if (!d->survive.n)
		questions.list[questions.n++] =
			(struct ka_question){ .kind = KA_ASK_SURVIVE,
					      .limit_s = shortest->timeout_s,
					      .unknown = shortest->unknown };
	if (!ka_suggest(&found, &now, &questions, &rates))
		return false;
	*values = (struct ka_setting){ .idle = (unsigned)found.value[KA_KNOB_TIME],
				       .intvl = (unsigned)found.value[KA_KNOB_INTVL],
				       .cnt = (unsigned)found.value[KA_KNOB_PROBES] };
	return true;
}

/* "TCP_KEEPIDLE 60, TCP_KEEPINTVL 10, TCP_KEEPCNT 6"; false: no values do what is demanded. */
static bool values_text(const struct adviser *a, char *buf, size_t size)
{
	struct ka_setting v;

	if (!ka_advise_values(&v, a->q, a->subject))
		return false;
	snprintf(buf, size, "TCP_KEEPIDLE %u, TCP_KEEPINTVL %u, TCP_KEEPCNT %u", v.idle, v.intvl,
		 v.cnt);
	return true;
}

static void advise_less(struct adviser *a, const char *wanted)
{
	say(a, true,
	    "Demand less: no values of TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT have an idle "
	    "connection to a dead peer over within %s%s.",
	    wanted, a->demands->survive.n ? " and do all else that is demanded" : "");
}

/* ---- what is noticed too late ------------------------------------------------------------------ */

static void advise_idle(struct adviser *a)
{
	struct ka_ending e = ka_inquiry_scenario(a->q, a->subject, KA_SCENARIO_SILENT);
	double worst_s = ka_ending_worst_s(&e);
	bool endless = isinf(worst_s) && e.kind == KA_ENDING_LIVES && !a->options->keepalive;
	bool late = !isinf(worst_s) && worst_s > wanted_s(a->demands->detect_s) &&
		    (a->demands->detect_s > 0 || worst_s > LATE_S);
	char values[120], worst[60], wanted[60];

	if (isnan(worst_s) || (isinf(a->demands->detect_s) && isinf(worst_s)))
		return;
	if (!endless && !late)
		return;
	ka_span_text(wanted_s(a->demands->detect_s), wanted, sizeof(wanted));
	if (!values_text(a, values, sizeof(values)))
		advise_less(a, wanted);
	else if (endless)
		say(a, true,
		    "Set SO_KEEPALIVE, with %s: then an idle connection to a dead peer is over "
		    "within %s. Now it stays for ever.",
		    values, wanted);
	else
		say(a, a->demands->detect_s > 0,
		    "Set %s: then an idle connection to a dead peer is over within %s, and not "
		    "after %s.",
		    values, wanted, ka_span_text(worst_s, worst, sizeof(worst)));
}

static void advise_busy(struct adviser *a)
{
	struct ka_ending e = ka_inquiry_scenario(a->q, a->subject, KA_SCENARIO_SILENT_BUSY);
	double worst_s = ka_ending_worst_s(&e), wanted = wanted_s(a->demands->busy_s);
	char worst[60];

	if (isnan(worst_s) || isinf(worst_s) || a->options->user_timeout_ms)
		return;
	if (a->demands->busy_s > 0 ? worst_s > wanted : worst_s > 2 * wanted)
		say(a, a->demands->busy_s > 0,
		    "Set TCP_USER_TIMEOUT to %.0f ms: keepalive does not run while an answer is on "
		    "its way, and such a connection lasts %s (tcp_retries2).",
		    wanted * 1000, ka_span_text(worst_s, worst, sizeof(worst)));
}

static void advise_frozen(struct adviser *a)
{
	struct ka_ending e = ka_inquiry_scenario(a->q, a->subject, KA_SCENARIO_FROZEN);

	if (e.kind == KA_ENDING_LIVES && ka_ending_measured(&e))
		say(a, false,
		    "A client that is frozen holds its connection for ever: its kernel goes on "
		    "answering. Only TCP_USER_TIMEOUT, or a timeout of the program's for sending, "
		    "ends that.");
}

/* ---- options that do not do what they seem to ------------------------------------------------------ */

static void advise_options(struct adviser *a)
{
	const struct ka_socket_options *o = a->options;

	if (!o->keepalive && o->user_timeout_ms)
		say(a, true,
		    "TCP_USER_TIMEOUT without SO_KEEPALIVE does nothing for an idle connection: "
		    "there is nothing on its way that could be late.");
	if (o->keepalive && o->user_timeout_ms &&
	    o->user_timeout_ms < (o->idle + o->intvl * o->cnt) * 1000.0)
		say(a, false,
		    "TCP_USER_TIMEOUT (%u ms) takes the place of TCP_KEEPCNT: the first probe "
		    "after "
		    "it that is not answered is the last, whatever %u says.",
		    o->user_timeout_ms, o->cnt);
	if (o->keepalive && o->cnt == 1)
		say(a, true, "TCP_KEEPCNT 1 ends a connection for one lost probe; take 3 or more.");
	if (o->keepalive && o->idle == 7200 && o->intvl == 75 && o->cnt == 9)
		say(a, false,
		    "7200/75/9 is what the kernel begins with: the program says SO_KEEPALIVE and "
		    "no "
		    "more, so that net.ipv4.tcp_keepalive_* decide (see kacheck sysctl).");
}

/* ---- gateways ------------------------------------------------------------------------------------ */

static void advise_gateways(struct adviser *a)
{
	const struct ka_program_spec *spec = &a->q->spec;
	struct ka_ending life = ka_inquiry_scenario(a->q, a->subject, KA_SCENARIO_HEALTHY);
	char names[200] = "";
	size_t used = 0;

	if (!a->options->keepalive || life.kind == KA_ENDING_CLOSED)
		return;
	for (size_t i = 0; i < spec->n_passages && used < sizeof(names); i++)
		if (ka_passage_fate(&spec->passages[i], a->options, a->q->facts.hz) != KA_FATE_KEPT)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", spec->passages[i].name);
	if (used)
		say(a, a->demands->survive.n > 0,
		    "Lower TCP_KEEPIDLE where one of these is on the way, which forget idle "
		    "connections before the probe after %u s: %s.",
		    a->options->idle, names);
}

void ka_advise(struct ka_advices *advices, const struct ka_inquiry *q, size_t subject)
{
	struct adviser a = { q, subject, &q->surveys[subject].connection, &q->demands[subject],
			     advices };

	advices->n = 0;
	if (!ka_survey_tells(&q->surveys[subject]))
		return;
	advise_idle(&a);
	advise_busy(&a);
	advise_options(&a);
	advise_gateways(&a);
	advise_frozen(&a);
}
