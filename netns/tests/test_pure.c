/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of netns/ that need no kernel: texts in, values out. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "inbox.h"
#include "netns/diag.h"
#include "netns/host.h"
#include "netns/link_private.h"
#include "netns/nft_text.h"
#include "netns/nl.h"
#include "netns/snmp.h"
#include "netns/softnet.h"
#include "netns/tcp_table.h"
#include "netns/util.h"

TEST(error_text_grows_outward)
{
	struct nn_err err = { "" };

	assert_int_equal(nn_fail(&err, ENOENT, "cannot open %s", "x"), -ENOENT);
	assert_string_equal(err.text, "cannot open x: No such file or directory");
	assert_int_equal(nn_prefix(&err, -7, "case %d", 3), -7);
	assert_string_equal(err.text, "case 3: cannot open x: No such file or directory");
	assert_int_equal(nn_fail(NULL, EPERM, "nobody reads %s", "this"), -EPERM);
	assert_int_equal(nn_prefix(NULL, -1, "nor %s", "this"), -1);
}

TEST(error_text_is_cut_not_overrun)
{
	char big[2000];
	struct nn_err err;
	int i;

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	nn_fail(&err, EIO, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	nn_prefix(&err, -EIO, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	/* Every length near the end of the buffer. */
	for (i = 500; i <= 520; i++) {
		nn_fail(&err, EIO, "%.*s", i, big);
		nn_prefix(&err, -EIO, "%.*s", i, big);
		assert_true(strlen(err.text) < sizeof(err.text));
	}
}

TEST(addresses_are_parsed)
{
	struct nn_addr addr;

	assert_int_equal(nn_addr_parse(&addr, "192.0.2.1"), 0);
	assert_int_equal(addr.family, AF_INET);
	assert_memory_equal(addr.bytes, "\xc0\x00\x02\x01", 4);
	assert_int_equal(nn_addr_parse(&addr, "2001:db8::1"), 0);
	assert_int_equal(addr.family, AF_INET6);
	assert_memory_equal(addr.bytes, "\x20\x01\x0d\xb8", 4);
	assert_int_equal(nn_addr_parse(&addr, "example"), -EINVAL);
	assert_int_equal(nn_addr_parse(&addr, "1.2.3"), -EINVAL);
	assert_int_equal(nn_addr_parse(&addr, "2001:db8::g"), -EINVAL);
}

static const char netstat[] = "TcpExt: SyncookiesSent TCPKeepAlive TCPKeepAliveX Last\n"
			      "TcpExt: 0 17 4 18446744073709551614\n"
			      "IpExt: InNoRoutes TCPKeepAlive\n"
			      "IpExt: 3 99\n";

TEST(counters_are_found)
{
	static const char *const names[] = { "TcpExt.TCPKeepAlive", "TcpExt.Last",
					     "IpExt.TCPKeepAlive",  "TcpExt.TCPKeep",
					     "Tcp.TCPKeepAlive",    "TcpExt",
					     "TcpExt.TCPKeepAlive" };
	uint64_t values[7] = { [3] = 5, [4] = 6, [5] = 7 };

	assert_true(nn_snmp_read(netstat, &(struct nn_wanted){ names, values, 7 }));
	assert_int_equal(values[0], 17);
	assert_true(values[1] == UINT64_MAX - 1);
	assert_int_equal(values[2], 99);
	assert_int_equal(values[3], 5);
	assert_int_equal(values[4], 6);
	assert_int_equal(values[5], 7);
	assert_int_equal(values[6], 17);
}

TEST(ipv6_counters_are_found)
{
	static const char snmp6[] = "Ip6InReceives                   \t12\n"
				    "Ip6OutNoRoutes                  \t3\n"
				    "Ip6OutNoRoutesToo               \t4\n";
	static const char *const names[] = { "Ip6.OutNoRoutes", "Ip6.OutNo", "Icmp6.InReceives",
					     "Ip6InReceives" };
	uint64_t values[4] = { 0, 5, 6, 7 };

	assert_true(nn_snmp6_read(snmp6, &(struct nn_wanted){ names, values, 4 }));
	assert_int_equal(values[0], 3);
	assert_int_equal(values[1], 5);
	assert_int_equal(values[2], 6);
	assert_int_equal(values[3], 7);
}

/* What is not whole may lack a counter, or half of its digits; and must not be read beyond its end. */
TEST(counters_that_are_cut_short_are_told)
{
	static const char *const cut[] = {
		"",
		"\n",
		"A\nA\n",
		"A: x",
		"A: x\n",
		"A: x\nA: 1",
		"A: x\nA: -\n",
		"A: x\nB: 1\n",
		"A: x\nAB: 1\n",
		"A: x y\nA: 1\n",
		"A: x\nA: 1 2\n",
		"A: x\nA: 1\nB: y\n",
		"A: x\nA: 1\nB: y\nB:\n",
	};
	static const char *const cut6[] = { "",
					    "\n",
					    "Ip6InReceives 12",
					    "Ip6InReceives\n",
					    "Ip6InReceives \n",
					    "Ip6InReceives 12\nIp6Out\n",
					    "Ip6InReceives 12\nIp6Out 1 2\n" };
	static const char *const name[] = { "A.x" };
	uint64_t value;
	const struct nn_wanted wanted = { name, &value, 1 };

	assert_true(nn_snmp_read(netstat, &wanted));
	assert_true(nn_snmp_read("A: x\nA: -1\n", &wanted));
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		if (nn_snmp_read(cut[i], &wanted))
			fail_msg("'%s' is not whole", cut[i]);
	for (size_t i = 0; i < sizeof(cut6) / sizeof(cut6[0]); i++)
		if (nn_snmp6_read(cut6[i], &wanted))
			fail_msg("'%s' is not whole", cut6[i]);
}

TEST(rules_are_told_in_words)
{
	const struct nn_nft_rule drop = { .hook = NN_FORWARD,
					  .iif = "client0",
					  .dport = 80,
					  .flags_mask = TH_RST,
					  .flags = TH_RST,
					  .first = 3,
					  .action = NN_DROP };
	const struct nn_nft_rule reject = {
		.hook = NN_INPUT, .action = NN_REJECT_ICMP, .icmp_code4 = 1, .icmp_code6 = 3
	};
	struct nn_nft_rule window = { .hook = NN_FORWARD, .action = NN_SET_WINDOW, .window = 5 };
	char text[NN_NFT_TEXT];

	assert_string_equal(
		nn_nft_text(&drop, text),
		"forward iifname client0 tcp dport 80 flags & 0x04 == 0x04 first 3 drop");
	assert_string_equal(nn_nft_text(&reject, text), "input reject with icmp 1 or icmpv6 3");
	assert_string_equal(nn_nft_text(&window, text), "forward tcp window set 5");
	window.l4proto = IPPROTO_UDP;
	assert_non_null(nn_nft_wrong(&window, 1));
}

TEST(contradictory_rules_are_refused)
{
	const struct nn_nft_rule good = { .hook = NN_INPUT, .dport = 1 };
	const struct nn_nft_rule both = { .first = 1, .after = 1 };
	const struct nn_nft_rule outside = { .flags_mask = TH_RST, .flags = TH_SYN };
	const struct nn_nft_rule udp = { .l4proto = IPPROTO_UDP, .action = NN_REJECT_RST };
	const struct nn_nft_rule large = { .first = 1001 };

	assert_null(nn_nft_wrong(&good, 1000));
	assert_non_null(nn_nft_wrong(&both, 1000));
	assert_non_null(nn_nft_wrong(&outside, 1000));
	assert_non_null(nn_nft_wrong(&udp, 1000));
	assert_non_null(nn_nft_wrong(&large, 1000));
}

TEST(missing_features_are_named)
{
	assert_non_null(strstr(nn_nft_missing(-ENOENT, 0, "reject"), "CONFIG_NFT_REJECT_INET"));
	assert_string_equal(nn_nft_missing(-ENOENT, 0, "limit"), "CONFIG_NFT_LIMIT");
	assert_non_null(strstr(nn_nft_missing(-ENOENT, 4, NULL), "CONFIG_NFT_REJECT_INET"));
	assert_non_null(
		strstr(nn_nft_missing(-EOPNOTSUPP, NN_LABEL_TABLE, NULL), "CONFIG_NF_TABLES_INET"));
	assert_non_null(strstr(nn_nft_missing(-ENOENT, NN_LABEL_CHAIN, NULL), "CONFIG_NF_TABLES"));
	assert_null(nn_nft_missing(-EEXIST, NN_LABEL_TABLE, NULL));
	assert_null(nn_nft_missing(-EOPNOTSUPP, 0, NULL));
}

static const struct nn_host usual = { .apparmor_restrict = NN_HOST_UNKNOWN,
				      .userns_clone = NN_HOST_UNKNOWN,
				      .max_user = 1000,
				      .max_net = 1000,
				      .max_pid = 1000,
				      .max_mnt = 1000 };

static void assert_why(const struct nn_host *host, int code, const char *words)
{
	const char *why = nn_host_why(host, code);

	if (!strstr(why, words))
		fail_msg("'%s' does not say '%s'", why, words);
	assert_null(strchr(why, '\n'));
}

TEST(refusals_name_their_cause)
{
	struct nn_host host = usual;

	assert_why(&usual, EPERM, "run as root");
	assert_why(&usual, ENOSPC, "too many namespaces");
	assert_why(&usual, ENOSYS, "Linux 5.4");
	assert_why(&usual, EINVAL, "CONFIG_USER_NS");
	assert_why(&usual, EAGAIN, "pids.max");
	host.apparmor_restrict = 1;
	assert_why(&host, EPERM, "kernel.apparmor_restrict_unprivileged_userns=0");
	host = usual;
	host.userns_clone = 0;
	assert_why(&host, EPERM, "kernel.unprivileged_userns_clone=1");
	host = usual;
	host.max_user = 0;
	assert_why(&host, ENOSPC, "user.max_user_namespaces");
	host = usual;
	host.max_net = 0;
	assert_why(&host, ENOSPC, "user.max_net_namespaces");
	host = usual;
	host.seccomp = 2;
	assert_why(&host, EPERM, "--privileged");
	assert_why(&host, ENOSYS, "seccomp");
	host.privileged = true;
	assert_why(&host, EPERM, "seccomp=unconfined");
	host.unmapped = true;
	assert_why(&host, EPERM, "--cap-add SETFCAP");
}

/* An error message as the kernel sends it: with the request's copy, or capped; with extended text
 * or without. */
static void put_verdict(struct nn_msg *msg, bool capped, const char *text)
{
	struct nlmsgerr *e;

	nn_msg_start(msg, NLMSG_ERROR, 0);
	e = nn_msg_extra(msg, sizeof(*e));
	e->error = -EINVAL;
	e->msg.nlmsg_len = NLMSG_HDRLEN + 16;
	msg->nlh->nlmsg_flags = NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0);
	if (!capped)
		nn_msg_extra(msg, 16);
	nn_msg_put_str(msg, NLMSGERR_ATTR_MSG, text);
	nn_msg_put_u32(msg, NLMSGERR_ATTR_OFFS, 40);
}

TEST(verdicts_are_read)
{
	struct nn_nl_verdict verdict;
	struct nn_msg msg;
	int capped;

	for (capped = 0; capped < 2; capped++) {
		put_verdict(&msg, capped, "Invalid prefix");
		nn_nl_verdict(msg.nlh, &verdict);
		assert_int_equal(verdict.code, EINVAL);
		assert_int_equal(verdict.offset, 40);
		assert_string_equal(verdict.text, "Invalid prefix");
	}
	msg.nlh->nlmsg_len = NLMSG_HDRLEN + 2;
	nn_nl_verdict(msg.nlh, &verdict);
	assert_int_equal(verdict.code, EBADMSG);
}

TEST(messages_are_bounded)
{
	static const char big[600];
	struct nn_msg msg;

	nn_msg_start(&msg, 1, 0);
	nn_msg_put(&msg, 1, big, sizeof(big));
	assert_false(msg.overflow);
	nn_msg_put(&msg, 1, big, sizeof(big));
	assert_true(msg.overflow);
	assert_true(msg.nlh->nlmsg_len <= sizeof(msg.buf));
}

/* As Linux 6.12 writes them; of an overdue timer, an old kernel wrote how long it had been so, unsigned. */
TEST(rows_of_the_tcp_table)
{
	struct nn_tcp_row row;

	assert_false(nn_tcp_row_parse("  sl  local_address rem_address   st tx_queue rx_queue tr "
				      "tm->when retrnsmt   uid  timeout inode",
				      &row));
	assert_true(
		nn_tcp_row_parse("   0: 010200C0:A1B2 020200C0:1092 01 00000000:00000000 "
				 "02:00000064 00000000     0        2 4711 2 ffff 20 4 30 10 -1",
				 &row));
	assert_int_equal(row.sport, 0xa1b2);
	assert_int_equal(row.dport, 4242);
	assert_int_equal(row.state, 1);
	assert_int_equal(row.timer, 2);
	assert_int_equal(row.probes_out, 2);
	assert_int_equal(row.expires_ms, 1000);
	assert_true(nn_tcp_row_parse("  12: 0000000000000000FFFF0000010200C0:1092 "
				     "0000000000000000FFFF0000020200C0:A1B2 01 00000000:00000000 "
				     "02:19999999 00000000     0        0 4711 2 ffff 20 4 30 10 "
				     "-1",
				     &row));
	assert_int_equal(row.sport, 4242);
	assert_int_equal(row.expires_ms, 10ull * 0x19999999);
	assert_false(nn_tcp_row_parse("   0: 010200C0:A1B2 020200C0:1092 01 00000000", &row));
}

/* A device that has never been looked at by the kernel's link watch says "unknown", and IFF_RUNNING, while
 * its queue still discards packets. */
TEST(a_new_device_does_not_carry_yet)
{
	static const struct {
		uint8_t operstate;
		bool carries;
	} rows[] = {
		{ 0 /* unknown */, false },
		{ 2 /* down */, false },
		{ 3 /* lower layer down */, false },
		{ NN_OPER_UP, true },
	};
	struct nn_msg msg;

	for (size_t i = 0; i < NN_N(rows); i++) {
		struct nn_link_seen seen = { 0 };
		struct ifinfomsg *ifi;

		nn_msg_start(&msg, RTM_NEWLINK, 0);
		ifi = nn_msg_extra(&msg, sizeof(*ifi));
		ifi->ifi_index = 7;
		ifi->ifi_flags = IFF_UP | IFF_RUNNING;
		nn_msg_put_str(&msg, IFLA_IFNAME, "eth0");
		nn_msg_put_u8(&msg, IFLA_OPERSTATE, rows[i].operstate);
		assert_int_equal(nn_link_parse(msg.nlh, &seen), 0);
		assert_int_equal(seen.ifi.ifi_index, 7);
		assert_int_equal(seen.carries, rows[i].carries);
	}
}

TEST(an_ack_that_is_put_off_is_no_timer)
{
	static const uint8_t told[] = { NN_TIMER_OFF, NN_TIMER_RETRANS, NN_TIMER_KEEPALIVE,
					NN_TIMER_TIMEWAIT, NN_TIMER_PROBE0 };
	struct nn_diag diag = { .timer = 5 /* inet_sk_diag_fill() of Linux 7.1 */ };

	assert_int_equal(nn_diag_timer(&diag), NN_TIMER_OFF);
	for (size_t i = 0; i < NN_N(told); i++) {
		diag.timer = told[i];
		assert_int_equal(nn_diag_timer(&diag), told[i]);
	}
}

TEST(lost_packets_are_summed)
{
	static const char *const cut[] = { "",
					   "\n",
					   "00000001\n",
					   "00000001 \n00000001 00000002\n",
					   "00000001 00000002",
					   "00000001 00000002\n000000",
					   "packets 00000002\n" };
	uint64_t sum = 0;

	assert_true(
		nn_softnet_sum("000a7ca0 000088d6 00000000\n0008b644 0000231c 00000000\n", &sum));
	assert_int_equal(sum, 0x88d6 + 0x231c);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		if (nn_softnet_sum(cut[i], &sum))
			fail_msg("'%s' is not whole", cut[i]);
}
