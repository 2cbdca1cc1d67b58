/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observers: packets, sock_diag, counters. What they say goes into the timeline unjudged. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "bench/program.h"
#include "model/util.h"
#include "netns/diag.h"
#include "netns/softnet.h"

/* An answer takes microseconds; on a busy host it may have to wait for a CPU. */
#define ANSWER_NS 50000000

/* It tells how many there are, not how many there were. */
#define GAUGE "Tcp.CurrEstab"

/* The counters whose movement says which mechanism of the kernel was at work. */
static const char *const watched[] = {
	"TcpExt.TCPKeepAlive",
	"TcpExt.TCPAbortOnTimeout",
	"TcpExt.TCPAbortFailed",
	"TcpExt.TCPAbortOnData",
	"TcpExt.TCPAbortOnClose",
	"TcpExt.TCPAbortOnMemory",
	"TcpExt.TCPTimeouts",
	"TcpExt.OutOfWindowIcmps",
	"TcpExt.LockDroppedIcmps",
	"TcpExt.TCPACKSkippedSeq",
	"TcpExt.TCPLossProbes",
	"TcpExt.TCPWinProbe",
	"TcpExt.TCPChallengeACK",
	"TcpExt.TCPSpuriousRtxHostQueues",
	"TcpExt.PAWSEstab",
	"TcpExt.TCPZeroWindowDrop",
	"TcpExt.TCPRcvQDrop",
	"TcpExt.TCPBacklogDrop",
	"Tcp.OutRsts",
	"Tcp.EstabResets",
	"Tcp.RetransSegs",
	"Tcp.AttemptFails",
	GAUGE,
	"Tcp.InErrs",
	"Tcp.InCsumErrors",
};

#define N_WATCHED (KA_N(watched))
_Static_assert(N_WATCHED <= KA_WATCHED_COUNTERS, "room for every watched counter");

static void note_prober_packet(struct ka_engine *e, const struct ka_packet *p, int64_t t_ns)
{
	if (p->accepted) {
		e->last_rx_ns = t_ns;
		e->probes = 0;
		return;
	}
	if (!p->out || p->kind != KA_SEG_PROBE)
		return;
	if (e->probes < (int)(KA_N(e->probe_ns)))
		e->probe_ns[e->probes++] = t_ns;
	if (!e->program)
		ka_engine_diag(e, e->prober);
}

static void parse_new(struct ka_engine *e, enum ka_at at)
{
	struct ka_end_state *end = &e->ends[at];
	const struct ka_capture_file *file = &e->record->captures[at];

	for (; end->parsed < file->n; end->parsed++) {
		const struct ka_captured *packet = &file->packets[end->parsed];
		struct ka_event event = { .t_ns = packet->mono_ns, .at = at, .what = KA_EV_PACKET };

		if (!ka_flow_packet(&end->flow, file->bytes + packet->at, packet->caplen,
				    &event.packet))
			continue;
		ka_engine_event(e, event);
		e->packet_ns = ka_greater(e->packet_ns, event.t_ns);
		if (at != e->prober)
			continue;
		note_prober_packet(e, &event.packet, event.t_ns);
		if (e->program)
			ka_socket_packet(e, &event.packet);
	}
}

static void capture_gap(struct ka_engine *e, enum ka_at at, enum ka_finding_code code,
			const struct nn_err *err)
{
	ka_engine_gap(e, at, (struct ka_gap){ .proof = KA_PROOF_CAPTURE, .code = code, .step = -1 },
		      err->text);
}

void ka_engine_capture_ends(struct ka_engine *e, enum ka_at at)
{
	const struct ka_capture *capture = e->ends[at].capture;
	struct nn_err err = { 0 };
	unsigned lost = 0;

	if (!capture)
		return;
	if (ka_capture_lost(capture, &lost, &err)) {
		capture_gap(e, at, KA_FIND_NOT_GATHERED, &err);
	} else if (lost) {
		nn_fail(&err, ENOBUFS, "%u packets", lost);
		capture_gap(e, at, KA_FIND_CAPTURE_LOST, &err);
	}
}

/* A device that a step has taken away ends its capture. Any other end of it leaves nobody who sees:
 * the instance need not be waited for. */
static void capture_failed(struct ka_engine *e, enum ka_at at, int ret, const struct nn_err *err)
{
	ka_engine_capture_ends(e, at);
	ka_engine_close_capture(e, at);
	if (e->ends[at].no_device)
		return;
	capture_gap(e, at, KA_FIND_NOT_GATHERED, err);
	e->err = *err;
	if (!e->over)
		ka_engine_fail_by(e, ret, KA_FIND_NOT_GATHERED);
}

