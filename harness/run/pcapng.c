/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See pcapng.h. Numbers are in the byte order of this machine, which the first block tells. */
#include "run/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/wheel.h"
#include "model/util.h"

enum {
	SECTION_HEADER = 0x0a0d0d0a,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	INTERFACE = 1,
	ENHANCED_PACKET = 6,
	LINK_ETHERNET = 1,
	SNAP_LENGTH = 65535,
};

/* Options. */
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_OS = 3,
	OPT_PROGRAM = 4,
	OPT_IF_NAME = 2,
	OPT_IF_DESCRIPTION = 3,
	OPT_IF_TSRESOL = 9,
};

#define NANOSECONDS 9 /* ten to the power of minus that */

/* ---- a block --------------------------------------------------------------------------------- */

struct block {
	uint8_t *bytes; /* owned */
	size_t n, room;
	bool no_memory;
};

/* Appends @size bytes and fills up to a multiple of four. */
static void put(struct block *b, const void *bytes, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;

	if (b->no_memory || ka_grow(&b->bytes, &b->room, b->n + padded, 1) < 0) {
		b->no_memory = true;
		return;
	}
	memset(b->bytes + b->n, 0, padded);
	memcpy(b->bytes + b->n, bytes, size);
	b->n += padded;
}

static void put_number(struct block *b, uint32_t number)
{
	put(b, &number, sizeof(number));
}

static void put_option(struct block *b, uint16_t code, const void *bytes, size_t size)
{
	const uint16_t head[2] = { code, (uint16_t)size };

	put(b, head, sizeof(head));
	if (size)
		put(b, bytes, size);
}

static void put_text(struct block *b, uint16_t code, const char *text)
{
	put_option(b, code, text, (size_t)ka_lesser((int64_t)strlen(text), UINT16_MAX));
}

/* Writes the block and empties it. */
static int end_block(FILE *out, struct block *b, uint32_t type)
{
	uint32_t length = (uint32_t)b->n + 12;

	if (b->no_memory)
		return -ENOMEM;
	fwrite(&type, sizeof(type), 1, out);
	fwrite(&length, sizeof(length), 1, out);
	fwrite(b->bytes, b->n, 1, out);
	fwrite(&length, sizeof(length), 1, out);
	b->n = 0;
	return ferror(out) ? -EIO : 0;
}

/* ---- what stands before the packets -------------------------------------------------------------- */

static int write_section(FILE *out, struct block *b, const struct ka_pcapng *what)
{
	const uint16_t version[2] = { 1, 0 };
	const int64_t not_known = -1;
	char text[600];

	put_number(b, BYTE_ORDER_MAGIC);
	put(b, version, sizeof(version));
	put(b, &not_known, sizeof(not_known));
	snprintf(text, sizeof(text), "%s: %s%s%.400s", what->instance->name,
		 ka_verdict_name(what->verdict->kind), *what->verdict->why ? ": " : "",
		 what->verdict->why);
	put_text(b, OPT_COMMENT, text);
	put_text(b, OPT_COMMENT, what->instance->case_->why);
	snprintf(text, sizeof(text), "Linux %s", what->facts->release);
	put_text(b, OPT_OS, text);
	put_text(b, OPT_PROGRAM, "kacheck");
	put_option(b, OPT_END, NULL, 0);
	return end_block(out, b, SECTION_HEADER);
}

static int write_interface(FILE *out, struct block *b, const struct ka_pcapng *what,
			   enum ka_role end)
{
	static const char *const names[] = { [KA_CLIENT] = "client", [KA_SERVER] = "server" };
	const uint16_t link[2] = { LINK_ETHERNET, 0 };
	const uint8_t resolution = NANOSECONDS;

	put(b, link, sizeof(link));
	put_number(b, SNAP_LENGTH);
	put_text(b, OPT_IF_NAME, names[end]);
	put_text(b, OPT_IF_DESCRIPTION,
		 end == what->instance->prober ? "the end that probes; its kernel is judged"
					       : "the other end");
	put_option(b, OPT_IF_TSRESOL, &resolution, sizeof(resolution));
	put_option(b, OPT_END, NULL, 0);
	return end_block(out, b, INTERFACE);
}

/* ---- comments -------------------------------------------------------------------------------------- */

/* How far the packets have been told. */
struct telling {
	size_t next;        /* event of the timeline */
	int64_t last_rx_ns; /* last segment that the prober accepted; 0: none */
	int probes;         /* since then */
};

static bool is_at_prober(const struct ka_pcapng *what, const struct ka_event *event)
{
	return event->at == (what->instance->prober == KA_CLIENT ? KA_AT_CLIENT : KA_AT_SERVER);
}

