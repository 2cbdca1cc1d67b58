/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets of an instance as one pcapng file (draft-ietf-opsawg-pcapng): an interface for each end,
 * and what the timeline knows of a packet as its comment. Wireshark and tshark show both.
 */
#ifndef KA_PCAPNG_H
#define KA_PCAPNG_H

#include <stdio.h>

#include "bench/bench.h"
#include "model/verdict.h"

/* What the comments are made of. */
struct ka_pcapng {
	const struct ka_instance *instance;
	const struct ka_facts *facts;
	const struct ka_prediction *prediction;
	const struct ka_verdict *verdict;
	const struct ka_record *record; /* its timeline is sorted */
};

/* Writes the file. 0, -ENOMEM, or -EIO. */
int ka_pcapng_write(FILE *out, const struct ka_pcapng *what);

#endif
