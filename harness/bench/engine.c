/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: waits for whatever comes first, records it, and moves the steps on. */
#include "bench/program.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"

/* The kernel's own limit for a handshake that is not answered lies above a minute; here nothing is
 * lost on purpose during it. */
#define HANDSHAKE_DEADLINE_NS (20 * 1000000000LL)

#define NEVER_NS         INT64_MAX
#define LONGEST_PHASE_NS UINT64_C(850000000)

/* ---- time ---------------------------------------------------------------------------------- */

static int wake_at(struct ka_engine *e, int64_t when_ns)
{
	struct itimerspec at = { .it_value = { .tv_sec = when_ns / 1000000000,
					       .tv_nsec = when_ns % 1000000000 } };

	if (when_ns == e->wake_ns)
		return 0;
	e->wake_ns = when_ns;
	if (when_ns <= 0)
		at.it_value.tv_nsec = 1;
	if (timerfd_settime(e->timer, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		return nn_fail(&e->err, errno, "timerfd");
	return 0;
}

/* ---- when a step is due ---------------------------------------------------------------------- */

/* Less than the shortest idle time, so that no timer fires before. A gateway must remember until
 * then, also when the host is late: on a busy one, what is left of a second was not enough. */
static uint64_t longest_phase_ns(const struct ka_engine *e)
{
	const struct ka_gateway *gateway = e->case_->gateway;
	uint64_t half_ns = UINT64_MAX;

	if (gateway)
		half_ns =
			ka_gateway_timeout_s(gateway, &e->instance->setting) * UINT64_C(500000000);
	return half_ns < LONGEST_PHASE_NS ? half_ns : LONGEST_PHASE_NS;
}

/* A part of the first second that only the seed decides. */
static int64_t random_ns(const struct ka_engine *e)
{
	uint64_t x = e->instance->seed + 0x9e3779b97f4a7c15u * (e->step + 1);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	return (int64_t)(x % longest_phase_ns(e));
}

/* When the step in hand is due; NEVER_NS while what it counts from has not happened. */
static int64_t step_due_ns(const struct ka_engine *e, const struct ka_step *step)
{
	int64_t base = e->step_done_ns;
	int nth = ka_number(step->nth, &e->instance->setting);

	if (e->repeats)
		return base + (int64_t)(ka_time_s(&step->every, &e->instance->setting) * 1e9);
	if (step->since == KA_SINCE_LAST_RX)
		base = e->last_rx_ns;
	else if (step->since == KA_SINCE_BOOT)
		base = 0; /* of CLOCK_MONOTONIC */
	else if (step->since == KA_SINCE_PROBE)
		base = nth >= 1 && nth <= e->probes ? e->probe_ns[nth - 1] : NEVER_NS;
	if (base == NEVER_NS)
		return NEVER_NS;
	return base + (int64_t)(ka_time_s(&step->at, &e->instance->setting) * 1e9) +
	       (step->random_phase ? random_ns(e) : 0);
}

/* The end is late when it is give_up_s after the last step. Not after L: a peer that goes on
 * answering, because the fault missed it, would put it off for ever. */
static int64_t give_up_ns(const struct ka_engine *e)
{
	return e->step_done_ns + (int64_t)(e->prediction->give_up_s * 1e9);
}

/* ---- moving on ----------------------------------------------------------------------------- */

static void record_step(struct ka_engine *e, const struct ka_step *step)
{
	struct ka_event event = { .t_ns = e->step_start_ns, .at = KA_AT_BENCH, .what = KA_EV_STEP };

	e->now_ns = 0;
	e->step_done_ns = ka_engine_now(e);
	event.step.index = (int)e->step;
	event.step.done_ns = e->step_done_ns;
	event.step.due_ns = e->step_due_ns;
	ka_step_text(step, &e->instance->setting, event.step.text, sizeof(event.step.text));
	ka_engine_event(e, event);
}

/* From here on the instance mostly waits. */
static void be_ready(struct ka_engine *e)
{
	if (e->told->ready && !e->ready)
		e->told->ready(e->told->arg);
	e->ready = true;
}

/* ---- a host that stalls ---------------------------------------------------------------------- */

/* A step that began so late was not the plan. */
static void check_step_in_time(struct ka_engine *e, const struct ka_step *step)
{
	int64_t late_ns = e->step_start_ns - e->step_due_ns;
	char text[80];

	if (!e->told->late_ns || !e->step_due_ns || late_ns <= e->told->budget_ns)
		return;
	ka_step_text(step, &e->instance->setting, text, sizeof(text));
	ka_engine_fail_by(
		e,
		nn_refuse(&e->err, "host stalled %.0f ms before: %s", (double)late_ns / 1e6, text),
		KA_FIND_STEP_LATE);
}

/* What was done or seen while the host's timers were so late proves nothing: another try may begin at
 * once. */
static void check_host(struct ka_engine *e)
{
	const struct ka_timeline *timeline = &e->record->timeline;

	for (; e->told->late_ns && !e->over && e->looked < timeline->n; e->looked++) {
		int64_t ns = timeline->events[e->looked].t_ns;
		int64_t late_ns = e->told->late_ns(e->told->arg, ns, ns);

		if (late_ns > e->told->budget_ns)
			ka_engine_fail_by(
				e,
				nn_refuse(&e->err, "host stalled %.0f ms", (double)late_ns / 1e6),
				KA_FIND_STALLED);
	}
}

static int after_connect(struct ka_engine *e)
{
	int ret = ka_engine_counters_before(e);

	if (!ret)
		be_ready(e);
	return ret;
}

/* A handshake behind a fault takes its time, but no work. */
static void after_start(struct ka_engine *e, const struct ka_step *step)
{
	e->step_started = true;
	if (step->do_ == KA_CONNECT && (int)e->step != ka_handshake_step(e->case_))
		be_ready(e);
}

static void next_step(struct ka_engine *e, const struct ka_step *step)
{
	record_step(e, step);
	check_step_in_time(e, step);
	e->step_started = false;
	if (++e->repeats < step->times)
		return;
	e->repeats = 0;
	e->step++;
}

/* A step may have begun long after the one before. */
static int64_t step_deadline_ns(const struct ka_engine *e, const struct ka_step *step)
{
	if (e->program && ka_program_does(step))
		return e->step_start_ns + ka_program_patience_ns(step);
	if (step->do_ == KA_CONNECT)
		return e->step_done_ns + HANDSHAKE_DEADLINE_NS;
	return e->step_start_ns + (int64_t)(e->prediction->give_up_s * 1e9);
}

/* It was too late for that before anything was done. */
static int up_for_too_long(struct ka_engine *e, int64_t due)
{
	return nn_fail(
		&e->err, EOPNOTSUPP,
		"this machine has been up for more than %.0f s; a guest that has just booted "
		"shows it",
		(double)due / 1e9);
}

/* Works on the step in hand. Returns the time to come back at (NEVER_NS: when something happens),
 * 0 when the step is done, or -errno. */
static int64_t work_step(struct ka_engine *e, const struct ka_step *step)
{
	int64_t due;
	int ret;

	if (!e->step_started) {
		due = step_due_ns(e, step);
		if (step->since == KA_SINCE_BOOT) /* others are set up meanwhile, not after it */
			be_ready(e);
		if (due > ka_engine_now(e))
			return due;
		if (step->since == KA_SINCE_BOOT && due < e->step_done_ns)
			return up_for_too_long(e, due);
		e->step_due_ns = due;
		ka_engine_drain(e);
		if (e->over)
			return 0;
		e->now_ns = 0;
		e->step_start_ns = ka_engine_now(e);
		ret = ka_step_start(e, step);
		e->now_ns = 0;
		if (ret)
			return ret;
		after_start(e, step);
	}
	if (!ka_step_is_done(e, step))
		return step_deadline_ns(e, step);
	next_step(e, step);
	return step->do_ == KA_CONNECT ? after_connect(e) : 0;
}

/* Nothing more is to be seen. */
static bool is_over(struct ka_engine *e, int64_t *until)
{
	const struct ka_end_state *prober = &e->ends[e->prober];

	if (e->program)
		return ka_socket_is_over(e, until);
	return (prober->ended || (e->case_->expect.eof && prober->saw_eof)) && ka_load_is_over(e);
}

/* A program that spoke has changed the rule: what is overdue by the plan may just take longer. */
static int64_t ask_for_patience(struct ka_engine *e, int64_t until)
{
	if (!e->program || !e->told->give_up_ns)
		return until;
	ka_timeline_sort(&e->record->timeline);
	return ka_greater(until, e->told->give_up_ns(e->told->arg, &e->record->timeline));
}

/* All steps are done: what is to be waited for? Returns when to come back. */
static int64_t watch(struct ka_engine *e)
{
	const struct ka_expect *expect = &e->case_->expect;
	bool lives = ka_regime_is(expect->when, KA_REGIME_LIVES);
	int64_t until;

	if (lives)
		until = e->step_done_ns +
			(int64_t)(ka_time_s(&expect->watch, &e->instance->setting) * 1e9);
	else
		until = give_up_ns(e);
	if (is_over(e, &until)) {
		ka_engine_finish(e, KA_END_DIED);
		return 0;
	}
	if (ka_engine_now(e) >= until && !lives)
		until = ask_for_patience(e, until);
	if (ka_engine_now(e) >= until)
		ka_engine_finish(e, lives ? KA_END_WATCHED : KA_END_OVERDUE);
	return until;
}

/* A step that takes so long after it was due may have met a gateway that had forgotten. */
#define LATE_NS 100000000

/* A connection that has ended cannot complete a step that waits for the other end. */
static bool is_in_vain(const struct ka_engine *e, const struct ka_step *step)
{
	return e->step_started && e->ends[e->prober].ended && ka_step_is(step, KA_VERB_TALKS);
}

/* The connection ended under the step in hand: of itself, unless a gateway had forgotten it because
 * the host was late. */
static int ended_under_step(struct ka_engine *e)
{
	if (e->case_->gateway && e->step_start_ns - e->step_due_ns > LATE_NS)
		return ka_engine_fail_by(e,
					 nn_fail(&e->err, ECONNABORTED,
						 "the connection ended before step %zu, which the "
						 "host began late, took effect",
						 e->step + 1),
					 KA_FIND_STEP_NO_TIME);
	ka_engine_finish(e, KA_END_DIED);
	return 0;
}

/* A program may end its connection at any time, by its own clock. */
static bool program_is_over(struct ka_engine *e)
{
	int64_t never = NEVER_NS;

	return e->program && !e->step_started && ka_socket_is_over(e, &never);
}

/* The connection has ended, and nothing that was done so far ends one. A gateway forgets and a
 * program closes by the clock, not by a step. */
static bool ended_of_itself(const struct ka_engine *e)
{
	const struct ka_case *c = e->case_;

	if (!e->ends[e->prober].ended || e->step_started)
		return false;
	if (c->gateway || c->prober_app.program || c->peer_app.program || e->program)
		return false;
	for (size_t i = 0; i < e->step; i++) {
		/* what a device refuses is not sent, and silence does not count */
		if (e->refusing && c->steps[i].do_ == KA_DROP)
			continue;
		if (ka_step_is(&c->steps[i], KA_VERB_MAY_END))
			return false;
	}
	return true;
}

/* A handshake that nothing was done to has no excuse. */
static int did_not_take_effect(struct ka_engine *e, const struct ka_step *step)
{
	bool unconnected;

	if (e->program && ka_program_does(step))
		return ka_program_explain(e, step);
	unconnected = (int)e->step == ka_handshake_step(e->case_) &&
		      !(e->ends[0].connected && e->ends[1].connected);

	return ka_engine_fail_by(
		e, nn_fail(&e->err, ETIMEDOUT, "step %zu did not take effect", e->step + 1),
		unconnected ? KA_FIND_NO_CONNECTION : KA_FIND_STEP_NO_TIME);
}

/* A step that waits for a probe of a connection that is no more will never come. */
static bool hopeless(const struct ka_engine *e, int64_t due)
{
	return due == NEVER_NS && e->ends[e->prober].ended;
}

/* A step counts from a probe that did not come before the end was overdue. */
static bool is_overdue(struct ka_engine *e, const struct ka_step *step)
{
	return ka_engine_now(e) >= give_up_ns(e) && !e->step_started &&
	       step->since == KA_SINCE_PROBE;
}

/* Works on the steps. Returns when to come back, 0 when that may be at once, or -errno. */
static int64_t advance_step(struct ka_engine *e, const struct ka_step *step)
{
	int64_t next;

	if (ended_of_itself(e) || program_is_over(e)) {
		ka_engine_finish(e, KA_END_DIED);
		return 0;
	}
	next = work_step(e, step);
	/* what fails on a connection that is no more is no failure of the bench */
	if (next < 0 && e->ends[e->prober].ended && !ka_engine_has_failed(e))
		return ended_under_step(e);
	if (next <= 0 || e->over)
		return next;
	if (is_in_vain(e, step))
		return ended_under_step(e);
	if (hopeless(e, next)) {
		ka_engine_finish(e, KA_END_DIED);
		return 0;
	}
	if (next == NEVER_NS)
		next = give_up_ns(e);
	if (is_overdue(e, step)) {
		ka_engine_finish(e, KA_END_OVERDUE);
		return 0;
	}
	if (next <= ka_engine_now(e) && e->step_started)
		return did_not_take_effect(e, step);
	return next;
}

static int advance(struct ka_engine *e)
{
	while (!e->over) {
		int64_t next = e->step < e->case_->n_steps
				       ? advance_step(e, &e->case_->steps[e->step])
				       : watch(e);

		if (next < 0)
			return (int)next;
		if (!e->over && next > ka_engine_now(e))
			return wake_at(e, next);
	}
	return 0;
}

/* All are asked, so that nothing is judged, and no deadline strikes, with a packet still in a
 * buffer. */
static unsigned look(struct ka_engine *e)
{
	unsigned heard = ka_engine_receive(e, KA_AT_CLIENT) + ka_engine_receive(e, KA_AT_SERVER);

	if (e->destroyed)
		heard += ka_orphan_hear(e);
	return heard + ka_engine_drain(e);
}

/* All that can have something to say. */
#define MOST_READY 8
/* What wakes the engine so often, one time after the other, and says nothing, will do so for ever. */
#define STICKY     1000

static void timer_fired(struct ka_engine *e)
{
	uint64_t expirations;

	e->wake_ns = NEVER_NS;
	if (read(e->timer, &expirations, sizeof(expirations)) == (ssize_t)sizeof(expirations))
		e->empty_wakeups = 0;
	look(e);
}

/* Takes in what @fd has to say. */
static void hear(struct ka_engine *e, int fd)
{
	unsigned heard = 0;

	if (fd == e->timer)
		timer_fired(e);
	else if (e->program && fd == ka_program_fd(e))
		heard += ka_program_hear(e);
	else if (e->destroyed && fd == nn_destroyed_fd(e->destroyed))
		heard += ka_orphan_hear(e);
	for (int at = 0; at < 2; at++) {
		struct ka_end_state *end = &e->ends[at];

		if (fd == end->peer.ctl)
			heard += ka_engine_receive(e, (enum ka_at)at);
		else if (end->capture && fd == ka_capture_fd(end->capture))
			heard += ka_engine_drain_end(e, (enum ka_at)at);
	}
	if (heard)
		e->empty_wakeups = 0;
}

/* Only who has something to say is asked: each question is a system call or two. */
static int wait_for_something(struct ka_engine *e)
{
	struct epoll_event events[MOST_READY];
	int n = epoll_wait(e->epoll, events, MOST_READY, -1);

	e->now_ns = 0;
	if (n < 0 && errno != EINTR)
		return nn_fail(&e->err, errno, "epoll_wait");
	if (++e->empty_wakeups > STICKY)
		return ka_engine_fail_by(e,
					 nn_refuse(&e->err,
						   "a capture or a control socket reports 0x%x "
						   "again and again",
						   n > 0 ? events[0].events : 0),
					 KA_FIND_STICKY);
	for (int i = 0; i < n; i++)
		hear(e, events[i].data.fd);
	return 0;
}

int ka_engine_wait(struct ka_engine *e, int64_t until_ns)
{
	int ret = wake_at(e, until_ns);

	return ret ? ret : wait_for_something(e);
}

static void record_end(struct ka_engine *e)
{
	struct ka_event event = { .t_ns = ka_now_ns(), .at = KA_AT_BENCH, .what = KA_EV_END };

	event.end = e->end;
	ka_timeline_add(&e->record->timeline, &event);
}

/* A step that fails because the connection is no more is no failure of the bench. If it lives, a call
 * that every kernel knows has no reason to fail, and none to say that this host cannot do it. */
static void ask_why(struct ka_engine *e)
{
	if (e->program)
		return;
	if (!e->call_failed && (e->end.why != KA_END_BROKEN || e->end.code != KA_FIND_BENCH))
		return;
	if (e->ends[e->prober].connected && ka_engine_has_ended(e)) {
		e->end = (struct ka_end){ .why = KA_END_DIED, .step = e->end.step };
	} else if (e->call_failed) {
		e->end.why = KA_END_BROKEN;
		e->end.code = KA_FIND_CALL;
	}
}

int ka_bench_run(const struct ka_instance *instance, const struct ka_prediction *prediction,
		 const struct ka_bench_events *events, struct ka_record *record)
{
	static const struct ka_bench_events nobody = { .arg = NULL };
	struct ka_engine e = {
		.instance = instance,
		.case_ = instance->case_,
		.prediction = prediction,
		.record = record,
		.told = events ? events : &nobody,
		.prober = instance->prober == KA_CLIENT ? KA_AT_CLIENT : KA_AT_SERVER,
		.peer = instance->prober == KA_CLIENT ? KA_AT_SERVER : KA_AT_CLIENT,
		.port = instance->program ? (uint16_t)instance->program->port : KA_PORT,
		.ends = { { .peer = KA_PEER_INIT }, { .peer = KA_PEER_INIT } },
		.epoll = -1,
		.timer = -1,
		.armer = -1,
		.wake_ns = NEVER_NS,
	};
	int ret = ka_engine_setup(&e);

	e.step_done_ns = ka_now_ns();
	while (!ret && !e.over) {
		ret = advance(&e);
		if (!ret && !e.over)
			ret = wait_for_something(&e);
		check_host(&e);
	}
	if (ret)
		ka_engine_fail(&e, ret);
	ask_why(&e);
	if (!ka_engine_has_failed(&e)) {
		look(&e);
		ka_engine_last_evidence(&e);
	}
	record_end(&e);
	if (ka_time_s(&instance->case_->returns, &instance->setting) > 0 && e.program &&
	    !ka_engine_has_failed(&e))
		ka_program_return(&e);
	if (e.told->done)
		e.told->done(e.told->arg);
	ka_engine_teardown(&e);
	ka_timeline_sort(&record->timeline);
	return 0;
}
