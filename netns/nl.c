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
#include <sys/time.h>
#include <unistd.h>

/* Large enough for any message of the three buses; the kernel fills dumps up to this size. On the
 * stack: each page of it is touched, and in a guest that costs as much as three system calls. */
#define RECV_SIZE        8192
/* The kernel answers inside sendmsg(), so this only turns a lost answer into an error. */
#define ANSWER_TIMEOUT_S 20
/* A dump is inconsistent when something changed meanwhile: in a namespace of one's own, rarely. */
#define DUMP_TRIES       10

static const struct {
	int protocol;
	const char *name, *needs;
} buses[NN_BUSES] = {
	[NN_BUS_ROUTE] = { NETLINK_ROUTE, "rtnetlink", "CONFIG_NET" },
	[NN_BUS_NFT] = { NETLINK_NETFILTER, "nfnetlink", "CONFIG_NF_TABLES" },
	[NN_BUS_DIAG] = { NETLINK_SOCK_DIAG, "sock_diag", "CONFIG_INET_DIAG" },
};

int nn_nl_open(struct nn_nl *nl, enum nn_bus bus, struct nn_err *err)
{
	const struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	const int one = 1, room = 1 << 20;
	struct mnl_socket *sock;
	int fd, code;

	sock = mnl_socket_open2(buses[bus].protocol, SOCK_CLOEXEC);
	if (!sock)
		return nn_fail(err, errno, "cannot open %s (kernel without %s?)", buses[bus].name,
			       buses[bus].needs);
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = errno;
		mnl_socket_close(sock);
		return nn_fail(err, code, "cannot bind %s", buses[bus].name);
	}
	fd = mnl_socket_get_fd(sock);
	/* All of these only improve texts and margins: an old kernel may refuse them. */
	(void)mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, (void *)&one, sizeof(one));
	(void)mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, (void *)&one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	/* A batch is answered at once with one datagram for each message. */
	if (bus == NN_BUS_NFT && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
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

static int verdict_fail(const struct nn_nl_verdict *v, struct nn_err *err)
{
	if (!v->code)
		return 0;
	return nn_fail(err, v->code, "kernel%s%s", v->text[0] ? ": " : "", v->text);
}

/* ---- requests --------------------------------------------------------------------------- */

/* What is sent at once: one request or several. */
struct letter {
	struct nlmsghdr *first;
	size_t size;
};

/* The state of a letter while the replies come in. */
struct talk {
	uint32_t first, last; /* numbers of its requests */
	bool is_question;     /* the last one ends with its one answer */
	nn_nl_each each;
	void *arg;
	int ret;                      /* of @each */
	bool over;                    /* verdict or end of dump seen */
	bool interrupted;             /* the dump is inconsistent */
	struct nn_nl_verdict verdict; /* the first that is bad, or the last one's */
};

static void talk_verdict(struct talk *talk, const struct nn_nl_verdict *verdict)
{
	if (!talk->verdict.code)
		talk->verdict = *verdict;
	talk->over |= verdict->seq == talk->last;
}

static void talk_take(struct talk *talk, const struct nlmsghdr *nlh)
{
	struct nn_nl_verdict verdict = { .seq = nlh->nlmsg_seq };

	if (nlh->nlmsg_seq - talk->first > talk->last - talk->first)
		return; /* left over from a request that was given up */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		talk->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_ERROR:
		nn_nl_verdict(nlh, &verdict);
		talk_verdict(talk, &verdict);
		break;
	case NLMSG_DONE:
		/* Carries the dump's own error code, 0 or negative. */
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int))
			verdict.code = -*(const int *)mnl_nlmsg_get_payload(nlh);
		talk_verdict(talk, &verdict);
		break;
	default:
		/* Read on after @each has had enough, so that nothing stays in the queue. */
		if (talk->each && !talk->ret)
			talk->ret = talk->each(nlh, talk->arg);
		talk->over |= talk->is_question && nlh->nlmsg_seq == talk->last;
	}
}

static int recv_fail(struct nn_err *err)
{
	if (errno == EAGAIN)
		return nn_fail(err, ETIMEDOUT, "netlink: no answer from the kernel");
	return nn_fail(err, errno, "netlink: cannot receive");
}

/* Gives the requests their numbers, and leaves the ACK to the last: the others only speak up when
 * they are refused. */
static void address(struct nn_nl *nl, const struct letter *letter, struct talk *talk)
{
	struct nlmsghdr *nlh = letter->first;
	int left = (int)letter->size;

	talk->first = nl->seq + 1;
	for (;;) {
		nlh->nlmsg_seq = ++nl->seq;
		left -= (int)MNL_ALIGN(nlh->nlmsg_len);
		if (left <= 0)
			break;
		nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		nlh = (struct nlmsghdr *)((char *)nlh + MNL_ALIGN(nlh->nlmsg_len));
	}
	talk->last = nl->seq;
	talk->is_question = !(nlh->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP));
}

