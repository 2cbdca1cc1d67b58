/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway that translates addresses keeps an entry for each connection, and forgets those over
 * which nothing passes. It tells nobody. This is what keepalive is most often used for: not to
 * find dead peers, but to keep living connections in somebody's memory.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "model/vocabulary.h"

/* The gateway's timeout, in parts of idle: T. */
static const struct ka_gateway patient = { .timeout = { .idle = 3 } };
static const struct ka_gateway drops = { .timeout = { .idle = 0.5 } };
static const struct ka_gateway resets = { .timeout = { .idle = 0.5 }, .unknown = KA_UNKNOWN_RESET };
static const struct ka_gateway adopts = { .timeout = { .idle = 0.5 }, .unknown = KA_UNKNOWN_ADOPT };
/* Never asked to forget by itself. */
static const struct ka_gateway lasting_drops = { .timeout = { .idle = 100 } };
static const struct ka_gateway lasting_counts = { .timeout = { .idle = 100 }, .counts = true };
static const struct ka_gateway lasting_resets = { .timeout = { .idle = 100 },
						  .unknown = KA_UNKNOWN_RESET };
/* For the sweep: idle - 1 s, idle, idle + 1 s. */
static const struct ka_gateway a_second_less = { .timeout = { .idle = 1, .ms = -1000 },
						 .unknown = KA_UNKNOWN_RESET };
static const struct ka_gateway as_idle = { .timeout = { .idle = 1 }, .unknown = KA_UNKNOWN_RESET };
static const struct ka_gateway a_second_more = { .timeout = { .idle = 1, .ms = 1000 },
						 .unknown = KA_UNKNOWN_RESET };

static const struct ka_setting six_probes[] = { { .idle = 1, .intvl = 1, .cnt = 6 }, { 0 } };
/* So short that the wheel rounds idle up by far less than a second. */
static const struct ka_setting two_seconds[] = { { .idle = 2, .intvl = 1, .cnt = 3 }, { 0 } };

/* The entry that a probe makes is a young one and lives for minutes only, whatever idle is. */
static const struct ka_setting adopting[] = { { .idle = 2, .intvl = 1, .cnt = 3 }, { .cnt = 0 } };

