/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After the end: the path is healed, and the counterpart comes back, as a process that knows nothing of
 * what was. Does a server serve it as at first, does a client connect again? What passes meanwhile is no
 * part of the instance: only what came of it is put down, behind the end.
 */
#include <errno.h>
#include <stdio.h>

#include "bench/program.h"
#include "model/util.h"
#include "netns/nft.h"

#define RETRY_NS INT64_C(50000000)

struct comeback {
	int64_t began_ns, until_ns;
	bool said, reached; /* this time; ever */
};

static void reset_end(struct ka_end_state *end)
{
	end->connected = end->saw_eof = end->ended = end->killed = end->frozen = false;
}

/* What a step has healed already is no longer there. */
static int heal(struct ka_engine *e)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < e->n_tables; i++) {
		const struct ka_table *table = &e->tables[i];

		if (!table->stays)
			ret = nn_nft_del(e->net.ns[table->node], table->name, &e->err);
		ret = ret == -ENOENT ? 0 : ret;
	}
	return ret;
}

/* The old one goes first; what its kernel still has to say of that may arrive when the path is whole. */
static int replace_counterpart(struct ka_engine *e)
{
	struct ka_end_state *end = &e->ends[e->peer];
	int ret = ka_peer_kill(&end->peer);

	ka_peer_close(&end->peer);
	if (!ret)
		ret = heal(e);
	reset_end(end);
	return ret ? ret : ka_engine_start_peer(e, e->peer);
}

static int call(struct ka_engine *e, struct comeback *c)
{
	const struct ka_peer_command connect = { .kind = KA_CMD_CONNECT };

	c->said = false;
	e->program->retry_ns = 0;
	return ka_engine_obey(e, e->peer, &connect);
}

static int say_hello(struct ka_engine *e, struct comeback *c)
{
	const struct ka_peer_command hello = { .kind = KA_CMD_TALK, .value = KA_TALK_HELLO };
	struct ka_message reply;

	c->said = c->reached = true;
	return ka_engine_command(e, e->peer, &hello, &reply);
}

/* Refused, which ka_program_refused() has noted, or hung up on: again, a little later. */
static int call_again(struct ka_engine *e, struct comeback *c)
{
	const struct ka_peer_command hang_up = { .kind = KA_CMD_HANG_UP };
	struct ka_bench_program *p = e->program;
	struct ka_end_state *end = &e->ends[e->peer];
	int ret;

	if (!p->retry_ns && (end->saw_eof || end->ended))
		p->retry_ns = ka_now_ns() + RETRY_NS;
	if (!p->retry_ns || p->retry_ns > ka_now_ns())
		return 0;
	ret = ka_engine_obey(e, e->peer, &hang_up);
	reset_end(end);
	return ret ? ret : call(e, c);
}

/* A client has only to be there. Returns 1 when all is well, 0 when not yet, or -errno. */
static int go_on(struct ka_engine *e, struct comeback *c)
{
	const struct ka_end_state *end = &e->ends[e->peer];

	if (e->program->program->role == KA_CLIENT)
		return end->connected;
	if (c->said && e->program->answered && !end->saw_eof && !end->ended)
		return 1;
	if (end->connected && !c->said)
		return say_hello(e, c);
	return call_again(e, c);
}

/* Returns 1 when it serves, or connects, 0 when it does not, or -errno. */
static int wait_for_it(struct ka_engine *e, struct comeback *c)
{
	const struct ka_bench_program *p = e->program;

	for (;;) {
		int64_t wake_ns = c->until_ns;
		int ret = go_on(e, c);

		if (ret || ka_now_ns() >= c->until_ns || !ka_process_is_any(e))
			return ret;
		if (p->retry_ns)
			wake_ns = ka_lesser(wake_ns, p->retry_ns);
		ret = ka_engine_wait(e, wake_ns);
		if (ret)
			return ret;
	}
}

static int begin(struct ka_engine *e, struct comeback *c)
{
	const struct ka_peer_command listen = { .kind = KA_CMD_LISTEN };
	struct ka_bench_program *p = e->program;
	int ret = replace_counterpart(e);

	p->answered = p->talking = false;
	p->retry_ns = p->retry_pause_ns = 0;
	p->tries = 1; /* a refusal is no failure of the experiment */
	*p->heard = '\0';
	c->began_ns = ka_now_ns();
	c->until_ns =
		c->began_ns + (int64_t)(ka_time_s(&e->case_->returns, &e->instance->setting) * 1e9);
	if (ret)
		return ret;
	return p->program->role == KA_CLIENT ? ka_engine_obey(e, e->peer, &listen) : call(e, c);
}

/* What was seen instead, in words that follow its name. */
static const char *what_was_seen(struct ka_engine *e, const struct comeback *c)
{
	if (!ka_process_is_any(e))
		return "has ended";
	if (e->program->program->role == KA_CLIENT)
		return "does not connect";
	if (!c->reached)
		return "cannot be connected to";
	return *e->program->heard ? "answers otherwise than expected" : "does not answer";
}

static void put_down(struct ka_engine *e, const struct comeback *c, bool well, const char *seen)
{
	const struct ka_bench_program *p = e->program;
	struct ka_event event = { .at = KA_AT_BENCH, .what = KA_EV_PROCESS };
	struct ka_process *process = &event.process;

	process->pid = (int)p->children[p->main].pid;
	if (!process->pid && ka_process_is_any(e)) /* it lives on in others */
		process->pid = -1;
	process->act = well ? KA_PROC_RETURNS : KA_PROC_STAYS_AWAY;
	process->status = (int)((ka_now_ns() - c->began_ns) / 1000000);
	snprintf(process->name, sizeof(process->name), "%s", p->children[p->main].name);
	snprintf(process->text, sizeof(process->text), "%s", seen);
	ka_engine_event(e, event);
}

void ka_program_return(struct ka_engine *e)
{
	struct ka_record *kept = e->record, scratch = { .timeline = { .n = 0 } };
	struct comeback c = { 0 };
	const char *seen;
	int ret;

	for (int at = 0; at < 2; at++)
		ka_engine_close_capture(e, (enum ka_at)at);
	e->record = &scratch;
	ret = begin(e, &c);
	if (!ret)
		ret = wait_for_it(e, &c);
	seen = ret == 1 ? e->program->program->role == KA_CLIENT ? "connects again" : "serves again"
			: what_was_seen(e, &c);
	e->record = kept;
	ka_record_free(&scratch);
	if (ret >= 0)
		put_down(e, &c, ret == 1, seen);
}
