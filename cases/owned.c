/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread of the application is inside a call on the socket just when a timer of it expires, or when a
 * segment arrives: the lock is taken, and neither can be worked on. The keepalive timer tries again
 * HZ/20 later, the retransmission timer is caught up with when the lock is released, segments wait in
 * the backlog. Mostly that takes microseconds; a page of memory that has to be fetched first, from a
 * slow disk or another machine, makes it as long as that takes.
 */
#include <errno.h>

#include "model/vocabulary.h"

/* Over the first expiry, for some retries: behind idle and its rounding. */
#define OWNED_OVER_IDLE(whose)                                                                     \
	{ .do_ = KA_OWN, .who = whose, .since = KA_SINCE_LAST_RX, .at = { .idle = 0.9 } },         \
	{                                                                                          \
		.do_ = KA_RELEASE, .who = whose, .since = KA_SINCE_LAST_RX, .at = {.idle = 1.3 }   \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("owned_at_first_probe"),
		.why = "a first probe that is due while a process owns the socket is sent when it "
		       "is released, at most HZ/20 later",
		.source = "tcp_keepalive_timer(): sock_owned_by_user(), \"Try again later\", HZ/20",
		.lesson = "The timer goes off while a thread of the application is inside a call "
			  "that holds the lock of the socket. The handler may not touch the "
			  "socket: it sets the timer again, 50 ms later, until it finds the lock "
			  "free. Then the first probe goes out, and from it on everything "
			  "follows as ever: the time that the socket was owned is added to the "
			  "time until a dead peer is noticed.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS(KA_IDLE, KA_SILENCE, OWNED_OVER_IDLE(KA_PROBER)),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("owned_and_answered"),
		.why = "the probe that was put off is answered, and the next is due idle later",
		.source = "tcp_keepalive_timer(): sock_owned_by_user(); tcp_ack(): rcv_tstamp",
		.lesson = "As owned_at_first_probe, but the peer is there: it answers the late "
			  "probe, and the timer is back in its stride.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, OWNED_OVER_IDLE(KA_PROBER),
			 { KA_KEEPALIVE_TIMER, .at = { .ms = 200 }, .value = 0 }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 1.2 } },
	},
	{
		KA_CASE("owned_at_the_end"),
		.why = "a connection whose last probe was in vain is given up when its socket is "
		       "released, not while it is owned",
		.source = "tcp_keepalive_timer(): sock_owned_by_user() before tcp_write_err()",
		.lesson = "All probes are unanswered, and the expiry that gives up finds the "
			  "socket owned. It is put off like any other: RST and ETIMEDOUT come at "
			  "most 50 ms after the lock was released.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { .do_ = KA_OWN,
			   .who = KA_PROBER,
			   KA_AT_PROBE(KA_CNT),
			   .at = { .intvl = 0.5 } },
			 { .do_ = KA_RELEASE, .who = KA_PROBER, .at = { .intvl = 1 } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("owned_with_data"),
		.why = "a retransmission that is due while a process owns the socket is sent at "
		       "once when it is released",
		.source = "tcp_write_timer(): TCP_WRITE_TIMER_DEFERRED; tcp_release_cb()",
		.lesson = "The byte in flight is lost, and its timer goes off while the socket is "
			  "owned. This one does not try again later: it leaves a note, and who "
			  "releases the lock does its work on the way out. The intervals then "
			  "double from there, to the limit.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1),
			 { .do_ = KA_OWN, .who = KA_PROBER, .at = { .ms = 300 } },
			 { .do_ = KA_RELEASE, .who = KA_PROBER, .at = { .ms = 900 } }),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("owned_zero_window"),
		.why = "a window probe that is due while a process owns the socket is sent at once "
		       "when it is released, and the intervals go on from there",
		.source = "tcp_write_timer(): TCP_WRITE_TIMER_DEFERRED; tcp_release_cb(); "
			  "tcp_probe_timer()",
		.lesson = "Data waits before a closed window, and a window probe finds the socket "
			  "owned. The timer is the one of the retransmissions, and so it is "
			  "caught up with in the same way.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.probers = KA_ONLY_CLIENT,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100),
			 { .do_ = KA_OWN, .who = KA_PROBER, .at = { .ms = 300 } },
			 { .do_ = KA_RELEASE, .who = KA_PROBER, .at = { .ms = 900 } },
			 { KA_PERSIST_TIMER, .at = { .ms = 3000 }, .value = KA_ANY }),
		.expect = { .when = KA_NEVER, .meanwhile = KA_PERSIST_LIMIT, .answered = KA_SOME },
	},
	{
		KA_CASE("owned_peer_is_silent"),
		.why = "a peer whose process owns its socket answers no probe, though its machine "
		       "is well: it is given up",
		.source = "tcp_v4_rcv(): sock_owned_by_user(), tcp_add_backlog(); release_sock()",
		.lesson = "A stopped process does not matter, since its kernel answers for it; "
			  "one that is stuck inside a call on the socket does. Probes wait in the "
			  "backlog until the lock is released, and the prober, which hears "
			  "nothing, gives up. When the lock is free at last, the peer finds the "
			  "probes, answers them to nobody, and then the RST.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS(KA_IDLE, { .do_ = KA_OWN, .who = KA_PEER, .at = { .idle = 0.05 } },
			 { .do_ = KA_RELEASE,
			   .who = KA_PEER,
			   .since = KA_SINCE_LAST_RX,
			   .at = { .nominal = 1, .intvl = 0.5 } }),
		/* the late answer meets no socket any more */
		.expect = { KA_EXPIRES, .counters = { { "Tcp.OutRsts", 2 } } },
	},
	{
		KA_CASE("owned_peer_answers_late"),
		.why = "probes that waited while the peer's socket was owned are answered when it "
		       "is released, in time for the connection to live",
		.source = "release_sock(), tcp_v4_do_rcv(): tcp_validate_incoming(), "
			  "tcp_send_dupack()",
		.lesson = "As owned_peer_is_silent, but the lock is released before the prober "
			  "gives up: the probe in the backlog is answered, late, and that is "
			  "enough.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, { .do_ = KA_OWN, .who = KA_PEER, .at = { .idle = 0.05 } },
			 { .do_ = KA_RELEASE,
			   .who = KA_PEER,
			   KA_AT_PROBE(2),
			   .at = { .intvl = 0.5 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 1.2 } },
	},
};

KA_THEME(owned, "A socket that is owned when its timer expires");
