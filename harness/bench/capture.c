/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libpcap gives wall-clock time stamps. Each time packets come, the distance between the wall clock
 * and CLOCK_MONOTONIC is measured anew, so a step is noticed; in a guest whose clock stands while one
 * computes, and where nobody sets it, at the beginning and at the end.
 */
#include "bench/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/offset.h"
#include "model/util.h"

/* Headers of all protocols used here fit: Ethernet 14, IPv6 40, TCP 60, and an ICMP's quotation. */
#define SNAPLEN      192
/* A few hundred frames; an instance sees some dozens. Small, for a thousand instances at once. */
#define BUFFER_BYTES (128 * 1024)

struct ka_capture {
	pcap_t *pcap;
	struct ka_capture_file *file;
	struct ka_offset offset; /* of the wall clock */
	int64_t exact_ns;        /* a measurement of it as short as this is exact; 0: none is */
	int64_t step_ns;
	bool failed;
	int new_packets;
};

static bool knows_offset(const struct ka_capture *capture)
{
	return capture->exact_ns && capture->offset.width_ns <= capture->exact_ns;
}

static void measure_step(struct ka_capture *capture)
{
	struct ka_offset is = ka_offset_measure(capture->exact_ns);
	int64_t moved = llabs(is.ns - capture->offset.ns);

	if (moved > capture->step_ns)
		capture->step_ns = moved;
	capture->offset = ka_offset_of(capture->offset, is);
}

static void on_packet(u_char *arg, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct ka_capture *capture = (struct ka_capture *)arg;
	struct ka_capture_file *file = capture->file;
	/* with nanosecond precision, tv_usec holds nanoseconds */
	int64_t real = (int64_t)head->ts.tv_sec * 1000000000 + head->ts.tv_usec;

	if (capture->new_packets == 0 && !knows_offset(capture))
		measure_step(capture);
	if (ka_grow(&file->packets, &file->room, file->n + 1, sizeof(*file->packets)) ||
	    ka_grow(&file->bytes, &file->bytes_room, file->used + head->caplen, 1)) {
		capture->failed = true;
		return;
	}
	memcpy(file->bytes + file->used, bytes, head->caplen);
	file->packets[file->n++] = (struct ka_captured){
		.mono_ns = real - capture->offset.ns,
		.real_ns = real,
		.caplen = head->caplen,
		.len = head->len,
		.at = file->used,
	};
	file->used += head->caplen;
	capture->new_packets++;
}

static int activate(pcap_t *pcap, const char *dev, struct nn_err *err)
{
	int ret;

	pcap_set_snaplen(pcap, SNAPLEN);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_buffer_size(pcap, BUFFER_BYTES);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	ret = pcap_activate(pcap);
	if (ret < 0)
		return nn_fail(err, ret == PCAP_ERROR_PERM_DENIED ? EPERM : EIO,
			       "cannot capture on %s: %s", dev, pcap_geterr(pcap));
	return 0;
}

static int open_inside(struct ka_capture *capture, const char *dev, struct nn_err *err)
{
	char text[PCAP_ERRBUF_SIZE];
	int ret;

	capture->pcap = pcap_create(dev, text);
	if (!capture->pcap)
		return nn_fail(err, ENOMEM, "cannot capture on %s: %s", dev, text);
	ret = activate(capture->pcap, dev, err);
	if (ret)
		return ret;
	if (pcap_setnonblock(capture->pcap, 1, text) < 0)
		return nn_fail(err, EIO, "cannot read the capture without blocking: %s", text);
	return 0;
}

int ka_capture_open(struct ka_capture **ret, struct nn_ns *ns, const char *dev, int64_t look_ns,
		    struct ka_capture_file *file, struct nn_err *err)
{
	struct ka_capture *capture = calloc(1, sizeof(*capture));
	struct nn_visit visit;
	int r;

	if (!capture)
		return nn_fail(err, ENOMEM, "capture");
	capture->file = file;
	capture->exact_ns = 2 * look_ns;
	capture->offset = ka_offset_measure(capture->exact_ns);
	r = nn_ns_visit(ns, &visit, err);
	if (!r) {
		int back;

		r = open_inside(capture, dev, err);
		back = nn_ns_leave(&visit, r ? NULL : err);
		r = r ? r : back;
	}
	if (r)
		capture = ka_capture_close(capture);
	*ret = capture;
	return r;
}

int ka_capture_only(struct ka_capture *capture, uint16_t port, struct nn_err *err)
{
	struct bpf_program program;
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "tcp port %u or icmp or icmp6", port);
	if (pcap_compile(capture->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return nn_fail(err, EIO, "filter '%s': %s", text, pcap_geterr(capture->pcap));
	ret = pcap_setfilter(capture->pcap, &program);
	pcap_freecode(&program);
	if (ret < 0)
		return nn_fail(err, EIO, "filter '%s': %s", text, pcap_geterr(capture->pcap));
	return 0;
}

int ka_capture_fd(const struct ka_capture *capture)
{
	return pcap_get_selectable_fd(capture->pcap);
}

int ka_capture_read(struct ka_capture *capture, struct nn_err *err)
{
	capture->new_packets = 0;
	if (pcap_dispatch(capture->pcap, -1, on_packet, (u_char *)capture) < 0)
		return nn_fail(err, EIO, "packets: %s", pcap_geterr(capture->pcap));
	if (capture->failed)
		return nn_fail(err, ENOMEM, "no memory for captured packets");
	return capture->new_packets;
}

int64_t ka_capture_clock_step(struct ka_capture *capture)
{
	measure_step(capture);
	return capture->step_ns;
}

int ka_capture_lost(const struct ka_capture *capture, unsigned *lost, struct nn_err *err)
{
	struct pcap_stat stat;

	if (pcap_stats(capture->pcap, &stat) < 0)
		return nn_fail(err, EIO, "whether packets were lost: %s",
			       pcap_geterr(capture->pcap));
	*lost = stat.ps_drop;
	return 0;
}

struct ka_capture *ka_capture_close(struct ka_capture *capture)
{
	if (capture && capture->pcap)
		pcap_close(capture->pcap);
	free(capture);
	return NULL;
}

void ka_capture_file_free(struct ka_capture_file *file)
{
	free(file->packets);
	free(file->bytes);
	*file = (struct ka_capture_file){ 0 };
}
