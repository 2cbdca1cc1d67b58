/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sysctls and counters belong to the namespace that was asked for. */
#include <fcntl.h>

#include "inbox.h"
#include "netns/counters.h"
#include "netns/sysctl.h"
#include "tcp.h"

#define TIME "net/ipv4/tcp_keepalive_time"

NET_TEST(sysctls_are_per_namespace, NN_PAIR)
{
	char value[64] = "";

	EXPECT_OK(in, nn_sysctl_set(net->ns[NN_CLIENT], TIME, "7", &in->err));
	EXPECT_EQ(in, nn_sysctl_get(net->ns[NN_CLIENT], TIME, value, sizeof(value), &in->err), 1);
	EXPECT_EQ(in, strcmp(value, "7"), 0);
	EXPECT_EQ(in, nn_sysctl_get(net->ns[NN_SERVER], TIME, value, sizeof(value), &in->err), 4);
	EXPECT_EQ(in, strcmp(value, "7200"), 0);
	return 0;
}

INBOX_TEST(bad_values_are_refused)
{
	struct nn_ns *ns = NULL;
	char value[64];

	EXPECT_OK(in, nn_ns_new(&ns, &in->err));
	EXPECT_EQ(in, nn_sysctl_set(ns, TIME, "seven", &in->err), -EINVAL);
	EXPECT(in, strstr(in->err.text, TIME));
	EXPECT_EQ(in, nn_sysctl_set(ns, "net/ipv4/tcp_retries1", "256", &in->err), -EINVAL);
	EXPECT_EQ(in, nn_sysctl_get(ns, "net/ipv4/no_such", value, sizeof(value), &in->err),
		  -ENOENT);
	EXPECT(in, strstr(in->err.text, "no sysctl net/ipv4/no_such"));
	EXPECT_EQ(in, nn_ns_open_proc(ns, "self/status", O_RDONLY, &in->err), -EINVAL);
	return 0;
}

INBOX_TEST(put_compares)
{
	struct nn_ns *ns = NULL;

	EXPECT_OK(in, nn_ns_new(&ns, &in->err));
	EXPECT_OK(in, nn_sysctl_put(ns, TIME, "11", &in->err));
	/* The kernel separates by tabs, and drops leading zeros. */
	EXPECT_OK(in, nn_sysctl_put(ns, "net/ipv4/tcp_rmem", "4096 131072  262144", &in->err));
	EXPECT_EQ(in, nn_sysctl_put(ns, TIME, "007", &in->err), -ENOMSG);
	EXPECT(in, strstr(in->err.text, "the kernel kept 7"));
	return 0;
}

/* A connection counts where it was made, and nowhere else; the files stay open over it. */
NET_TEST(counters_are_per_namespace, NN_PAIR)
{
	static const char *const names[] = { "Tcp.ActiveOpens", "TcpExt.TCPKeepAlive",
					     "Ip6.OutNoRoutes", "TcpExt.NoSuchCounter" };
	struct nn_counters *client, *server;
	uint64_t value[4];
	int pair[2];

	EXPECT_OK(in, nn_counters_open(net->ns[NN_CLIENT], names, 4, &client, &in->err));
	EXPECT_OK(in, nn_counters_open(net->ns[NN_SERVER], names, 1, &server, &in->err));
	EXPECT_OK(in, nn_counters_read(client, value, &in->err));
	EXPECT_EQ(in, value[0], 0);
	EXPECT_EQ(in, value[1], 0);
	EXPECT(in, value[2] != NN_COUNTER_MISSING);
	EXPECT(in, value[3] == NN_COUNTER_MISSING);
	if (connect_pair(in, net, AF_INET6, 7001, pair))
		return 1;
	EXPECT_OK(in, nn_counters_read(client, value, &in->err));
	EXPECT_EQ(in, value[0], 1);
	EXPECT_OK(in, nn_counters_read(server, value, &in->err));
	EXPECT_EQ(in, value[0], 0);
	EXPECT(in, !nn_counters_close(client));
	EXPECT(in, !nn_counters_close(server));
	EXPECT(in, !nn_counters_close(NULL));
	return 0;
}

/* One's own namespace can be read by anybody, sandbox or not. */
TEST(ones_own_needs_no_privilege)
{
	static const char *const name[] = { "TcpExt.TCPKeepAlive" };
	struct nn_counters *counters = NULL;
	struct nn_ns *ns = NULL;
	struct nn_err err = { "" };
	uint64_t value = NN_COUNTER_MISSING;
	int ret;

	ret = nn_ns_current(&ns, &err);
	if (!ret)
		ret = nn_counters_open(ns, name, 1, &counters, &err);
	if (!ret)
		ret = nn_counters_read(counters, &value, &err);
	nn_counters_close(counters);
	nn_ns_free(ns);
	if (ret)
		fail_msg("%s", err.text);
	assert_true(value != NN_COUNTER_MISSING);
}