/* "probe 2 of 3, 2.045 s after the last segment received; due 2.028 .. 2.080" into @buf. */
static void say_probe(const struct ka_pcapng *what, const struct ka_event *event,
		      const struct telling *t, char *buf, size_t size)
{
	const struct ka_prediction *p = what->prediction;
	int64_t gaps = p->gap_j * (t->probes - 1);
	double due_s[2];
	size_t used;

	ka_wheel_seconds((int64_t[]){ p->p1_lo_j + gaps, p->p1_hi_j + gaps }, what->facts->hz,
			 due_s);
	used = (size_t)snprintf(buf, size, "probe %d", t->probes);
	if (p->probes > 0 && p->probes < KA_SOME && used < size)
		used += (size_t)snprintf(buf + used, size - used, " of %d", p->probes);
	if (t->last_rx_ns && used < size)
		used += (size_t)snprintf(buf + used, size - used,
					 ", %.3f s after the last segment received",
					 ka_seconds(event->t_ns - t->last_rx_ns));
	if (t->last_rx_ns && p->p1_hi_j && !p->changing && used < size)
		snprintf(buf + used, size - used, "; due %.3f .. %.3f", due_s[0], due_s[1]);
}

static void tell_packet(const struct ka_pcapng *what, const struct ka_event *event,
			struct telling *t, struct block *b)
{
	char text[256];

	if (is_at_prober(what, event) && event->packet.accepted) {
		t->last_rx_ns = event->t_ns;
		t->probes = 0;
	}
	ka_event_text(event, text, sizeof(text));
	if (is_at_prober(what, event) && event->packet.out && event->packet.kind == KA_SEG_PROBE) {
		t->probes++;
		say_probe(what, event, t, text, sizeof(text));
	}
	put_text(b, OPT_COMMENT, text);
}

/* What was done since the packet before, and what this one is. */
static void tell(const struct ka_pcapng *what, enum ka_at at, int64_t t_ns, struct telling *t,
		 struct block *b)
{
	const struct ka_timeline *timeline = &what->record->timeline;
	char text[256];

	for (; t->next < timeline->n && timeline->events[t->next].t_ns <= t_ns; t->next++) {
		const struct ka_event *event = &timeline->events[t->next];

		if (event->what == KA_EV_STEP)
			put_text(b, OPT_COMMENT, ka_event_text(event, text, sizeof(text)));
	}
	for (size_t i = t->next; i > 0 && timeline->events[i - 1].t_ns == t_ns; i--) {
		const struct ka_event *event = &timeline->events[i - 1];

		if (event->what == KA_EV_PACKET && event->at == at) {
			tell_packet(what, event, t, b);
			break;
		}
	}
}

/* ---- packets --------------------------------------------------------------------------------------- */

static int write_packet(FILE *out, struct block *b, const struct ka_pcapng *what, enum ka_at at,
			size_t i, struct telling *t)
{
	const struct ka_capture_file *file = &what->record->captures[at];
	const struct ka_captured *packet = &file->packets[i];

	put_number(b, at);
	put_number(b, (uint32_t)((uint64_t)packet->real_ns >> 32));
	put_number(b, (uint32_t)packet->real_ns);
	put_number(b, packet->caplen);
	put_number(b, packet->len);
	put(b, file->bytes + packet->at, packet->caplen);
	tell(what, at, packet->mono_ns, t, b);
	put_option(b, OPT_END, NULL, 0);
	return end_block(out, b, ENHANCED_PACKET);
}

static int write_packets(FILE *out, struct block *b, const struct ka_pcapng *what)
{
	const struct ka_capture_file *files = what->record->captures;
	struct telling telling = { .next = 0 };
	size_t next[2] = { 0, 0 };
	int ret = 0;

	while (!ret && (next[0] < files[0].n || next[1] < files[1].n)) {
		bool second = next[0] == files[0].n ||
			      (next[1] < files[1].n && files[1].packets[next[1]].mono_ns <
							       files[0].packets[next[0]].mono_ns);

		ret = write_packet(out, b, what, second ? KA_AT_SERVER : KA_AT_CLIENT, next[second],
				   &telling);
		next[second]++;
	}
	return ret;
}

int ka_pcapng_write(FILE *out, const struct ka_pcapng *what)
{
	struct block block = { .n = 0 };
	int ret = write_section(out, &block, what);

	if (!ret)
		ret = write_interface(out, &block, what, KA_CLIENT);
	if (!ret)
		ret = write_interface(out, &block, what, KA_SERVER);
	if (!ret)
		ret = write_packets(out, &block, what);
	free(block.bytes);
	return ret;
}
