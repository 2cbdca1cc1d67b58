/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: any frames for the reader of captured segments. The input is frame after frame,
 * each behind a byte that says how long it is; every frame gets memory of its own, so that reading
 * past its end is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/segments.h"

#define SERVER_PORT 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_packet(const struct ka_flow *flow, const struct ka_packet *packet)
{
	must(packet->kind == KA_SEG_ICMP || flow->client_port);
	must(packet->kind != KA_SEG_ICMP || !packet->flags);
	must(!packet->out || !packet->accepted);
	must(packet->kind != KA_SEG_PROBE || !packet->len);
}

static void one_frame(struct ka_flow *flow, const uint8_t *bytes, size_t len)
{
	uint8_t *frame = malloc(len ? len : 1);
	struct ka_packet packet;

	must(frame);
	memcpy(frame, bytes, len);
	if (ka_flow_packet(flow, frame, len, &packet))
		check_packet(flow, &packet);
	must(ka_flow_room(flow, KA_AT_CLIENT) <= INT32_MAX);
	must(ka_flow_room(flow, KA_AT_SERVER) <= INT32_MAX);
	(void)ka_flow_settled(flow);
	free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ka_flow flow;

	if (!size)
		return 0;
	ka_flow_init(&flow, data[0] & 1 ? KA_AT_SERVER : KA_AT_CLIENT, SERVER_PORT);
	for (data++, size--; size; data += *data + 1) {
		if (*data >= size)
			break;
		one_frame(&flow, data + 1, *data);
		size -= *data + 1u;
	}
	return 0;
}
