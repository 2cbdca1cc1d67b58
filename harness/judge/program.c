/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See program.h. */
#include "judge/program.h"

#include <math.h>
#include <string.h>

#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"

static bool has(const struct ka_evidence *e, size_t deed)
{
	return deed < e->timeline->n;
}

static double after_last_rx(const struct ka_evidence *e, size_t deed)
{
	return has(e, deed) && e->heard ? ka_seconds(ka_deed_ns(e->timeline, deed) - e->last_rx_ns)
					: NAN;
}

/* A timeout of the program's own does not care for answers to probes, of which it knows nothing. */
void ka_program_figures(const struct ka_evidence *e, struct ka_verdict *out)
{
	bool closed = has(e, e->deeds.closed) && has(e, e->deeds.spoken);
	int64_t more_ns = closed ? e->last_rx_ns - ka_deed_ns(e->timeline, e->deeds.spoken) : 0;

	out->kernel_end_s = after_last_rx(e, e->deeds.gone) + ka_seconds(more_ns);
	out->program_end_s = after_last_rx(e, e->deeds.let_go) + ka_seconds(more_ns);
}

/* The end of the connection, or what brought it, killed the program. A client may well fail when its
 * connection does. */
static bool died(const struct ka_evidence *e)
{
	const struct ka_event *event;

	if (!has(e, e->deeds.died) ||
	    (e->stop && ka_deed_ns(e->timeline, e->deeds.died) > e->stop->t_ns))
		return false;
	event = &e->timeline->events[e->deeds.died];
	return e->instance->program->role == KA_SERVER || event->process.act == KA_PROC_KILLED;
}

enum ka_program_verdict ka_program_verdict_of(const struct ka_evidence *e)
{
	int64_t late_ns;

	if (died(e))
		return KA_PROGRAM_DIED;
	if (has(e, e->deeds.closed))
		return KA_PROGRAM_CLOSED;
	if (!e->detected)
		return KA_PROGRAM_LIVES;
	if (!has(e, e->deeds.let_go))
		return KA_PROGRAM_NEVER;
	late_ns = ka_deed_ns(e->timeline, e->deeds.let_go) - e->end_ns;
	return late_ns < KA_PROGRAM_PROMPT_S * KA_NS_PER_S ? KA_PROGRAM_NOTICES : KA_PROGRAM_LATE;
}

/* What it holds: by how the kernel told of the end. */
static const char *what_is_held(const struct ka_evidence *e)
{
	if (e->want->when == KA_AT_ONCE && e->want->eof)
		return "a socket whose other end has closed (CLOSE_WAIT)";
	return "a socket that the kernel has ended";
}

#ifndef __GLIBC__ /* the number will do */
#define sigabbrev_np(signal) ((const char *)NULL)
#endif

static void find_death(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_process *p = &e->timeline->events[e->deeds.died].process;
	double after_s = after_last_rx(e, e->deeds.died);
	const char *zero = ka_zero_text(KA_ZERO_LAST_RX);
	const char *signal = p->act == KA_PROC_KILLED ? sigabbrev_np(p->status) : NULL;

	if (signal)
		ka_find(f, KA_FIND_PROGRAM_DIED, -1, "%s was killed by SIG%s, %.3f s after %s",
			p->name, signal, after_s, zero);
	else
		ka_find(f, KA_FIND_PROGRAM_DIED, -1, "%s ended with %s %d, %.3f s after %s",
			p->name, p->act == KA_PROC_KILLED ? "signal" : "status", p->status, after_s,
			zero);
}

/* Why it holds on, if it is told of the end again and again. */
static void find_circles(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_process *p;

	if (!has(e, e->deeds.busy))
		return;
	p = &e->timeline->events[e->deeds.busy].process;
	ka_find(f, KA_FIND_PROGRAM_BUSY, -1,
		"%s runs in circles: a thread of it was awake %d %% of the time since then",
		p->name, p->status);
}

/* What became of it when the counterpart came back; NULL: that was not tried. */
static const struct ka_process *return_of(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_PROCESS && (event->process.act == KA_PROC_RETURNS ||
						     event->process.act == KA_PROC_STAYS_AWAY))
			return &event->process;
	}
	return NULL;
}

/* A client need not come back: many have done their work, or are started anew by others. */
static void check_return(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_process *p = return_of(e);

	if (p && p->act == KA_PROC_STAYS_AWAY && e->instance->program->role == KA_SERVER)
		ka_find(f, KA_FIND_PROGRAM_SERVES_NO_MORE, -1,
			"%s serves no more: its counterpart was back for %.3f s, and %s %s",
			e->instance->program->name, p->status / 1e3, p->name, p->text);
}

void ka_check_program(const struct ka_evidence *e, struct ka_findings *f)
{
	switch (ka_program_verdict_of(e)) {
	case KA_PROGRAM_DIED:
		find_death(e, f);
		break;
	case KA_PROGRAM_NEVER:
		ka_find(f, KA_FIND_PROGRAM_HOLDS, -1,
			"%s never lets go of %s: held for %.3f s, to the end of the watch",
			e->instance->program->name, what_is_held(e),
			ka_seconds(e->stop->t_ns - e->end_ns));
		find_circles(e, f);
		break;
	default:
		check_return(e, f);
		break;
	}
}

/* Step @i is one that does something to it, and began before @ns. What is in hand when all is over has no
 * record of its own. */
static bool was_begun(const struct ka_evidence *e, int i, int64_t ns)
{
	if (e->stop->end.step == i)
		return true;
	for (size_t k = 0; k < e->timeline->n; k++) {
		const struct ka_event *event = &e->timeline->events[k];

		if (event->what == KA_EV_STEP && event->step.index == i)
			return event->t_ns <= ns;
	}
	return false;
}

bool ka_program_was_gone(const struct ka_evidence *e, int step)
{
	return step >= 0 && has(e, e->deeds.closed) && e->stop &&
	       !was_begun(e, step, ka_deed_ns(e->timeline, e->deeds.closed));
}

void ka_guard_program(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_case *c = e->instance->case_;
	int64_t closed_ns = ka_deed_ns(e->timeline, e->deeds.closed);
	bool faults = false;

	if (ka_time_s(&c->returns, &e->instance->setting) > 0 && !return_of(e))
		ka_find(f, KA_FIND_NOT_GATHERED, -1,
			"whether %s serves or connects again could not be tried",
			e->instance->program->name);
	for (int i = 0; i < (int)c->n_steps && has(e, e->deeds.closed); i++) {
		if (!(ka_step_promises(&c->steps[i]) & KA_PROOF_FAULT))
			continue;
		if (was_begun(e, i, closed_ns))
			return;
		faults = true;
	}
	if (faults)
		ka_find(f, KA_FIND_PROGRAM_CLOSED, -1,
			"%s closed the connection %.3f s after %s, before anything was done to it",
			e->instance->program->name, ka_seconds(closed_ns - e->last_rx_ns),
			ka_zero_text(KA_ZERO_LAST_RX));
}
