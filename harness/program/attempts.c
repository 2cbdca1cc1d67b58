/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See attempts.h. */
#include "program/attempts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "model/vocabulary.h"
#include "rollout/answer.h"

/* Gateways with a longer memory are tried only where somebody asks for them: a program that wakes up ten
 * times a second takes its time over days. */
#define LONG_MEMORY_S 1000

/* When the counterpart is back: within so long it is served; so long a client has to connect again. */
#define SERVES_WITHIN_S 15
#define RETURN_S        120

struct maker {
	struct ka_attempts *attempts;
	const struct ka_program_spec *spec;
	int hz;
	size_t subject;
	struct ka_survey survey;
	struct ka_setting setting;
	bool keepalive;
};

/* ---- expectations ----------------------------------------------------------------------------- */

#define MOST_MS_S 2000000 /* what .ms can hold; in milliseconds */

static struct ka_time seconds(const struct maker *m, double s)
{
	if (s > MOST_MS_S)
		return (struct ka_time){ .idle = s / m->setting.idle };
	return (struct ka_time){ .ms = (int)(s * 1000) };
}

/* Nothing ends it: so long is waited for that. */
static struct ka_expect never(const struct maker *m, const struct ka_scenario *s)
{
	return (struct ka_expect){ .when = KA_NEVER,
				   .watch = seconds(m, m->spec->watch_s / (s->brief ? 6 : 1)) };
}

static struct ka_expect expires(const struct maker *m, const struct ka_scenario *s)
{
	if (!m->keepalive)
		return never(m, s);
	if (m->setting.user_timeout_ms)
		return (struct ka_expect){ KA_USER_TIMES_OUT };
	return (struct ka_expect){ KA_EXPIRES };
}

/* A probe has been answered, if one was due. */
static struct ka_expect lives(const struct maker *m, double after_s)
{
	struct ka_expect expect = { KA_LIVES_ON, .watch = { .ms = 100 } };

	if (!m->keepalive || after_s < m->setting.idle * 1.2 + 1)
		expect.answered = KA_ANY;
	return expect;
}

static struct ka_expect waits(const struct maker *m, const struct ka_scenario *s)
{
	struct ka_expect expect = never(m, s);

	expect.window_probes = true;
	expect.answered = KA_SOME;
	expect.probes = KA_ANY; /* the watch may end before the last is answered */
	if (m->setting.user_timeout_ms)
		expect = (struct ka_expect){ .when = KA_PERSIST_LIMIT,
					     .error = ETIMEDOUT,
					     .answered = KA_SOME };
	return expect;
}

static struct ka_expect expect_of(const struct maker *m, const struct ka_scenario *s)
{
	switch (s->end) {
	case KA_SCENARIO_EXPIRES:
		return expires(m, s);
	case KA_SCENARIO_REFUSED:
		if (!m->keepalive)
			return never(m, s);
		return (struct ka_expect){ KA_RESET_AT_FIRST_PROBE };
	case KA_SCENARIO_GIVES_UP:
		return (struct ka_expect){ KA_RETRANSMITS_IN_VAIN };
	case KA_SCENARIO_PERSISTS:
		return (struct ka_expect){ .when = KA_PERSIST_LIMIT,
					   .error = ETIMEDOUT,
					   .probes = KA_SOME,
					   .answered = KA_ANY };
	case KA_SCENARIO_ENDS:
		return (struct ka_expect){ .when = KA_AT_ONCE, .eof = true };
	case KA_SCENARIO_DIES:
		return (struct ka_expect){ .when = KA_AT_ONCE,
					   .error = ECONNRESET,
					   .rst_received = 1 };
	case KA_SCENARIO_WAITS:
		return waits(m, s);
	case KA_SCENARIO_LIVES:
		break;
	}
	return lives(m, m->setting.idle * 1.2 + 2);
}

/* ---- a case --------------------------------------------------------------------------------- */

static const struct ka_program *program_of(const struct maker *m)
{
	return &m->spec->subjects[m->subject].variant->program;
}

/* A new attempt with these steps, called after its subject and @name. NULL without memory. */
static struct ka_attempt *new_attempt(struct maker *m, enum ka_scenario_number scenario,
				      const char *name, const struct ka_step *steps, size_t n)
{
	struct ka_attempts *all = m->attempts;
	const struct ka_program *program = program_of(m);
	struct ka_attempt *a = &all->list[all->n];
	char subject[80];

	*a = (struct ka_attempt){ .scenario = scenario,
				  .subject = m->subject,
				  .with = { m->setting },
				  .case_ = &all->cases[all->n] };
	all->n++;
	snprintf(a->name, sizeof(a->name), "%s.%.30s",
		 ka_subject_name(&m->spec->subjects[m->subject], subject, sizeof(subject)), name);
	memcpy(a->steps, steps, n * sizeof(*steps));
	*a->case_ = (struct ka_case){
		.name = a->name,
		.declared = program->declared,
		.topology = KA_ROUTED,
		.from = m->keepalive ? KA_FROM_OPTION : KA_FROM_NOWHERE,
		.families = KA_V4,
		.probers = program->role == KA_SERVER ? KA_ONLY_SERVER : KA_ONLY_CLIENT,
		.settings = a->with,
		.program = program,
		.steps = a->steps,
		.n_steps = n,
	};
	return a;
}

