/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device whose queue takes nothing: pfifo with limit 0. Other losses happen out of the sender's
 * sight; here the device itself refuses, and the send returns NET_XMIT_DROP.
 */
#ifndef NN_QDISC_H
#define NN_QDISC_H

#include <stdint.h>

#include "err.h"
#include "ns.h"

/* Puts `pfifo limit 0` on @dev, as `tc qdisc replace dev DEV root pfifo limit 0` does.
 * -EOPNOTSUPP on a kernel without traffic control. */
int nn_qdisc_refuse(struct nn_ns *ns, const char *dev, struct nn_err *err);

/* Reads how many packets the root queue of @dev has refused so far. */
int nn_qdisc_refused(struct nn_ns *ns, const char *dev, uint64_t *packets, struct nn_err *err);

/* The queue takes packets again, as many as wait by default. It stays in its place: to exchange a
 * queue, the kernel puts one there for a moment that discards all, and calls that a success. */
int nn_qdisc_accept(struct nn_ns *ns, const char *dev, struct nn_err *err);

#endif
