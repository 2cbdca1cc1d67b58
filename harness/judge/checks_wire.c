/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments themselves: probes, and the RST that announces the end. */
#include <netinet/tcp.h>
#include <stdio.h>

#include "judge/checks.h"
#include "judge/values.h"

/* RFC 7323: timestamps are in use when both SYN and SYN-ACK carried them. */
static bool timestamps_negotiated(const struct ka_evidence *e)
{
	bool syn = false, syn_ack = false;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == KA_SEG_SYN)
			syn = p->timestamps;
		if (p && p->kind == KA_SEG_SYN_ACK)
			syn_ack = p->timestamps;
	}
	return syn && syn_ack && !e->instance->case_->no_timestamps;
}

/* Says into @text what is wrong with a segment that must look like this; false: nothing. */
static bool differs(const struct ka_evidence *e, const struct ka_packet *p, uint8_t flags,
		    uint32_t seq, char *text, size_t size)
{
	bool timestamps = timestamps_negotiated(e);
	/* every segment of a subflow carries what the connection wants to say (DSS, MP_TCPRST) */
	bool mptcp = e->instance->case_->transport == KA_MPTCP;

	if (p->len)
		snprintf(text, size, "carries %u bytes, must be empty", p->len);
	else if (p->flags != flags)
		snprintf(text, size, "has flags 0x%02x, must be 0x%02x", p->flags, flags);
	else if (p->seq != seq)
		snprintf(text, size, "has sequence number %u, must be %u", p->seq, seq);
	else if (p->ack != p->rcv_nxt)
		snprintf(text, size, "acknowledges %u, must be %u", p->ack, p->rcv_nxt);
	else if (p->timestamps != timestamps)
		snprintf(text, size, timestamps ? "lacks the timestamp" : "has a timestamp");
	else if (p->mptcp && !mptcp)
		snprintf(text, size, "has an MPTCP option");
	else if (p->other_options)
		snprintf(text, size, "has %u options besides the timestamp", p->other_options);
	else
		return false;
	return true;
}

void ka_check_probe_format(const struct ka_evidence *e, struct ka_findings *f)
{
	char text[80];
	int k = 0;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (!p || !p->out || p->kind != KA_SEG_PROBE)
			continue;
		k++;
		if (!differs(e, p, TH_ACK, p->snd_una - 1, text, sizeof(text)))
			continue;
		ka_find(f, KA_FIND_PROBE_FORMAT, -1, "probe %d of all %s", k, text);
		return;
	}
}

/* The kernel's own RST of a connection that it gives up; one that answers a segment (RFC 9293
 * 3.10.7) looks otherwise. */
static bool resets_actively(const struct ka_evidence *e)
{
	return ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP) ||
	       ka_case_does(e->instance->case_, KA_DESTROY, KA_PROBER);
}

void ka_check_rst_format(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_event *rst = ka_evidence_rst(e, true);
	uint32_t snd_nxt = 0;
	char text[80];

	if (!rst || !resets_actively(e))
		return;
	for (const struct ka_event *event = e->timeline->events; event < rst; event++) {
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (p && p->out && (int32_t)(ka_packet_end(p) - snd_nxt) > 0)
			snd_nxt = ka_packet_end(p);
	}
	if (differs(e, &rst->packet, TH_RST | TH_ACK, snd_nxt, text, sizeof(text)))
		ka_find(f, KA_FIND_RST_FORMAT, -1, "RST %s", text);
}

void ka_check_rst_counts(const struct ka_evidence *e, struct ka_findings *f)
{
	char want[16];

	if (!ka_number_fits(e->rst_sent, e->want->rst_sent))
		ka_find(f, KA_FIND_RST_COUNT, -1, "%d RST sent, must be %s", e->rst_sent,
			ka_number_text(e->want->rst_sent, want));
	if (!ka_number_fits(e->rst_received, e->want->rst_received))
		ka_find(f, KA_FIND_RST_COUNT, -1, "%d RST received, must be %s", e->rst_received,
			ka_number_text(e->want->rst_received, want));
}
