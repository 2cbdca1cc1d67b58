/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crowd, as the engine sees it: both ends are told to make it when the observed connection is
 * settled, and the prober's end says in the end what became of it. Nobody looks at its packets: a
 * capture of thousands of connections would lose some, and then say nothing of the observed one.
 */
#include <errno.h>

#include "bench/engine.h"

int ka_crowd_order(struct ka_engine *e, enum ka_at at, enum ka_order_kind kind, unsigned n)
{
	const struct ka_order order = { .kind = kind, .value = (int)n };
	struct ka_message reply;
	int ret = ka_engine_order(e, at, &order, &reply);

	if (!ret && reply.error)
		ret = nn_fail(&e->err, reply.error, "the %s with %u connections more",
			      at == KA_AT_CLIENT ? "client" : "server", n);
	return ret;
}

/* The server first: it must be ready when the client begins. */
int ka_crowd_join(struct ka_engine *e, unsigned n)
{
	int ret;

	e->ends[KA_AT_CLIENT].crowd_there = e->ends[KA_AT_SERVER].crowd_there = false;
	ret = ka_crowd_order(e, KA_AT_SERVER, KA_ORDER_CROWD, n);
	return ret ? ret : ka_crowd_order(e, KA_AT_CLIENT, KA_ORDER_CROWD, n);
}

bool ka_crowd_has_joined(const struct ka_engine *e)
{
	return e->ends[KA_AT_CLIENT].crowd_there && e->ends[KA_AT_SERVER].crowd_there;
}

static int call_crowd(struct ka_engine *e)
{
	int ret = 0;

	for (int at = 0; !ret && at < 2; at++)
		ret = ka_capture_only(e->ends[at].capture, e->ends[at].flow.client_port, &e->err);
	return ret ? ret : ka_crowd_join(e, e->case_->crowd);
}

bool ka_crowd_is_there(struct ka_engine *e)
{
	int ret = 0;

	if (!e->case_->crowd)
		return true;
	if (!e->crowd_called) {
		e->crowd_called = true;
		ret = call_crowd(e);
	}
	if (ret)
		ka_engine_fail(e, ret);
	return ka_crowd_has_joined(e);
}

void ka_crowd_message(struct ka_engine *e, enum ka_at at, const struct ka_message *message)
{
	e->ends[at].crowd_there = true;
	e->ends[at].crowd_dead = message->value != 0;
	if (message->error)
		ka_engine_fail(e, nn_fail(&e->err, message->error, "%s", message->text));
}

bool ka_crowd_is_over(const struct ka_engine *e)
{
	return !e->case_->crowd || e->ends[e->prober].crowd_dead;
}

void ka_crowd_evidence(struct ka_engine *e)
{
	int ret;

	if (!e->case_->crowd)
		return;
	ret = ka_crowd_order(e, e->prober, KA_ORDER_CROWD_TELL, e->case_->crowd);
	if (ret)
		ka_engine_fail(e, ret);
}
