/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An nftables transaction: begin, messages, end, one datagram; libnftnl keeps the pages. */
#include "nft_batch.h"

#include <errno.h>
#include <libnftnl/batch.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

/* A message may cross the page's end by this much; the longest rule here takes a tenth of it. */
#define PAGE_SIZE_ 16384
#define OVERRUN    8192

static void batch_finish_msg(struct nn_batch *batch)
{
	if (nftnl_batch_update(batch->pages) < 0)
		batch->failed = true;
}

int nn_batch_init(struct nn_batch *batch, struct nn_nl *nl, struct nn_err *err)
{
	*batch = (struct nn_batch){ .nl = nl };
	batch->pages = nftnl_batch_alloc(PAGE_SIZE_, OVERRUN);
	if (!batch->pages)
		return nn_fail(err, ENOMEM, "nftables batch");
	batch->first = ++nl->seq;
	nftnl_batch_begin(nftnl_batch_buffer(batch->pages), batch->first);
	batch_finish_msg(batch);
	return 0;
}

void nn_batch_deinit(struct nn_batch *batch)
{
	if (batch->pages)
		nftnl_batch_free(batch->pages);
	free(batch->msgs);
	*batch = (struct nn_batch){ 0 };
}

static bool batch_grow(struct nn_batch *batch)
{
	size_t room = batch->room ? 2 * batch->room : 16;
	struct nn_batch_msg *msgs;

	if (batch->n < batch->room)
		return true;
	msgs = realloc(batch->msgs, room * sizeof(*msgs));
	if (!msgs)
		return false;
	batch->msgs = msgs;
	batch->room = room;
	return true;
}

struct nlmsghdr *nn_batch_start(struct nn_batch *batch, uint16_t type, uint16_t flags, int label)
{
	struct nlmsghdr *nlh;

	if (batch->failed || !batch_grow(batch)) {
		batch->failed = true;
		return NULL;
	}
	nlh = nftnl_nlmsg_build_hdr(nftnl_batch_buffer(batch->pages), type, NFPROTO_INET,
				    NLM_F_ACK | flags, ++batch->nl->seq);
	batch->msgs[batch->n++] = (struct nn_batch_msg){ .label = label, .nlh = nlh };
	return nlh;
}

void nn_batch_next(struct nn_batch *batch)
{
	batch_finish_msg(batch);
}

/* The kernel blames an attribute by its offset; of a missing expression that is its name. */
static const char *blamed_name(const struct nlmsghdr *nlh, uint32_t offset)
{
	const struct nlattr *attr;

	if (offset < sizeof(*nlh) || offset + sizeof(*attr) > nlh->nlmsg_len)
		return NULL;
	attr = (const struct nlattr *)((const char *)nlh + offset);
	if (offset + attr->nla_len > nlh->nlmsg_len ||
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attr);
}

static void explain(const struct nn_batch *batch, const struct nn_nl_verdict *bad,
		    struct nn_batch_refusal *refusal)
{
	uint32_t index = bad->seq - batch->first - 1;

	if (!bad->code || index >= batch->n)
		return;
	refusal->label = batch->msgs[index].label;
	refusal->expr = blamed_name(batch->msgs[index].nlh, bad->offset);
}

int nn_batch_commit(struct nn_batch *batch, struct nn_batch_refusal *refusal, struct nn_err *err)
{
	struct nn_nl_verdict bad;
	struct iovec *iov;
	int iov_len, ret;

	*refusal = (struct nn_batch_refusal){ .label = NN_LABEL_TABLE };
	if (!batch->failed) {
		nftnl_batch_end(nftnl_batch_buffer(batch->pages), ++batch->nl->seq);
		batch_finish_msg(batch);
	}
	iov_len = nftnl_batch_iovec_len(batch->pages);
	iov = calloc((size_t)iov_len, sizeof(*iov));
	if (!iov || batch->failed) {
		free(iov);
		return nn_fail(err, ENOMEM, "nftables batch");
	}
	nftnl_batch_iovec(batch->pages, iov, (uint32_t)iov_len);
	ret = nn_nl_batch(batch->nl, iov, (size_t)iov_len, batch->first, (uint32_t)batch->n, &bad,
			  err);
	explain(batch, &bad, refusal);
	free(iov);
	return ret;
}
