/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of nftables rules share. */
#include "rules.h"

int other_connects(struct inbox *in, struct nn_topology *net, int family)
{
	int pair[2];

	if (connect_pair(in, net, family, OTHER, pair))
		return 1;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

int expect_count(struct inbox *in, struct nn_ns *ns, uint64_t want)
{
	uint64_t packets = UINT64_MAX;

	EXPECT_OK(in, nn_nft_counters(ns, TABLE, &packets, 1, &in->err));
	EXPECT_EQ(in, packets, want);
	return 0;
}

int routed_on_one_cpu(struct inbox *in, struct nn_topology *net)
{
	EXPECT_OK(in, pin_to_one_cpu());
	EXPECT_OK(in, nn_topology_new(net, NN_ROUTED, &in->err));
	return 0;
}