/* Sends and receives once. Returns 0 when the letter is answered, or -errno of the transport. */
static int talk_once(struct nn_nl *nl, const struct letter *letter, struct talk *talk,
		     struct nn_err *err)
{
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	ssize_t got;
	int len;

	address(nl, letter, talk);
	if (mnl_socket_sendto(nl->sock, letter->first, letter->size) < 0)
		return nn_fail(err, errno, "netlink: cannot send");
	while (!talk->over) {
		got = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return recv_fail(err);
		nlh = (const struct nlmsghdr *)buf;
		for (len = (int)got; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			talk_take(talk, nlh);
	}
	return 0;
}

int nn_nl_talk(struct nn_nl *nl, struct nn_msg *msg, nn_nl_each each, void *arg, struct nn_err *err)
{
	const struct letter letter = { msg->nlh, msg->nlh->nlmsg_len };
	struct talk talk;
	int tries, ret;

	if (msg->overflow)
		return nn_fail(err, EMSGSIZE, "netlink: request too long");
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		talk = (struct talk){ .each = each, .arg = arg };
		ret = talk_once(nl, &letter, &talk, err);
		if (ret)
			return ret;
		if (talk.verdict.code)
			return verdict_fail(&talk.verdict, err);
		if (talk.ret || !talk.interrupted)
			return talk.ret;
	}
	return nn_fail(err, EINTR, "netlink: the table changes faster than it can be read");
}

int nn_nl_talk_all(struct nn_nl *nl, struct nn_msgs *msgs, nn_nl_each each, void *arg,
		   struct nn_err *err)
{
	const struct letter letter = { (struct nlmsghdr *)msgs->buf, msgs->used };
	struct talk talk = { .each = each, .arg = arg };
	int ret;

	if (msgs->overflow)
		return nn_fail(err, EMSGSIZE, "netlink: requests too long");
	if (msgs->n == 0)
		return 0;
	ret = talk_once(nl, &letter, &talk, err);
	if (ret)
		return ret;
	if (talk.verdict.code) {
		ret = verdict_fail(&talk.verdict, err);
		return nn_prefix(err, ret, "%s", msgs->what[talk.verdict.seq - talk.first]);
	}
	return talk.ret;
}

int nn_nl_listen(struct nn_nl *nl, int timeout_ms, nn_nl_each each, void *arg, struct nn_err *err)
{
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct pollfd pfd = { .fd = mnl_socket_get_fd(nl->sock), .events = POLLIN };
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	ssize_t got;
	int len, ret;

	ret = poll(&pfd, 1, timeout_ms);
	if (ret < 0)
		return errno == EINTR ? 0 : nn_fail(err, errno, "poll");
	if (ret == 0)
		return -ETIMEDOUT;
	got = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
	if (got < 0)
		return recv_fail(err);
	for (len = (int)got, ret = 0; !ret && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		ret = each(nlh, arg);
	return ret;
}

/* ---- a batch ---------------------------------------------------------------------------- */

/* Which verdicts of a batch are in. */
struct batch {
	uint32_t first, n; /* the begin's number; how many messages follow it */
	uint32_t seen;
	bool over;
	struct nn_nl_verdict *bad;
};

static void batch_take(struct batch *batch, const struct nlmsghdr *nlh)
{
	uint32_t index = nlh->nlmsg_seq - batch->first;
	struct nn_nl_verdict verdict;

	if (nlh->nlmsg_type != NLMSG_ERROR || index > batch->n + 1)
		return;
	nn_nl_verdict(nlh, &verdict);
	/* Whether begin (0) and end (n + 1) are acknowledged depends on the kernel's age; an error
	 * there means that none of the others will be answered. */
	if (index == 0 || index == batch->n + 1)
		batch->over |= verdict.code != 0;
	else
		batch->over |= ++batch->seen == batch->n;
	/* Messages before the bad one are acknowledged with 0 though nothing of them stays. */
	if (verdict.code && !batch->bad->code)
		*batch->bad = verdict;
}

static int batch_send(struct nn_nl *nl, struct iovec *iov, size_t iov_len, struct nn_err *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = { .msg_name = &kernel,
			      .msg_namelen = sizeof(kernel),
			      .msg_iov = iov,
			      .msg_iovlen = iov_len };

	if (sendmsg(mnl_socket_get_fd(nl->sock), &msg, 0) < 0)
		return nn_fail(err, errno, "netlink: cannot send batch");
	return 0;
}

int nn_nl_batch(struct nn_nl *nl, struct iovec *iov, size_t iov_len, uint32_t first, uint32_t n,
		struct nn_nl_verdict *bad, struct nn_err *err)
{
	char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct batch batch = { .first = first, .n = n, .bad = bad };
	const struct nlmsghdr *nlh;
	ssize_t got;
	int len, ret;

	*bad = (struct nn_nl_verdict){ 0 };
	ret = batch_send(nl, iov, iov_len, err);
	if (ret)
		return ret;
	while (!batch.over) {
		got = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return recv_fail(err);
		nlh = (const struct nlmsghdr *)buf;
		for (len = (int)got; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			batch_take(&batch, nlh);
	}
	return verdict_fail(bad, err);
}
