/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices go down, vanish, lose their address or their carrier. No socket is told: a connection
 * belongs to addresses, not to devices, and might be needed again when they are back.
 */
#include <errno.h>

#include "model/vocabulary.h"

#define IDLE_THEN(...) .one_setting = true, .min_cnt = 2, KA_STEPS(KA_IDLE, { __VA_ARGS__ })

/* The link watch lets up to a second pass before it looks at a carrier that is lost: the first probe must be
 * later. */
static const struct ka_setting two_seconds[] = { { .idle = 2, .intvl = 1, .cnt = 3 }, { 0 } };

static const struct ka_case cases[] = {
	{
		KA_CASE("device_down"),
		.why = "a device that is set down tells no socket: ETIMEDOUT after all probes",
		.source = "fib_netdev_event(); __ip_queue_xmit(): -EHOSTUNREACH",
		.lesson = "The prober's only device is set down. Its routes go with it, so each "
			  "probe fails in the route look-up and counts as sent. The application "
			  "reads ETIMEDOUT at the full time, not ENETDOWN at once.",
		.families = KA_V4,
		.topology = KA_ROUTED,
		IDLE_THEN(.do_ = KA_LINK_DOWN, .who = KA_PROBER),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("device6_down"),
		.why = "with IPv6 the same ends with ENETUNREACH, at the same time",
		.source = "inet6_csk_xmit(): sk_err_soft; tcp_write_err()",
		.lesson = "As device_down. IPv6 also loses the address with the device, but that "
			  "is not what counts: no route is left, and inet6_csk_xmit() stores "
			  "ENETUNREACH as soft error.",
		.families = KA_V6,
		.topology = KA_ROUTED,
		IDLE_THEN(.do_ = KA_LINK_DOWN, .who = KA_PROBER),
		.expect = { KA_ENDS_UNSEEN(ENETUNREACH) },
	},
	{
		KA_CASE("device_deleted"),
		.why = "a deleted device is no more reported to a socket than one that is down",
		.source = "fib_netdev_event(), dst_dev_put(); __ip_queue_xmit()",
		.lesson = "The device is unplugged for good, as a USB adapter or a virtual "
			  "machine's interface. The connection outlives it and dies of silence.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		.topology = KA_ROUTED,
		IDLE_THEN(.do_ = KA_LINK_DELETE, .who = KA_PROBER),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("device6_deleted"),
		.why = "a deleted device ends an idle IPv6 connection with ENETUNREACH",
		.source = "inet6_csk_xmit(): sk_err_soft; tcp_write_err()",
		.lesson = "As device_deleted, for IPv6.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		.topology = KA_ROUTED,
		IDLE_THEN(.do_ = KA_LINK_DELETE, .who = KA_PROBER),
		.expect = { KA_ENDS_UNSEEN(ENETUNREACH) },
	},
	{
		KA_CASE("address_removed"),
		.why = "losing its own address does not end a connection; the silence does",
		.source = "__ip_queue_xmit(): ip_route_output_ports(), -EINVAL; "
			  "tcp_keepalive_timer()",
		.lesson = "The address that the connection is bound to is taken from the device, "
			  "as a DHCP client does when its lease has run out. IPv4 will not send "
			  "from an address that is not its own: each probe fails. ETIMEDOUT at "
			  "the full time.",
		.families = KA_V4,
		.topology = KA_PAIR,
		IDLE_THEN(.do_ = KA_ADDRESS_GONE, .who = KA_PROBER),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("address6_removed"),
		.why = "an IPv6 address takes the route of its network with it: ENETUNREACH",
		.source = "addrconf_del_ifaddr(), cleanup_prefix_route(); inet6_csk_xmit()",
		.lesson =
			"As address_removed, for IPv6. With the last address of a prefix goes the "
			"route to the prefix, and with it the way to a peer on the same link. "
			"inet6_csk_xmit() keeps the failed look-up as soft error.",
		.families = KA_V6,
		.topology = KA_PAIR,
		IDLE_THEN(.do_ = KA_ADDRESS_GONE, .who = KA_PROBER),
		.expect = { KA_ENDS_UNSEEN(ENETUNREACH) },
	},
	{
		KA_CASE("address6_removed_route_stays"),
		.why = "where a default route stays, IPv6 goes on sending from an address that it "
		       "has lost",
		.source = "inet6_csk_route_socket(): the source address is not checked; "
			  "tcp_keepalive_timer()",
		.lesson = "As address6_removed, but the peer is behind a router: the default route "
			  "survives the address. IPv6 does not look whether the source address "
			  "is still its own, as IPv4 does: the probes leave as if nothing had "
			  "happened, and so does the RST. (The path loses the answers here, "
			  "which would find nobody: they are for an address that is no more.)",
		.families = KA_V6,
		.topology = KA_ROUTED,
		.one_setting = true,
		.min_cnt = 2,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_ANSWERS },
			 { .do_ = KA_ADDRESS_GONE, .who = KA_PROBER }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("far_end_down"),
		.why = "a wire that is dead at its far end swallows the probes: ETIMEDOUT",
		.source = "dev_deactivate(): noop_qdisc; noop_enqueue(): NET_XMIT_CN",
		.lesson = "The peer's device is set down: the prober's own has lost its carrier. "
			  "The kernel keeps the routes, but sends into a queue that discards all "
			  "(noop). That queue says \"congested\" rather than \"dropped\", so "
			  "each probe counts as sent. The application learns nothing of the "
			  "carrier.",
		.topology = KA_PAIR,
		.settings = two_seconds,
		KA_STEPS(KA_IDLE, { .do_ = KA_LINK_DOWN, .who = KA_PEER }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .unseen = true },
	},
};

KA_THEME(devices, "Devices and addresses go away");
