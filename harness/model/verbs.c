/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See verbs.h. */
#include "model/verbs.h"

#include <sys/socket.h>

#include "model/util.h"

/* ---- needs ---------------------------------------------------------------------------------- */

static const struct ka_need_text needs[KA_NEEDS] = {
	{ "pair", "two namespaces joined by a veth", "a kernel with CONFIG_VETH" },
	{ "routed", "client, gateway, server; the gateway forwards",
	  "a kernel with CONFIG_VETH, and net.ipv4.ip_forward writable in a namespace" },
	{ "ipv4", "TCP over IPv4, captured, counted and asked for its timers",
	  "a kernel with CONFIG_INET, CONFIG_PACKET and CONFIG_INET_DIAG (modprobe tcp_diag)" },
	{ "ipv6", "TCP over IPv6", "a kernel with CONFIG_IPV6, not booted with ipv6.disable=1" },
	{ "sysctl", "sysctls of a namespace can be written",
	  "in a container: mount /proc/sys writable (--privileged)" },
	{ "drop", "nftables: drop and count",
	  "a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET (modprobe nf_tables)" },
	{ "limit", "nftables: drop only the first packets",
	  "a kernel with CONFIG_NFT_LIMIT (modprobe nft_limit)" },
	{ "reject", "nftables: reject with TCP reset or ICMP",
	  "a kernel with CONFIG_NFT_REJECT_INET (modprobe nft_reject_inet)" },
	{ "conntrack", "a gateway that translates, tracks and forgets",
	  "a kernel with CONFIG_NF_CONNTRACK, CONFIG_NF_CT_NETLINK, CONFIG_NFT_CT and "
	  "CONFIG_NFT_MASQ (modprobe nf_conntrack_netlink nft_ct nft_masq); its sysctls writable" },
	{ "repair", "TCP_REPAIR: lose a socket without a word",
	  "a kernel with CONFIG_CHECKPOINT_RESTORE, or CAP_NET_ADMIN in the sandbox" },
	{ "destroy", "SOCK_DESTROY: end a socket from outside",
	  "a kernel with CONFIG_INET_DIAG_DESTROY" },
	{ "queue", "traffic control: a device that refuses packets",
	  "a kernel with CONFIG_NET_SCHED" },
	{ "mptcp", "Multipath TCP", "a kernel with CONFIG_MPTCP, and net.mptcp.enabled=1" },
};

const struct ka_need_text *ka_need_text(unsigned i)
{
	return &needs[i];
}

/* ---- why a declaration makes no sense ------------------------------------------------------- */

static const char *check_send(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	return step->bytes ? NULL : "it sends nothing: .bytes is 0";
}

/* Somebody must read the answer to a request. */
static const char *check_request(const struct ka_instance *instance, const struct ka_step *step)
{
	const struct ka_case *c = instance->case_;
	enum ka_program program =
		step->who == KA_PEER ? c->peer_app.program : c->prober_app.program;

	if (!step->text)
		return "it has no .text to send";
	return program == KA_APP_HTTP || program == KA_APP_LINES
		       ? NULL
		       : "no program reads the answer to a request";
}

static const char *check_join(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	return step->value > 0 ? NULL : "it opens no connection: .value is 0";
}

static const char *check_route(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)step;
	return instance->case_->topology == KA_ROUTED
		       ? NULL
		       : "a pair has no route that could be taken away";
}

static const char *check_gateway(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)step;
	return instance->case_->gateway ? NULL : "there is no gateway that remembers";
}

static const char *check_forget(const struct ka_instance *instance, const struct ka_step *step)
{
	if (step->who == KA_GATEWAY)
		return check_gateway(instance, step);
	return step->who ? NULL : "it does not say whose memory is lost: .who is missing";
}

