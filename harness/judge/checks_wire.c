/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on the wire: probes, how many, when and in which form, and the RST that announces the end. */
#include <netinet/tcp.h>
#include <stdio.h>

#include "judge/checks.h"
#include "judge/regimes.h"
#include "judge/replay.h"
#include "judge/values.h"
#include "model/util.h"

bool ka_number_fits(int64_t seen, int want)
{
	if (want == KA_ANY)
		return true;
	return want == KA_SOME ? seen >= 1 : seen == want;
}

const char *ka_number_text(int want, char buf[16])
{
	if (want == KA_ANY)
		snprintf(buf, 16, "any");
	else if (want == KA_SOME)
		snprintf(buf, 16, "some");
	else
		snprintf(buf, 16, "%d", want);
	return buf;
}

void ka_check_probe_count(const struct ka_evidence *e, struct ka_findings *f)
{
	int probes = e->probes + e->unseen;
	char want[16];

	if (!ka_number_fits(probes, e->want->probes))
		ka_find(f, KA_FIND_PROBE_COUNT, -1, "%d unanswered probes, must be %s", probes,
			ka_number_text(e->want->probes, want));
	if (e->instance->case_->expect.unseen && e->probes)
		ka_find(f, KA_FIND_PROBE_COUNT, -1,
			"%d unanswered probes reached the wire, must be 0", e->probes);
}

void ka_check_answered(const struct ka_evidence *e, struct ka_findings *f)
{
	int want = ka_number(e->instance->case_->expect.answered, &e->instance->setting);
	char text[16];

	/* a slow host may see one answered before the fault; of a connection that lives through it
	 * all, it would be wrong */
	if (!want && !ka_regime_is(e->want->when, KA_REGIME_LIVES))
		return;
	if (!ka_number_fits(e->answered, want))
		ka_find(f, KA_FIND_ANSWERED_COUNT, -1, "%d answered probes, must be %s",
			e->answered, ka_number_text(want, text));
}

void ka_check_received(const struct ka_evidence *e, struct ka_findings *f)
{
	int want = ka_number(e->instance->case_->expect.probes_received, &e->instance->setting);
	char text[16];

	if (!ka_number_fits(e->probes_received, want))
		ka_find(f, KA_FIND_RECEIVED_COUNT, -1, "%d probe%s of the peer arrived, must be %s",
			e->probes_received, e->probes_received == 1 ? "" : "s",
			ka_number_text(want, text));
}

void ka_check_first_probe(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t seen_ns = e->probe_ns[0], due_ns;
	struct ka_bounds bounds;

	if (!ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) || e->want->changing || !e->probes ||
	    !ka_bounds_of(e, &bounds))
		return;
	due_ns = e->last_rx_ns + bounds.p1[1] * e->tick_ns;
	if (seen_ns > due_ns + ka_late_ns(e, due_ns, seen_ns))
		ka_find(f, KA_FIND_FIRST_PROBE_LATE, -1,
			"first probe %.6f s after the last segment received, must be by %.3f s",
			ka_seconds(seen_ns - e->last_rx_ns), ka_seconds(due_ns - e->last_rx_ns));
}

/* TCP counts from jiffies: where the tick that moves them was late, a segment came in an older one. */
static int64_t late_tick_ns(const struct ka_evidence *e, int64_t rx_ns)
{
	int64_t noise = ka_noise_at(e->facts, rx_ns, rx_ns);

	return noise > e->tick_ns ? noise : 0;
}

/* A probe is the first one when a segment was received since the one before. */
void ka_check_idle(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_values v = ka_values_begin(e->instance);
	int64_t lag = e->facts->virtual_clock ? 0 : KA_JIFFY_LAG_NS;
	int64_t earliest = (v.idle * e->facts->hz - 1) * e->tick_ns - lag;
	int64_t rx_ns = 0;
	bool first = false;

	if (ka_case_persists(e->instance->case_))
		return;
	for (size_t i = 0; i < e->timeline->n && !e->want->changing; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (p && p->accepted) {
			rx_ns = event->t_ns;
			first = true;
		} else if (p && p->out && p->kind == KA_SEG_PROBE && first) {
			first = false;
			if (event->t_ns - rx_ns >= earliest - late_tick_ns(e, rx_ns))
				continue;
			ka_find(f, KA_FIND_PROBE_EARLY, -1,
				"probe %.6f s after a segment was received: idle is %.0f s",
				ka_seconds(event->t_ns - rx_ns), (double)v.idle);
			return;
		}
	}
}

/* ---- refused ------------------------------------------------------------------------------------ */

static const struct ka_tcp_info *info_at_end(const struct ka_evidence *e)
{
	const struct ka_tcp_info *info = NULL;

	for (size_t i = 0; i < e->timeline->n; i++)
		if (e->timeline->events[i].what == KA_EV_TCP_INFO &&
		    e->timeline->events[i].at == e->at)
			info = &e->timeline->events[i].info;
	return info;
}

/* Neither more often than twice a second, nor uncounted. */
static void check_attempts(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_rule *rule = ka_rule(e->want->when);
	const struct ka_backoff timer =
		rule->timer ? rule->timer(e->instance, e->facts->hz) : (struct ka_backoff){ 0 };
	int64_t expiries = ka_evidence_counter(e, "TcpExt.TCPTimeouts");
	const struct ka_tcp_info *info = info_at_end(e);
	bool window = timer.kind == KA_BACKOFF_WINDOW;
	unsigned range[2], counted;

	if (!timer.refused || !e->detected)
		return;
	ka_backoff_refusals(&timer, range);
	if (!window && (expiries < range[0] || expiries > range[1]))
		ka_find(f, KA_FIND_REFUSED, -1,
			"the timer went off %lld times, must be %u .. %u: the device refused each "
			"attempt",
			(long long)expiries, range[0], range[1]);
	if (!info)
		return;
	counted = window ? info->probes : info->retransmits;
	if (counted + 1 < range[0] || counted + 1 > range[1])
		ka_find(f, KA_FIND_REFUSED, -1,
			"TCP_INFO counts %u attempts that the device refused, must be %u .. %u",
			counted, range[0] - 1, range[1] - 1);
}

void ka_check_refused(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t tried = ka_evidence_counter(e, "TcpExt.TCPKeepAlive"), range[2];
	bool due; /* at least one, wherever the steps lie */

	check_attempts(e, f);
	if (ka_regime_is(e->want->when, KA_REGIME_GIVES_UP) &&
	    !ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE))
		return;
	if (!ka_case_does(e->instance->case_, KA_REFUSE, KA_PROBER) || tried < 0 ||
	    !ka_replay_refused(e, range))
		return;
	tried -= e->probes_in_all;
	due = range[1] > 0;
	/* one at each end is a matter of when the device was really changed */
	range[0] -= 1;
	range[1] += 1;
	if (tried < range[0] || tried > range[1] || (due && tried < 1))
		ka_find(f, KA_FIND_REFUSED, -1,
			"%lld attempts refused by the device, must be %lld .. %lld",
			(long long)tried, (long long)range[0], (long long)range[1]);
}

/* ---- segments -------------------------------------------------------------------------------------- */

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
	/* nothing has met congestion: the counter stands at 5, AE and ECE (RFC 9768 3.2.2) */
	bool accurate = e->instance->case_->ecn == KA_ECN_ACCURATE;
	/* every segment of a subflow carries what the connection wants to say (DSS, MP_TCPRST) */
	bool mptcp = e->instance->case_->transport == KA_MPTCP;

	if (accurate)
		flags |= 0x40; /* ECE */
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
	else if (p->other_options && !accurate)
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
