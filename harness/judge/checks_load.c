/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many connections of one setting. Their packets are not looked at; what is known of each is when
 * it ended after its own beginning, how, and with how many probes, and of all together what the
 * counters of the namespace say (checks_counters.c).
 */
#include "judge/checks.h"
#include "model/verbs.h"

static const struct ka_event *told_of_load(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++)
		if (e->timeline->events[i].what == KA_EV_LOAD && e->timeline->events[i].at == e->at)
			return &e->timeline->events[i];
	return NULL;
}

static const struct ka_load *load_of(const struct ka_evidence *e)
{
	const struct ka_event *event = told_of_load(e);

	return event ? &event->load : NULL;
}

/* A fault that came when the first timer had gone off: some probes were answered, some not. */
static void guard_in_time(const struct ka_evidence *e, const struct ka_load *load,
			  struct ka_findings *f)
{
	int64_t due_ns = load->armed_ns + e->want->p1_lo_j * e->tick_ns;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (step && ka_step_is(step, KA_VERB_FAULT) && event->step.done_ns >= due_ns) {
			ka_find(f, KA_FIND_FAULT_LATE, event->step.index,
				"host stalled: %s was done only when the load was probed",
				event->step.text);
			return;
		}
	}
}

void ka_guard_load(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_load *load = load_of(e);
	unsigned want = e->instance->case_->load;

	if (!want)
		return;
	if (!load)
		ka_find(f, KA_FIND_NO_EVIDENCE, -1, "nobody counted the load");
	else if (load->n != want)
		ka_find(f, KA_FIND_LOAD_MISSING, -1, "a load of %u, must be %u", load->n, want);
	else if (e->want->p1_lo_j)
		guard_in_time(e, load, f);
}

static void check_times(const struct ka_evidence *e, const struct ka_load *load,
			struct ka_findings *f)
{
	const int64_t window[2] = { e->want->lo_j, e->want->hi_j };
	const struct ka_watched last = { .zero_ns = load->latest_at_ns - load->latest_ns,
					 .end_ns = load->latest_at_ns,
					 .blind = true };
	int64_t accepted[2], ns[2];

	ka_accepted_ns(e, window, &last, accepted);
	/* one process is woken for all, and knows how far it is behind */
	accepted[1] += ka_cpu_late_ns(e, last.zero_ns + accepted[1], last.end_ns,
				      told_of_load(e)->late_ns);
	ka_window_ns(e, window, ns);
	if (load->earliest_ns < accepted[0])
		ka_find(f, KA_FIND_LOAD, -1,
			"load: one ended after %.6f s, too early: window %.3f .. %.3f s",
			(double)load->earliest_ns / 1e9, (double)ns[0] / 1e9, (double)ns[1] / 1e9);
	if (load->latest_ns > accepted[1])
		ka_find(f, KA_FIND_LOAD_LATE, -1,
			"load: one ended after %.6f s, too late: window %.3f .. %.3f s",
			(double)load->latest_ns / 1e9, (double)ns[0] / 1e9, (double)ns[1] / 1e9);
}

/* The dead have died alike, so that the first one speaks for all. */
static void check_kind(const struct ka_evidence *e, const struct ka_load *load,
		       struct ka_findings *f)
{
	char text[16];

	if (load->other)
		ka_find(f, KA_FIND_LOAD, -1, "load: %u of %u ended otherwise than the first",
			load->other, load->dead);
	if (load->error != e->want->error)
		ka_find(f, KA_FIND_LOAD, -1, "load: %s, must be %s", ka_errno_name(load->error),
			ka_errno_name(e->want->error));
	if (load->events != e->want->events)
		ka_find(f, KA_FIND_LOAD, -1, "load: epoll reports 0x%x, must be 0x%x", load->events,
			e->want->events);
	if (!ka_number_fits(load->probes, e->want->probes))
		ka_find(f, KA_FIND_LOAD, -1, "load: TCP_INFO counts %u probes, must be %s",
			load->probes, ka_number_text(e->want->probes, text));
}

void ka_check_load(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_load *load = load_of(e);
	unsigned want = ka_regime_is(e->want->when, KA_REGIME_LIVES) ? 0 : e->instance->case_->load;

	if (!load)
		return;
	if (load->dead != want)
		ka_find(f, KA_FIND_LOAD, -1, "load: %u of %u have ended, must be %u", load->dead,
			load->n, want);
	if (!load->dead || ka_regime_is(e->want->when, KA_REGIME_LIVES))
		return;
	check_times(e, load, f);
	check_kind(e, load, f);
}
