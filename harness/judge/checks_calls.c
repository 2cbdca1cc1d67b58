/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that were waiting when the connection ended, and the first word of an edge-triggered set. */
#include <errno.h>
#include <sys/epoll.h>

#include "judge/checks.h"
#include "judge/values.h"

static bool is_blocked(const struct ka_call *call)
{
	return call->name == KA_CALL_BLOCKED_RECV || call->name == KA_CALL_BLOCKED_SELECT ||
	       call->name == KA_CALL_BLOCKED_POLL;
}

static void check_value(const struct ka_evidence *e, const struct ka_call *call,
			struct ka_findings *f)
{
	const char *got = call->ret < 0 ? ka_errno_name(call->err) : "no error";
	const uint32_t asked = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP;
	uint32_t mask = e->want->events_full & asked;

	if (call->name == KA_CALL_BLOCKED_RECV && (call->ret != -1 || call->err != e->want->error))
		ka_find(f, KA_FIND_BLOCKED, -1,
			"the blocked recv() returned %lld (%s), must give %s", (long long)call->ret,
			got, ka_errno_name(e->want->error));
	if (call->name == KA_CALL_BLOCKED_SELECT && call->ret != 1)
		ka_find(f, KA_FIND_BLOCKED, -1,
			"the blocked select() returned %lld, must say readable and nothing else",
			(long long)call->ret);
	if (call->name == KA_CALL_BLOCKED_POLL && call->ret != (int64_t)mask)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked poll() reports 0x%llx, must be 0x%x",
			(unsigned long long)call->ret, mask);
}

/* It slept before the end, and woke with it. */
static void check_time(const struct ka_evidence *e, const struct ka_event *event,
		       struct ka_findings *f)
{
	/* another process: the wake-up of a busy host is not to be judged, only that there is one */
	int64_t late = 2 * e->tick_ns + e->facts->noise_budget_ns;

	if (event->call.since_ns >= e->end_ns)
		ka_find(f, KA_FIND_BLOCKED, -1, "the call that was to block began after the end");
	else if (event->t_ns < e->end_ns)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked call returned %.6f s before the end",
			(double)(e->end_ns - event->t_ns) / 1e9);
	else if (event->t_ns > e->end_ns + late)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked call woke %.6f s after the end",
			(double)(event->t_ns - e->end_ns) / 1e9);
}

void ka_check_blocked(const struct ka_evidence *e, struct ka_findings *f)
{
	bool found = false;

	if (!ka_case_does(e->instance->case_, KA_BLOCK, KA_PROBER))
		return;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_CALL || event->at != e->at || !is_blocked(&event->call))
			continue;
		found = true;
		check_value(e, &event->call, f);
		check_time(e, event, f);
	}
	if (!found)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked call never returned");
}

/* The first report of the edge-triggered set that tells of an end. */
static uint32_t first_edge(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_EPOLL && event->at == e->at &&
		    event->epoll.set == KA_EPOLL_FULL && event->epoll.mask & (EPOLLERR | EPOLLHUP))
			return event->epoll.mask;
	}
	return 0;
}

void ka_check_edge(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_edge *want = &e->instance->case_->expect.edge;
	uint32_t seen = first_edge(e);

	if (!want->mask)
		return;
	if (ka_release_reaches(e->facts->release, want->since)) {
		if (seen != want->mask)
			ka_find(f, KA_FIND_EDGE, -1, "the first edge reports 0x%x, must be 0x%x",
				seen, want->mask);
	} else if ((seen & want->before) != want->before) {
		ka_find(f, KA_FIND_EDGE, -1, "the first edge reports 0x%x, must contain 0x%x", seen,
			want->before);
	}
}

/* How much was read after the end, before the error or the EOF. */
void ka_check_unread(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t want = e->instance->case_->expect.unread, seen = 0;

	for (size_t i = 0; i < e->timeline->n && want; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_CALL && event->at == e->at && event->call.after_end &&
		    event->call.name == KA_CALL_READ && event->call.ret > 0)
			seen += event->call.ret;
	}
	if (want && seen != want)
		ka_find(f, KA_FIND_UNREAD, -1,
			"%lld bytes could be read after the end, must be %lld", (long long)seen,
			(long long)want);
}
