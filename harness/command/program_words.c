/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentences of kacheck program; see program.h. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "command/program.h"
#include "model/span.h"
#include "model/util.h"

/* ---- cells ---------------------------------------------------------------------------------- */

static const char *computed(const struct ka_ending *e, char *buf, size_t size)
{
	char from[60], to[60];

	ka_span_text(e->window_s[0], from, sizeof(from));
	ka_span_text(e->window_s[1], to, sizeof(to));
	if (strcmp(from, to) == 0)
		snprintf(buf, size, "%s (computed)", to);
	else
		snprintf(buf, size, "%s .. %s (computed)", from, to);
	return buf;
}

const char *ka_program_ending(const struct ka_ending *e, char *buf, size_t size)
{
	char span[60];

	switch (e->kind) {
	case KA_ENDING_UNKNOWN:
		snprintf(buf, size, "-");
		break;
	case KA_ENDING_BROKEN:
		snprintf(buf, size, "broken");
		break;
	case KA_ENDING_LIVES:
		if (isnan(e->watched_s))
			snprintf(buf, size, "never (computed)");
		else
			snprintf(buf, size, "never (%s)",
				 ka_span_text(floor(e->watched_s), span, sizeof(span)));
		break;
	case KA_ENDING_NOTICED:
		snprintf(buf, size, "%s", ka_span_text(e->program_s, span, sizeof(span)));
		break;
	case KA_ENDING_CLOSED:
		snprintf(buf, size, "closes: %s", ka_span_text(e->program_s, span, sizeof(span)));
		break;
	case KA_ENDING_HELD:
		snprintf(buf, size, "NEVER (kernel %s)",
			 ka_span_text(e->kernel_s, span, sizeof(span)));
		break;
	case KA_ENDING_DIED:
		snprintf(buf, size, "DIES (kernel %s)",
			 ka_span_text(e->kernel_s, span, sizeof(span)));
		break;
	case KA_ENDING_COMPUTED:
		return computed(e, buf, size);
	}
	return buf;
}

/* A virtual clock may stand meanwhile. */
static const char *back_text(const struct ka_ending *e, char *buf, size_t size)
{
	if (e->back == KA_BACK_YES && e->back_s < 0.001)
		snprintf(buf, size, "at once");
	else
		ka_span_text(e->back_s, buf, size);
	return buf;
}

const char *ka_program_back(const struct ka_inquiry *q, size_t subject, char *buf, size_t size)
{
	struct ka_ending e = ka_inquiry_scenario(q, subject, KA_SCENARIO_RETURN);
	bool server = q->spec.subjects[subject].variant->program.role == KA_SERVER;
	char span[60];

	back_text(&e, span, sizeof(span));
	if (e.kind == KA_ENDING_BROKEN)
		snprintf(buf, size, "broken");
	else if (e.back == KA_BACK_NOT_TRIED)
		snprintf(buf, size, "-");
	else if (e.back == KA_BACK_ENDED)
		snprintf(buf, size, "%s: it has ended", server ? "NOT SERVED" : "no");
	else if (e.back == KA_BACK_NO)
		snprintf(buf, size, server ? "NOT SERVED (%s)" : "no (%s)", span);
	else
		snprintf(buf, size, server ? "served: %s" : "connects: %s", span);
	return buf;
}

const char *ka_program_passage(const struct ka_inquiry *q, size_t subject, size_t passage,
			       char *buf, size_t size)
{
	struct ka_ending e =
		ka_inquiry_ending(q, ka_inquiry_find(q, subject, KA_SCENARIO_GATEWAY, passage));
	enum ka_fate fate = ka_passage_fate(&q->spec.passages[passage],
					    &q->surveys[subject].connection, q->facts.hz);
	char text[120];

	ka_program_ending(&e, text, sizeof(text));
	if (e.kind != KA_ENDING_LIVES || isnan(e.watched_s))
		snprintf(buf, size, "%s%s", fate == KA_FATE_CUT ? "cut off: " : "", text);
	else if (fate == KA_FATE_KEPT)
		snprintf(buf, size, "kept (%s)",
			 ka_span_text(floor(e.watched_s), text, sizeof(text)));
	else
		snprintf(buf, size, "cut off, not noticed");
	return buf;
}

