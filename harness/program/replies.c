/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See replies.h. */
#include "program/replies.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/span.h"

struct teller {
	const struct ka_inquiry *q;
	size_t subject;
	const struct ka_demands *demands;
	struct ka_replies *to;
};

/* ---- one reply ------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static struct ka_demand_reply *new_reply(struct teller *t,
									       const char *fmt, ...)
{
	struct ka_demand_reply *r = &t->to->list[t->to->n++];
	va_list args;

	*r = (struct ka_demand_reply){ .kind = KA_REPLY_UNKNOWN };
	va_start(args, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, args);
	va_end(args);
	return r;
}

__attribute__((format(printf, 3, 4))) static void
reply(struct ka_demand_reply *r, enum ka_reply_kind kind, const char *fmt, ...)
{
	va_list args;

	r->kind = kind;
	va_start(args, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, args);
	va_end(args);
}

static enum ka_reply_kind yes_if(bool holds)
{
	return holds ? KA_REPLY_YES : KA_REPLY_NO;
}

/* Nothing is known: because it is impossible here, or because the experiment did not happen. */
static bool is_silent(struct ka_demand_reply *r, const struct ka_ending *e)
{
	if (e->kind == KA_ENDING_BROKEN)
		reply(r, KA_REPLY_BROKEN, "%.380s", e->why ? e->why : "the experiment is broken");
	else if (e->kind == KA_ENDING_UNKNOWN)
		reply(r, KA_REPLY_UNKNOWN, "not tried: %.360s", e->why ? e->why : "?");
	return e->kind == KA_ENDING_BROKEN || e->kind == KA_ENDING_UNKNOWN;
}

/* ---- within a time ---------------------------------------------------------------------------- */

static void tell_end(struct ka_demand_reply *r, const struct ka_ending *e, double limit_s)
{
	double worst_s = ka_ending_worst_s(e);
	enum ka_reply_kind kind = yes_if(isinf(limit_s) ? isinf(worst_s) : worst_s <= limit_s);
	char at[60], worst[60];

	ka_span_text(e->program_s, at, sizeof(at));
	ka_span_text(worst_s, worst, sizeof(worst));
	switch (e->kind) {
	case KA_ENDING_LIVES:
		reply(r, kind, "nothing ends it");
		break;
	case KA_ENDING_HELD:
	case KA_ENDING_DIED:
		reply(r, kind, "%.380s", e->why ? e->why : "it never lets go");
		break;
	case KA_ENDING_CLOSED:
		reply(r, kind, "it closes by itself after %s", at);
		break;
	case KA_ENDING_COMPUTED:
		reply(r, kind, "by its options it is over after %s at the latest", worst);
		break;
	default:
		reply(r, kind, "it was over after %s; by the kernel's rules after %s at the latest",
		      at, worst);
		break;
	}
}

static void add_within(struct teller *t, double limit_s, enum ka_scenario_number scenario,
		       const char *what)
{
	struct ka_ending e = ka_inquiry_scenario(t->q, t->subject, scenario);
	struct ka_demand_reply *r;
	char span[60];

	if (!(limit_s > 0))
		return;
	if (isinf(limit_s))
		r = new_reply(t, "%s is never noticed", what);
	else
		r = new_reply(t, "%s is noticed within %s", what,
			      ka_span_text(limit_s, span, sizeof(span)));
	if (is_silent(r, &e))
		return;
	r->measured = ka_ending_measured(&e);
	tell_end(r, &e, limit_s);
}

/* ---- what must live ------------------------------------------------------------------------------ */

/* The healthy connection was there for that long; a reason against it, if there is one. */
static void tell_life(struct teller *t, struct ka_demand_reply *r, double limit_s)
{
	struct ka_ending e = ka_inquiry_scenario(t->q, t->subject, KA_SCENARIO_HEALTHY);
	double tried_s = t->q->spec.idle_s;
	char span[60];

	if (is_silent(r, &e))
		return;
	r->measured = ka_ending_measured(&e);
	if (e.kind == KA_ENDING_CLOSED)
		reply(r, yes_if(e.program_s > limit_s), "it closes by itself after %s",
		      ka_span_text(e.program_s, span, sizeof(span)));
	else if (e.kind != KA_ENDING_LIVES || e.failed)
		reply(r, KA_REPLY_NO, "%.380s", e.why ? e.why : "it ended");
	else if (r->measured && tried_s >= limit_s)
		reply(r, KA_REPLY_YES, "it was there after %s%s%s",
		      ka_span_text(tried_s, span, sizeof(span)), e.why ? ", and " : "",
		      e.why ? e.why : "");
	else
		reply(r, KA_REPLY_UNKNOWN,
		      "no option ends it; whether the program does was %s: give it a guest "
		      "kernel (--kernel), or more time (--budget)",
		      r->measured ? "not watched for so long" : "not tried");
}

