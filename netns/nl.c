/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink requests over libmnl. mnl_cb_run() is not used: it gives up at the first message with
 * another sequence number, and it cannot tell the verdicts of a batch apart.
 */
#include "nl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Large enough for any message of the four buses; the kernel fills dumps up to this size. On the
 * stack: each page of it is touched, and in a guest that costs as much as three system calls. */
#define RECV_SIZE  8192
/* A dump is inconsistent when something changed meanwhile: in a namespace of one's own, rarely. */
#define DUMP_TRIES 10

static const struct {
	int protocol;
	const char *name, *needs;
} buses[NN_BUSES] = {
	[NN_BUS_ROUTE] = { NETLINK_ROUTE, "rtnetlink", "CONFIG_NET" },
	[NN_BUS_NFT] = { NETLINK_NETFILTER, "nfnetlink", "CONFIG_NF_TABLES" },
	[NN_BUS_DIAG] = { NETLINK_SOCK_DIAG, "sock_diag", "CONFIG_INET_DIAG" },
	[NN_BUS_GENERIC] = { NETLINK_GENERIC, "generic netlink", "CONFIG_NET" },
};

int nn_nl_open(struct nn_nl *nl, enum nn_bus bus, struct nn_err *err)
{
	const int one = 1;
	struct mnl_socket *sock;
	int code;

	sock = mnl_socket_open2(buses[bus].protocol, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!sock)
		return nn_fail(err, errno, "cannot open %s (kernel without %s?)", buses[bus].name,
			       buses[bus].needs);
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = errno;
		mnl_socket_close(sock);
		return nn_fail(err, code, "cannot bind %s", buses[bus].name);
	}
	/* This only improves texts: an old kernel may refuse it. */
	(void)mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, (void *)&one, sizeof(one));
	nl->sock = sock;
	nl->seq = 0;
	return 0;
}

void nn_nl_close(struct nn_nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

int nn_nl_join(struct nn_nl *nl, unsigned group, struct nn_err *err)
{
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return nn_fail(err, errno, "cannot join netlink group %u", group);
	return 0;
}

void nn_nl_verdict(const struct nlmsghdr *nlh, struct nn_nl_verdict *verdict)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t skip = sizeof(*e);

	*verdict = (struct nn_nl_verdict){ .seq = nlh->nlmsg_seq };
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e)) {
		verdict->code = EBADMSG;
		return;
	}
	verdict->code = e->error < 0 ? -e->error : e->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* Unless capped, a copy of the whole request stands before the attributes. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&e->msg);
	if (skip > mnl_nlmsg_get_payload_len(nlh))
		return;
	mnl_attr_for_each(attr, nlh, skip)
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(verdict->text, sizeof(verdict->text), "%s",
				 mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			verdict->offset = mnl_attr_get_u32(attr);
	}
}

/* The kernel answers inside sendmsg(), and goes on with a dump inside recvmsg(): what is not there then
 * does not come. */
static int recv_fail(struct nn_err *err)
{
	if (errno == EAGAIN)
		return nn_fail(err, ETIMEDOUT, "netlink: no answer from the kernel");
	return nn_fail(err, errno, "netlink: cannot receive");
}

static int verdict_fail(const struct nn_nl_verdict *v, struct nn_err *err)
{
	if (!v->code)
		return 0;
	return nn_fail(err, v->code, "kernel%s%s", v->text[0] ? ": " : "", v->text);
}

/* ---- requests --------------------------------------------------------------------------- */

/* The messages that are sent as one datagram. */
struct request {
	struct nlmsghdr *first;
	size_t size;
	bool batch; /* the first and the last are its begin and its end */
};

/* A request and its replies, while they come in. */
struct exchange {
	uint32_t first, last; /* sequence numbers of its messages */
	uint32_t answered;    /* the one whose verdict, or whose one reply, is the end */
	bool one_reply;       /* that one asks for no ACK */
	bool batch;
	nn_nl_each each;
	void *arg;
	int ret;                      /* of @each */
	bool over;                    /* verdict or end of dump seen */
	bool interrupted;             /* the dump is inconsistent */
	struct nn_nl_verdict verdict; /* the first that is bad, or the last one's */
};

/* What is wrong with a batch as a whole is said of its begin or its end: none of the others will be
 * answered then. */
static void exchange_verdict(struct exchange *exchange, const struct nn_nl_verdict *verdict)
{
	bool outer = verdict->seq == exchange->first || verdict->seq == exchange->last;

	if (!exchange->verdict.code)
		exchange->verdict = *verdict;
	exchange->over |= verdict->seq == exchange->answered;
	exchange->over |= exchange->batch && outer && verdict->code;
}

