/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The next machine on the way no longer answers ARP or neighbour solicitations: its address cannot
 * be resolved. What TCP sends waits in the neighbour's queue, and comes back as an ICMP error that
 * the host sends to itself.
 */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 6000 }, { .cnt = 0 }
};

static const struct ka_case cases[] = {
	{
		KA_CASE("neighbour_fails"),
		.why = "a next hop that cannot be resolved is silence for keepalive: ETIMEDOUT",
		.source = "__neigh_event_send(), arp_error_report(), ndisc_error_report(); "
			  "tcp_v4_err(), tcp_v6_err(): OutOfWindowIcmps",
		.lesson = "The probes wait for the MAC address of the next hop, which nobody "
			  "tells. Handing a probe to that queue is a success for TCP: it counts. "
			  "When resolution has failed, after three requests, the host tells "
			  "itself \"host unreachable\" by ICMP; as every error for a probe it is "
			  "ignored. ETIMEDOUT, at the full time.",
		.topology = KA_PAIR,
		.one_setting = true,
		.min_cnt = 2,
		KA_STEPS(KA_IDLE, { .do_ = KA_NEIGHBOUR_GONE, .who = KA_PROBER }),
		/* how many of the probes have come back by the end: a matter of phase */
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .unseen = true,
			    .counters = { { "TcpExt.OutOfWindowIcmps", KA_ANY } } },
	},
	{
		KA_CASE("neighbour_fails_data"),
		.why = "with data in flight the failed resolution is believed: EHOSTUNREACH at the "
		       "user timeout",
		.source = "arp_error_report(), ndisc_error_report(); tcp_v4_err(), tcp_v6_err(); "
			  "tcp_write_err()",
		.lesson = "The prober writes to a next hop that cannot be resolved. The host's own "
			  "ICMP error now quotes data in flight and is stored as soft error; when "
			  "the user timeout ends the retransmissions, it gives the errno. The data "
			  "itself never left the neighbour's queue, and while it is "
			  "there it is not sent again: TCPSpuriousRtxHostQueues counts the "
			  "attempts, and the user timeout counts from the first transmission, not "
			  "as usual from the first retransmission.",
		.topology = KA_PAIR,
		.settings = user_timeout,
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, { .do_ = KA_NEIGHBOUR_GONE, .who = KA_PROBER }, KA_WRITE(64)),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = EHOSTUNREACH, .unseen = true },
	},
};

KA_THEME(neighbour, "The next hop cannot be found");