unsigned ka_engine_drain_end(struct ka_engine *e, enum ka_at at)
{
	struct ka_end_state *end = &e->ends[at];
	size_t seen = e->record->captures[at].n;
	struct nn_err err = { 0 };
	int ret;

	if (!end->capture)
		return 0;
	ret = ka_capture_read(end->capture, &err);
	parse_new(e, at);
	if (ret < 0)
		capture_failed(e, at, ret, &err);
	return (unsigned)(e->record->captures[at].n - seen) + (ret < 0);
}

unsigned ka_engine_drain(struct ka_engine *e)
{
	return ka_engine_drain_end(e, KA_AT_CLIENT) + ka_engine_drain_end(e, KA_AT_SERVER);
}

/* ---- sock_diag ------------------------------------------------------------------------------ */

/* What a gateway with a memory lets through, it has translated: the server sees no client's address. */
struct nn_diag_key ka_engine_socket(const struct ka_engine *e, enum ka_at at)
{
	const uint16_t client_port = e->ends[e->prober].flow.client_port;
	const struct nn_addr client =
		e->followed.family ? e->followed : ka_engine_addr(e, NN_CLIENT);
	const struct nn_addr server = ka_engine_addr(e, NN_SERVER);
	const int family = client.family;

	if (at == KA_AT_CLIENT)
		return (struct nn_diag_key){ .family = family,
					     .sport = client_port,
					     .dport = e->port,
					     .local = client,
					     .remote = server };
	return (struct nn_diag_key){ .family = family,
				     .sport = e->port,
				     .dport = client_port,
				     .local = server,
				     .remote = e->case_->gateway ? (struct nn_addr){ 0 } : client };
}

void ka_engine_diag(struct ka_engine *e, enum ka_at at)
{
	struct nn_diag_key key = ka_engine_socket(e, at);
	struct nn_ns *ns = e->net.ns[at == KA_AT_CLIENT ? NN_CLIENT : NN_SERVER];
	struct ka_event event = { .t_ns = ka_now_ns(), .at = at, .what = KA_EV_DIAG };
	struct nn_diag *diag = &e->ends[at].diag;
	struct nn_err err = { 0 };
	int ret;

	if (!ns || e->ends[at].owned)
		return;
	/* a program's socket may be one of IPv6 that takes IPv4 too, and then calls itself otherwise */
	if (e->ends[at].have_diag && !e->program)
		ret = nn_diag_again(ns, &key, diag, &err);
	else
		ret = nn_diag_get(ns, &key, diag, &err);
	if (ret && ret != -ENOENT) {
		ka_engine_gathered(e, at, KA_PROOF_SOCKET, ret, &err);
		return;
	}
	e->ends[at].is_there = !ret;
	if (!ret) {
		e->ends[at].have_diag = true;
		event.diag = (struct ka_diag_sample){ .found = true,
						      .state = diag->state,
						      .timer = diag->timer,
						      .probes_out = diag->probes_out,
						      .expires_ms = diag->expires_ms };
	}
	ka_engine_event(e, event);
}

/* ---- counters ------------------------------------------------------------------------------- */

int ka_engine_open_counters(struct ka_engine *e, enum ka_at at)
{
	return nn_counters_open(e->net.ns[at == KA_AT_CLIENT ? NN_CLIENT : NN_SERVER], watched,
				N_WATCHED, &e->ends[at].counters, &e->err);
}

int ka_engine_counters_before(struct ka_engine *e)
{
	int ret = 0;

	for (int at = 0; !ret && at < 2; at++)
		ret = nn_counters_read(e->ends[at].counters, e->ends[at].before, &e->err);
	return ret;
}

/* A counter that is there in one reading only has not been read. Returns 0 or -errno. */
static int record_counters(struct ka_engine *e, enum ka_at at, const uint64_t *after,
			   struct nn_err *err)
{
	const uint64_t *before = e->ends[at].before;
	const int64_t now_ns = ka_now_ns();

	for (size_t i = 0; i < N_WATCHED; i++) {
		struct ka_event event = { .t_ns = now_ns, .at = at, .what = KA_EV_COUNTER };

		if (after[i] == NN_COUNTER_MISSING && before[i] == NN_COUNTER_MISSING)
			continue;
		if (after[i] == NN_COUNTER_MISSING || before[i] == NN_COUNTER_MISSING)
			return nn_fail(err, ENODATA, "%s comes or goes", watched[i]);
		snprintf(event.counter.name, sizeof(event.counter.name), "%s", watched[i]);
		event.counter.delta =
			(int64_t)(after[i] - (strcmp(watched[i], GAUGE) ? before[i] : 0));
		ka_engine_event(e, event);
	}
	return 0;
}

static size_t packets_seen(const struct ka_engine *e)
{
	return e->record->captures[0].n + e->record->captures[1].n;
}

