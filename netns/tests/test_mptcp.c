/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What MPTCP's path manager takes, and refuses; that a subflow joins, the cases show. */
#include "netns/mptcp.h"
#include "tcp.h"

/* Not to be had here: an old kernel, or root of a user namespace on one. */
static bool is_impossible(int ret)
{
	return ret == -EPERM || ret == -EOPNOTSUPP;
}

NET_TEST(limits_and_endpoints, NN_ROUTED)
{
	struct nn_ns *ns = net->ns[NN_CLIENT];
	struct nn_addr addr;
	int ret = nn_mptcp_allow(ns, 1, &in->err);

	if (is_impossible(ret))
		return 0;
	EXPECT_EQ(in, ret, 0);
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(in, nn_topology_add_addr(net, NN_CLIENT, families[i], &addr, &in->err));
		EXPECT_OK(in, nn_mptcp_add_subflows(ns, &addr, &in->err));
		/* it is there already */
		EXPECT(in, nn_mptcp_add_subflows(ns, &addr, &in->err) < 0);
		EXPECT(in, strstr(in->err.text, "path manager of MPTCP: endpoint"));
	}
	return 0;
}

NET_TEST(too_many_are_refused, NN_PAIR)
{
	int ret = nn_mptcp_allow(net->ns[NN_CLIENT], 1000, &in->err);

	if (is_impossible(ret))
		return 0;
	EXPECT_EQ(in, ret, -EINVAL);
	EXPECT(in, strstr(in->err.text, "path manager of MPTCP: limits"));
	return 0;
}