static void add_idle(struct teller *t)
{
	char span[60];

	if (t->demands->idle_s > 0)
		tell_life(t,
			  new_reply(t, "an idle connection lives for %s",
				    ka_span_text(t->demands->idle_s, span, sizeof(span))),
			  t->demands->idle_s);
}

/* The program closes idle connections sooner than any gateway. */
static bool closes_before(const struct teller *t, double timeout_s, struct ka_ending *e)
{
	*e = ka_inquiry_scenario(t->q, t->subject, KA_SCENARIO_HEALTHY);
	return e->kind == KA_ENDING_CLOSED && e->program_s <= timeout_s;
}

static size_t passage_of(const struct ka_program_spec *spec, const struct ka_question *question)
{
	for (size_t i = 0; i < spec->n_passages; i++)
		if (spec->passages[i].timeout_s == (unsigned)question->limit_s &&
		    spec->passages[i].unknown == question->unknown)
			return i;
	return 0;
}

static void tell_fate(struct ka_demand_reply *r, enum ka_fate fate,
		      const struct ka_socket_options *o)
{
	if (!o->known)
		reply(r, KA_REPLY_BROKEN, "its options could not be read");
	else if (!o->keepalive)
		reply(r, KA_REPLY_NO, "it sends no probes: what is idle is forgotten");
	else if (fate == KA_FATE_KEPT)
		reply(r, KA_REPLY_YES, "a probe each %u s, rounded up by the kernel, is in time",
		      o->idle);
	else
		reply(r, KA_REPLY_NO,
		      fate == KA_FATE_LUCK
			      ? "a probe each %u s, rounded up by the kernel: it depends on luck"
			      : "the first probe comes after %u s, which is too late",
		      o->idle);
}

static void add_passage(struct teller *t, const struct ka_question *question)
{
	size_t passage = passage_of(&t->q->spec, question);
	const struct ka_passage *p = &t->q->spec.passages[passage];
	struct ka_ending tried = ka_inquiry_ending(
		t->q, ka_inquiry_find(t->q, t->subject, KA_SCENARIO_GATEWAY, passage));
	const struct ka_socket_options *o = &t->q->surveys[t->subject].connection;
	struct ka_ending life;
	char span[60];
	struct ka_demand_reply *r =
		new_reply(t, "idle connections live through %s (%s)",
			  *question->gateway               ? question->gateway
			  : p->unknown == KA_UNKNOWN_RESET ? "a gateway that then says RST"
							   : "a gateway that then says nothing",
			  ka_span_text(p->timeout_s, span, sizeof(span)));

	if (closes_before(t, p->timeout_s, &life)) {
		r->measured = true;
		reply(r, KA_REPLY_NO, "it closes by itself after %s",
		      ka_span_text(life.program_s, span, sizeof(span)));
		return;
	}
	tell_fate(r, ka_passage_fate(p, o, t->q->facts.hz), o);
	r->measured = ka_ending_measured(&tried);
	if (tried.kind == KA_ENDING_BROKEN)
		reply(r, KA_REPLY_BROKEN, "%.380s", tried.why ? tried.why : "?");
	else if (r->measured && tried.failed)
		reply(r, KA_REPLY_NO, "%.380s", tried.why ? tried.why : "?");
}

/* ---- options, leaks ---------------------------------------------------------------------------- */

static bool same(const struct ka_setting *want, const struct ka_socket_options *o)
{
	if (!want->cnt)
		return !o->keepalive;
	return o->keepalive && o->idle == want->idle && o->intvl == want->intvl &&
	       o->cnt == want->cnt &&
	       (!want->user_timeout_ms || o->user_timeout_ms == want->user_timeout_ms);
}

