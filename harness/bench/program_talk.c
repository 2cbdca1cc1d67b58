/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the counterpart of a program says to it. To listen is not to be ready: a greeting that is not
 * answered as expected is said again, on a new connection, and what was seen of the one before is
 * forgotten.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "bench/program.h"
#include "model/util.h"

#define RETRY_MIN INT64_C(1000000)
#define RETRY_MAX INT64_C(50000000)

/* An answer that is not the expected one may not be whole yet: so long after its last byte, and longer
 * each time, it is taken for the whole. */
#define WRONG_MIN INT64_C(250000000)

static void begin_talk(struct ka_bench_program *p)
{
	p->talking = true;
	p->answered = false;
	p->retry_ns = 0;
	*p->heard = '\0';
}

static int say(struct ka_engine *e, enum ka_talk talk)
{
	const struct ka_peer_command command = { .kind = KA_CMD_TALK, .value = (int)talk };

	begin_talk(e->program);
	return ka_engine_obey(e, e->peer, &command);
}

/* One that has hung up already will be called again. */
static int say_hello(struct ka_engine *e)
{
	const struct ka_peer_command command = { .kind = KA_CMD_TALK, .value = KA_TALK_HELLO };
	struct ka_message reply = { .error = 0 };
	int ret;

	begin_talk(e->program);
	ret = ka_engine_command(e, e->peer, &command, &reply);
	e->ends[e->peer].saw_eof |= reply.error != 0;
	return ret;
}

void ka_program_heard(struct ka_engine *e, bool as_expected, const char *text)
{
	struct ka_bench_program *p = e->program;

	snprintf(p->heard, sizeof(p->heard), "%s", text);
	p->answered |= as_expected;
	if (as_expected)
		p->retry_ns = 0;
	else if (p->talking)
		p->retry_ns = ka_now_ns() + (WRONG_MIN << (p->tries < 4 ? p->tries : 4));
}

/* ---- again, on a new connection ----------------------------------------------------------------- */

static bool is_of_connection(const struct ka_event *event)
{
	switch (event->what) {
	case KA_EV_PACKET:
	case KA_EV_EPOLL:
	case KA_EV_CALL:
	case KA_EV_TCP_INFO:
	case KA_EV_DIAG:
	case KA_EV_HOLD:
		return true;
	default:
		return false;
	}
}

static void forget(struct ka_engine *e)
{
	struct ka_timeline *timeline = &e->record->timeline;
	struct ka_bench_program *p = e->program;
	size_t n = 0;

	for (size_t i = 0; i < timeline->n; i++)
		if (!is_of_connection(&timeline->events[i]))
			timeline->events[n++] = timeline->events[i];
	timeline->n = n;
	e->looked = e->looked < n ? e->looked : n;
	for (int at = 0; at < 2; at++) {
		struct ka_end_state *end = &e->ends[at];

		ka_flow_init(&end->flow, (enum ka_at)at, e->port);
		end->have_diag = end->is_there = end->connected = end->saw_eof = end->ended = false;
	}
	e->last_rx_ns = 0;
	e->probes = 0;
	p->holders = -1;
	p->is_watched = false;
	p->told_ns = p->gone_ns = p->let_go_ns = p->geometric_ns = p->slow_ns = p->noted_ns = 0;
}

/* The old connection is reset, which the capture must have told of before it is forgotten. */
static int try_again(struct ka_engine *e)
{
	const struct ka_peer_command close = { .kind = KA_CMD_HANG_UP };
	const struct ka_peer_command connect = { .kind = KA_CMD_CONNECT };
	struct ka_bench_program *p = e->program;
	int ret = ka_engine_obey(e, e->peer, &close);

	ka_engine_drain(e);
	forget(e);
	p->tries++;
	p->retry_ns = 0;
	p->talking = false;
	p->phase = KA_PROGRAM_ANSWERS;
	return ret ? ret : ka_engine_obey(e, e->peer, &connect);
}

static bool has_hung_up(const struct ka_engine *e)
{
	return e->ends[e->peer].saw_eof || e->ends[e->peer].ended || e->ends[e->prober].ended;
}

static void plan_retry(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	p->retry_pause_ns =
		p->retry_pause_ns ? ka_lesser(2 * p->retry_pause_ns, RETRY_MAX) : RETRY_MIN;
	p->retry_ns = ka_now_ns() + p->retry_pause_ns;
}

int ka_program_refused(struct ka_engine *e, int error)
{
	struct ka_bench_program *p = e->program;
	const char *name = p->children[p->main].name;

	if (p->tries) {
		p->phase = KA_PROGRAM_IS_UP;
		plan_retry(e);
		return 0;
	}
	return ka_program_fail(
		e, "%s listens on port %u, but its counterpart cannot connect: %s%s", name, e->port,
		strerror(error),
		error == ECONNREFUSED && e->instance->family == AF_INET ? " (for IPv6 only?)" : "");
}

/* ---- KA_GREET ----------------------------------------------------------------------------------- */

static int start_greet(struct ka_engine *e, const struct ka_step *step)
{
	(void)step;
	if (!e->program)
		return nn_refuse(&e->err, "no program is at an end");
	return say_hello(e);
}

/* Only a server can be called again. Returns 0 or -errno. */
static int work_on_greeting(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	if (p->phase != KA_PROGRAM_IS_UP)
		return ka_program_is_connected(e) ? say_hello(e) : 0;
	if (p->program->role != KA_SERVER)
		return 0;
	if (!p->retry_ns && has_hung_up(e))
		plan_retry(e);
	if (p->retry_ns && p->retry_ns <= ka_now_ns())
		return try_again(e);
	if (p->retry_ns)
		ka_program_wake_at(e, p->retry_ns);
	return 0;
}