/* Nothing is sent that a silence could swallow: what the other end writes when it is over shows that it was
 * there. */
static void show_silence(struct ka_attempt *a)
{
	static const struct ka_step write = {
		.do_ = KA_SEND, .who = KA_PEER, .bytes = 1, .unacked = true
	};
	struct ka_case *c = a->case_;

	a->steps[c->n_steps] = write;
	a->steps[c->n_steps++].at = c->expect.watch;
	c->expect.watch = (struct ka_time){ .ms = 100 };
}

static struct ka_attempt *add_scenario(struct maker *m, enum ka_scenario_number number,
				       const char *name)
{
	const struct ka_scenario *s = ka_scenario(number);
	struct ka_attempt *a = new_attempt(m, number, name, s->steps, s->n_steps);

	a->case_->why = s->why;
	a->case_->source = s->source;
	a->case_->lesson = s->lesson;
	a->case_->expect = expect_of(m, s);
	if (s->end == KA_SCENARIO_EXPIRES && !m->keepalive)
		show_silence(a);
	return a;
}

/* ---- scenarios -------------------------------------------------------------------------------- */

static bool talks(const struct ka_program *p)
{
	return !p->deaf && (p->request.n || (p->role == KA_SERVER && p->hello.n));
}

const char *ka_attempt_missing(const struct ka_subject *subject, const struct ka_survey *survey,
			       enum ka_scenario_number scenario)
{
	const struct ka_program *p = &subject->variant->program;
	const struct ka_socket_options *o = &survey->connection;
	unsigned needs = ka_scenario(scenario)->needs;

	if (needs & KA_SCENARIO_TALKS && !talks(p))
		return "nothing is said to it";
	if (needs & KA_SCENARIO_FLOODS && (p->deaf || !p->flood.n))
		return "it is asked for nothing large";
	if (needs & KA_SCENARIO_KEEPALIVE && !o->keepalive)
		return "there are no probes";
	if (needs & KA_SCENARIO_KEEPALIVE && o->user_timeout_ms)
		return "TCP_USER_TIMEOUT decides";
	if (needs & KA_SCENARIO_KEEPALIVE && o->cnt < 2)
		return "there is only one probe";
	return NULL;
}

/* A server is to serve it as promptly as at first. A client may take its time, and whether it comes at all
 * is only told. */
static void fit_return(struct maker *m, struct ka_attempt *a)
{
	double client_s = m->spec->watch_s < RETURN_S ? m->spec->watch_s : RETURN_S;

	a->case_->returns =
		seconds(m, program_of(m)->role == KA_SERVER ? SERVES_WITHIN_S : client_s);
}

/* Idle for as long as was asked for, and, where that costs nothing, until a probe was answered; then used
 * again where there is something to say. */
static void fit_healthy(struct maker *m, struct ka_attempt *a)
{
	double probed_s = m->keepalive ? m->setting.idle * 1.2 + 60 : 0;
	double idle_s = m->spec->idle_s;

	if (m->spec->virtual_clock && idle_s < probed_s)
		idle_s = probed_s;
	a->steps[a->case_->n_steps - 2].at = seconds(m, idle_s);
	a->case_->n_steps -= !talks(program_of(m));
	a->case_->expect = lives(m, idle_s);
}

static void add_scenarios(struct maker *m)
{
	const struct ka_subject *subject = &m->spec->subjects[m->subject];

	for (unsigned i = 0; i < KA_SCENARIO_GATEWAY; i++) {
		enum ka_scenario_number number = (enum ka_scenario_number)i;
		struct ka_attempt *a;

		if (ka_attempt_missing(subject, &m->survey, number))
			continue;
		a = add_scenario(m, number, ka_scenario(number)->name);
		if (number == KA_SCENARIO_HEALTHY)
			fit_healthy(m, a);
		if (number == KA_SCENARIO_RETURN)
			fit_return(m, a);
	}
}

/* ---- gateways that forget ------------------------------------------------------------------------ */

enum ka_fate ka_passage_fate(const struct ka_passage *passage, const struct ka_socket_options *o,
			     int hz)
{
	const struct ka_knobs knobs = ka_knobs_of(o->idle, o->intvl, o->cnt);
	struct ka_answer answer;

	if (!o->known || !o->keepalive)
		return KA_FATE_CUT;
	ka_answer_predict(&answer, &knobs, hz);
	if (ka_answer_keeps(&answer, passage->timeout_s))
		return KA_FATE_KEPT;
	return ka_answer_may_keep(&answer, passage->timeout_s) ? KA_FATE_LUCK : KA_FATE_CUT;
}

/* It is reminded in time: half a timeout later than it would forget, it still knows. */
static void expect_kept(struct maker *m, struct ka_attempt *a, unsigned timeout_s)
{
	a->steps[a->case_->n_steps - 1].at = seconds(m, timeout_s * 1.5);
	a->case_->expect = lives(m, timeout_s * 1.5);
}