static void exchange_take(struct exchange *exchange, const struct nlmsghdr *nlh)
{
	struct nn_nl_verdict verdict = { .seq = nlh->nlmsg_seq };

	if (nlh->nlmsg_seq - exchange->first > exchange->last - exchange->first)
		return; /* left over from a request that was given up */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		exchange->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_ERROR:
		nn_nl_verdict(nlh, &verdict);
		exchange_verdict(exchange, &verdict);
		break;
	case NLMSG_DONE:
		/* Carries the dump's own error code, 0 or negative. */
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int))
			verdict.code = -*(const int *)mnl_nlmsg_get_payload(nlh);
		exchange_verdict(exchange, &verdict);
		break;
	default:
		/* Read on after @each has returned its value, so that no reply stays queued. */
		if (exchange->each && !exchange->ret)
			exchange->ret = exchange->each(nlh, exchange->arg);
		exchange->over |= exchange->one_reply && nlh->nlmsg_seq == exchange->answered;
	}
}

/* Numbers the messages. Only the last one asks for an ACK, in a batch the last before its end: of the
 * others only an error is of interest. */
static void number_messages(struct nn_nl *nl, const struct request *request,
			    struct exchange *exchange)
{
	struct nlmsghdr *nlh = request->first, *before = nlh;
	int left = (int)request->size;

	exchange->first = nl->seq + 1;
	exchange->batch = request->batch;
	for (;;) {
		nlh->nlmsg_seq = ++nl->seq;
		left -= (int)MNL_ALIGN(nlh->nlmsg_len);
		if (left <= 0)
			break;
		nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		before = nlh;
		nlh = (struct nlmsghdr *)((char *)nlh + MNL_ALIGN(nlh->nlmsg_len));
	}
	exchange->last = nl->seq;
	if (request->batch) {
		nlh = before;
		nlh->nlmsg_flags |= NLM_F_ACK;
	}
	exchange->answered = nlh->nlmsg_seq;
	exchange->one_reply = !(nlh->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP));
}

/* Receives one datagram. A signal leaves nothing received: the caller waits again. */
static int recv_datagram(struct nn_nl *nl, struct exchange *exchange, struct nn_err *err)
{
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	ssize_t got = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
	int len = (int)got;

	if (got < 0)
		return errno == EINTR ? 0 : recv_fail(err);
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		exchange_take(exchange, nlh);
	return 0;
}

/* Sends and receives once. Returns 0 when the request is answered, or -errno of the transport. */
static int exchange_once(struct nn_nl *nl, const struct request *request, struct exchange *exchange,
			 struct nn_err *err)
{
	int ret = 0;

	number_messages(nl, request, exchange);
	if (mnl_socket_sendto(nl->sock, request->first, request->size) < 0)
		return nn_fail(err, errno, "netlink: cannot send");
	while (!ret && !exchange->over)
		ret = recv_datagram(nl, exchange, err);
	return ret;
}

int nn_nl_talk(struct nn_nl *nl, struct nn_msg *msg, nn_nl_each each, void *arg, struct nn_err *err)
{
	const struct request request = { msg->nlh, msg->nlh->nlmsg_len, false };
	struct exchange exchange;
	int tries, ret;

	if (msg->overflow)
		return nn_fail(err, EMSGSIZE, "netlink: request too long");
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		exchange = (struct exchange){ .each = each, .arg = arg };
		ret = exchange_once(nl, &request, &exchange, err);
		if (ret)
			return ret;
		if (exchange.verdict.code)
			return verdict_fail(&exchange.verdict, err);
		if (exchange.ret || !exchange.interrupted)
			return exchange.ret;
	}
	return nn_fail(err, EINTR, "netlink: the table changes faster than it can be read");
}

int nn_nl_talk_all(struct nn_nl *nl, struct nn_msgs *msgs, nn_nl_each each, void *arg,
		   struct nn_err *err)
{
	const struct request request = { (struct nlmsghdr *)msgs->buf, msgs->used, false };
	struct exchange exchange = { .each = each, .arg = arg };
	int ret;

	if (msgs->overflow)
		return nn_fail(err, EMSGSIZE, "netlink: requests too long");
	if (msgs->n == 0)
		return 0;
	ret = exchange_once(nl, &request, &exchange, err);
	if (ret)
		return ret;
	if (exchange.verdict.code) {
		ret = verdict_fail(&exchange.verdict, err);
		return nn_prefix(err, ret, "%s", msgs->what[exchange.verdict.seq - exchange.first]);
	}
	return exchange.ret;
}

int nn_nl_listen(struct nn_nl *nl, int timeout_ms, struct nn_err *err)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(nl->sock), .events = POLLIN };
	char news[RECV_SIZE];
	int ret = poll(&pfd, 1, timeout_ms);

	if (ret == 0)
		return -ETIMEDOUT;
	if (ret > 0)
		ret = (int)mnl_socket_recvfrom(nl->sock, news, sizeof(news));
	return ret < 0 && errno != EINTR ? recv_fail(err) : 0;
}

/* ---- a batch ---------------------------------------------------------------------------- */

int nn_nl_batch(struct nn_nl *nl, void *buf, size_t size, struct nn_nl_verdict *bad,
		struct nn_err *err)
{
	const struct request request = { buf, size, true };
	struct exchange exchange = { 0 };
	int ret = exchange_once(nl, &request, &exchange, err);

	*bad = exchange.verdict;
	bad->seq -= exchange.first;
	return ret ? ret : verdict_fail(bad, err);
}
