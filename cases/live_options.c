/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that change while the connection lives. One timer runs on its own: an option either
 * starts it anew (SO_KEEPALIVE, TCP_KEEPIDLE) or waits until it next goes off (TCP_KEEPINTVL,
 * TCP_KEEPCNT). None of them brings back probes that were spent.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("toggle_midprobe"),
		.why = "off and on again moves the next expiry to now + idle and forgives no probe",
		.source = "tcp_set_keepalive(); icsk_probes_out is cleared by tcp_ack() only",
		.lesson = "With probes already unanswered the application switches SO_KEEPALIVE "
			  "off and on. Off deletes the timer, on starts it with idle from now, as "
			  "if the connection had just begun. But the count of unanswered probes is "
			  "not touched: only a segment from the peer does that. So one more probe "
			  "goes out idle seconds later, and it was the last.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SWITCH(0), KA_AT_PROBE(KA_CNT_PLUS(-1)), .at = { .intvl = 0.4 } },
			 { KA_NO_TIMER, .value = KA_ANY }, { KA_SWITCH(1) },
			 { KA_KEEPALIVE_TIMER, .value = KA_CNT_PLUS(-1),
			   .expires = { { .idle = 0.8 }, { .idle = 1 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("switched_off_midprobe"),
		.why = "SO_KEEPALIVE 0 in the middle of probing deletes the timer: the dead "
		       "connection is never noticed",
		.source = "tcp_set_keepalive(): inet_csk_delete_keepalive_timer()",
		.lesson = "The path is dead and all probes but one are spent. Switching the option "
			  "off deletes the timer: no further probe, no end, the dead connection "
			  "stays.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.one_setting = true,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SWITCH(0), KA_AT_PROBE(KA_CNT_PLUS(-1)), .at = { .intvl = 0.4 } },
			 { KA_NO_TIMER, .value = KA_ANY }),
		.expect = { .when = KA_NEVER,
			    .probes = KA_CNT_PLUS(-1),
			    .watch = { .nominal = 1 } },
	},
	{
		KA_CASE("on_on_midprobe"),
		.why = "SO_KEEPALIVE 1 on a socket that has it does nothing at all",
		.source = "tcp_set_keepalive(): only if the flag was off",
		.lesson = "Programs set the option more than once. It starts the timer only when "
			  "it was off; here neither the pending expiry nor the count of probes "
			  "changes, and the end comes when it would have come.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SWITCH(1), KA_AT_PROBE(KA_CNT_PLUS(-1)), .at = { .intvl = 0.4 } },
			 /* 0.6 or less; started anew it would be idle. A late tick is no matter */
			 { KA_KEEPALIVE_TIMER, .value = KA_CNT_PLUS(-1),
			   .expires = { { .intvl = 0.1 }, { .intvl = 0.7 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("switched_on_late"),
		.why = "SO_KEEPALIVE on an idle connection counts idle from now, not from the last "
		       "segment",
		.source = "tcp_set_keepalive(): keepalive_time_when(), not the time idle so far",
		.lesson = "The values were set first, SO_KEEPALIVE last, when the connection had "
			  "already been idle for longer than idle. The timer starts with idle in "
			  "full: the silence so far is not counted. (In the other order it would "
			  "be: see keepidle_already_over.)",
		.topology = KA_ROUTED,
		.from = KA_FROM_VALUES,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE, { KA_NO_TIMER, .value = KA_ANY },
			 { KA_SWITCH(1), .at = { .idle = 1.5 } },
			 { KA_KEEPALIVE_TIMER, .expires = { { .idle = 0.8 }, { .idle = 1 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepidle_already_over"),
		.why = "TCP_KEEPIDLE below the time already idle sends the first probe at once",
		.source = "tcp_sock_set_keepidle_locked(): elapsed = keepalive_time_elapsed()",
		.lesson = "SO_KEEPALIVE is on and the connection has been idle for a while; now "
			  "TCP_KEEPIDLE is set to less than that. It counts from the last segment "
			  "received, so the idle time is over already: the first probe leaves on "
			  "the next jiffy.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 4, .intvl = 1, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPIDLE), .amount = { .idle = 0.25 },
			   .since = KA_SINCE_LAST_RX, .at = { .idle = 0.5 } },
			 { .do_ = KA_WAIT, KA_AT_PROBE(1) }, { KA_KEEPALIVE_TIMER, .value = 1 }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepidle_lowered"),
		.why = "a lowered TCP_KEEPIDLE counts from the last segment, at once",
		.source = "tcp_sock_set_keepidle_locked(): tcp_reset_keepalive_timer(L + idle)",
		.lesson = "TCP_KEEPIDLE is the one value that starts the running timer anew: to "
			  "what is left of the new idle time since the last segment received.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 4, .intvl = 1, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPIDLE), .amount = { .idle = 0.5 },
			   .since = KA_SINCE_LAST_RX, .at = { .idle = 0.25 } },
			 /* keepalive_time_elapsed() counts whole jiffies: one more may be left */
			 { KA_KEEPALIVE_TIMER,
			   .expires = { { .idle = 0.1 }, { .idle = 0.25, .ms = 10 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepidle_raised_midprobe"),
		.why = "a raised TCP_KEEPIDLE interrupts probing until L + idle, with the count "
		       "kept",
		.source = "tcp_sock_set_keepidle_locked(), tcp_keepalive_timer()",
		.lesson = "All probes but one are unanswered; then the application raises "
			  "TCP_KEEPIDLE. The timer moves to the last segment received plus the new "
			  "idle time. Only then the last probe goes out, and intvl later the end: "
			  "what was probed so far still counts.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPIDLE), .amount = { .idle = 4 },
			   KA_AT_PROBE(KA_CNT_PLUS(-1)), .at = { .intvl = 0.4 } },
			 { KA_GET(TCP_KEEPIDLE), .amount = { .idle = 4 } },
			 { KA_KEEPALIVE_TIMER, .value = KA_CNT_PLUS(-1),
			   .expires = { { .ms = 0 }, { .idle = 3 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepidle_burns_probes"),
		.why = "setting TCP_KEEPIDLE again while probing sends a probe with every call",
		.source = "tcp_sock_set_keepidle_locked(): always starts the timer, also to a time "
			  "that is over",
		.lesson = "The value is the same as before, and still the timer is started anew: "
			  "to last segment + idle, which is long over, so it goes off on the next "
			  "jiffy and a probe is gone. A program that sets its options again "
			  "every now and then kills a connection with a short outage much faster "
			  "than idle + intvl * cnt: here two calls replace two intervals of 5 s.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 5, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPIDLE), .amount = { .idle = 1 }, KA_AT_PROBE(1),
			   .at = { .idle = 0.3 } },
			 { KA_KEEPALIVE_TIMER, .value = 2, KA_AT_PROBE(KA_CNT), .at = { .ms = 1 } },
			 { KA_SET(TCP_KEEPIDLE), .amount = { .idle = 1 }, .at = { .idle = 0.1 } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepintvl_raised_midprobe"),
		.why = "a raised TCP_KEEPINTVL does not touch the interval that is running",
		.source = "tcp_sock_set_keepintvl(): stores the value; tcp_keepalive_timer()",
		.lesson = "The option only stores a number. The running interval ends as it was "
			  "begun; the next one has the new length.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPINTVL), .amount = { .intvl = 3 }, KA_AT_PROBE(1),
			   .at = { .intvl = 0.4 } },
			 { KA_GET(TCP_KEEPINTVL), .amount = { .intvl = 3 } },
			 { KA_KEEPALIVE_TIMER, .value = 1,
			   .expires = { { .intvl = 0.1 }, { .intvl = 0.6 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepintvl_lowered_midprobe"),
		.why = "a lowered TCP_KEEPINTVL is used only after the interval that is running",
		.source = "tcp_sock_set_keepintvl(): stores the value; tcp_keepalive_timer()",
		.lesson = "The interval of 4 s runs to its end although the option now says 1 s; "
			  "the one behind it is short.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 4, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPINTVL), .amount = { .intvl = 0.25 }, KA_AT_PROBE(1),
			   .at = { .idle = 0.4 } },
			 { KA_GET(TCP_KEEPINTVL), .amount = { .intvl = 0.25 } },
			 { KA_KEEPALIVE_TIMER, .value = 1,
			   .expires = { { .intvl = 0.5 }, { .intvl = 0.9 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("keepcnt_lowered_midprobe"),
		.why = "a lowered TCP_KEEPCNT ends it at the expiry that is already armed",
		.source = "tcp_sock_set_keepcnt(): stores the value; tcp_keepalive_timer()",
		.lesson = "One probe is out, and from now on one is enough. The connection is not "
			  "ended by the call, but where the second probe would have gone out.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 2, .cnt = 5),
		KA_STEPS(
			KA_IDLE, KA_SILENCE,
			{ KA_SET(TCP_KEEPCNT), .value = 1, KA_AT_PROBE(1), .at = { .intvl = 0.2 } },
			{ KA_GET(TCP_KEEPCNT), .value = 1 }, { KA_KEEPALIVE_TIMER, .value = 1 }),
		.expect = { KA_EXPIRES_AFTER(1) },
	},
	{
		KA_CASE("keepcnt_raised_midprobe"),
		.why = "a raised TCP_KEEPCNT gives a connection on its last probe more of them",
		.source = "tcp_sock_set_keepcnt(): stores the value; tcp_keepalive_timer()",
		.lesson = "The last probe is out and the next expiry would be the end. The handler "
			  "compares the count with the option of that moment: two more probes.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_SET(TCP_KEEPCNT), .value = KA_CNT_PLUS(2), KA_AT_PROBE(KA_CNT),
			   .at = { .intvl = 0.4 } },
			 { KA_GET(TCP_KEEPCNT), .value = KA_CNT_PLUS(2) }),
		.expect = { KA_EXPIRES_AFTER(KA_CNT_PLUS(2)) },
	},
};

KA_THEME(live_options, "Options that change while it lives");
