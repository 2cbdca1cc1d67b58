/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways out there that forget idle connections: after how long, and what they then do with a
 * segment of a connection that they forgot. All of these figures are defaults that their owners
 * can, or could once, not change.
 */
#include "model/case.h"

const struct ka_gateway ka_gateways[KA_GATEWAYS] = {
	[KA_GATEWAY_AWS_NLB] = {
		.name = "aws-nlb",
		.source = "AWS Network Load Balancer, TCP idle timeout (default)",
		.timeout_s = 350,
		.unknown = KA_UNKNOWN_RESET,
	},
	[KA_GATEWAY_AWS_NATGW] = {
		.name = "aws-natgw",
		.source = "AWS NAT gateway, idle connection timeout",
		.timeout_s = 350,
		.unknown = KA_UNKNOWN_RESET,
	},
	[KA_GATEWAY_AZURE_LB] = {
		.name = "azure-lb",
		.source = "Azure Load Balancer, TCP idle timeout (default, no TCP reset)",
		.timeout_s = 240,
		.unknown = KA_UNKNOWN_DROP,
	},
	[KA_GATEWAY_GCP] = {
		.name = "gcp",
		.source = "Google Cloud VPC firewall, connection tracking",
		.timeout_s = 600,
		.unknown = KA_UNKNOWN_DROP,
	},
	[KA_GATEWAY_IPVS] = {
		.name = "ipvs",
		.source = "Linux IPVS, as kube-proxy and Docker swarm use it (ipvsadm --set 900)",
		.timeout_s = 900,
		.unknown = KA_UNKNOWN_RESET,
	},
	[KA_GATEWAY_ALICLOUD] = {
		.name = "alicloud",
		.source = "Alibaba Cloud NAT gateway and SLB, TCP idle timeout",
		.timeout_s = 900,
		.unknown = KA_UNKNOWN_DROP,
	},
	[KA_GATEWAY_MERAKI] = {
		.name = "meraki",
		.source = "Cisco Meraki MX, NAT translation timeout",
		.timeout_s = 300,
		.unknown = KA_UNKNOWN_DROP,
	},
	[KA_GATEWAY_CONNTRACK] = {
		.name = "conntrack",
		.source = "Linux nf_conntrack_tcp_timeout_established (default)",
		.timeout_s = 432000,
		.unknown = KA_UNKNOWN_DROP,
	},
	[KA_GATEWAY_CONNTRACK_KUBE] = {
		.name = "conntrack-kube",
		.source = "kube-proxy --conntrack-tcp-timeout-established (default)",
		.timeout_s = 86400,
		.unknown = KA_UNKNOWN_DROP,
	},
};
