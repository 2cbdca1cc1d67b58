/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sock_diag for TCP. A connection is looked up by its addresses and ports; a dump finds one by less:
 * the kernel filters, and what it returns is checked again here, because old kernels ignore parts of a
 * filter.
 */
#include "diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>

#include "nl.h"

#define STATE_LISTEN 10
#define CONNECTED    (NN_ALL_STATES & ~(1u << STATE_LISTEN))

/* ---- from the message ------------------------------------------------------------------- */

/* Kernels differ in how much of struct tcp_info they send: the missing rest reads as 0. */
static void parse_info(struct nn_diag *out, const struct nlattr *attr)
{
	struct tcp_info info = { 0 };
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(&info, mnl_attr_get_payload(attr), len < sizeof(info) ? len : sizeof(info));
	out->has_info = true;
	out->probes = info.tcpi_probes;
	out->retransmits = info.tcpi_retransmits;
	out->backoff = info.tcpi_backoff;
	out->rto_us = info.tcpi_rto;
	out->last_data_sent_ms = info.tcpi_last_data_sent;
	out->last_data_recv_ms = info.tcpi_last_data_recv;
	out->last_ack_recv_ms = info.tcpi_last_ack_recv;
}

static struct nn_diag diag_of(const struct nlmsghdr *nlh, const struct inet_diag_msg *m)
{
	struct nn_diag out = { .family = m->idiag_family,
			       .state = m->idiag_state,
			       .timer = m->idiag_timer,
			       .probes_out = m->idiag_retrans,
			       .expires_ms = m->idiag_expires,
			       .rqueue = m->idiag_rqueue,
			       .wqueue = m->idiag_wqueue,
			       .inode = m->idiag_inode,
			       .uid = m->idiag_uid };
	const struct nlattr *attr;

	memcpy(out.cookie, m->id.idiag_cookie, sizeof(out.cookie));
	memcpy(out.local, m->id.idiag_src, sizeof(out.local));
	memcpy(out.remote, m->id.idiag_dst, sizeof(out.remote));
	mnl_attr_for_each(attr, nlh, sizeof(*m)) if (mnl_attr_get_type(attr) == INET_DIAG_INFO)
		parse_info(&out, attr);
	return out;
}

/* Bridges the message's form to the callback's. */
struct walk {
	int (*each)(const struct nn_diag *, uint16_t sport, uint16_t dport, void *arg);
	void *arg;
};

static int parse_socket(const struct nlmsghdr *nlh, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
	const struct walk *walk = arg;
	struct nn_diag diag;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return -EBADMSG;
	diag = diag_of(nlh, m);
	return walk->each(&diag, ntohs(m->id.idiag_sport), ntohs(m->id.idiag_dport), walk->arg);
}

/* ---- requests --------------------------------------------------------------------------- */

static struct inet_diag_req_v2 *diag_fill(struct nn_msg *msg, int family, uint32_t states)
{
	struct inet_diag_req_v2 *req = nn_msg_extra(msg, sizeof(*req));

	req->sdiag_family = (uint8_t)family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = states;
	req->idiag_ext = 1u << (INET_DIAG_INFO - 1);
	return req;
}

/* Names exactly the socket with these ports that @diag was read from. */
static void diag_name(struct inet_diag_req_v2 *req, uint16_t sport, uint16_t dport,
		      const struct nn_diag *diag)
{
	req->id.idiag_sport = htons(sport);
	req->id.idiag_dport = htons(dport);
	memcpy(req->id.idiag_src, diag->local, sizeof(diag->local));
	memcpy(req->id.idiag_dst, diag->remote, sizeof(diag->remote));
	memcpy(req->id.idiag_cookie, diag->cookie, sizeof(diag->cookie));
}

/* A dump that finds nothing is empty; -ENOENT says that nobody could look. */
static int could_look(int ret, struct nn_err *err)
{
	if (ret == -ENOENT)
		return nn_fail(err, EOPNOTSUPP, "sock_diag (kernel without CONFIG_INET_TCP_DIAG?)");
	return ret;
}

static int diag_dump(struct nn_ns *ns, int family, uint16_t sport, uint16_t dport, uint32_t states,
		     struct walk *walk, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_DIAG, err);
	struct inet_diag_req_v2 *req;
	struct nn_msg msg;
	int ret;

	if (!nl)
		return -errno;
	nn_msg_start(&msg, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	req = diag_fill(&msg, family, states);
	req->id.idiag_sport = htons(sport);
	req->id.idiag_dport = htons(dport);
	ret = nn_nl_talk(nl, &msg, walk ? parse_socket : NULL, walk, err);
	return could_look(ret, err);
}

/* The request of old: of TCP, it means both families at once. The kernel walks its table of all
 * namespaces for each dump, so that half of them is half the time. */
