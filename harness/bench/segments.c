/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each captured segment of a connection is; see segments.h. */
#include "bench/segments.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>

/* RFC 8684 3 */
#define TCPOPT_MPTCP 30

/* A pointer into a frame and what is left of it. */
struct cursor {
	const uint8_t *at;
	size_t left;
	size_t ip_payload; /* by the IP header: a short frame may be padded */
	uint8_t proto;
};

static bool skip(struct cursor *c, size_t n)
{
	if (c->left < n)
		return false;
	c->at += n;
	c->left -= n;
	return true;
}

static bool read_ip4(struct cursor *c, struct ka_packet *out)
{
	struct iphdr ip;

	if (c->left < sizeof(ip))
		return false;
	memcpy(&ip, c->at, sizeof(ip));
	out->ttl = ip.ttl;
	out->tos = ip.tos;
	out->dont_fragment = ntohs(ip.frag_off) & IP_DF;
	c->proto = ip.protocol;
	if (ntohs(ip.tot_len) < ip.ihl * 4u)
		return false;
	c->ip_payload = ntohs(ip.tot_len) - ip.ihl * 4u;
	return skip(c, ip.ihl * 4u);
}

static bool read_ip6(struct cursor *c, struct ka_packet *out)
{
	struct ip6_hdr ip;

	if (c->left < sizeof(ip))
		return false;
	memcpy(&ip, c->at, sizeof(ip));
	out->ttl = ip.ip6_hlim;
	out->tos = (uint8_t)(ntohl(ip.ip6_flow) >> 20);
	out->dont_fragment = true;
	c->proto = ip.ip6_nxt;
	c->ip_payload = ntohs(ip.ip6_plen);
	return skip(c, sizeof(ip));
}

static bool read_ip(struct cursor *c, struct ka_packet *out)
{
	if (c->left && c->at[0] >> 4 == 4)
		return read_ip4(c, out);
	return read_ip6(c, out);
}

static void read_timestamp(const uint8_t *option, struct ka_packet *out)
{
	uint32_t value[2];

	memcpy(value, option + 2, sizeof(value));
	out->timestamps = true;
	out->tsval = ntohl(value[0]);
	out->tsecr = ntohl(value[1]);
}

#define MAX_SCALE 14

/* RFC 7323 2.3: what is larger than 14 counts as 14. */
static uint8_t scale_of(uint8_t offered)
{
	return (uint8_t)(1 + (offered < MAX_SCALE ? offered : MAX_SCALE));
}

static void read_options(const uint8_t *option, size_t left, struct ka_packet *out)
{
	while (left && *option != TCPOPT_EOL) {
		size_t len = *option == TCPOPT_NOP ? 1 : left < 2 ? 0 : option[1];

		if (!len || len > left)
			return;
		if (*option == TCPOPT_TIMESTAMP && len == TCPOLEN_TIMESTAMP)
			read_timestamp(option, out);
		else if (*option == TCPOPT_WINDOW && len == TCPOLEN_WINDOW)
			out->scale_offer = scale_of(option[2]);
		else if (*option == TCPOPT_MPTCP)
			out->mptcp = true;
		else if (*option != TCPOPT_NOP)
			out->other_options++;
		option += len;
		left -= len;
	}
}

/* The two ports at @bytes belong to the connection: sets @sender. */
static bool match_ports(const struct ka_flow *flow, uint16_t sport, uint16_t dport,
			enum ka_at *sender)
{
	if (dport == flow->server_port && (!flow->client_port || sport == flow->client_port)) {
		*sender = KA_AT_CLIENT;
		return true;
	}
	*sender = KA_AT_SERVER;
	return sport == flow->server_port && flow->client_port && dport == flow->client_port;
}

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/*
 * Counts as received in the kernel (tcp_ack(): rcv_tstamp; tcp_event_data_recv(): lrcvtime): it does
 * not end before what the receiver has acknowledged (tcp_sequence(): rcv_wup), and acknowledges
 * something between SND.UNA and SND.NXT of the receiver. So the last segment, sent again, counts,
 * although it brings nothing new; a keepalive probe ends one byte too early.
 */
static bool is_accepted(const struct ka_packet *p, const struct ka_half *sender,
			const struct ka_half *receiver)
{
	uint32_t end = p->seq + p->len + !!(p->flags & TH_FIN);

	if (p->flags & TH_RST)
		return false;
	if (p->flags & TH_SYN)
		return p->flags & TH_ACK;
	return !after(sender->snd_una, end) && !after(receiver->snd_una, p->ack) &&
	       !after(p->ack, receiver->snd_nxt);
}

static enum ka_segment classify(const struct ka_packet *p, const struct ka_half *sender,
				const struct ka_half *receiver)
{
	bool has_fin = p->flags & TH_FIN;

	if (p->flags & TH_RST)
		return KA_SEG_RST;
	if (p->flags & TH_SYN)
		return p->flags & TH_ACK ? KA_SEG_SYN_ACK : KA_SEG_SYN;
	if (p->len || has_fin)
		return after(p->seq + p->len + has_fin, sender->snd_nxt) ? KA_SEG_DATA
									 : KA_SEG_RETRANSMIT;
	if (p->seq + 1 == sender->snd_una)
		return KA_SEG_PROBE;
	return receiver->probing ? KA_SEG_ANSWER : KA_SEG_ACK;
}

/* RFC 7323 2.2: scaled when both have offered it, and never in a SYN. */
static void grant(struct ka_half *sender, const struct ka_half *receiver, const struct ka_packet *p)
{
	bool scaled = !(p->flags & TH_SYN) && sender->scale_offer && receiver->scale_offer;

	if (p->flags & TH_SYN)
		sender->scale_offer = p->scale_offer;
	if (p->flags & TH_ACK)
		sender->edge =
			p->ack + ((uint32_t)p->window << (scaled ? sender->scale_offer - 1 : 0));
}

