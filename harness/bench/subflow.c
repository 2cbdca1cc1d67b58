/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second subflow of an MPTCP connection. Its segments pass the same devices from another port; which one
 * is looked at, the flows say (segments.h). All of them are seen by sock_diag.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "bench/engine.h"
#include "netns/mptcp.h"

/* The subflows at one end. */
struct census {
	uint16_t port; /* the server's */
	unsigned n, armed;
	uint16_t first,
		other; /* the client's ports: of the first subflow, and the last one found besides */
};

static int count(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	struct census *census = arg;
	uint16_t client = sport == census->port ? dport : sport;

	if (sport != census->port && dport != census->port)
		return 0;
	census->n++;
	census->armed += diag->timer == NN_TIMER_KEEPALIVE;
	if (client != census->first)
		census->other = client;
	return 0;
}

static int take_census(struct ka_engine *e, enum ka_at at, struct census *census)
{
	struct nn_ns *ns = e->net.ns[at == KA_AT_CLIENT ? NN_CLIENT : NN_SERVER];

	*census = (struct census){ .port = e->port, .first = e->subflows[0] };
	return nn_diag_walk(ns, 1u << TCP_ESTABLISHED, count, census, &e->err);
}

/* The next SYN begins what is looked at. */
static void follow(struct ka_engine *e, const struct nn_addr *addr)
{
	for (int at = 0; at < 2; at++) {
		e->ends[at].flow.over = true;
		e->ends[at].have_diag = false;
	}
	e->followed = *addr;
	e->probes = 0;
}

static int start_add(struct ka_engine *e, const struct ka_step *step)
{
	struct nn_addr addr;
	int ret = nn_topology_add_addr(&e->net, NN_CLIENT, e->instance->family, &addr, &e->err);

	e->subflows[0] = e->ends[KA_AT_CLIENT].flow.client_port;
	if (!ret)
		ret = nn_mptcp_allow(e->net.ns[NN_SERVER], 1, &e->err);
	if (!ret)
		ret = nn_mptcp_allow(e->net.ns[NN_CLIENT], 1, &e->err);
	if (!ret && step->followed)
		follow(e, &addr);
	return ret ? ret : nn_mptcp_add_subflows(e->net.ns[NN_CLIENT], &addr, &e->err);
}

/* The handshake's last segment, an ACK of the server's, may be on its way when both are established. */
static bool add_is_done(struct ka_engine *e, const struct ka_step *step)
{
	struct census ends[2];
	int ret = 0;

	for (int at = 0; !ret && at < 2; at++)
		ret = take_census(e, (enum ka_at)at, &ends[at]);
	if (ret)
		ka_engine_fail(e, ret);
	if (ret || ends[KA_AT_CLIENT].n != 2 || ends[KA_AT_SERVER].n != 2)
		return false;
	e->subflows[1] = ends[KA_AT_CLIENT].other;
	return !step->followed ||
	       (ka_flow_settled(&e->ends[0].flow) && ka_flow_settled(&e->ends[1].flow));
}

static int start_count(struct ka_engine *e, const struct ka_step *step)
{
	struct ka_event event = { .at = KA_AT_BENCH, .what = KA_EV_CHECK };
	struct census census;
	int ret = take_census(e, ka_engine_end(e, step->who), &census);

	if (ret)
		return ret;
	event.check.ok = (int)census.n == step->value &&
			 (step->who != KA_PROBER || census.armed == census.n);
	event.check.step = (int)e->step;
	snprintf(event.check.text, sizeof(event.check.text),
		 "sock_diag: %u subflows, %u with a keepalive timer, must be %d", census.n,
		 census.armed, step->value);
	ka_engine_event(e, event);
	return 0;
}

/* ---- the words that are done here ------------------------------------------------------------ */

const struct ka_doing ka_done_by_subflows[] = {
	{ KA_ADD_SUBFLOW, start_add, add_is_done },
	{ KA_SUBFLOWS_ARE, start_count, NULL },
	{ .start = NULL },
};
