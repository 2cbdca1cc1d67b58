/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames made by hand: each kind of segment must be recognised, and nothing else. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#include "bench/segments.h"
#include "netns/tests/unit.h"

#define PORT        4242
#define CLIENT_PORT 40000
#define CLIENT_ISN  0xfffffff0u /* wraps within a few bytes */
#define SERVER_ISN  1000u

enum from { CLIENT, SERVER };

struct frame {
	uint8_t bytes[200];
	size_t len;
};

static size_t put_ip(struct frame *f, int family, size_t payload, uint8_t proto)
{
	if (family == AF_INET) {
		struct iphdr ip = { .version = 4,
				    .ihl = 5,
				    .ttl = 64,
				    .protocol = proto,
				    .frag_off = htons(IP_DF),
				    .tot_len = htons((uint16_t)(20 + payload)) };

		memcpy(f->bytes + 14, &ip, sizeof(ip));
		return 14 + sizeof(ip);
	}
	struct ip6_hdr ip6 = { .ip6_vfc = 0x60 };

	ip6.ip6_nxt = proto;
	ip6.ip6_hlim = 64;
	ip6.ip6_plen = htons((uint16_t)payload);
	memcpy(f->bytes + 14, &ip6, sizeof(ip6));
	return 14 + sizeof(ip6);
}

/* @seq and @ack are relative. */
static struct frame make(int family, enum from from, uint32_t seq, uint32_t ack, uint8_t flags,
			 size_t len, bool timestamps)
{
	static const uint8_t ts_option[12] = { 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9 };
	struct frame f = { 0 };
	size_t options = timestamps ? sizeof(ts_option) : 0;
	size_t at = put_ip(&f, family, 20 + options + len, IPPROTO_TCP);
	struct tcphdr tcp = { 0 };
	uint8_t *raw = f.bytes + at;

	tcp.source = htons(from == CLIENT ? CLIENT_PORT : PORT);
	tcp.dest = htons(from == CLIENT ? PORT : CLIENT_PORT);
	tcp.seq = htonl(seq + (from == CLIENT ? CLIENT_ISN : SERVER_ISN));
	tcp.ack_seq = htonl(ack + (from == CLIENT ? SERVER_ISN : CLIENT_ISN));
	tcp.doff = (20 + options) / 4;
	memcpy(raw, &tcp, sizeof(tcp));
	raw[13] = flags;
	memcpy(raw + 20, ts_option, options);
	f.len = at + 20 + options + len;
	return f;
}

static struct ka_packet feed(struct ka_flow *flow, struct frame f)
{
	struct ka_packet p;

	assert_true(ka_flow_packet(flow, f.bytes, f.len, &p));
	return p;
}

static struct ka_packet expect(struct ka_flow *flow, enum ka_segment kind, struct frame f)
{
	struct ka_packet p = feed(flow, f);

	assert_int_equal(p.kind, kind);
	return p;
}

static void handshake(struct ka_flow *flow, enum ka_at at, int family)
{
	struct ka_packet p;

	ka_flow_init(flow, at, PORT);
	assert_false(ka_flow_settled(flow));
	p = expect(flow, KA_SEG_SYN, make(family, CLIENT, 0, 0, TH_SYN, 0, true));
	assert_false(p.accepted);
	p = expect(flow, KA_SEG_SYN_ACK, make(family, SERVER, 0, 1, TH_SYN | TH_ACK, 0, true));
	assert_int_equal(p.accepted, at == KA_AT_CLIENT);
	p = expect(flow, KA_SEG_ACK, make(family, CLIENT, 1, 1, TH_ACK, 0, true));
	assert_int_equal(p.accepted, at == KA_AT_SERVER);
	assert_true(ka_flow_settled(flow));
}

TEST(test_handshake)
{
	struct ka_flow flow;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	handshake(&flow, KA_AT_SERVER, AF_INET6);
}

