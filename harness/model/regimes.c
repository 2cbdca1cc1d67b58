/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See regimes.h. */
#include "model/regimes.h"

#include <stddef.h>
#include <string.h>

/* What waits inside the host. */
#define STUCK                                                                                      \
	"User timeout of data. What {prober} wrote cannot leave its host, and while it waits the " \
	"keepalive timer only looks and goes to sleep again: no probe is sent. The timers that "   \
	"try to send it compare with TCP_USER_TIMEOUT ({timeout}) at each of their expiries, and " \
	"give up without a RST."

/* The judge knows more than is known before. */
#define NARROWED                                                                                   \
	" This is what can be said before. The judge knows more: TCP_INFO tells RTO when the "     \
	"data is written, the wire shows each time that the timer went off, and from the last "    \
	"one the next follows to the wheel's rounding; where the jiffies can be read, exactly. "   \
	"That is the window of the result."

static const struct ka_regime regimes[KA_REGIMES] = {
	[KA_KEEPALIVE_EXPIRY] = {
		.name = "keepalive expiry",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP | KA_REGIME_BY_CNT,
		.sentence =
			"Keepalive expiry. Nothing that {prober} sent waits for an acknowledgement, so "
			"its kernel has no other way to find out than to ask: when no segment has been "
			"received for {idle} it sends a probe, a segment that the peer's kernel must "
			"answer, and another one every {intvl}. Any answer stops this and begins the "
			"idle time anew. The connection is not given up when the last probe is sent "
			"but when the next one would be due: with {cnt} unanswered the timer goes off "
			"once more, and instead of a probe the kernel sends a RST, reports {error} "
			"and closes. Hence idle + intvl * cnt, not intvl * (cnt - 1).",
		.time = "On paper: idle + intvl * cnt = {idle} + {intvl} * {cnt} = {nominal}.",
	},
	[KA_FIRST_PROBE] = {
		.name = "first probe",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_KEEPALIVE | KA_REGIME_ONE_PROBE,
		.sentence =
			"The first probe. {refuser} answers any segment of it with a RST "
			"(RFC 9293 3.10.7.1). Nobody sends one until the idle time is over; then the "
			"first probe provokes the RST, and the connection ends with ECONNRESET one "
			"round trip later. intvl and cnt have no part in it.",
		.unseen = "The first probe. The host of {prober} itself refuses it, with a RST made "
			  "in the name of the peer. Nothing is sent until the idle time is over; then "
			  "the first probe provokes the RST, and the connection ends with ECONNRESET "
			  "at once. intvl and cnt have no part in it.",
		.time = "On paper: idle = {idle}, and a round trip. intvl and cnt have no part in it.",
	},
	[KA_AT_ONCE] = {
		.name = "at once",
		.zero = KA_ZERO_CAUSE,
		.flags = KA_REGIME_AT_ONCE,
		.sentence = "At once. Somebody who still lives ends the connection with {ender}, and "
			    "the application learns of it in the same moment. No timer takes part: "
			    "keepalive is for those who vanish without a word.",
		.time = "the tick may pass once while the segment is on its way, and once until the "
			"reader runs. To this, how late the host wakes its timers is added, as "
			"measured.",
	},
	[KA_NEVER] = {
		.name = "never",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_LIVES,
		.sentence = "It must live. {never}",
	},
	[KA_USER_TIMEOUT] = {
		.name = "user timeout",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP,
		.sentence =
			"User timeout. With TCP_USER_TIMEOUT set ({timeout} here) the kernel does not "
			"look at TCP_KEEPCNT any more. Each time the keepalive timer goes off it asks: "
			"has nothing been received for {timeout}, and is at least one probe "
			"unanswered? The first time that both are true ends the connection with "
			"{error} and a RST. That may be before or after idle + intvl * cnt, and it is "
			"always when a probe would be due: never exactly at the user timeout.",
		.time = "On paper: the user timeout, {timeout}. But the kernel only looks when the "
			"keepalive timer goes off, and wants one unanswered probe.",
	},
	[KA_RETRANSMIT_LIMIT] = {
		.name = "retransmission limit",
		.zero = KA_ZERO_SENT,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_DATA | KA_REGIME_RESENDS,
		.sentence =
			"Retransmission limit. Data of {prober} waits for its acknowledgement, and "
			"while it does, the keepalive timer only looks and goes to sleep again: no "
			"probe is sent. Instead, the data is retransmitted {intervals}, until "
			"{retries}{or_timeout} says that it is enough. Keepalive values "
			"make no difference, and no RST is sent at the end.",
		.unseen = STUCK,
		.time = "the first retransmission comes after about 0.2 s on such a short path, and "
			"each interval is twice the one before, up to 120 s." NARROWED,
	},
	[KA_PERSIST_LIMIT] = {
		.name = "persist limit",
		.zero = KA_ZERO_WRITE,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_DATA | KA_REGIME_WINDOW_PROBES,
		.sentence =
			"Persist limit. Here {prober} has data to send and was told that there is no room "
			"for it. Its kernel asks again and again, {intervals}, whether the "
			"window is open: a window probe, which on Linux looks like a keepalive probe. "
			"While data waits, the keepalive timer only looks and goes to sleep again. "
			"{persist} No RST is sent at the end.",
		.unseen = STUCK,
		.time = "the first window probe comes after about 0.2 s on such a short path, and "
			"each interval is twice the one before, up to 120 s." NARROWED,
		.by_timeout = "the first window probe comes after about 0.2 s on such a short path, "
			      "and the user timeout of {timeout} counts from there." NARROWED,
	},
	[KA_SHRUNK_LIMIT] = {
		.name = "shrunk window limit",
		.zero = KA_ZERO_SENT,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_DATA | KA_REGIME_RESENDS,
		.sentence =
			"Shrunk window limit. Data of {prober} was sent into a window that was then taken "
			"back. Its kernel sends it again, in growing intervals, to ask whether there is "
			"room; it is answered that there is none, and no number of that ends a "
			"connection: net.ipv4.tcp_retries2 has no say. It is given up when nothing "
			"was heard for 240 s, twice the longest interval, or, where TCP_USER_TIMEOUT "
			"is set, when the data has waited for that long, answered or not. No RST is "
			"sent at the end.",
		.time = "the first retransmission comes after about 0.2 s on such a short path, and "
			"each interval is twice the one before, up to 120 s: the first that comes more "
			"than 240 s after the first one is the end." NARROWED,
		.by_timeout = "the first retransmission comes after about 0.2 s on such a short "
			      "path, and the user timeout of {timeout} counts from there." NARROWED,
	},
	[KA_FIRST_RETRANSMIT] = {
		.name = "first retransmission",
		.zero = KA_ZERO_SENT,
		.flags = KA_REGIME_DATA | KA_REGIME_RESENDS,
		.sentence =
			"First retransmission. Data of {prober} is in flight when the ICMP error "
			"arrives, so that the sequence number which it quotes is believed. The first "
			"error comes back while the write is still going on, and a socket in use is "
			"not disturbed; the second one answers the first retransmission, and is "
			"reported.",
		.time = "the retransmission timer, or a tail loss probe, about 0.2 s on such a short "
			"path.",
	},
	[KA_CONNECT_LIMIT] = {
		.name = "connect limit",
		.zero = KA_ZERO_SYN,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_CONNECTS | KA_REGIME_RESENDS,
		.sentence =
			"Connect limit. The SYN is retransmitted by the timer that data has, too: "
			"first after 1 s, then {intervals} (after "
			"net.ipv4.tcp_syn_linear_timeouts more of 1 s: {syn_linear} here). When "
			"net.ipv4.tcp_syn_retries ({syn_retries} here) and these are used "
			"up{or_timeout}, connect() fails with {error}. Until then there is no "
			"connection, and keepalive sends nothing; nor is a RST sent, for nobody would "
			"know what it resets.",
		.time = "the sum of the intervals, each rounded up by the timer wheel.",
	},
	[KA_FIN_LIMIT] = {
		.name = "FIN_WAIT2 limit",
		.zero = KA_ZERO_LAST_RX,
		.sentence =
			"FIN_WAIT2 limit. Here {prober} has closed, the FIN is acknowledged, and the peer sends "
			"none of its own. The kernel keeps the socket for what net.ipv4.tcp_fin_timeout "
			"is above 60 s, by the timer that keepalive has else, and then puts a small one in "
			"its place: at once, where that is not above 60 s. Nobody is told, and nothing is "
			"sent.",
		.time = "what net.ipv4.tcp_fin_timeout is above 60 s.",
	},
	[KA_PROGRAM_CLOSES] = {
		.name = "closed by the program",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_LIVES,
		.sentence =
			"Closed by the program. It did not wait for its kernel to find out: a timeout "
			"of its own closed the connection. All that is asked of the kernel is that it "
			"did not end it before.",
	},
};

const struct ka_regime *ka_regime(enum ka_when when)
{
	return &regimes[when];
}

const struct ka_regime *ka_regime_find(const char *name)
{
	for (size_t i = 0; name && i < KA_REGIMES; i++)
		if (!strcmp(regimes[i].name, name))
			return &regimes[i];
	return NULL;
}

bool ka_regime_is(enum ka_when when, unsigned flags)
{
	return (regimes[when].flags & flags) == flags;
}

const char *ka_zero_text(enum ka_zero zero)
{
	static const char *const texts[KA_ZEROS] = {
		[KA_ZERO_LAST_RX] = "the last segment received",
		[KA_ZERO_SENT] = "the first transmission",
		[KA_ZERO_WRITE] = "the last write",
		[KA_ZERO_SYN] = "the first SYN",
		[KA_ZERO_CAUSE] = "the fault",
	};

	return texts[zero];
}
