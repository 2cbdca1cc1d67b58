/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of nftables rules share. */
#ifndef NN_TESTS_RULES_H
#define NN_TESTS_RULES_H

#include "inbox.h"
#include "netns/nft.h"
#include "tcp.h"

#define PORT  7001 /* what the rules are about */
#define OTHER 7002 /* what they must not touch */
#define TABLE "test"

/* A routed network in which packets keep their order. */
int routed_on_one_cpu(struct inbox *in, struct nn_topology *net);

/* A connect to OTHER that succeeds: everything sent before has arrived, or has been discarded. */
int other_connects(struct inbox *in, struct nn_topology *net, int family);

/* The only rule of TABLE has met @want packets. */
int expect_count(struct inbox *in, struct nn_ns *ns, uint64_t want);

#endif
