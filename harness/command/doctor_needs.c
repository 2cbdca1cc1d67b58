/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cases need what, and how to get it. */
#include <errno.h>
#include <stdio.h>

#include "command/doctor.h"
#include "command/doctor_probes.h"
#include "model/util.h"

static bool has_step(const struct ka_case *c, enum ka_do what)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == what)
			return true;
	return false;
}

static bool uses_pair(const struct ka_case *c)
{
	return c->topology == KA_PAIR;
}

static bool uses_routed(const struct ka_case *c)
{
	return c->topology == KA_ROUTED;
}

static bool uses_sysctl(const struct ka_case *c)
{
	return c->from == KA_FROM_SYSCTL || c->no_timestamps || c->sysctls[0].key ||
	       has_step(c, KA_SYSCTL) || has_step(c, KA_SYSCTL_IS);
}

static bool uses_drop(const struct ka_case *c)
{
	return has_step(c, KA_DROP);
}

static bool uses_limit(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].first || c->steps[i].after)
			return true;
	return false;
}

static bool rejects(const struct ka_case *c, bool rst)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == KA_REJECT && (c->steps[i].value == KA_TCP_RESET) == rst)
			return true;
	return false;
}

static bool uses_reject_rst(const struct ka_case *c)
{
	return rejects(c, true);
}

static bool uses_reject_icmp(const struct ka_case *c)
{
	return rejects(c, false);
}

static bool uses_conntrack(const struct ka_case *c)
{
	return c->gateway;
}

static bool uses_repair(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == KA_FORGET && c->steps[i].who != KA_GATEWAY)
			return true;
	return has_step(c, KA_CRASH);
}

static bool uses_destroy(const struct ka_case *c)
{
	return has_step(c, KA_DESTROY);
}

static bool uses_queue(const struct ka_case *c)
{
	return has_step(c, KA_REFUSE);
}

static bool uses_ipv6(const struct ka_case *c)
{
	return c->families == 0 || (c->families & KA_V6);
}

static bool uses_nothing_like_it(const struct ka_case *c)
{
	(void)c;
	return false;
}

/* ---- all of them -------------------------------------------------------------------------- */

static const struct ka_probe probes[] = {
	{ "pair", "two namespaces joined by a veth", ka_probe_pair, uses_pair,
	  "a kernel with CONFIG_VETH" },
	{ "routed", "client, gateway, server; the gateway forwards", ka_probe_routed, uses_routed,
	  "a kernel with CONFIG_VETH, and net.ipv4.ip_forward writable in a namespace" },
	{ "sysctl", "sysctls of a namespace can be written", ka_probe_sysctl, uses_sysctl,
	  "in a container: mount /proc/sys writable (--privileged)" },
	{ "ipv4", "a TCP connection over IPv4", ka_probe_ipv4, NULL, "a kernel with CONFIG_INET" },
	{ "ipv6", "a TCP connection over IPv6", ka_probe_ipv6, uses_ipv6,
	  "a kernel with CONFIG_IPV6, not booted with ipv6.disable=1" },
	{ "counters", "TcpExt counters of a namespace", ka_probe_counters, NULL,
	  "a kernel since 4.1, with CONFIG_PROC_FS" },
	{ "capture", "packets with the kernel's time stamps", ka_probe_capture, NULL,
	  "a kernel with CONFIG_PACKET" },
	{ "drop", "nftables: drop and count", ka_probe_drop, uses_drop,
	  "a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET (modprobe nf_tables)" },
	{ "limit", "nftables: drop only the first packets", ka_probe_limit, uses_limit,
	  "a kernel with CONFIG_NFT_LIMIT (modprobe nft_limit)" },
	{ "reject-rst", "nftables: reject with TCP reset", ka_probe_reject_rst, uses_reject_rst,
	  "a kernel with CONFIG_NFT_REJECT_INET (modprobe nft_reject_inet)" },
	{ "reject-icmp", "nftables: reject with ICMP", ka_probe_reject_icmp, uses_reject_icmp,
	  "a kernel with CONFIG_NFT_REJECT_INET (modprobe nft_reject_inet)" },
	{ "conntrack", "a gateway that translates, tracks and forgets", ka_probe_conntrack,
	  uses_conntrack,
	  "a kernel with CONFIG_NF_CONNTRACK, CONFIG_NF_CT_NETLINK, CONFIG_NFT_CT and "
	  "CONFIG_NFT_MASQ (modprobe nf_conntrack_netlink nft_ct nft_masq); its sysctls writable" },
	{ "sock_diag", "timers of a socket, as in `ss -o'", ka_probe_diag, NULL,
	  "a kernel with CONFIG_INET_DIAG (modprobe tcp_diag)" },
	{ "repair", "TCP_REPAIR: lose a socket without a word", ka_probe_repair, uses_repair,
	  "a kernel with CONFIG_CHECKPOINT_RESTORE, or CAP_NET_ADMIN in the sandbox" },
	{ "destroy", "SOCK_DESTROY: end a socket from outside", ka_probe_destroy, uses_destroy,
	  "a kernel with CONFIG_INET_DIAG_DESTROY" },
	{ "queue", "traffic control: a device that refuses packets", ka_probe_queue, uses_queue,
	  "a kernel with CONFIG_NET_SCHED" },
	{ "mptcp", "Multipath TCP", ka_probe_mptcp, uses_nothing_like_it,
	  "a kernel with CONFIG_MPTCP" },
};

#define N_PROBES (KA_N(probes))

const struct ka_probe *ka_probes(size_t *n)
{
	*n = N_PROBES;
	return probes;
}

int ka_probes_run(int fd)
{
	struct ka_patient patient = { .listener = -1, .client = -1 };

	for (size_t i = 0; i < N_PROBES; i++) {
		struct nn_err err = { "" };
		/* All but the first two are done in the pair. */
		int ret = i >= 2 && !patient.pair.ns[NN_CLIENT]
				  ? nn_fail(&err, ENOTCONN, "not tried, there is no pair")
				  : probes[i].run(&patient, &err);

		if (dprintf(fd, "%zu\t%d\t%s\n", i, ret, ret < 0 ? err.text : "") < 0)
			return 1;
	}
	return 0; /* sockets and namespaces end with the process */
}