/* How long it remembers a connection that one end has shut down. */
#define FORGETS_HALF_CLOSED(seconds)                                                               \
	{                                                                                          \
		KA_GATEWAY, "net/netfilter/nf_conntrack_tcp_timeout_close_wait", seconds           \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("gateway_kept"),
		.why = "keepalive below the gateway's timeout keeps the translation alive: probes "
		       "and answers are traffic",
		.source = "RFC 5382 REQ-5; nf_conntrack_tcp_packet(), nf_ct_refresh_acct()",
		.lesson = "The connection is idle for several times the gateway's timeout, and the "
			  "entry is still there: each probe, and each answer, starts its time "
			  "anew. Data is not needed. The gateway is asked twice how long it will "
			  "still remember: never less than its timeout minus what one idle time "
			  "takes.",
		.topology = KA_ROUTED,
		.gateway = &patient,
		.one_setting = true,
		KA_STEPS(KA_IDLE_AFTER_WRITE,
			 { .do_ = KA_ENTRY_IS, .at = { .idle = 5 }, .left = { .idle = 1 } },
			 { .do_ = KA_ENTRY_IS, .at = { .idle = 5 }, .left = { .idle = 1 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 0.5 } },
	},
	{
		KA_CASE("gateway_forgets_silent"),
		.why = "keepalive above the timeout is too late: its probes fall into a hole, and "
		       "a healthy peer is declared dead",
		.source = "RFC 5382 REQ-5; tcp_new(), nf_conntrack_tcp_loose; "
			  "tcp_keepalive_timer()",
		.lesson = "Both ends live and the path carries packets, but the gateway has "
			  "forgotten who belongs to whom before the first probe came. It swallows "
			  "the probe as a segment of no connection, and all others after it: "
			  "ETIMEDOUT after idle + intvl * cnt. A gateway keeps its clock to the "
			  "jiffy; the kernel's timer wheel rounds idle up. So idle must be below "
			  "the timeout by an eighth and more.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.min_cnt = 2,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("gateway_forgets_reset"),
		.why = "a gateway that answers for what it forgot: ECONNRESET at the first probe",
		.source = "RFC 5382 REQ-5; nf_send_reset(), tcp_reset()",
		.lesson = "As gateway_forgets_silent, but the gateway speaks for the host that it "
			  "no longer knows: its RST has the sequence number that the probe asks "
			  "for, and ends the connection. The peer never hears of it.",
		.topology = KA_ROUTED,
		.gateway = &resets,
		.min_cnt = 2,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
	{
		KA_CASE("gateway_boundary_below"),
		.why = "a gateway's timeout of idle - 1 s: the entry is gone when the first probe "
		       "comes",
		.source = "RFC 5382 REQ-5; nf_ct_is_expired()",
		.lesson = "The gateway's timeout is one second shorter than idle: it has "
			  "forgotten the connection when the first probe is sent.",
		.topology = KA_ROUTED,
		.gateway = &a_second_less,
		.settings = two_seconds,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
	{
		KA_CASE("gateway_boundary_equal"),
		.why = "a timeout of exactly idle is too short: the probe is never early, the "
		       "gateway never late",
		.source = "RFC 5382 REQ-5; nf_ct_is_expired(); kernel/time/timer.c",
		.lesson = "Idle and timeout are the same number, and the gateway is first. Its "
			  "entry expires to the jiffy, since whoever looks it up compares the "
			  "time. The probe leaves idle after the last segment at the earliest, "
			  "and mostly later, because the timer wheel rounds up; and the gateway "
			  "saw that last segment before the prober did.",
		.topology = KA_ROUTED,
		.gateway = &as_idle,
		.settings = two_seconds,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
	{
		KA_CASE("gateway_boundary_above"),
		.why = "a timeout of idle + 1 s is enough, as long as the wheel rounds idle up by "
		       "less than that second",
		.source = "RFC 5382 REQ-5; nf_ct_refresh_acct(); kernel/time/timer.c",
		.lesson = "One second more, and the connection lives through any number of "
			  "timeouts. With idle 2 the wheel adds some 0.03 s (HZ 250). It would add "
			  "up to 16 s to an idle of 349: that setting does not keep a timeout of "
			  "350 away, though 349 is less than 350.",
		.topology = KA_ROUTED,
		.gateway = &a_second_more,
		.settings = two_seconds,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_ENTRY_IS, .at = { .idle = 5 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 0.5 } },
	},
	{
		KA_CASE("gateway_forgets_unnoticed"),
		.why = "without keepalive and without data neither end notices that the gateway "
		       "has forgotten",
		.source = "RFC 9293 3.8.4; nf_conntrack, gc_worker()",
		.lesson = "Nobody sends, so nobody is told. Both ends go on believing in a "
			  "connection that cannot carry a single byte any more.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.from = KA_FROM_NOWHERE,
		.one_setting = true,
		KA_STEPS(KA_IDLE_AFTER_WRITE,
			 { .do_ = KA_ENTRY_GONE, .at = { .idle = 1, .ms = 100 } }),
		.expect = { .when = KA_NEVER, .watch = { .idle = 1 } },
	},
	{
		KA_CASE("gateway_write_silent"),
		.why = "a write after the gateway has forgotten is retransmitted in vain until "
		       "tcp_retries2 gives up",
		.source = "RFC 9293 3.8.3; tcp_write_timeout(), tcp_new()",
		.lesson = "The first data after the silence is a segment of no connection. It is "
			  "lost, and so is each retransmission. With the default of "
			  "tcp_retries2 (15) that takes a quarter of an hour and more; here it is "
			  "3. The write comes before the first probe, and while its data is not "
			  "acknowledged, keepalive is silent.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.settings = two_seconds,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE_AFTER_WRITE,
			 { .do_ = KA_ENTRY_GONE, .at = { .idle = 0.5, .ms = 100 } }, KA_WRITE(64)),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("gateway_write_reset"),
		.why = "the same write meets a RST at once where the gateway answers",
		.source = "RFC 9293 3.10.7; nf_send_reset(), tcp_reset()",
		.lesson = "As gateway_write_silent with a gateway that answers: the application "
			  "knows after one round trip, and can connect again.",
		.topology = KA_ROUTED,
		.gateway = &resets,
		.settings = two_seconds,
		KA_STEPS(KA_IDLE_AFTER_WRITE,
			 { .do_ = KA_ENTRY_GONE, .at = { .idle = 0.5, .ms = 100 } }, KA_WRITE(64)),
		.expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1 },
	},
	{
		KA_CASE("gateway_entry_lost_silent"),
		.why = "an entry that is lost before its time (a full table, a fail-over) is found "
		       "by keepalive as a silent path is",
		.source = "ctnetlink_del_conntrack(); tcp_new(), nf_conntrack_tcp_loose",
		.lesson = "A gateway that needs room, restarts or fails over to a twin without its "
			  "memory loses entries whatever the timeout says; keepalive below the "
			  "timeout cannot prevent that, but it finds out. (Linux itself, when its "
			  "table is full, gives up half-open connections only: early_drop() "
			  "spares the assured ones, and new connections are refused.)",
		.topology = KA_ROUTED,
		.gateway = &lasting_drops,
		.min_cnt = 2,
		.one_setting = true,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_FORGET, .who = KA_GATEWAY }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("gateway_entry_lost_reset"),
		.why = "the same where the gateway answers for what it does not know: at the first "
		       "probe",
		.source = "ctnetlink_del_conntrack(); nf_send_reset(), tcp_reset()",
		.lesson = "As gateway_entry_lost_silent, with a RST instead of silence.",
		.topology = KA_ROUTED,
		.gateway = &lasting_resets,
		.one_setting = true,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_FORGET, .who = KA_GATEWAY }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
	{
		KA_CASE("gateway_loses_patience"),
		.why = "probes that nobody answers look like retransmissions: from the fourth on "
		       "the gateway remembers them for nf_conntrack_tcp_timeout_max_retrans only",
		.source = "nf_conntrack_tcp_packet(): last_seq, retrans, tcp_max_retrans",
		.lesson = "A probe always has the same sequence number. To connection tracking the "
			  "second one without an answer is the first one again, and after three "
			  "such repetitions the entry no longer lives for the established timeout "
			  "but for another, shorter one (300 s, here 1 s). So while a peer is "
			  "away, the gateway forgets long before keepalive gives up, if intvl is "
			  "longer than that; if the peer comes back in time for the last probe, it "
			  "does not help any more.",
		.topology = KA_ROUTED,
		.gateway = &lasting_counts,
		/* a wire that vanished on the server's side would take the entries of translations
		 * to that device with it (masq_device_event()) */
		.probers = KA_ONLY_SERVER,
		.settings = six_probes,
		.sysctls = { { KA_GATEWAY, "net/netfilter/nf_conntrack_tcp_timeout_max_retrans",
			       "1" } },
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_CRASH, .who = KA_PEER },
			 { .do_ = KA_ENTRY_IS,
			   KA_AT_PROBE(3),
			   .at = { .intvl = 0.5 },
			   .left = { .idle = 90 } },
			 { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(5) }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("gateway_half_closed_kept"),
		.why = "after a half-close the gateway remembers for another, shorter time; "
		       "keepalive below that keeps the connection, as any packet does",
		.source = "tcp_conntracks[]: sFW, sCW; nf_conntrack_tcp_packet(): "
			  "timeouts[new_state], nf_ct_refresh_acct()",
		.lesson = "The peer has said all it has to say: its FIN, once acknowledged, takes "
			  "the entry from ESTABLISHED (5 days) to CLOSE_WAIT, which Linux "
			  "remembers for nf_conntrack_tcp_timeout_close_wait: 60 s, here 4 s. (The "
			  "120 s of fin_wait only hold until that acknowledgement.) The prober may "
			  "go on writing for hours, and the gateway does not know. Probes and "
			  "answers leave the state as it is and start the short time anew, so that "
			  "idle must be below it.",
		.topology = KA_ROUTED,
		.gateway = &lasting_drops,
		.settings = two_seconds,
		.sysctls = { FORGETS_HALF_CLOSED("4") },
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_ENTRY_IS, .at = { .idle = 5 }, .left = { .ms = 1000 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 0.5 } },
	},
	{
		KA_CASE("gateway_half_closed_forgets"),
		.why = "keepalive that suits the established timeout is too late for a connection "
		       "that is closed in one direction",
		.source = "tcp_conntracks[]: sCW; nf_conntrack_tcp_timeout_close_wait; tcp_new()",
		.lesson = "As gateway_half_closed_kept, with a close_wait of 1 s, which is below "
			  "idle. The established timeout would last for minutes more, and does not "
			  "count: the gateway has forgotten when the first probe comes. The peer "
			  "lives and waits for the rest; the prober is told ETIMEDOUT, by "
			  "everything but read(), which has seen the FIN.",
		.topology = KA_ROUTED,
		.gateway = &lasting_drops,
		.settings = two_seconds,
		.sysctls = { FORGETS_HALF_CLOSED("1") },
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_EXPIRES, .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL },
	},
	{
		KA_CASE("gateway_adopts"),
		.why = "a gateway that takes connections over in the middle is healed by the first "
		       "probe from the client's side",
		.source = "tcp_new(): nf_conntrack_tcp_loose; nf_nat_masquerade_ipv4()",
		.lesson =
			"Linux as it comes (nf_conntrack_tcp_loose = 1) does not insist on a SYN. "
			"The client's probe makes a new entry; the port is still free, so the "
			"translation is the same as before, and the peer's answer finds its way "
			"back. Keepalive above the timeout is then harmless: the gateway "
			"forgets and is reminded, again and again.",
		.topology = KA_ROUTED,
		.gateway = &adopts,
		.probers = KA_ONLY_CLIENT,
		.settings = adopting,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_FORGET, .who = KA_GATEWAY },
			 { .do_ = KA_ENTRY_GONE }, { .do_ = KA_ENTRY_IS, .at = { .idle = 1.3 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 2 } },
	},
	{
		KA_CASE("gateway_adopts_not_from_outside"),
		.why = "a probe from the server's side cannot remind it: the gateway itself is "
		       "addressed, and has no such connection",
		.source = "nf_nat_inet_fn(); tcp_v4_send_reset(), tcp_v6_send_reset()",
		.lesson = "The server only knows the gateway's address. Without the entry nothing "
			  "says that the client is meant, so the probe ends at the gateway's own "
			  "TCP, which answers as any host does: RST, ECONNRESET. It depends on "
			  "the side that probes whether the connection is healed or destroyed.",
		.topology = KA_ROUTED,
		.gateway = &adopts,
		.probers = KA_ONLY_SERVER,
		.one_setting = true,
		KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_FORGET, .who = KA_GATEWAY },
			 { .do_ = KA_ENTRY_GONE }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
};

KA_THEME(gateway, "The gateway forgets");