const char *ka_reply_word(enum ka_reply_kind kind)
{
	static const char *const words[] = { [KA_REPLY_YES] = "yes",
					     [KA_REPLY_NO] = "NO",
					     [KA_REPLY_UNKNOWN] = "?",
					     [KA_REPLY_BROKEN] = "broken" };

	return words[kind];
}

/* ---- how it went ----------------------------------------------------------------------------- */

const char *ka_program_tally(const struct ka_inquiry *q, char *buf, size_t size)
{
	unsigned n[KA_VERDICTS] = { 0 }, lost = 0, computed_only = 0;
	size_t total = q->attempts ? q->attempts->n : 0, used;

	for (size_t i = 0; i < total; i++) {
		const struct ka_shown *s = &q->shown[i];

		if (s->there)
			n[s->verdict]++;
		else if (s->planned)
			lost++;
		else
			computed_only++;
	}
	const struct {
		unsigned n;
		const char *what;
	} rest[] = { { n[KA_FAIL], "failed" },
		     { n[KA_BROKEN], "broken" },
		     { lost, "without a result" },
		     { n[KA_SKIP], "not possible here" },
		     { computed_only, "only computed" } };

	used = (size_t)snprintf(buf, size, "%zu experiments: %u as predicted", total, n[KA_PASS]);
	for (size_t i = 0; i < KA_N(rest) && used < size; i++)
		if (rest[i].n)
			used += (size_t)snprintf(buf + used, size - used, ", %u %s", rest[i].n,
						 rest[i].what);
	return buf;
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct text {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	if (t->used >= t->size)
		return;
	va_start(args, fmt);
	n = vsnprintf(t->buf + t->used, t->size - t->used, fmt, args);
	va_end(args);
	t->used += n < 0 ? 0 : (size_t)n;
}

static void say_options(struct text *t, const struct ka_inquiry *q, size_t subject)
{
	const struct ka_survey *s = &q->surveys[subject];
	const struct ka_program *p = &q->spec.subjects[subject].variant->program;
	char options[160];

	ka_survey_text(&s->connection, options, sizeof(options));
	if (s->connection.known && !s->connection.keepalive && !s->connection.user_timeout_ms)
		add(t, "%s sets neither SO_KEEPALIVE nor TCP_USER_TIMEOUT.", s->connection.comm);
	else if (p->role == KA_CLIENT)
		add(t, "%s gives its connection %s.", s->connection.comm, options);
	else
		add(t, "%s gives every client %s.", s->connection.comm, options);
	if (p->role == KA_SERVER && s->listener.known && s->listener.keepalive &&
	    s->connection.keepalive)
		add(t, " Its listener has %sSO_KEEPALIVE already.",
		    s->listener.idle == s->connection.idle ? "" : "other values of ");
}

static const char *others(const struct ka_inquiry *q, size_t subject)
{
	return q->spec.subjects[subject].variant->program.role == KA_SERVER ? "client" : "server";
}

/* "is gone after 10 min 17 s": what becomes of it. */
static void say_end(struct text *t, const struct ka_ending *e)
{
	char span[160];

	switch (e->kind) {
	case KA_ENDING_LIVES:
		add(t, "stays for ever");
		if (isnan(e->watched_s))
			add(t, " (computed)");
		else
			add(t, " (watched for %s)",
			    ka_span_text(floor(e->watched_s), span, sizeof(span)));
		break;
	case KA_ENDING_NOTICED:
		add(t, "is gone after %s", ka_span_text(e->program_s, span, sizeof(span)));
		break;
	case KA_ENDING_CLOSED:
		add(t, "is closed by the program itself after %s",
		    ka_span_text(e->program_s, span, sizeof(span)));
		break;
	case KA_ENDING_HELD:
		add(t, "is ended by the kernel after %s, and the program never lets go",
		    ka_span_text(e->kernel_s, span, sizeof(span)));
		break;
	case KA_ENDING_DIED:
		add(t, "is ended by the kernel after %s, and that kills the program",
		    ka_span_text(e->kernel_s, span, sizeof(span)));
		break;
	case KA_ENDING_COMPUTED:
		add(t, "is gone after %s", computed(e, span, sizeof(span)));
		break;
	default:
		add(t, "is not known");
		break;
	}
}

/* One clause of a sentence, if anything is known. */
static void say_clause(struct text *t, const struct ka_inquiry *q, size_t subject,
		       enum ka_scenario_number scenario, const char *lead, const char *tail)
{
	struct ka_ending e = ka_inquiry_scenario(q, subject, scenario);

	if (e.kind == KA_ENDING_UNKNOWN || e.kind == KA_ENDING_BROKEN)
		return;
	add(t, "%s", lead);
	say_end(t, &e);
	if (e.kind != KA_ENDING_CLOSED && e.kind != KA_ENDING_LIVES)
		add(t, "%s", tail);
}

static void say_dead(struct text *t, const struct ka_inquiry *q, size_t subject)
{
	bool ut = q->surveys[subject].connection.user_timeout_ms > 0;
	char lead[80];

	snprintf(lead, sizeof(lead), " A silent, idle %s ", others(q, subject));
	say_clause(t, q, subject, KA_SCENARIO_SILENT, lead, "");
	say_clause(t, q, subject, KA_SCENARIO_SILENT_BUSY,
		   "; one that dies with an answer on its way ",
		   ut ? " (TCP_USER_TIMEOUT)" : " (tcp_retries2: keepalive does not run)");
	say_clause(t, q, subject, KA_SCENARIO_REBOOT, "; one whose host rebooted ", "");
	say_clause(t, q, subject, KA_SCENARIO_FROZEN, "; a frozen one ", "");
	add(t, ".");
}

/* What comes of it when the dead one is there again. */
static void say_back(struct text *t, const struct ka_inquiry *q, size_t subject)
{
	struct ka_ending e = ka_inquiry_scenario(q, subject, KA_SCENARIO_RETURN);
	bool server = q->spec.subjects[subject].variant->program.role == KA_SERVER;
	char span[60];

	back_text(&e, span, sizeof(span));
	if (e.back == KA_BACK_YES)
		add(t,
		    server ? " A silent one that comes back is served again: %s."
			   : " To a silent one that comes back it connects again by itself, after "
			     "%s.",
		    span);
	else if (e.back == KA_BACK_ENDED)
		add(t, " When a silent one comes back, the program has ended: %s.",
		    server ? "nobody serves it" : "it does not connect again");
	else if (e.back == KA_BACK_NO)
		add(t,
		    server ? " A silent one that comes back is NOT served any more (waited for %s)."
			   : " To a silent one that comes back it does not connect again (waited "
			     "for "
			     "%s).",
		    span);
}

/* The gateways with this fate. */
static void say_passages(struct text *t, const struct ka_inquiry *q, size_t subject,
			 enum ka_fate fate, const char *lead, const char *tail)
{
	const struct ka_socket_options *o = &q->surveys[subject].connection;
	bool any = false;

	for (size_t i = 0; i < q->spec.n_passages; i++) {
		const struct ka_passage *p = &q->spec.passages[i];
		char span[60];

		if (ka_passage_fate(p, o, q->facts.hz) != fate)
			continue;
		add(t, "%s%s (%s)", any ? ", " : lead, p->name,
		    ka_span_text(p->timeout_s, span, sizeof(span)));
		any = true;
	}
	if (any)
		add(t, "%s", tail);
}

static void say_idle(struct text *t, const struct ka_inquiry *q, size_t subject)
{
	struct ka_ending e = ka_inquiry_scenario(q, subject, KA_SCENARIO_HEALTHY);
	char span[60];

	if (e.kind == KA_ENDING_CLOSED) {
		add(t,
		    " A healthy one that says nothing is closed after %s, too: no gateway has to "
		    "be "
		    "feared that remembers for longer.",
		    ka_span_text(e.program_s, span, sizeof(span)));
		return;
	}
	if (!q->surveys[subject].connection.keepalive) {
		add(t, " It sends no probes: every gateway forgets its idle connections.");
		return;
	}
	say_passages(t, q, subject, KA_FATE_KEPT, " Idle connections live through ", ".");
	say_passages(t, q, subject, KA_FATE_LUCK, " By luck only: ", ".");
	say_passages(t, q, subject, KA_FATE_CUT, " They are cut off by ", ".");
}

const char *ka_program_answer(const struct ka_inquiry *q, size_t subject, char *buf, size_t size)
{
	const struct ka_survey *s = &q->surveys[subject];
	struct text t = { buf, size, 0 };

	if (!ka_survey_tells(s)) {
		add(&t, "Nothing is known of it: %s",
		    *s->why ? s->why : "its options could not be read");
		return buf;
	}
	say_options(&t, q, subject);
	say_dead(&t, q, subject);
	say_back(&t, q, subject);
	say_idle(&t, q, subject);
	return buf;
}
