/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first observer: every packet of one device, by libpcap, with the kernel's time stamps
 * converted to CLOCK_MONOTONIC.
 */
#ifndef KA_CAPTURE_H
#define KA_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "netns/err.h"
#include "netns/ns.h"

/* Packets as they were captured (Ethernet), to be written to a file when somebody wants them. */
struct ka_capture_file {
	struct ka_captured {
		int64_t mono_ns, real_ns;
		uint32_t caplen, len;
		size_t at;
	} * packets;
	size_t n, room;
	uint8_t *bytes;
	size_t used, bytes_room;
};

struct ka_capture; /* opaque */

/* Starts to capture on device @dev of @ns; packets go to @file (borrowed). @look_ns: as in struct
 * ka_facts. 0 or -errno. */
int ka_capture_open(struct ka_capture **ret, struct nn_ns *ns, const char *dev, int64_t look_ns,
		    struct ka_capture_file *file, struct nn_err *err);
/* From now on only packets of TCP port @port, and ICMP. */
int ka_capture_only(struct ka_capture *capture, uint16_t port, struct nn_err *err);
/* Readable when there are packets. */
int ka_capture_fd(const struct ka_capture *capture);
/* Reads all that is there into the file. Returns the number of new packets or -errno. */
int ka_capture_read(struct ka_capture *capture, struct nn_err *err);
/* Largest jump of the wall clock against CLOCK_MONOTONIC that was seen, ns. */
int64_t ka_capture_clock_step(struct ka_capture *capture);
/* How many packets were lost because the buffer was full. 0 or -errno. */
int ka_capture_lost(const struct ka_capture *capture, unsigned *lost, struct nn_err *err);
struct ka_capture *ka_capture_close(struct ka_capture *capture);

void ka_capture_file_free(struct ka_capture_file *file);

#endif