/* A probe that is just out will be answered, if anybody is there: waits for it, or not for long.
 * Returns false when there is nothing to wait for. */
static bool wait_for_answer(const struct ka_engine *e)
{
	struct ka_capture *capture = e->ends[e->prober].capture;
	struct pollfd pfd = { .events = POLLIN };
	int64_t left_ns;

	if (!capture || !e->probes)
		return false;
	left_ns = e->probe_ns[e->probes - 1] + ANSWER_NS - ka_now_ns();
	if (left_ns <= 0)
		return false;
	pfd.fd = ka_capture_fd(capture);
	poll(&pfd, 1, (int)(left_ns / 1000000) + 1);
	return true;
}

/* What was read of one end. */
struct reading {
	uint64_t after[N_WATCHED];
	struct nn_err err;
	int ret;
};

/* A host that is gone has no counters. */
static void read_counters(struct ka_engine *e, struct reading readings[2])
{
	for (int at = 0; at < 2; at++)
		if (e->ends[at].counters)
			readings[at].ret = nn_counters_read(e->ends[at].counters,
							    readings[at].after, &readings[at].err);
}

/* Counters and packets must tell of the same moment: read again when a packet came in between. */
static void counters_after(struct ka_engine *e)
{
	struct reading readings[2] = { 0 };
	size_t seen;

	ka_engine_drain(e);
	do {
		seen = packets_seen(e);
		read_counters(e, readings);
		ka_engine_drain(e);
	} while (packets_seen(e) != seen || wait_for_answer(e));
	for (int at = 0; at < 2; at++) {
		if (!e->ends[at].counters)
			continue;
		if (!readings[at].ret)
			readings[at].ret = record_counters(e, (enum ka_at)at, readings[at].after,
							   &readings[at].err);
		ka_engine_gathered(e, (enum ka_at)at, KA_PROOF_COUNTERS, readings[at].ret,
				   &readings[at].err);
	}
}

/* ---- last evidence -------------------------------------------------------------------------- */

/* The post-mortem has asked all of it, or the process cannot be asked since a step stopped it. */
static void inspect(struct ka_engine *e)
{
	const struct ka_end_state *prober = &e->ends[e->prober];
	const struct ka_peer_command command = { .kind = KA_CMD_INSPECT };
	int ret = 0;

	if (!prober->ended && !prober->killed && !prober->frozen)
		ret = ka_engine_command(e, e->prober, &command, NULL);
	ka_engine_gathered(e, e->prober, KA_PROOF_INFO, ret, &e->err);
	if (ret)
		return;
	ka_engine_proof(e, e->prober, KA_PROOF_EVENTS);
	if (!prober->ended)
		return;
	ka_engine_proof(e, e->prober, KA_PROOF_CALLS);
	ka_engine_proof(e, e->prober, KA_PROOF_BLOCKED);
}

static void captures_end(struct ka_engine *e)
{
	for (int at = 0; at < 2; at++) {
		const struct ka_end_state *end = &e->ends[at];
		const struct nn_err closed = { "closed before the end" };

		ka_engine_capture_ends(e, (enum ka_at)at);
		if (!end->capture && !end->no_device)
			capture_gap(e, (enum ka_at)at, KA_FIND_NOT_GATHERED, &closed);
		ka_engine_proof(e, (enum ka_at)at, KA_PROOF_CAPTURE);
	}
}

static void host_evidence(struct ka_engine *e)
{
	struct nn_err err = { 0 };
	uint64_t lost = 0;
	int ret = nn_softnet_dropped(&lost, &err);

	if (!ret && lost < e->host_lost)
		ret = nn_fail(&err, EBADMSG, "packets that were lost are so no more");
	if (!ret)
		e->record->timeline.host_lost = lost - e->host_lost;
	ka_engine_gathered(e, KA_AT_BENCH, KA_PROOF_HOST, ret, &err);
}

void ka_engine_last_evidence(struct ka_engine *e)
{
	if (e->program)
		ka_socket_evidence(e);
	else
		inspect(e);
	ka_load_evidence(e);
	if (!e->program || !e->program->gone_ns)
		ka_engine_diag(e, e->prober);
	ka_engine_proof(e, e->prober, KA_PROOF_SOCKET);
	counters_after(e);
	for (size_t i = 0; i < e->n_tables; i++)
		if (e->tables[i].active)
			ka_fault_evidence(e, &e->tables[i]);
	ka_fault_late_evidence(e);
	host_evidence(e);
	captures_end(e);
}

void ka_record_free(struct ka_record *record)
{
	ka_timeline_free(&record->timeline);
	ka_capture_file_free(&record->captures[0]);
	ka_capture_file_free(&record->captures[1]);
}
