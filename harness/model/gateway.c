/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways out there that forget idle connections: after how long, and what they then do with a
 * segment of a connection that they forgot. All of these figures are defaults that their owners
 * can, or could once, not change.
 */
#include "model/case.h"

const struct ka_gateway ka_gateways[KA_GATEWAYS] = {
	[KA_GATEWAY_AWS_NLB] = { "aws-nlb", "AWS Network Load Balancer, TCP idle timeout (default)",
				 350, .unknown = KA_UNKNOWN_RESET },
	[KA_GATEWAY_AWS_NATGW] = { "aws-natgw", "AWS NAT gateway, idle connection timeout", 350,
				   .unknown = KA_UNKNOWN_RESET },
	[KA_GATEWAY_AZURE_LB] = { "azure-lb",
				  "Azure Load Balancer, TCP idle timeout (default, no TCP reset)",
				  240, .unknown = KA_UNKNOWN_DROP },
	[KA_GATEWAY_GCP] = { "gcp", "Google Cloud VPC firewall, connection tracking", 600,
			     .unknown = KA_UNKNOWN_DROP },
	[KA_GATEWAY_IPVS] = { "ipvs",
			      "Linux IPVS, as kube-proxy and Docker swarm use it (ipvsadm --set "
			      "900)",
			      900, .unknown = KA_UNKNOWN_RESET },
	[KA_GATEWAY_ALICLOUD] = { "alicloud", "Alibaba Cloud NAT gateway and SLB, TCP idle timeout",
				  900, .unknown = KA_UNKNOWN_DROP },
	[KA_GATEWAY_MERAKI] = { "meraki", "Cisco Meraki MX, NAT translation timeout", 300,
				.unknown = KA_UNKNOWN_DROP },
	[KA_GATEWAY_CONNTRACK] = { "conntrack",
				   "Linux nf_conntrack_tcp_timeout_established (default)", 432000,
				   .unknown = KA_UNKNOWN_DROP },
	[KA_GATEWAY_CONNTRACK_KUBE] = { "conntrack-kube",
					"kube-proxy --conntrack-tcp-timeout-established (default)",
					86400, .unknown = KA_UNKNOWN_DROP },
};