TEST(test_data_across_the_wrap)
{
	struct ka_flow flow;
	struct ka_packet p;

	handshake(&flow, KA_AT_SERVER, AF_INET6);
	p = expect(&flow, KA_SEG_DATA, make(AF_INET6, CLIENT, 1, 1, TH_ACK | TH_PUSH, 64, true));
	assert_int_equal(p.len, 64);
	assert_true(p.accepted);
	assert_true(p.timestamps);
	assert_int_equal(p.tsval, 7);
	assert_false(ka_flow_settled(&flow));
	p = expect(&flow, KA_SEG_RETRANSMIT,
		   make(AF_INET6, CLIENT, 1, 1, TH_ACK | TH_PUSH, 64, true));
	p = expect(&flow, KA_SEG_ACK, make(AF_INET6, SERVER, 1, 65, TH_ACK, 0, true));
	assert_true(p.out);
	assert_true(ka_flow_settled(&flow));
}

/* RFC 7323 2.3: a scale above 14 counts as 14. */
TEST(test_window_scale_is_bounded)
{
	static const uint8_t scale_200[12] = { 3, 3, 200 };
	struct frame syn = make(AF_INET, CLIENT, 0, 0, TH_SYN, 0, true);
	struct frame syn_ack = make(AF_INET, SERVER, 0, 1, TH_SYN | TH_ACK, 0, true);
	struct frame ack = make(AF_INET, CLIENT, 1, 1, TH_ACK, 0, false);
	struct ka_flow flow;

	memcpy(syn.bytes + syn.len - 12, scale_200, sizeof(scale_200));
	memcpy(syn_ack.bytes + syn_ack.len - 12, scale_200, sizeof(scale_200));
	ack.bytes[ack.len - 5] = 10; /* the window */
	ka_flow_init(&flow, KA_AT_CLIENT, PORT);
	feed(&flow, syn);
	feed(&flow, syn_ack);
	feed(&flow, ack);
	assert_int_equal(ka_flow_room(&flow, KA_AT_SERVER), 10 << 14);
}

TEST(test_probe_and_answer)
{
	struct ka_flow flow;
	struct ka_packet p;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	p = expect(&flow, KA_SEG_PROBE, make(AF_INET, CLIENT, 0, 1, TH_ACK, 0, false));
	assert_int_equal(p.snd_una, 1);
	assert_int_equal(p.rcv_nxt, 1);
	assert_false(p.timestamps);
	p = expect(&flow, KA_SEG_ANSWER, make(AF_INET, SERVER, 1, 1, TH_ACK, 0, true));
	assert_true(p.accepted);
	p = expect(&flow, KA_SEG_ACK, make(AF_INET, SERVER, 1, 1, TH_ACK, 0, true));
}

/* A probe that arrives is answered, but does not count as received: its SEQ is too old. */
TEST(test_incoming_probe_is_not_accepted)
{
	struct ka_flow flow;
	struct ka_packet p;

	handshake(&flow, KA_AT_CLIENT, AF_INET6);
	p = expect(&flow, KA_SEG_PROBE, make(AF_INET6, SERVER, 0, 1, TH_ACK, 0, true));
	assert_false(p.out);
	assert_false(p.accepted);
}

/* The last segment, sent again, ends where the next would begin and passes tcp_sequence(); an
 * earlier one does not. */
TEST(test_retransmission_of_the_last_is_accepted)
{
	struct ka_flow flow;
	struct ka_packet p;

	handshake(&flow, KA_AT_SERVER, AF_INET);
	feed(&flow, make(AF_INET, CLIENT, 1, 1, TH_ACK, 10, true));
	feed(&flow, make(AF_INET, CLIENT, 11, 1, TH_ACK, 10, true));
	feed(&flow, make(AF_INET, SERVER, 1, 21, TH_ACK, 0, true));
	p = expect(&flow, KA_SEG_RETRANSMIT, make(AF_INET, CLIENT, 11, 1, TH_ACK, 10, true));
	assert_true(p.accepted);
	p = expect(&flow, KA_SEG_RETRANSMIT, make(AF_INET, CLIENT, 1, 1, TH_ACK, 10, true));
	assert_false(p.accepted);
}

TEST(test_ack_outside_is_not_accepted)
{
	struct ka_flow flow;
	struct ka_packet p;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	p = feed(&flow, make(AF_INET, SERVER, 1, 100, TH_ACK, 0, true));
	assert_false(p.accepted);
}

