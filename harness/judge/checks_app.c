/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs above TCP: what they did and noticed, how often, and when. */
#include "judge/checks.h"
#include "model/util.h"

static const char *act_name(enum ka_app_act act)
{
	static const char *const names[] = {
		[KA_DID_SERVE] = "answers a request",   [KA_DID_GET] = "gets an answer",
		[KA_DID_CLOSE] = "closes as asked",     [KA_DID_TIME_OUT] = "closes an idle one",
		[KA_DID_MISS] = "misses its heartbeat", [KA_DID_EVICT] = "evicts one",
	};

	return names[act];
}

static enum ka_who who_of(const struct ka_evidence *e, const struct ka_event *event)
{
	return event->at == e->at ? KA_PROBER : KA_PEER;
}

/* The declaration that @event falls under; NULL: none. */
static const struct ka_app_want *declared(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_expect *expect = &e->instance->case_->expect;

	for (size_t i = 0; i < KA_N(expect->app); i++)
		if (expect->app[i].who == who_of(e, event) && expect->app[i].act == event->app.act)
			return &expect->app[i];
	return NULL;
}

/* A program waits by the clock (timerfd), not by the wheel: never early, late only by the host. How
 * long it waited for a CPU, it has seen itself. */
static void check_wait(const struct ka_evidence *e, const struct ka_app_want *want,
		       const struct ka_event *event, struct ka_findings *f)
{
	double after_s = ka_time_s(&want->after, &e->instance->setting);
	int64_t least_ns = (int64_t)(after_s * 1e9);
	int64_t due_ns = event->t_ns - (event->app.waited_ns - least_ns);
	int64_t most_ns = least_ns + 2 * e->tick_ns + ka_noise_at(e->facts, due_ns, event->t_ns) +
			  ka_cpu_late_ns(e, due_ns, event->t_ns, event->late_ns);

	if (after_s <= 0 || (event->app.waited_ns >= least_ns && event->app.waited_ns <= most_ns))
		return;
	ka_find(f, KA_FIND_APP, -1, "a program %s after %.6f s, must be %.3f s",
		act_name(want->act), (double)event->app.waited_ns / 1e9, after_s);
}

static void check_want(const struct ka_evidence *e, const struct ka_app_want *want,
		       struct ka_findings *f)
{
	int times = ka_number(want->times, &e->instance->setting), seen = 0, number = 0;
	char text[16];

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_APP || declared(e, event) != want)
			continue;
		seen++;
		number = event->app.number;
		check_wait(e, want, event, f);
	}
	if (!ka_number_fits(seen, times))
		ka_find(f, KA_FIND_APP, -1, "the program of the %s %s %d times, must be %s",
			want->who == KA_PROBER ? "prober" : "peer", act_name(want->act), seen,
			ka_number_text(times, text));
	else if (want->number && number != want->number)
		ka_find(f, KA_FIND_APP, -1, "a program %s: number %d, must be %d",
			act_name(want->act), number, want->number);
}

void ka_check_app(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_expect *expect = &e->instance->case_->expect;
	const size_t n = KA_N(expect->app);

	for (size_t i = 0; i < n && expect->app[i].who != KA_NOBODY; i++)
		check_want(e, &expect->app[i], f);
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_APP || declared(e, event))
			continue;
		ka_find(f, KA_FIND_APP, -1, "not declared: a program %s", event->app.text);
		return;
	}
}