/* It forgets; the first probe finds that out, if there is one. */
static void expect_cut(struct maker *m, struct ka_attempt *a, const struct ka_passage *passage)
{
	struct ka_step *step = &a->steps[a->case_->n_steps - 1];

	*step = (struct ka_step){ .do_ = KA_ENTRY_GONE,
				  .at = seconds(m, passage->timeout_s + 1.5) };
	a->case_->expect = (struct ka_expect){ .when = KA_NEVER, .watch = { .ms = 100 } };
	if (!m->keepalive)
		return;
	/* asked before the first probe, where there is time: what comes back may end the connection */
	if (m->setting.idle < passage->timeout_s + 3)
		*step = (struct ka_step){ .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) };
	a->case_->expect = expires(m, ka_scenario(KA_SCENARIO_SILENT));
	if (passage->unknown == KA_UNKNOWN_RESET)
		a->case_->expect = (struct ka_expect){ KA_RESET_AT_FIRST_PROBE };
}

static void add_passage(struct maker *m, size_t index, enum ka_fate fate)
{
	const struct ka_passage *passage = &m->spec->passages[index];
	struct ka_attempt *a;
	char name[40];

	snprintf(name, sizeof(name), "gateway-%s", passage->name);
	a = add_scenario(m, KA_SCENARIO_GATEWAY, name);
	a->passage = index;
	a->gateway =
		(struct ka_gateway){ .timeout_s = passage->timeout_s, .unknown = passage->unknown };
	a->case_->gateway = &a->gateway;
	if (fate == KA_FATE_KEPT)
		expect_kept(m, a, passage->timeout_s);
	else
		expect_cut(m, a, passage);
}

/* With keepalive it takes a whole idle time to be cut off: the first that says RST, and the first that
 * says nothing, show it for all. */
static void add_passages(struct maker *m)
{
	bool shown[KA_UNKNOWN_ADOPT + 1] = { false };

	for (size_t i = 0; i < m->spec->n_passages; i++) {
		const struct ka_passage *p = &m->spec->passages[i];
		enum ka_fate fate = ka_passage_fate(p, &m->survey.connection, m->hz);
		bool cheap = p->timeout_s <= LONG_MEMORY_S;

		if (fate == KA_FATE_CUT && m->keepalive)
			cheap = cheap && !shown[p->unknown];
		if (fate == KA_FATE_LUCK || (!p->asked && !cheap))
			continue;
		shown[p->unknown] |= fate == KA_FATE_CUT;
		add_passage(m, i, fate);
	}
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* Short values: nothing is to happen but that the options are read. */
static void add_survey(struct maker *m)
{
	static const struct ka_step steps[] = { KA_CONNECTED,
						{ .do_ = KA_GREET },
						{ .do_ = KA_OPTIONS } };
	struct ka_attempt *a;

	m->setting = (struct ka_setting){ .idle = 7200, .intvl = 75, .cnt = 9 };
	m->keepalive = false;
	a = new_attempt(m, KA_SCENARIO_SURVEY, "survey", steps, KA_N(steps));
	a->case_->why = "which options the program gives its sockets";
	a->case_->source = "pidfd_getfd(), getsockopt()";
	a->case_->expect = (struct ka_expect){ .when = KA_NEVER, .watch = { .ms = 100 } };
}

static void add_subject(struct maker *m, const json_t *surveyed)
{
	if (!surveyed) {
		add_survey(m);
		return;
	}
	ka_survey_read(&m->survey, json_array_get(surveyed, m->subject));
	if (!ka_survey_tells(&m->survey))
		return;
	m->setting = ka_survey_setting(&m->survey);
	m->keepalive = m->survey.connection.keepalive;
	add_scenarios(m);
	add_passages(m);
}

void ka_attempts_free(struct ka_attempts *attempts)
{
	if (!attempts)
		return;
	free(attempts->cases);
	free(attempts->list);
	free(attempts);
}

static struct ka_attempts *allocate(size_t room)
{
	struct ka_attempts *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->cases = calloc(room, sizeof(*all->cases));
	all->list = calloc(room, sizeof(*all->list));
	if (all->cases && all->list)
		return all;
	ka_attempts_free(all);
	return NULL;
}

int ka_attempts_new(struct ka_attempts **ret, const struct ka_program_spec *spec,
		    const json_t *surveyed, int hz, struct nn_err *err)
{
	struct ka_attempts *all = allocate(spec->n_subjects * (KA_SCENARIOS + KA_MAX_PASSAGES) + 1);
	struct maker m = { .attempts = all, .spec = spec, .hz = hz };

	if (!all)
		return nn_fail(err, ENOMEM, "cannot make the experiments of a program");
	for (m.subject = 0; m.subject < spec->n_subjects; m.subject++)
		add_subject(&m, surveyed);
	all->theme = (struct ka_theme){ .name = "program",
					.title = surveyed ? "Programs" : "The survey",
					.cases = all->cases,
					.n = all->n };
	all->themes[0] = &all->theme;
	*ret = all;
	return 0;
}
