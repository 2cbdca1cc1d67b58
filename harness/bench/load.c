/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load, as the engine sees it: both ends are told to make it when the observed connection is
 * settled, and the prober's end says in the end what became of it. Nobody looks at its packets: a
 * capture of thousands of connections would lose some, and then say nothing of the observed one.
 */
#include <errno.h>

#include "bench/engine.h"

static int command(struct ka_engine *e, enum ka_at at, enum ka_peer_command_kind kind, unsigned n)
{
	const struct ka_peer_command command = { .kind = kind, .value = (int)n };
	int ret = ka_engine_obey(e, at, &command);

	return ret ? nn_prefix(&e->err, ret, "%u connections more", n) : 0;
}

/* The server first: it must be ready when the client begins. */
int ka_load_join(struct ka_engine *e, unsigned n)
{
	int ret;

	e->ends[KA_AT_CLIENT].load_there = e->ends[KA_AT_SERVER].load_there = false;
	ret = command(e, KA_AT_SERVER, KA_CMD_LOAD, n);
	return ret ? ret : command(e, KA_AT_CLIENT, KA_CMD_LOAD, n);
}

bool ka_load_has_joined(const struct ka_engine *e)
{
	return e->ends[KA_AT_CLIENT].load_there && e->ends[KA_AT_SERVER].load_there;
}

static int call_load(struct ka_engine *e)
{
	int ret = 0;

	for (int at = 0; !ret && at < 2; at++)
		ret = ka_capture_only(e->ends[at].capture, e->ends[at].flow.client_port, &e->err);
	return ret ? ret : ka_load_join(e, e->case_->load);
}

bool ka_load_is_there(struct ka_engine *e)
{
	int ret = 0;

	if (!e->case_->load)
		return true;
	if (!e->load_called) {
		e->load_called = true;
		ret = call_load(e);
	}
	if (ret)
		ka_engine_fail(e, ret);
	return ka_load_has_joined(e);
}

bool ka_load_is_over(const struct ka_engine *e)
{
	return !e->case_->load || e->ends[e->prober].load_dead;
}

void ka_load_evidence(struct ka_engine *e)
{
	int ret;

	if (!e->case_->load)
		return;
	ret = command(e, e->prober, KA_CMD_LOAD_TELL, e->case_->load);
	ka_engine_gathered(e, e->prober, KA_PROOF_LOAD, ret, &e->err);
}