static void advance(struct ka_half *sender, struct ka_half *receiver, const struct ka_packet *p)
{
	uint32_t end = p->seq + p->len + !!(p->flags & (TH_FIN | TH_SYN));

	if (p->flags & TH_RST)
		return;
	if (after(end, sender->snd_nxt))
		sender->snd_nxt = end;
	if (!after(p->seq, receiver->rcv_nxt) && after(end, receiver->rcv_nxt))
		receiver->rcv_nxt = end;
	if (p->flags & TH_ACK && after(p->ack, receiver->snd_una) &&
	    !after(p->ack, receiver->snd_nxt))
		receiver->snd_una = p->ack;
	grant(sender, receiver, p);
	sender->probing = p->kind == KA_SEG_PROBE;
	if (p->kind == KA_SEG_ANSWER)
		receiver->probing = false;
}

static void learn_isn(struct ka_flow *flow, struct ka_half *sender, const struct tcphdr *tcp)
{
	if (!tcp->syn || (sender->have_isn && sender->isn == ntohl(tcp->seq)))
		return;
	/* what it has received so far (the other end's SYN) stays */
	*sender = (struct ka_half){ .have_isn = true,
				    .isn = ntohl(tcp->seq),
				    .rcv_nxt = sender->rcv_nxt };
	if (!tcp->ack)
		flow->client_port = ntohs(tcp->source);
}

static void fill(struct ka_packet *out, const struct tcphdr *tcp, const struct ka_half *sender,
		 const struct ka_half *receiver)
{
	out->seq = ntohl(tcp->seq) - sender->isn;
	out->ack = tcp->ack ? ntohl(tcp->ack_seq) - receiver->isn : 0;
	out->flags = ((const uint8_t *)tcp)[13];
	out->window = ntohs(tcp->window);
	out->snd_una = sender->snd_una;
	out->rcv_nxt = sender->rcv_nxt;
}

void ka_flow_init(struct ka_flow *flow, enum ka_at at, uint16_t server_port)
{
	*flow = (struct ka_flow){ .at = at, .server_port = server_port };
}

static bool read_tcp(struct ka_flow *flow, struct cursor *c, struct ka_packet *out)
{
	struct tcphdr tcp;
	struct ka_half *sender, *receiver;
	enum ka_at from;

	if (c->left < sizeof(tcp))
		return false;
	memcpy(&tcp, c->at, sizeof(tcp));
	if (flow->over && tcp.syn && !tcp.ack && ntohs(tcp.dest) == flow->server_port)
		ka_flow_init(flow, flow->at, flow->server_port);
	if (!match_ports(flow, ntohs(tcp.source), ntohs(tcp.dest), &from) ||
	    c->left < tcp.doff * 4u || tcp.doff < 5 || c->ip_payload < tcp.doff * 4u)
		return false;
	sender = &flow->half[from];
	receiver = &flow->half[!from];
	learn_isn(flow, sender, &tcp);
	if (!flow->client_port)
		return false;
	fill(out, &tcp, sender, receiver);
	out->len = (uint16_t)(c->ip_payload - tcp.doff * 4u);
	read_options(c->at + sizeof(tcp), tcp.doff * 4u - sizeof(tcp), out);
	out->out = from == flow->at;
	out->kind = classify(out, sender, receiver);
	out->accepted = !out->out && is_accepted(out, sender, receiver);
	advance(sender, receiver, out);
	return true;
}

/* An ICMP error quotes the packet that it is about. */
static bool read_icmp(const struct ka_flow *flow, struct cursor *c, struct ka_packet *out)
{
	struct ka_packet quoted = { 0 };
	uint16_t ports[2];
	enum ka_at from;

	if (c->left < 8)
		return false;
	out->icmp_type = c->at[0];
	out->icmp_code = c->at[1];
	if (!skip(c, 8) || !read_ip(c, &quoted) || c->proto != IPPROTO_TCP || c->left < 4)
		return false;
	memcpy(ports, c->at, sizeof(ports));
	if (!match_ports(flow, ntohs(ports[0]), ntohs(ports[1]), &from))
		return false;
	out->kind = KA_SEG_ICMP;
	out->out = from != flow->at; /* it travels to who sent the quoted packet */
	return true;
}

bool ka_flow_packet(struct ka_flow *flow, const uint8_t *bytes, size_t len, struct ka_packet *out)
{
	struct cursor c = { .at = bytes, .left = len };

	*out = (struct ka_packet){ 0 };
	if (!skip(&c, ETHER_HDR_LEN) || !read_ip(&c, out))
		return false;
	if (c.proto == IPPROTO_TCP)
		return read_tcp(flow, &c, out);
	if (c.proto == IPPROTO_ICMP || c.proto == IPPROTO_ICMPV6)
		return read_icmp(flow, &c, out);
	return false;
}

uint32_t ka_flow_room(const struct ka_flow *flow, enum ka_at sender)
{
	uint32_t edge = flow->half[!sender].edge, next = flow->half[sender].snd_nxt;

	return after(edge, next) ? edge - next : 0;
}

bool ka_flow_settled(const struct ka_flow *flow)
{
	const struct ka_half *client = &flow->half[KA_AT_CLIENT];
	const struct ka_half *server = &flow->half[KA_AT_SERVER];

	return client->have_isn && server->have_isn && client->snd_una == client->snd_nxt &&
	       server->snd_una == server->snd_nxt;
}
