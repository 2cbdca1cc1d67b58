/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device whose queue has no room. Other losses happen out of the sender's sight; here the device
 * itself loses the packet, and the send returns what its kind of queue makes of that.
 */
#ifndef NN_QDISC_H
#define NN_QDISC_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ns.h"

/* A kind of queue, by the name that `tc' has for it. */
struct nn_qdisc {
	const char *kind;
	int told; /* what the sender of a datagram is told of the loss (IP_RECVERR): -errno or 0 */
};
/* The kinds that are known here: nn_qdisc_kind(0), ... until NULL. */
const struct nn_qdisc *nn_qdisc_kind(size_t i);

/* Puts a queue of this kind on @dev, with room for no packet: each is dropped as it comes.
 * -EOPNOTSUPP on a kernel without that kind. */
int nn_qdisc_refuse(struct nn_ns *ns, const char *dev, const char *kind, struct nn_err *err);

/* Reads how many packets the root queue of @dev has dropped so far. */
int nn_qdisc_refused(struct nn_ns *ns, const char *dev, uint64_t *packets, struct nn_err *err);

/* The queue, of this kind, takes packets again, as many as wait by default. It stays in its place: to
 * exchange a queue, the kernel puts one there for a moment that discards all, and calls that a
 * success. */
int nn_qdisc_accept(struct nn_ns *ns, const char *dev, const char *kind, struct nn_err *err);

#endif
