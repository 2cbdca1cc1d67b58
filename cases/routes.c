/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's own routing table forbids the way. The kernel knows at each probe that it cannot be
 * sent, and counts it as sent. The two families differ in what they remember of it.
 */
#include <errno.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

/* Ends what is neither in flight nor idle. */
/* The wheel may round an idle time of hours by more than cnt intervals: at which of them an attempt has
 * failed would depend on the phase. */
static const struct ka_setting seconds[] = { { .idle = 2, .intvl = 1, .cnt = 3 }, { .cnt = 0 } };

static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 3000 }, { .cnt = 0 }
};

#define IDLE_THEN_ROUTE(what)                                                                      \
	.topology = KA_ROUTED, .one_setting = true, .min_cnt = 2,                                  \
	KA_STEPS(KA_IDLE, { .do_ = KA_ROUTE_GONE, .who = KA_PROBER, .route = what })

static const struct ka_case cases[] = {
	{
		KA_CASE("route_removed"),
		.why = "without a route each probe fails at once, and still all are tried: "
		       "ETIMEDOUT",
		.source = "__ip_queue_xmit(): -EHOSTUNREACH; tcp_keepalive_timer(): err <= 0",
		.lesson = "The default route vanishes, as when a VPN client stops. Each probe "
			  "fails in the route look-up with EHOSTUNREACH; keepalive counts it as a "
			  "probe sent, and the connection lives on until the count is full. IPv4 "
			  "does not remember why: ETIMEDOUT. A route that comes back in time "
			  "saves the connection.",
		.families = KA_V4,
		IDLE_THEN_ROUTE(KA_ROUTE_NONE),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("route_unreachable"),
		.why = "an unreachable route ends an idle IPv4 connection no sooner: ETIMEDOUT",
		.source = "fib_result_prefsrc(), ip_route_output_key_hash_rcu(); "
			  "__ip_queue_xmit()",
		.lesson = "As route_removed, with a route of type unreachable: connect() would say "
			  "EHOSTUNREACH at once, an idle connection says ETIMEDOUT at the end.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_ROUTE(KA_ROUTE_UNREACHABLE),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("route_blackhole"),
		.why = "a blackhole route ends an idle IPv4 connection like silence: ETIMEDOUT",
		.source = "fib_props[]: EINVAL; __ip_queue_xmit()",
		.lesson = "As route_removed, with a route of type blackhole (connect(): EINVAL).",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_ROUTE(KA_ROUTE_BLACKHOLE),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("route_prohibit"),
		.why = "a prohibit route ends an idle IPv4 connection like silence: ETIMEDOUT",
		.source = "fib_props[]: EACCES; __ip_queue_xmit()",
		.lesson = "As route_removed, with a route of type prohibit (connect(): EACCES).",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_ROUTE(KA_ROUTE_PROHIBIT),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("route6_removed"),
		.why = "IPv6 remembers the failed look-up: ENETUNREACH, at the same time",
		.source = "inet6_csk_xmit(): sk_err_soft = -PTR_ERR(dst); tcp_write_err()",
		.lesson = "As route_removed for IPv6. The time is the same, the errno is not: "
			  "inet6_csk_xmit() stores why the look-up failed as the socket's soft "
			  "error, and tcp_write_err() reports a soft error rather than ETIMEDOUT. "
			  "It stays in the socket: after read() has returned it, SO_ERROR returns "
			  "it once more.",
		.families = KA_V6,
		IDLE_THEN_ROUTE(KA_ROUTE_NONE),
		.expect = { KA_ENDS_UNSEEN(ENETUNREACH) },
	},
	{
		KA_CASE("route6_unreachable"),
		.why = "an unreachable route ends an idle IPv6 connection with EHOSTUNREACH",
		.source = "inet6_csk_xmit(), ip6_rt_type_to_error(); tcp_write_err()",
		.lesson = "As route6_removed, with a route of type unreachable.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_ROUTE(KA_ROUTE_UNREACHABLE),
		.expect = { KA_ENDS_UNSEEN(EHOSTUNREACH) },
	},
	{
		KA_CASE("route6_blackhole"),
		.why = "a blackhole route ends an idle IPv6 connection with EINVAL, of all things",
		.source = "inet6_csk_xmit(), ip6_rt_type_to_error(); tcp_write_err()",
		.lesson = "As route6_removed, with a route of type blackhole. An application that "
			  "treats EINVAL from read() as its own mistake, and aborts, has met this "
			  "route.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_ROUTE(KA_ROUTE_BLACKHOLE),
		.expect = { KA_ENDS_UNSEEN(EINVAL) },
	},
	{
		KA_CASE("route6_prohibit"),
		.why = "a prohibit route ends an idle IPv6 connection with EACCES",
		.source = "inet6_csk_xmit(), ip6_rt_type_to_error(); tcp_write_err()",
		.lesson = "As route6_removed, with a route of type prohibit.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_ROUTE(KA_ROUTE_PROHIBIT),
		.expect = { KA_ENDS_UNSEEN(EACCES) },
	},
	{
		KA_CASE("route6_soft_error_seen"),
		.why = "SO_ERROR tells of the missing route while the connection lives, and does "
		       "not take it away for good",
		.source = "sock_error(): sk_err_soft; inet6_csk_xmit(): set again by each attempt",
		.lesson = "As route6_removed. After the first failed probe the application asks "
			  "SO_ERROR: with no error pending it returns the soft error, ENETUNREACH, "
			  "and clears it. A second look says 0. But each attempt stores it again, "
			  "the RST at the end too, so that the end is still called ENETUNREACH. A "
			  "monitor may look at SO_ERROR of an idle connection; it learns of a "
			  "missing route before keepalive gives up.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		.topology = KA_ROUTED,
		.settings = seconds,
		KA_STEPS(KA_IDLE,
			 { .do_ = KA_ROUTE_GONE, .who = KA_PROBER, .route = KA_ROUTE_NONE },
			 { .do_ = KA_GETSOCKOPT,
			   .who = KA_PROBER,
			   .since = KA_SINCE_LAST_RX,
			   .at = { .idle = 1, .intvl = 2.5 },
			   .level = SOL_SOCKET,
			   .option = SO_ERROR,
			   .value = ENETUNREACH },
			 { .do_ = KA_GETSOCKOPT,
			   .who = KA_PROBER,
			   .level = SOL_SOCKET,
			   .option = SO_ERROR,
			   .value = 0 }),
		.expect = { KA_ENDS_UNSEEN(ENETUNREACH) },
	},
	{
		KA_CASE("route_removed_data"),
		.why = "data that finds no route is never in flight: the zero-window timer waits "
		       "for the user timeout",
		.source = "tcp_write_xmit() stops; tcp_check_probe_timer(), tcp_probe_timer()",
		.lesson =
			"The prober writes when its route is gone. Nothing can be transmitted, so "
			"nothing is in flight: no retransmission, no keepalive (the write queue "
			"is not empty). The timer of the zero window takes over, as if the peer "
			"had no room, and the user timeout ends it: ETIMEDOUT. TCPWinProbe does "
			"not move, for the probes do not leave either.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		.topology = KA_ROUTED,
		.settings = user_timeout,
		KA_STEPS(KA_IDLE,
			 { .do_ = KA_ROUTE_GONE, .who = KA_PROBER, .route = KA_ROUTE_NONE },
			 KA_WRITE(64)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .unseen = true },
	},
	{
		KA_CASE("route6_removed_data"),
		.why = "the same in IPv6 is called ENETUNREACH",
		.source = "tcp_probe_timer(), tcp_write_err(); inet6_csk_xmit(): sk_err_soft",
		.lesson = "As route_removed_data, for IPv6, which remembers the failed look-up.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		.topology = KA_ROUTED,
		.settings = user_timeout,
		KA_STEPS(KA_IDLE,
			 { .do_ = KA_ROUTE_GONE, .who = KA_PROBER, .route = KA_ROUTE_NONE },
			 KA_WRITE(64)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ENETUNREACH, .unseen = true },
	},
};

KA_THEME(routes, "The prober has no route");