int nn_diag_walk(struct nn_ns *ns, uint32_t states,
		 int (*each)(const struct nn_diag *, uint16_t sport, uint16_t dport, void *arg),
		 void *arg, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_DIAG, err);
	struct walk walk = { .each = each, .arg = arg };
	struct inet_diag_req *req;
	struct nn_msg msg;

	if (!nl)
		return -errno;
	nn_msg_start(&msg, TCPDIAG_GETSOCK, NLM_F_DUMP);
	req = nn_msg_extra(&msg, sizeof(*req));
	req->idiag_states = states;
	req->idiag_ext = 1u << (INET_DIAG_INFO - 1);
	return could_look(nn_nl_talk(nl, &msg, parse_socket, &walk, err), err);
}

/* ---- one socket ------------------------------------------------------------------------- */

struct search {
	uint16_t sport, dport; /* asked for, 0: any; then found */
	bool found;
	struct nn_diag *out;
};

static int parse_match(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	struct search *search = arg;

	if (diag->state == STATE_LISTEN || search->found)
		return 0;
	if ((search->sport && search->sport != sport) || (search->dport && search->dport != dport))
		return 0;
	search->found = true;
	search->sport = sport;
	search->dport = dport;
	*search->out = *diag;
	return 0;
}

static int not_found(const struct search *search, struct nn_err *err)
{
	return nn_fail(err, ENOENT, "no TCP socket with ports %u, %u", search->sport,
		       search->dport);
}

/* A request about one socket. ESTALE: the same ports, but another socket by now. */
static int diag_one(struct nn_ns *ns, struct nn_msg *msg, struct walk *walk, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_DIAG, err);
	int ret;

	if (!nl)
		return -errno;
	ret = nn_nl_talk(nl, msg, walk ? parse_socket : NULL, walk, err);
	if (ret == -ESTALE)
		return nn_fail(err, ENOENT, "the TCP socket has been replaced");
	return ret;
}

/* Looks up the socket with the addresses and the cookie of @like. Where none is connected, the kernel
 * finds the listener: that is not meant. */
static int diag_look_up(struct nn_ns *ns, int family, struct search *search,
			const struct nn_diag *like, struct nn_err *err)
{
	struct walk walk = { .each = parse_match, .arg = search };
	struct nn_msg msg;
	int ret;

	nn_msg_start_get(&msg, SOCK_DIAG_BY_FAMILY);
	diag_name(diag_fill(&msg, family, CONNECTED), search->sport, search->dport, like);
	ret = diag_one(ns, &msg, &walk, err);
	return !ret && !search->found ? not_found(search, err) : ret;
}

/* A kernel that cannot look says what one says that finds nothing. A dump of no states tells them
 * apart, and walks nothing. */
static int diag_exact(struct nn_ns *ns, const struct nn_diag_key *key, struct search *search,
		      struct nn_err *err)
{
	struct nn_diag like = { .cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } };
	int ret;

	memcpy(like.local, key->local.bytes, sizeof(like.local));
	memcpy(like.remote, key->remote.bytes, sizeof(like.remote));
	ret = diag_look_up(ns, key->family, search, &like, err);
	if (ret != -ENOENT)
		return ret;
	ret = diag_dump(ns, key->family, key->sport, key->dport, 0, NULL, err);
	return ret ? ret : not_found(search, err);
}

static int diag_search(struct nn_ns *ns, const struct nn_diag_key *key, struct search *search,
		       struct nn_err *err)
{
	struct walk walk = { .each = parse_match, .arg = search };
	int ret;

	if (key->sport && key->dport && key->local.family && key->remote.family)
		return diag_exact(ns, key, search, err);
	ret = diag_dump(ns, key->family, key->sport, key->dport, CONNECTED, &walk, err);
	return !ret && !search->found ? not_found(search, err) : ret;
}

unsigned nn_diag_timer(const struct nn_diag *diag)
{
	return diag->timer == NN_TIMER_DELACK ? NN_TIMER_OFF : diag->timer;
}

int nn_diag_get(struct nn_ns *ns, const struct nn_diag_key *key, struct nn_diag *out,
		struct nn_err *err)
{
	struct search search = { .sport = key->sport, .dport = key->dport, .out = out };

	return diag_search(ns, key, &search, err);
}

int nn_diag_again(struct nn_ns *ns, const struct nn_diag_key *key, struct nn_diag *inout,
		  struct nn_err *err)
{
	struct search search = { .sport = key->sport, .dport = key->dport, .out = inout };
	const struct nn_diag like = *inout;

	return diag_look_up(ns, key->family, &search, &like, err);
}

int nn_diag_destroy(struct nn_ns *ns, const struct nn_diag_key *key, struct nn_err *err)
{
	struct nn_diag diag;
	struct search search = { .sport = key->sport, .dport = key->dport, .out = &diag };
	struct nn_msg msg;
	int ret;

	ret = diag_search(ns, key, &search, err);
	if (ret)
		return ret;
	nn_msg_start(&msg, SOCK_DESTROY, 0);
	diag_name(diag_fill(&msg, key->family, CONNECTED), search.sport, search.dport, &diag);
	ret = diag_one(ns, &msg, NULL, err);
	if (ret == -EOPNOTSUPP)
		return nn_prefix(err, ret, "kernel without CONFIG_INET_DIAG_DESTROY?");
	return ret ? nn_prefix(err, ret, "cannot destroy the TCP socket") : 0;
}