static const char *check_sysctl(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	if (!step->who)
		return "it does not say in whose namespace: .who is missing";
	return step->key && step->text ? NULL : "a sysctl needs a .key and a .text";
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct ka_verb verbs[KA_VERBS] = {
	[KA_CONNECT] = {
		.name = "connect",
		.text = "connected",
		.sentence = "the client connects to the server. {armed}",
		.unacked = "the client calls connect(), on a socket that had {values} set before{on}. Its SYN leaves; nobody waits for an answer.",
		.flags = KA_VERB_HEARD,
	},
	[KA_SEND] = {
		.name = "send",
		.text = "sends",
		.sentence = "{who} sends {bytes}, and the kernel of {other} acknowledges them.{anew}",
		.unacked = "{who} writes {bytes}; nobody waits for the acknowledgement.",
		.flags = KA_VERB_HEARD | KA_VERB_OF_END | KA_VERB_TALKS,
		.check = check_send,
	},
	[KA_FILL] = {
		.name = "fill",
		.text = "sends until the window is closed",
		.sentence = "{who} sends until the receive window of the other end is closed; all of "
			    "it is acknowledged, and nothing waits to be sent.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_SLOW | KA_VERB_HEARD | KA_VERB_OF_END | KA_VERB_TALKS,
	},
	[KA_REQUEST] = {
		.name = "request",
		.text = "requests",
		.sentence = "{who} sends the request \"{text}\" and gets its answer.",
		.flags = KA_VERB_HEARD | KA_VERB_OF_END | KA_VERB_TALKS | KA_VERB_MAY_END,
		.check = check_request,
	},
	[KA_JOIN] = {
		.name = "join",
		.text = "further connections",
		.sentence = "the client opens {value} connections more, on which nothing is sent.",
		.check = check_join,
	},
	[KA_STALL] = {
		.name = "stall",
		.text = "stops reading",
		.sentence = "{who} stops reading; what arrives stays in its receive queue.",
		.flags = KA_VERB_OF_END,
	},
	[KA_RESUME] = {
		.name = "resume",
		.text = "reads again",
		.sentence = "{who} reads again.",
		.flags = KA_VERB_OF_END,
		.undoes = KA_VERB_BIT(KA_STALL),
	},
	[KA_SHUTDOWN] = {
		.name = "shutdown",
		.text = "shutdown(WR)",
		.sentence = "{who} calls shutdown(SHUT_WR): its FIN goes out, it still reads.",
		.flags = KA_VERB_OF_END | KA_VERB_FIN | KA_VERB_MAY_END,
	},
	[KA_CLOSE] = {
		.name = "close",
		.text = "close",
		.sentence = "{who} closes its socket.",
		.flags = KA_VERB_OF_END | KA_VERB_FIN | KA_VERB_MAY_END,
	},
	[KA_DROP] = {
		.name = "drop",
		.text = "drop",
		.sentence = "from now on {place} loses {which}.{misses}",
		.needs = KA_NEED_NFT,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_CUTS_PEER | KA_VERB_MAY_END,
	},
	[KA_REJECT] = {
		.name = "reject",
		.text = "reject",
		.sentence = "from now on {place} answers {which} with {answer}.{misses}",
		.needs = KA_NEED_NFT | KA_NEED_REJECT,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_CUTS_PEER | KA_VERB_MAY_END,
	},
	[KA_HEAL] = {
		.name = "heal",
		.text = "path healed",
		.sentence = "the path is healed: every rule made so far is removed.",
		.needs = KA_NEED_NFT,
		.undoes = KA_VERB_BIT(KA_DROP) | KA_VERB_BIT(KA_REJECT),
	},
	[KA_KILL] = {
		.name = "kill",
		.text = "killed",
		.sentence = "the process of {who} is killed with SIGKILL; its kernel closes the "
			    "socket.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END | KA_VERB_FIN | KA_VERB_MAY_END,
	},
	[KA_FREEZE] = {
		.name = "freeze",
		.text = "stopped (SIGSTOP)",
		.sentence = "the process of {who} is stopped with SIGSTOP; its kernel goes on.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END,
	},
	[KA_THAW] = {
		.name = "thaw",
		.text = "continued (SIGCONT)",
		.sentence = "the process of {who} goes on (SIGCONT).",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_OF_END,
		.undoes = KA_VERB_BIT(KA_FREEZE),
	},
	[KA_CRASH] = {
		.name = "crash",
		.text = "host gone",
		.sentence = "the machine of {who} is gone: the wire is unplugged, the process killed, "
			    "the namespace destroyed. Nothing of its last words can arrive.",
		.needs = KA_NEED_REPAIR,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_CUTS_PEER | KA_VERB_SLOW | KA_VERB_OF_END |
			 KA_VERB_MAY_END,
	},
	[KA_REBOOT] = {
		.name = "reboot",
		.text = "host back, with no socket",
		.sentence = "a machine with the same address as {who} is there again; it knows "
			    "nothing of the connection.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_SLOW | KA_VERB_OF_END | KA_VERB_MAY_END,
		.undoes = KA_VERB_BIT(KA_CRASH),
	},
	[KA_FORGET] = {
		.name = "forget",
		.text = "lost its socket without a word",
		.sentence = "the kernel of {who} loses the socket without a word (TCP_REPAIR).",
		.at_gateway = "the gateway's entry of the connection is deleted (ctnetlink, as by `conntrack -D'); nobody is told.",
		.needs = KA_NEED_REPAIR,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_CUTS_PEER | KA_VERB_MAY_END,
		.check = check_forget,
	},
	[KA_DESTROY] = {
		.name = "destroy",
		.text = "socket destroyed",
		.sentence = "the socket of {who} is destroyed by the administrator (SOCK_DESTROY, as "
			    "by `ss -K').",
		.needs = KA_NEED_DESTROY,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END | KA_VERB_MAY_END,
	},
	[KA_LINK_DOWN] = {
		.name = "link_down",
		.text = "link down",
		.sentence = "the network device of {who} is set down.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_CUTS_PEER | KA_VERB_MAY_END,
	},
	[KA_LINK_UP] = {
		.name = "link_up",
		.text = "link up",
		.sentence = "the network device of {who} is set up again.",
		.promises = KA_PROOF_FAULT,
		.undoes = KA_VERB_BIT(KA_LINK_DOWN),
	},
	[KA_LINK_DELETE] = {
		.name = "link_delete",
		.text = "device deleted",
		.sentence = "the network device of {who} is deleted, and with it the wire.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END | KA_VERB_MAY_END,
	},
	[KA_ADDRESS_GONE] = {
		.name = "address_gone",
		.text = "address removed",
		.sentence = "the address that the socket of {who} is bound to is taken from its "
			    "device.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END | KA_VERB_MAY_END,
	},
	[KA_ROUTE_GONE] = {
		.name = "route_gone",
		.text = "route gone",
		.sentence = "{who} loses its way: {route}.",
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END | KA_VERB_MAY_END,
		.check = check_route,
	},
	[KA_NEIGHBOUR_GONE] = {
		.name = "neighbour_gone",
		.text = "next hop deaf to ARP and ND",
		.sentence = "{who} forgets the MAC address of the next machine on the way, which no "
			    "longer answers ARP requests and neighbour solicitations.",
		.needs = KA_NEED_NFT | KA_NEED_SYSCTL,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END | KA_VERB_MAY_END,
	},
	[KA_REFUSE] = { /* what the device refuses does not count: nothing ends by it */
		.name = "refuse",
		.text = "device refuses packets",
		.sentence = "the device of {who} takes no packet any more: its queue (pfifo with "
			    "limit 0) drops each, and says so to the sender.",
		.needs = KA_NEED_QDISC,
		.promises = KA_PROOF_FAULT,
		.flags = KA_VERB_FAULT | KA_VERB_OF_END,
	},
	[KA_ACCEPT] = {
		.name = "accept",
		.text = "device takes packets again",
		.sentence = "the device of {who} takes packets again.",
		.needs = KA_NEED_QDISC,
		.flags = KA_VERB_OF_END,
		.undoes = KA_VERB_BIT(KA_REFUSE),
	},
	[KA_SETSOCKOPT] = {
		.name = "setsockopt",
		.text = "setsockopt",
		.sentence = "{who} sets {option} to {value}{fails}.",
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_OF_END | KA_VERB_MAY_END,
	},
	[KA_GETSOCKOPT] = {
		.name = "getsockopt",
		.text = "getsockopt",
		.sentence = "{who} reads {option}, which must be {value}.",
		.failing = "{who} reads {option}{fails}.",
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_LOOKS | KA_VERB_OF_END,
	},
	[KA_SYSCTL] = {
		.name = "sysctl",
		.text = "sysctl",
		.sentence = "the sysctl {key} in the namespace of {who} becomes {text}.",
		.failing = "{text} is written to the sysctl {key} in the namespace of {who}{fails}.",
		.needs = KA_NEED_SYSCTL,
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_MAY_END,
		.check = check_sysctl,
	},
	[KA_SYSCTL_IS] = {
		.name = "sysctl_is",
		.text = "sysctl read",
		.sentence = "the sysctl {key} in the namespace of {who} must read {text}.",
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_LOOKS,
		.check = check_sysctl,
	},
	[KA_DIAG_IS] = {
		.name = "diag_is",
		.text = "sock_diag",
		.sentence = "sock_diag (what `ss -o' shows) must say that {timer} runs on {who}'s socket{probes}{expires}.",
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_LOOKS | KA_VERB_OF_END,
	},
	[KA_BLOCK] = {
		.name = "block",
		.text = "waits in a blocking call",
		.sentence = "a thread of {who} blocks in {call}; the end must wake it at once.",
		.promises = KA_PROOF_BLOCKED,
		.flags = KA_VERB_OF_END,
	},
	[KA_ENTRY_IS] = {
		.name = "entry_is",
		.text = "the gateway remembers?",
		.sentence = "the gateway is asked (ctnetlink) and must still know the connection, for {left} more.",
		.needs = KA_NEED_CONNTRACK,
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_LOOKS,
		.check = check_gateway,
	},
	[KA_ENTRY_GONE] = {
		.name = "entry_gone",
		.text = "the gateway has forgotten?",
		.sentence = "the gateway is asked (ctnetlink) and must know the connection no more.",
		.needs = KA_NEED_CONNTRACK,
		.promises = KA_PROOF_CHECK,
		.flags = KA_VERB_LOOKS,
		.check = check_gateway,
	},
	[KA_WAIT] = {
		.name = "wait",
		.text = "waited",
		.sentence = "time passes.",
		.flags = KA_VERB_LOOKS,
	},
};

const struct ka_verb *ka_verb(enum ka_do do_)
{
	return &verbs[do_];
}

/* ---- what a step adds to its verb ----------------------------------------------------------- */

bool ka_step_is(const struct ka_step *step, enum ka_verb_flags flag)
{
	return verbs[step->do_].flags & flag;
}

unsigned ka_step_needs(const struct ka_step *step)
{
	unsigned bits = verbs[step->do_].needs;

	if (step->do_ == KA_FORGET && step->who == KA_GATEWAY)
		bits = KA_NEED_CONNTRACK;
	return step->first || step->after ? bits | KA_NEED_LIMIT : bits;
}

unsigned ka_step_promises(const struct ka_step *step)
{
	return verbs[step->do_].promises;
}

unsigned ka_instance_needs(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;
	unsigned bits = c->topology == KA_PAIR ? KA_NEED_PAIR : KA_NEED_ROUTED;

	bits |= instance->family == AF_INET ? KA_NEED_IPV4 : KA_NEED_IPV6;
	if (c->gateway)
		bits |= KA_NEED_NFT | KA_NEED_CONNTRACK | KA_NEED_SYSCTL;
	if (c->transport != KA_TCP)
		bits |= KA_NEED_MPTCP;
	if (c->from == KA_FROM_SYSCTL || c->no_timestamps || c->sysctls[0].key)
		bits |= KA_NEED_SYSCTL;
	for (size_t i = 0; i < c->n_steps; i++)
		bits |= ka_step_needs(&c->steps[i]);
	return bits;
}

/* True when a step before number @i did one of @verbs_ to the same .who. */
static bool was_done(const struct ka_case *c, size_t i, unsigned long long verbs_)
{
	for (size_t j = 0; j < i; j++)
		if (c->steps[j].who == c->steps[i].who && (verbs_ & KA_VERB_BIT(c->steps[j].do_)))
			return true;
	return false;
}

const char *ka_step_check(const struct ka_instance *instance, size_t i)
{
	const struct ka_case *c = instance->case_;
	const struct ka_step *step = &c->steps[i];
	const struct ka_verb *verb = &verbs[step->do_ < KA_VERBS ? step->do_ : KA_WAIT];

	if (step->do_ >= KA_VERBS)
		return "it is no word of the vocabulary";
	if (step->since == KA_SINCE_PROBE && ka_number(step->nth, &instance->setting) < 1)
		return "it waits for a probe number below 1";
	if ((verb->flags & KA_VERB_OF_END) && step->who != KA_PROBER && step->who != KA_PEER)
		return "it does not say which end: .who is missing";
	if (verb->undoes && !was_done(c, i, verb->undoes))
		return "there is nothing that it could undo";
	return verb->check ? verb->check(instance, step) : NULL;
}

const char *ka_step_sentence(const struct ka_step *step)
{
	const struct ka_verb *verb = ka_verb(step->do_);

	if (step->who == KA_GATEWAY && verb->at_gateway)
		return verb->at_gateway;
	if (step->unacked && verb->unacked)
		return verb->unacked;
	return step->fails && verb->failing ? verb->failing : verb->sentence;
}
