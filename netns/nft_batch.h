/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to netns/: one atomic nftables transaction under construction. Every message is labelled
 * with the index of the rule that it belongs to, so that a refusal can be traced back.
 */
#ifndef NN_NFT_BATCH_H
#define NN_NFT_BATCH_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "nl.h"

/* Labels of messages that are not a rule's own. */
#define NN_LABEL_TABLE (-1)
#define NN_LABEL_CHAIN (-2)

struct nn_batch_msg {
	int label;
	const struct nlmsghdr *nlh; /* in the batch's own pages */
};

struct nn_batch {
	struct nftnl_batch *pages;
	struct nn_nl *nl;
	uint32_t first;            /* number of the batch's begin */
	struct nn_batch_msg *msgs; /* message i has the number first + 1 + i */
	size_t n, room;
	bool failed; /* out of memory */
};

/* Which message was refused; the table's when it was the batch as a whole. */
struct nn_batch_refusal {
	int label;
	const char *expr; /* name of the expression that the kernel does not have; NULL: unknown */
};

int nn_batch_init(struct nn_batch *batch, struct nn_nl *nl, struct nn_err *err);
void nn_batch_deinit(struct nn_batch *batch);

/* Starts a message NFT_MSG_@type of family inet that asks for an ACK; NULL once memory has run
 * out. End it with nn_batch_next() after its payload. */
struct nlmsghdr *nn_batch_start(struct nn_batch *batch, uint16_t type, uint16_t flags, int label);
void nn_batch_next(struct nn_batch *batch);

/* Sends all of it. Returns 0 or -errno with *@refusal filled; then nothing has changed. */
int nn_batch_commit(struct nn_batch *batch, struct nn_batch_refusal *refusal, struct nn_err *err);

#endif
