/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See presets.h. Figures are defaults, each with where it is written. */
#include "rollout/presets.h"

#include "model/util.h"

static const struct ka_preset more[] = {
	{ "ec2-nitro",
	  "EC2 security groups, connection tracking on Nitro v6 instances (AWS, EC2 guide)", 350,
	  KA_UNKNOWN_DROP, NULL, 0 },
	{ "azure-nat", "Azure NAT Gateway, TCP idle timeout (4 to 120 min, with a reset)", 240,
	  KA_UNKNOWN_RESET, NULL, 0 },
	{ "aks",
	  "Azure Kubernetes Service, outbound rule of its load balancer (30 min, with a reset)",
	  1800, KA_UNKNOWN_RESET, NULL, 0 },
	{ "cisco-asa", "Cisco ASA, timeout conn 1:00:00 (half-closed 0:10:00)", 3600,
	  KA_UNKNOWN_DROP, NULL, 600 },
	{ "cisco-pix", "Cisco PIX, timeout conn 1:00:00 (half-closed 0:10:00)", 3600,
	  KA_UNKNOWN_DROP, NULL, 600 },
	{ "fortinet", "FortiGate, session-ttl 3600 (tcp-halfclose-timer 120)", 3600,
	  KA_UNKNOWN_DROP, NULL, 120 },
	{ "pfsense", "pfSense and pf, tcp.established of the normal optimization (tcp.closing 900)",
	  86400, KA_UNKNOWN_DROP, NULL, 900 },
	{ "istio", "Istio and Envoy, idle_timeout of the TCP proxy (1 h)", 3600, KA_UNKNOWN_DROP,
	  "idle_timeout", 0 },
	{ "envoy", "Envoy, idle_timeout of the TCP proxy (1 h)", 3600, KA_UNKNOWN_DROP,
	  "idle_timeout", 0 },
	{ "nginx-stream", "nginx, ngx_stream_proxy_module, proxy_timeout (10 min)", 600,
	  KA_UNKNOWN_DROP, "proxy_timeout", 0 },
	{ "haproxy", "HAProxy, timeout client and timeout server as Debian's haproxy.cfg has them",
	  50, KA_UNKNOWN_DROP, "timeout client", 0 },
	{ "kafka", "Apache Kafka, connections.max.idle.ms of a broker (10 min)", 600,
	  KA_UNKNOWN_DROP, "connections.max.idle.ms", 0 },
	{ "pgbouncer", "PgBouncer, server_idle_timeout (600 s)", 600, KA_UNKNOWN_DROP,
	  "server_idle_timeout", 0 },
};

/* Of the catalogue's: nf_conntrack_tcp_timeout_close_wait, kube-proxy's
 * --conntrack-tcp-timeout-close-wait, tcp_timeouts[IP_VS_TCP_S_CLOSE_WAIT]. */
static const unsigned half_closed_s[KA_GATEWAYS] = {
	[KA_GATEWAY_CONNTRACK] = 60,
	[KA_GATEWAY_CONNTRACK_KUBE] = 3600,
	[KA_GATEWAY_IPVS] = 60,
};

const struct ka_preset *ka_preset_at(size_t i, struct ka_preset *room)
{
	if (i < KA_GATEWAYS) {
		const struct ka_gateway *g = &ka_gateways[i];

		*room = (struct ka_preset){ g->name,    g->source, g->timeout_s,
					    g->unknown, NULL,      half_closed_s[i] };
		return room;
	}
	return i - KA_GATEWAYS < KA_N(more) ? &more[i - KA_GATEWAYS] : NULL;
}
