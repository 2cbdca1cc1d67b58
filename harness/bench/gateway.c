/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway with a memory: it translates the client's address into its own (masquerade), keeps an
 * entry for each connection, and forgets it when nothing has passed for the timeout. What comes
 * later belongs to no connection that it knows.
 *
 * From the client's side such a segment is on its way through (forward hook); from the server's
 * side it is addressed to the gateway itself (input hook), because nothing says any more whom the
 * translated address stood for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/engine.h"
#include "model/regimes.h"
#include "model/util.h"
#include "netns/conntrack.h"
#include "netns/nft.h"
#include "netns/sysctl.h"

#define NETFILTER    "net/netfilter/nf_conntrack_"
/* NF_IP_PRI_NAT_SRC: where sources are translated */
#define PRIORITY_NAT 100

static int add_table(struct ka_engine *e, const struct nn_nft_rule *rules, size_t n,
		     const char *text)
{
	struct ka_table *table = &e->tables[e->n_tables];
	int ret;

	*table = (struct ka_table){
		.step = -1, .node = NN_GATEWAY, .n_rules = n, .active = true, .stays = true
	};
	snprintf(table->name, sizeof(table->name), "kacheck%zu", e->n_tables);
	snprintf(table->text, sizeof(table->text), "%s", text);
	ret = nn_nft_add(e->net.ns[NN_GATEWAY], table->name, rules, n, &e->err);
	if (!ret)
		e->n_tables++;
	return ret;
}

/* `tcp dport PORT masquerade`: met by the first packet of the connection. */
static int translate(struct ka_engine *e)
{
	const struct nn_nft_rule rule = { .hook = NN_POSTROUTING,
					  .priority = PRIORITY_NAT,
					  .dport = e->port,
					  .action = NN_MASQUERADE };

	return add_table(e, &rule, 1, "the gateway translates the client's address");
}

/* `ct state invalid drop` or `... reject with tcp reset`, both ways. That they were met is evidence
 * of the fault, unless nobody is to send anything after it. */
static int refuse_unknown(struct ka_engine *e)
{
	const bool reset = e->case_->gateway->unknown == KA_UNKNOWN_RESET;
	const struct nn_nft_rule rules[] = {
		{ .hook = NN_FORWARD,
		  .dport = e->port,
		  .ct_state = NN_CT_INVALID,
		  .action = reset ? NN_REJECT_RST : NN_DROP },
		{ .hook = NN_INPUT,
		  .sport = e->port,
		  .ct_state = NN_CT_INVALID,
		  .action = reset ? NN_REJECT_RST : NN_DROP },
	};
	int ret = add_table(e, rules, KA_N(rules),
			    reset ? "the gateway answers what it does not know with a reset"
				  : "the gateway swallows what it does not know");

	if (!ret && ka_regime_is(e->case_->expect.when, KA_REGIME_LIVES))
		e->tables[e->n_tables - 1].active = false;
	return ret;
}

/* The rules have brought connection tracking into being; without it there are no such sysctls. */
static int put(struct ka_engine *e, const char *key, unsigned value)
{
	int ret = ka_engine_put_number(e, NN_GATEWAY, key, value);

	if (ret == -ENOENT)
		return nn_fail(&e->err, EOPNOTSUPP,
			       "no sysctl %s (kernel without "
			       "CONFIG_NF_CONNTRACK?)",
			       key);
	return ret;
}

/* OpenWrt's kernels up to 5.10 look at no sequence numbers, and therefore see no segment twice. Their switch is
 * one for all namespaces, the host's as well: it is not ours to turn. */
static int can_count(struct ka_engine *e)
{
	static const char key[] = NETFILTER "tcp_no_window_check";
	char value[16] = "";
	int ret = nn_sysctl_get(e->net.ns[NN_GATEWAY], key, value, sizeof(value), &e->err);

	if (ret == -ENOENT || (ret > 0 && !strcmp(value, "0")))
		return 0;
	return ret < 0 ? ret
		       : nn_fail(&e->err, EOPNOTSUPP,
				 "this kernel's connection tracking counts no repetitions while %s "
				 "is %s (write 0 there)",
				 key, value);
}

int ka_gateway_setup(struct ka_engine *e)
{
	const struct ka_gateway *gateway = e->case_->gateway;
	int ret;

	if (!gateway)
		return 0;
	ret = translate(e);
	if (!ret && gateway->unknown != KA_UNKNOWN_ADOPT)
		ret = refuse_unknown(e);
	if (!ret)
		ret = put(e, NETFILTER "tcp_timeout_established",
			  ka_gateway_timeout_s(gateway, &e->instance->setting));
	if (!ret)
		ret = put(e, NETFILTER "tcp_loose", gateway->unknown == KA_UNKNOWN_ADOPT);
	return !ret && gateway->counts ? can_count(e) : ret;
}

/* The connection as the client's first packet had it. */
static struct nn_ct_flow flow_of(const struct ka_engine *e)
{
	int family = e->instance->family;

	return (struct nn_ct_flow){ .src = nn_topology_addr(&e->net, NN_CLIENT, family),
				    .dst = nn_topology_addr(&e->net, NN_SERVER, family),
				    .sport = e->ends[KA_AT_CLIENT].flow.client_port,
				    .dport = e->port };
}

int ka_gateway_entry(struct ka_engine *e, unsigned *left_s, struct nn_err *err)
{
	const struct nn_ct_flow flow = flow_of(e);
	struct nn_ct entry;
	int ret = nn_ct_get(e->net.ns[NN_GATEWAY], &flow, &entry, err);

	if (!ret)
		*left_s = entry.left_s;
	return ret;
}

int ka_gateway_forget(struct ka_engine *e)
{
	const struct nn_ct_flow flow = flow_of(e);
	unsigned left_s;
	int ret = nn_ct_del(e->net.ns[NN_GATEWAY], &flow, &e->err);

	if (ret)
		return ret;
	ret = ka_gateway_entry(e, &left_s, NULL);
	ka_engine_fault(e, (int)e->step, ret == -ENOENT, "entry gone");
	return 0;
}
