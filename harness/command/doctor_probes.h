/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kacheck doctor` tries, one function each: 0 or -errno with the cause. */
#ifndef KA_DOCTOR_PROBES_H
#define KA_DOCTOR_PROBES_H

#include <stdint.h>

#include "netns/err.h"
#include "netns/topology.h"

/* What earlier probes have built for later ones. It ends with the process. */
struct ka_patient {
	struct nn_topology pair, routed;
	int listener, client; /* a connection in .pair; -1: none */
	uint16_t client_port;
};

int ka_probe_pair(struct ka_patient *patient, struct nn_err *err);
int ka_probe_routed(struct ka_patient *patient, struct nn_err *err);
int ka_probe_sysctl(struct ka_patient *patient, struct nn_err *err);
int ka_probe_ipv4(struct ka_patient *patient, struct nn_err *err);
int ka_probe_ipv6(struct ka_patient *patient, struct nn_err *err);
int ka_probe_counters(struct ka_patient *patient, struct nn_err *err);
int ka_probe_drop(struct ka_patient *patient, struct nn_err *err);
int ka_probe_limit(struct ka_patient *patient, struct nn_err *err);
int ka_probe_reject_rst(struct ka_patient *patient, struct nn_err *err);
int ka_probe_reject_icmp(struct ka_patient *patient, struct nn_err *err);
int ka_probe_conntrack(struct ka_patient *patient, struct nn_err *err);
int ka_probe_capture(struct ka_patient *patient, struct nn_err *err);
int ka_probe_diag(struct ka_patient *patient, struct nn_err *err);
int ka_probe_repair(struct ka_patient *patient, struct nn_err *err);
int ka_probe_queue(struct ka_patient *patient, struct nn_err *err);
int ka_probe_destroy(struct ka_patient *patient, struct nn_err *err);
int ka_probe_mptcp(struct ka_patient *patient, struct nn_err *err);

#endif