static void add_options(struct teller *t)
{
	const struct ka_survey *survey = &t->q->surveys[t->subject];
	const struct ka_setting *want = &t->demands->keepalive;
	struct ka_demand_reply *r;
	char text[120], setting[60];

	if (!t->demands->options)
		return;
	r = new_reply(t, "its sockets have %s%s", want->cnt ? "keepalive " : "no keepalive",
		      want->cnt ? ka_setting_text(want, setting, sizeof(setting)) : "");
	r->measured = survey->connection.known;
	ka_survey_text(&survey->connection, text, sizeof(text));
	if (!survey->connection.known)
		reply(r, KA_REPLY_BROKEN, "%.200s%s%.100s", text, *survey->why ? ": " : "",
		      survey->why);
	else
		reply(r, yes_if(same(want, &survey->connection)), "%s", text);
}

static void add_leak(struct teller *t)
{
	struct ka_demand_reply *r;
	unsigned let_go = 0, planned = 0;

	if (!t->demands->no_leak)
		return;
	r = new_reply(t, "it lets go of every connection that has ended");
	for (size_t i = 0; t->q->attempts && i < t->q->attempts->n; i++) {
		struct ka_ending e = ka_inquiry_ending(t->q, i);

		if (t->q->attempts->list[i].subject != t->subject)
			continue;
		planned += t->q->shown[i].planned;
		let_go += e.kind == KA_ENDING_NOTICED || e.kind == KA_ENDING_CLOSED;
		if (e.kind != KA_ENDING_HELD && e.kind != KA_ENDING_DIED)
			continue;
		r->measured = true;
		reply(r, KA_REPLY_NO, "%s: %.300s",
		      ka_scenario(t->q->attempts->list[i].scenario)->title, e.why ? e.why : "?");
		return;
	}
	r->measured = let_go > 0;
	if (let_go)
		reply(r, KA_REPLY_YES, "it did so %u times of %u", let_go, let_go);
	else
		reply(r, planned ? KA_REPLY_BROKEN : KA_REPLY_UNKNOWN,
		      "no experiment has shown any");
}

/* ---- all -------------------------------------------------------------------------------------- */

void ka_replies_make(struct ka_replies *replies, const struct ka_inquiry *q, size_t subject)
{
	struct teller t = { q, subject, &q->demands[subject], replies };

	replies->n = 0;
	add_options(&t);
	add_within(&t, t.demands->detect_s, KA_SCENARIO_SILENT,
		   "a dead peer of an idle connection");
	add_within(&t, t.demands->busy_s, KA_SCENARIO_SILENT_BUSY,
		   "a dead peer with an answer on its way");
	add_idle(&t);
	for (size_t i = 0; i < t.demands->survive.n; i++)
		add_passage(&t, &t.demands->survive.list[i]);
	add_leak(&t);
}

bool ka_inquiry_fails(const struct ka_inquiry *q, size_t i)
{
	const struct ka_shown *s = &q->shown[i];
	const struct ka_demands *d = &q->demands[q->attempts->list[i].subject];

	if (!s->there || s->verdict != KA_FAIL)
		return false;
	return !s->of_program || !isinf(d->detect_s) || s->program != KA_PROGRAM_NEVER;
}

enum ka_inquiry_end ka_inquiry_end(const struct ka_inquiry *q)
{
	bool seen[KA_REPLY_BROKEN + 1] = { false };
	bool any = false;
	struct ka_replies replies;

	for (size_t i = 0; q->attempts && i < q->attempts->n; i++) {
		const struct ka_shown *s = &q->shown[i];

		seen[KA_REPLY_NO] |= ka_inquiry_fails(q, i);
		seen[KA_REPLY_BROKEN] |= s->planned && (!s->there || s->verdict == KA_BROKEN);
	}
	for (size_t i = 0; i < q->spec.n_subjects; i++) {
		const struct ka_survey *survey = &q->surveys[i];

		any |= ka_survey_tells(survey);
		seen[KA_REPLY_BROKEN] |= !ka_survey_tells(survey) && survey->verdict != KA_SKIP;
		ka_replies_make(&replies, q, i);
		for (size_t k = 0; k < replies.n; k++)
			seen[replies.list[k].kind] = true;
	}
	if (seen[KA_REPLY_NO])
		return KA_INQUIRY_BAD;
	if (seen[KA_REPLY_BROKEN])
		return KA_INQUIRY_BROKEN;
	return seen[KA_REPLY_UNKNOWN] || !any ? KA_INQUIRY_NOTHING : KA_INQUIRY_GOOD;
}