TEST(test_rst_fin)
{
	struct ka_flow flow;
	struct ka_packet p;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	p = expect(&flow, KA_SEG_DATA, make(AF_INET, SERVER, 1, 1, TH_FIN | TH_ACK, 0, true));
	assert_true(p.accepted);
	p = expect(&flow, KA_SEG_RST, make(AF_INET, CLIENT, 1, 2, TH_RST | TH_ACK, 0, true));
	assert_int_equal(p.ack, 2);
}

/* Any segment of a subflow may carry MPTCP options: in place of the timestamp option here. */
TEST(test_mptcp_option)
{
	static const uint8_t dss[12] = { 30, 8, 0x20, 1, 0, 0, 0, 1, 1, 1, 1, 1 };
	struct ka_flow flow;
	struct frame f;
	struct ka_packet p;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	f = make(AF_INET, CLIENT, 0, 1, TH_ACK, 0, true);
	assert_false(feed(&flow, f).mptcp);
	memcpy(f.bytes + f.len - sizeof(dss), dss, sizeof(dss));
	p = expect(&flow, KA_SEG_PROBE, f);
	assert_true(p.mptcp);
	assert_false(p.timestamps);
	assert_int_equal(p.other_options, 0);
}

TEST(test_other_port_is_ignored)
{
	struct frame f = make(AF_INET, CLIENT, 0, 0, TH_SYN, 0, false);
	struct ka_flow flow;
	struct ka_packet p;

	ka_flow_init(&flow, KA_AT_CLIENT, PORT + 1);
	assert_false(ka_flow_packet(&flow, f.bytes, f.len, &p));
}

/* A client that connects again has another port: only where it is said that the old connection is over. */
TEST(test_another_connection)
{
	struct frame syn = make(AF_INET, CLIENT, 0, 0, TH_SYN, 0, true);
	const uint16_t other = htons(CLIENT_PORT + 1);
	struct ka_packet p;
	struct ka_flow flow;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	memcpy(syn.bytes + 34, &other, sizeof(other)); /* behind Ethernet and IP */
	assert_false(ka_flow_packet(&flow, syn.bytes, syn.len, &p));
	flow.over = true;
	assert_true(ka_flow_packet(&flow, syn.bytes, syn.len, &p));
	assert_int_equal(p.kind, KA_SEG_SYN);
	assert_int_equal(flow.client_port, CLIENT_PORT + 1);
	assert_false(flow.over);
	assert_int_equal(flow.half[KA_AT_SERVER].snd_nxt, 0);
}

TEST(test_cut_frames_are_ignored)
{
	struct frame f = make(AF_INET6, CLIENT, 0, 0, TH_SYN, 0, true);
	struct ka_packet p;

	for (size_t len = 0; len < f.len; len++) {
		struct ka_flow flow;

		ka_flow_init(&flow, KA_AT_CLIENT, PORT);
		assert_false(ka_flow_packet(&flow, f.bytes, len, &p));
	}
}

/* Ethernet pads short frames; the IP header says where the segment ends. */
TEST(test_padding_is_no_payload)
{
	struct ka_flow flow;
	struct frame f;

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	f = make(AF_INET, CLIENT, 0, 1, TH_ACK, 0, false);
	f.len = 60;
	assert_int_equal(feed(&flow, f).kind, KA_SEG_PROBE);
}

TEST(test_icmp_quotes_the_connection)
{
	struct frame quoted = make(AF_INET, CLIENT, 0, 1, TH_ACK, 0, false), f = { 0 };
	struct ka_flow flow;
	struct ka_packet p;
	size_t at = put_ip(&f, AF_INET, 8 + quoted.len - 14, IPPROTO_ICMP);

	handshake(&flow, KA_AT_CLIENT, AF_INET);
	f.bytes[at] = 3;
	f.bytes[at + 1] = 13;
	memcpy(f.bytes + at + 8, quoted.bytes + 14, quoted.len - 14);
	f.len = at + 8 + quoted.len - 14;
	p = expect(&flow, KA_SEG_ICMP, f);
	assert_int_equal(p.icmp_type, 3);
	assert_int_equal(p.icmp_code, 13);
	assert_false(p.out);
}
