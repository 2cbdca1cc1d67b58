/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broken on purpose: what the headers say, other families, other layers. */
#include "experiments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ECN "net/ipv4/tcp_ecn"

/* Behind the last data, so that the probes differ from it. */
#define MARKED_LATE(opt, val)                                                                      \
	KA_STEPS(KA_IDLE,                                                                          \
		 { .do_ = KA_SETSOCKOPT,                                                           \
		   .who = KA_PROBER,                                                               \
		   .level = IPPROTO_IP,                                                            \
		   .option = (opt),                                                                \
		   .value = (val) },                                                               \
		 KA_SILENCE),                                                                      \
		.expect = { KA_EXPIRES }

static const struct ka_case cases[] = {
	{ KA_WRONG("probe_with_another_ttl", "fail: has TTL 33, must be 64"), KA_SHORT_EXPERIMENT,
	  MARKED_LATE(IP_TTL, 33) },
	{ KA_WRONG("probe_with_another_tos", "fail: has TOS 0x28, must be 0x00"),
	  KA_SHORT_EXPERIMENT, MARKED_LATE(IP_TOS, IPTOS_DSCP_AF11) },
	{ KA_WRONG("probe_fragmented", "fail: may be fragmented"), KA_SHORT_EXPERIMENT,
	  MARKED_LATE(IP_MTU_DISCOVER, IP_PMTUDISC_DONT) },
	{ KA_WRONG("answer_with_another_ttl", "fail: the peer's answer 1 of all has TTL 33"),
	  KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, { .do_ = KA_SETSOCKOPT,
			      .who = KA_PEER,
			      .level = IPPROTO_IP,
			      .option = IP_TTL,
			      .value = 33 }),
	  .expect = { KA_LIVES_ON, .watch = { .idle = 1.5 } } },
	{ KA_WRONG("ecn_not_asked_for", "fail: the SYN does not ask for ECN"), KA_SHORT_EXPERIMENT,
	  .ecn = KA_ECN_CLASSIC, KA_STEPS(KA_CONNECTED, KA_LAST_WRITE, KA_SILENCE),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("accurate_ecn_not_asked_for", "fail: the server does not accept ECN"),
	  KA_SHORT_EXPERIMENT, .ecn = KA_ECN_ACCURATE,
	  .sysctls = { { KA_PROBER, ECN, "1" }, { KA_PEER, ECN, "1" } },
	  KA_STEPS(KA_CONNECTED, KA_LAST_WRITE, KA_SILENCE), .expect = { KA_EXPIRES } },
	{ KA_WRONG("ecn_without_data", "fail: no data of the prober is ECN-capable"),
	  KA_SHORT_EXPERIMENT, .ecn = KA_ECN_CLASSIC,
	  .sysctls = { { KA_PROBER, ECN, "1" }, { KA_PEER, ECN, "1" } },
	  KA_STEPS(KA_IDLE, KA_SILENCE), .expect = { KA_EXPIRES } },
	{ KA_WRONG("not_overdue", "fail: the overdue timer expires in"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE,
		   { KA_KEEPALIVE_TIMER, KA_AT_PROBE(1), .at = { .ms = 500 }, .value = 1,
		     .overdue = true }),
	  .expect = { KA_EXPIRES } },
	/* an option of all sockets is refused to none */
	{ KA_WRONG("raw_keepalive_refused", "fail: SO_KEEPALIVE of a raw socket gives success"),
	  KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_KEEPALIVE_OF,
				   .who = KA_PROBER,
				   .socket = KA_RAW_TCP,
				   .fails = EINVAL }),
	  .expect = { .when = KA_NEVER } },
	{ KA_WRONG("mapped_declared_v4", "fail: reads 10, must be 2"), KA_SHORT_EXPERIMENT,
	  .mapped = true,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_GETSOCKOPT,
				   .who = KA_PROBER,
				   .level = SOL_SOCKET,
				   .option = SO_DOMAIN,
				   .value = AF_INET }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("mapped_route_declared_v6", "fail: ETIMEDOUT, must be ENETUNREACH"),
	  KA_SHORT_EXPERIMENT, .mapped = true,
	  KA_STEPS(KA_IDLE, { .do_ = KA_ROUTE_GONE, .who = KA_PROBER }),
	  .expect = { KA_ENDS_UNSEEN(ENETUNREACH) } },
	{ KA_WRONG("peer_closed_for_longer", "fail: answered probes, must be 1"), KA_EXPERIMENT,
	  KA_SETTING(.idle = 2, .intvl = 1, .cnt = 3),
	  .sysctls = { { KA_PEER, "net/ipv4/tcp_fin_timeout", "5" } },
	  KA_STEPS(KA_IDLE, { .do_ = KA_CLOSE, .who = KA_PEER }),
	  .expect = { .when = KA_FIRST_PROBE,
		      .error = EPIPE,
		      .probes = 1,
		      .answered = 1,
		      .rst_received = 1,
		      .events = EPOLLERR | EPOLLHUP,
		      .events_full = KA_EPOLL_ALL } },
	{ KA_WRONG("peer_closed_for_nothing", "fail: no such socket"), KA_EXPERIMENT,
	  KA_SETTING(.idle = 2, .intvl = 1, .cnt = 3),
	  .sysctls = { { KA_PEER, "net/ipv4/tcp_fin_timeout", "1" } },
	  KA_STEPS(KA_IDLE, { .do_ = KA_CLOSE, .who = KA_PEER },
		   { KA_KEEPALIVE_TIMER, .at = { .ms = 2900 }, .value = 0 }),
	  .expect = { .when = KA_FIRST_PROBE,
		      .error = EPIPE,
		      .probes = 1,
		      .answered = 1,
		      .rst_received = 1,
		      .events = EPOLLERR | EPOLLHUP,
		      .events_full = KA_EPOLL_ALL } },
	{ KA_WRONG("signal_before_the_end", "fail: blocked call returned"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_BLOCK, .who = KA_PROBER, .call = KA_IN_SIGNAL },
		   KA_LAST_DATA, KA_SILENCE),
	  .expect = { KA_EXPIRES } },
	/* the BPF program was there, and set what it was told */
	{ KA_WRONG("from_bpf_reads", "fail: getsockopt(TCP_KEEPIDLE) reads 1, must be 7200"),
	  KA_SHORT_EXPERIMENT, .from = KA_FROM_BPF,
	  KA_STEPS(KA_CONNECTED, { KA_GET(TCP_KEEPIDLE), .value = 7200 }, KA_LAST_DATA, KA_SILENCE),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("from_bpf_lives", "fail: "), KA_SHORT_EXPERIMENT, .from = KA_FROM_BPF,
	  KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { .when = KA_NEVER, .watch = { .nominal = 1.5 } } },
	{ KA_WRONG("reset_below_the_fin", "fail: "), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
		   { .do_ = KA_FORGET, .who = KA_PEER },
		   { .do_ = KA_FORGE_RESET, .who = KA_PEER, .value = 2 }),
	  .expect = { .when = KA_AT_ONCE,
		      .error = EPIPE,
		      .rst_received = 1,
		      .events = EPOLLERR | EPOLLHUP,
		      .events_full = KA_EPOLL_ALL } },
};

KA_THEME(experiments_layers, "Must not pass: headers, families, layers");
