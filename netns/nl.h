/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to netns/: netlink requests over libmnl. A request is built in a bounded message on the
 * caller's stack, carries a sequence number that was never used before on its socket, and is over
 * only when the kernel's verdict on exactly that number has been read.
 */
#ifndef NN_NL_H
#define NN_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ns.h"

enum nn_bus { NN_BUS_ROUTE, NN_BUS_NFT, NN_BUS_DIAG, NN_BUS_GENERIC };
#define NN_BUSES    4
#define NN_MSGS_MAX 8

struct nn_nl {
	struct mnl_socket *sock; /* NULL: not open */
	uint32_t seq;            /* the last one given out */
};

/* Opens in the namespace that the calling thread is in. Returns 0 or -errno. */
int nn_nl_open(struct nn_nl *nl, enum nn_bus bus, struct nn_err *err);
void nn_nl_close(struct nn_nl *nl);

/* The socket of @ns to @bus, opened at first use; NULL with @err and errno set on failure. */
struct nn_nl *nn_ns_nl(struct nn_ns *ns, enum nn_bus bus, struct nn_err *err);

/* A socket of @ns to @bus for the notifications of @group (RTNLGRP_..., SKNLGRP_...), owned by the caller, also
 * when it could not join. Returns 0 or -errno. */
int nn_ns_listener(const struct nn_ns *ns, struct nn_nl *nl, enum nn_bus bus, unsigned group,
		   struct nn_err *err);

/* One request under construction. A put that does not fit is remembered and fails the send, so
 * that builders need no error path of their own. */
struct nn_msg {
	struct nlmsghdr *nlh;
	bool overflow;
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* Starts an empty request; NLM_F_REQUEST and NLM_F_ACK are added to @flags. */
void nn_msg_start(struct nn_msg *msg, uint16_t type, uint16_t flags);
/* A question that the kernel answers with one message, or an error: that is its end, no ACK comes. */
void nn_msg_start_get(struct nn_msg *msg, uint16_t type);
/* Appends the family header (struct ifinfomsg, ...), zeroed. */
void *nn_msg_extra(struct nn_msg *msg, size_t size);
void nn_msg_put(struct nn_msg *msg, uint16_t type, const void *data, size_t len);
void nn_msg_put_u8(struct nn_msg *msg, uint16_t type, uint8_t value);
void nn_msg_put_u32(struct nn_msg *msg, uint16_t type, uint32_t value);
void nn_msg_put_str(struct nn_msg *msg, uint16_t type, const char *text);
struct nlattr *nn_msg_nest(struct nn_msg *msg, uint16_t type);
void nn_msg_nest_end(struct nn_msg *msg, struct nlattr *nest);

/* Meets each reply; a value other than 0 ends the request with that value. A dump that the kernel
 * calls inconsistent starts again, so the same object may come twice. */
typedef int (*nn_nl_each)(const struct nlmsghdr *nlh, void *arg);

/* Sends @msg and reads to its end (verdict or end of dump). @each may be NULL. Returns 0, -errno,
 * or the value of @each. */
int nn_nl_talk(struct nn_nl *nl, struct nn_msg *msg, nn_nl_each each, void *arg,
	       struct nn_err *err);

/* Requests that are sent as one: the kernel carries them out in their order. */
struct nn_msgs {
	size_t used;
	unsigned n;
	bool overflow;
	const char *what[NN_MSGS_MAX]; /* what each is about, for errors; borrowed */
	char buf[2048] __attribute__((aligned(NLMSG_ALIGNTO)));
};

void nn_msgs_init(struct nn_msgs *msgs);
/* Adds a copy of @msg. */
void nn_msgs_add(struct nn_msgs *msgs, const char *what, const struct nn_msg *msg);
/* Sends them all and reads until the last is over. Those after one that is refused are carried out
 * all the same. @each meets every reply. Returns 0, or -errno of the first that was refused, with
 * its what in @err; or the value of @each. */
int nn_nl_talk_all(struct nn_nl *nl, struct nn_msgs *msgs, nn_nl_each each, void *arg,
		   struct nn_err *err);

/* Joins a multicast group (RTNLGRP_...). */
int nn_nl_join(struct nn_nl *nl, unsigned group, struct nn_err *err);
/* Waits at most @timeout_ms for one datagram of notifications, and takes it. Returns 0, -ETIMEDOUT or
 * another -errno. */
int nn_nl_listen(struct nn_nl *nl, int timeout_ms, struct nn_err *err);

/* What the kernel says about one message. */
struct nn_nl_verdict {
	uint32_t seq;
	int code;        /* positive errno; 0: accepted */
	uint32_t offset; /* of the attribute that it blames, from the message's start; 0: unknown */
	char text[160];  /* its own words; "" if it has none */
};

/* Hands the verdict of an NLMSG_ERROR message out. */
void nn_nl_verdict(const struct nlmsghdr *nlh, struct nn_nl_verdict *verdict);

/*
 * Sends a batch of @size bytes at @buf: its begin, messages, its end, all of which are numbered here.
 * Returns 0 when all were accepted, else the negative code of the first one that was refused, with
 * *@bad filled: bad->seq counts from the begin, which is 0; bad->code is 0 when the transport itself
 * failed.
 */
int nn_nl_batch(struct nn_nl *nl, void *buf, size_t size, struct nn_nl_verdict *bad,
		struct nn_err *err);

#endif