/* Nothing has passed for so long. */
static bool is_idle(struct ka_engine *e)
{
	int64_t until_ns = e->packet_ns + (int64_t)(e->program->program->settle_s * 1e9);

	if (!ka_program_is_settled(e))
		return false;
	if (until_ns <= ka_now_ns())
		return true;
	ka_program_wake_at(e, until_ns);
	return false;
}

static bool greet_is_done(struct ka_engine *e, const struct ka_step *step)
{
	struct ka_bench_program *p = e->program;
	int ret;

	(void)step;
	if (p->answered && p->phase == KA_PROGRAM_IS_UP && !has_hung_up(e)) {
		p->talking = !is_idle(e);
		return !p->talking;
	}
	ret = work_on_greeting(e);
	if (ret)
		ka_engine_fail(e, ret);
	return false;
}

/* ---- KA_ASK, KA_FLOOD ------------------------------------------------------------------------------ */

static int start_ask(struct ka_engine *e, const struct ka_step *step)
{
	(void)step;
	if (!e->program)
		return nn_refuse(&e->err, "no program is at an end");
	e->program->sent_before = e->ends[e->prober].flow.half[e->prober].snd_nxt;
	return say(e, KA_TALK_REQUEST);
}

static bool ask_is_done(struct ka_engine *e, const struct ka_step *step)
{
	if (step->unacked)
		return e->ends[e->prober].flow.half[e->prober].snd_nxt != e->program->sent_before;
	return e->program->answered && ka_program_is_settled(e);
}

static int start_flood(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command stall = { .kind = KA_CMD_STALL };
	int ret = e->program ? ka_engine_obey(e, e->peer, &stall)
			     : nn_refuse(&e->err, "no program is at an end");

	(void)step;
	return ret ? ret : say(e, KA_TALK_FLOOD);
}

/* Closed: nothing more may be sent, and all that was is acknowledged. */
static bool flood_is_done(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_flow *flow = &e->ends[e->prober].flow;
	const struct ka_half *half = &flow->half[e->prober];

	(void)step;
	if (half->snd_una != half->snd_nxt || ka_flow_room(flow, e->prober))
		return false;
	ka_engine_fault(e, (int)e->step, 1, "the window is closed");
	return true;
}

/* ---- KA_OPTIONS ----------------------------------------------------------------------------------- */

static int start_options(struct ka_engine *e, const struct ka_step *step)
{
	(void)step;
	if (!e->program)
		return nn_refuse(&e->err, "no program is at an end");
	e->program->pause_ns = 0;
	return 0;
}

/* It may be on its way to be accepted. */
static bool options_are_read(struct ka_engine *e, const struct ka_step *step)
{
	(void)step;
	if (!ka_socket_is_held(e)) {
		ka_program_pause(e);
		return false;
	}
	ka_socket_options(e);
	return true;
}

/* ---- what was in vain ------------------------------------------------------------------------------ */

bool ka_program_does(const struct ka_step *step)
{
	return step->do_ == KA_CONNECT || step->do_ == KA_GREET || step->do_ == KA_ASK ||
	       step->do_ == KA_FLOOD || step->do_ == KA_OPTIONS;
}

int64_t ka_program_patience_ns(const struct ka_step *step)
{
	return step->do_ == KA_CONNECT ? KA_PROGRAM_START_NS : KA_PROGRAM_ANSWER_NS;
}

static int explain_connect(struct ka_engine *e, const char *name)
{
	const struct ka_bench_program *p = e->program;

	if (p->phase == KA_PROGRAM_SET_UP)
		return ka_program_fail(e, "set-up command %zu of %s does not end", p->set_up_done,
				       p->program->name);
	if (p->phase == KA_PROGRAM_ANSWERS)
		return ka_program_fail(e, "%s: the connection does not come about", name);
	if (p->program->role == KA_CLIENT)
		return ka_program_fail(e, "%s does not connect to port %u", name, e->port);
	return ka_program_fail(e, "%s %slistens nowhere; port %u was expected", name,
			       p->stays ? "went into the background and " : "", e->port);
}

static int explain_talk(struct ka_engine *e, const char *name, const char *what)
{
	const struct ka_bench_program *p = e->program;

	if (has_hung_up(e) && !*p->heard)
		return ka_program_fail(e, "%s hangs up, and does not answer the %s", name, what);
	if (!*p->heard)
		return ka_program_fail(e, "%s does not answer the %s", name, what);
	if (has_hung_up(e) && (p->answered || !p->program->hello_expect.n))
		return ka_program_fail(
			e,
			"%s answers the %s and hangs up: there is no connection that "
			"could be idle (of HTTP: say HTTP/1.1)",
			name, what);
	return ka_program_fail(e, "%s answers the %s otherwise than expected: %s", name, what,
			       p->heard);
}

int ka_program_explain(struct ka_engine *e, const struct ka_step *step)
{
	const char *name = e->program->children[e->program->main].name;

	switch (step->do_) {
	case KA_CONNECT:
		return explain_connect(e, name);
	case KA_GREET:
		return explain_talk(e, name, "greeting");
	case KA_ASK:
		return explain_talk(e, name, "request");
	case KA_FLOOD:
		return ka_program_fail(e, "what %s answers does not close a window", name);
	case KA_OPTIONS:
		return ka_program_fail(e, "%s does not accept the connection", name);
	default:
		return 0;
	}
}

/* ---- the words that are done here ------------------------------------------------------------ */

const struct ka_doing ka_done_by_program[] = {
	{ KA_GREET, start_greet, greet_is_done },
	{ KA_ASK, start_ask, ask_is_done },
	{ KA_FLOOD, start_flood, flood_is_done },
	{ KA_OPTIONS, start_options, options_are_read },
	{ .start = NULL },
};
