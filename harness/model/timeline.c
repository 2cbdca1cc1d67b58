/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline as a container, and its events in words. The words are the same in every report:
 * what a reader sees in a failure is what the bench recorded, not a second interpretation of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "model/timeline.h"
#include "model/util.h"
#include "model/verdict.h"

int ka_timeline_add(struct ka_timeline *timeline, const struct ka_event *event)
{
	if (timeline->n == timeline->room) {
		size_t room = timeline->room ? 2 * timeline->room : 64;
		struct ka_event *events;

		events = reallocarray(timeline->events, room, sizeof(*events));
		if (!events)
			return -ENOMEM;
		timeline->events = events;
		timeline->room = room;
	}
	timeline->events[timeline->n++] = *event;
	return 0;
}

/* Insertion: the observers report nearly in order, and a sort without memory cannot fail. */
void ka_timeline_sort(struct ka_timeline *timeline)
{
	struct ka_event *events = timeline->events;

	for (size_t i = 1; i < timeline->n; i++) {
		struct ka_event late = events[i];
		size_t to = i;

		while (to > 0 && events[to - 1].t_ns > late.t_ns)
			to--;
		if (to == i)
			continue;
		memmove(&events[to + 1], &events[to], (i - to) * sizeof(late));
		events[to] = late;
	}
}

void ka_timeline_free(struct ka_timeline *timeline)
{
	free(timeline->events);
	timeline->events = NULL;
	timeline->n = timeline->room = 0;
}

static bool is_own_probe(const struct ka_event *event, enum ka_at at)
{
	return event->what == KA_EV_PACKET && event->at == at && event->packet.out &&
	       event->packet.kind == KA_SEG_PROBE;
}

bool ka_timeline_is_answered(const struct ka_timeline *timeline, size_t i, enum ka_at at)
{
	if (!is_own_probe(&timeline->events[i], at))
		return false;
	while (++i < timeline->n) {
		const struct ka_event *event = &timeline->events[i];

		if (is_own_probe(event, at))
			return false;
		if (event->what == KA_EV_PACKET && event->at == at && event->packet.accepted)
			return event->packet.kind == KA_SEG_ANSWER ||
			       event->packet.kind == KA_SEG_ACK;
	}
	return false;
}

/* ---- packets ------------------------------------------------------------------------------ */

const char *ka_segment_name(const struct ka_packet *packet)
{
	switch (packet->kind) {
	case KA_SEG_OTHER:
		return "other packet";
	case KA_SEG_SYN:
		return "SYN";
	case KA_SEG_SYN_ACK:
		return "SYN-ACK";
	case KA_SEG_DATA:
		return packet->len ? "data" : "FIN";
	case KA_SEG_RETRANSMIT:
		return packet->len ? "retransmit" : "retransmit of FIN or SYN";
	case KA_SEG_ACK:
		return "ACK";
	case KA_SEG_PROBE:
		return "probe";
	case KA_SEG_ANSWER:
		return "answer";
	case KA_SEG_WINDOW_PROBE:
		return "window probe";
	case KA_SEG_RST:
		return "RST";
	case KA_SEG_ICMP:
		return "ICMP";
	}
	return "packet";
}

static void packet_text(const struct ka_packet *packet, char *buf, size_t size)
{
	const char *way = packet->out ? "" : "arrives: ";
	const char *name = ka_segment_name(packet);

	if (packet->kind == KA_SEG_ICMP)
		snprintf(buf, size, "%s%s type %u code %u", way, name, packet->icmp_type,
			 packet->icmp_code);
	else if (packet->kind == KA_SEG_OTHER)
		snprintf(buf, size, "%s%s, flags 0x%02x, %u bytes", way, name, packet->flags,
			 packet->len);
	else if (packet->len)
		snprintf(buf, size, "%s%s, %u byte%s%s", way, name, packet->len,
			 packet->len == 1 ? "" : "s", packet->flags & TH_FIN ? ", FIN" : "");
	else
		snprintf(buf, size, "%s%s", way, name);
}

/* ---- sockets ------------------------------------------------------------------------------ */

static const struct mask_name {
	uint32_t bit;
	const char *name;
} mask_names[] = {
	{ EPOLLIN, "IN" },         { EPOLLRDNORM, "RDNORM" }, { EPOLLPRI, "PRI" },
	{ EPOLLRDBAND, "RDBAND" }, { EPOLLOUT, "OUT" },       { EPOLLWRNORM, "WRNORM" },
	{ EPOLLWRBAND, "WRBAND" }, { EPOLLRDHUP, "RDHUP" },   { EPOLLERR, "ERR" },
	{ EPOLLHUP, "HUP" },
};

static void epoll_text(const struct ka_epoll *epoll, char *buf, size_t size)
{
	char names[96] = "";
	size_t used = 0;

	for (size_t i = 0; i < KA_N(mask_names); i++)
		if (epoll->mask & mask_names[i].bit)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? "|" : "", mask_names[i].name);
	snprintf(buf, size, "epoll%s 0x%x (%s)", epoll->set == KA_EPOLL_FULL ? " for all" : "",
		 epoll->mask, used ? names : "nothing");
}

const char *ka_call_name(enum ka_call_name name)
{
	switch (name) {
	case KA_CALL_CONNECT:
		return "connect";
	case KA_CALL_ACCEPT:
		return "accept";
	case KA_CALL_READ:
		return "read";
	case KA_CALL_WRITE:
		return "write";
	case KA_CALL_SO_ERROR:
		return "SO_ERROR";
	case KA_CALL_SHUTDOWN:
		return "shutdown";
	case KA_CALL_CLOSE:
		return "close";
	case KA_CALL_SETSOCKOPT:
		return "setsockopt";
	case KA_CALL_GETSOCKOPT:
		return "getsockopt";
	case KA_CALL_BLOCKED_RECV:
		return "blocked recv";
	case KA_CALL_BLOCKED_SELECT:
		return "blocked select";
	case KA_CALL_BLOCKED_POLL:
		return "blocked poll";
	case KA_CALL_BLOCKED_SIGNAL:
		return "blocked sigwaitinfo";
	case KA_CALL_ERROR_QUEUE:
		return "error queue";
	}
	return "call";
}

static void call_text(const struct ka_call *call, char *buf, size_t size)
{
	const char *name = ka_call_name(call->name);
	const char *after = call->after_end ? " (after the end)" : "";

	if (call->ret < 0)
		snprintf(buf, size, "%s = -1 %s%s%s", name, ka_errno_name(call->err),
			 call->sigpipe ? " and SIGPIPE" : "", after);
	else if (call->name == KA_CALL_BLOCKED_POLL || call->name == KA_CALL_BLOCKED_SIGNAL)
		snprintf(buf, size, "%s = 0x%" PRIx64, name, (uint64_t)call->ret);
	else if (call->name == KA_CALL_SO_ERROR || call->name == KA_CALL_ERROR_QUEUE)
		snprintf(buf, size, "%s = %s%s", name, ka_errno_name((int)call->ret), after);
	else
		snprintf(buf, size, "%s = %" PRId64 "%s", name, call->ret, after);
}

static const char *state_name(uint8_t state)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV",
		[TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2",
		[TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSE",
		[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};

	if (state >= KA_N(names) || !names[state])
		return "unknown state";
	return names[state];
}

static void info_text(const struct ka_tcp_info *info, char *buf, size_t size)
{
	snprintf(buf, size,
		 "TCP_INFO: %s, probes out %u, retransmits %u, backoff %u, rto %u.%03u s",
		 state_name(info->state), info->probes, info->retransmits, info->backoff,
		 info->rto_us / 1000000, info->rto_us / 1000 % 1000);
}

static void diag_text(const struct ka_diag_sample *diag, char *buf, size_t size)
{
	/* idiag_timer of struct inet_diag_msg */
	static const char *const timers[] = { "no timer",           "retransmit timer",
					      "keepalive timer",    "TIME_WAIT timer",
					      "window probe timer", "delayed ACK timer" };
	const char *timer = "unknown timer";

	if (!diag->found) {
		snprintf(buf, size, "sock_diag: no such socket");
		return;
	}
	if (diag->timer < KA_N(timers))
		timer = timers[diag->timer];
	if (!diag->timer)
		snprintf(buf, size, "sock_diag: %s, %s", state_name(diag->state), timer);
	else
		snprintf(buf, size, "sock_diag: %s, %s in %u.%03u s, probes out %u",
			 state_name(diag->state), timer, diag->expires_ms / 1000,
			 diag->expires_ms % 1000, diag->probes_out);
}

/* ---- the bench ---------------------------------------------------------------------------- */

/* One hit may also be the proof of a fault that is no rule: a process or a device that is gone. */
static void fault_text(const struct ka_fault *fault, char *buf, size_t size)
{
	const char *effect = fault->hits ? "took effect" : "had no effect";
	int step = fault->step + 1;

	if (fault->hits > 1)
		snprintf(buf, size, "fault of step %d %s: %s (%" PRIu64 " packets)", step, effect,
			 fault->text, fault->hits);
	else
		snprintf(buf, size, "fault of step %d %s: %s", step, effect, fault->text);
}

static void load_text(const struct ka_load *load, char *buf, size_t size)
{
	if (!load->dead)
		snprintf(buf, size, "load of %u: all live", load->n);
	else
		snprintf(buf, size,
			 "load of %u: %u ended %.6f .. %.6f s after their last segment: %s, epoll "
			 "0x%x, probes out %u; %u otherwise",
			 load->n, load->dead, (double)load->earliest_ns / 1e9,
			 (double)load->latest_ns / 1e9, ka_errno_name(load->error), load->events,
			 load->probes, load->other);
}

static void end_text(const struct ka_end *end, char *buf, size_t size)
{
	const char *why = "";

	switch (end->why) {
	case KA_END_DIED:
		why = "the connection has ended";
		break;
	case KA_END_WATCHED:
		why = "watched to the end, still alive";
		break;
	case KA_END_OVERDUE:
		why = "overdue: it should have ended long ago";
		break;
	case KA_END_BROKEN:
		why = "the experiment could not be done";
		break;
	case KA_END_SKIP:
		why = "not possible here";
		break;
	}
	snprintf(buf, size, "end: %s%s%s", why, end->text[0] ? ": " : "", end->text);
}

/* ---- a program ------------------------------------------------------------------------------ */

static void options_text(const struct ka_options_event *o, char *buf, size_t size)
{
	const char *whose = o->listener ? "listener" : "connection";

	if (!o->n_holders)
		snprintf(buf, size, "options of the %s: nobody holds it", whose);
	else if (o->error)
		snprintf(buf, size, "options of the %s: %s", whose, ka_errno_name(o->error));
	else
		snprintf(buf, size,
			 "options of the %s: SO_KEEPALIVE %s, %u/%u/%u, TCP_USER_TIMEOUT %u ms",
			 whose, o->keepalive ? "on" : "off", o->idle, o->intvl, o->cnt,
			 o->user_timeout_ms);
}

static void hold_text(const struct ka_hold *hold, char *buf, size_t size)
{
	if (hold->n)
		snprintf(buf, size, "held by %d process%s", hold->n, hold->n == 1 ? "" : "es");
	else
		snprintf(buf, size, "the program let go");
}

static void process_text(const struct ka_process *p, char *buf, size_t size)
{
	switch (p->act) {
	case KA_PROC_STARTED:
		snprintf(buf, size, "%s starts", p->name);
		break;
	case KA_PROC_LISTENS:
		snprintf(buf, size, "%s listens", p->name);
		break;
	case KA_PROC_SAYS:
		snprintf(buf, size, "%s says: %s", p->name, p->text);
		break;
	case KA_PROC_EXITED:
		snprintf(buf, size, "%s exits with %d", p->name, p->status);
		break;
	case KA_PROC_KILLED:
		snprintf(buf, size, "%s is killed by signal %d", p->name, p->status);
		break;
	case KA_PROC_BUSY:
		snprintf(buf, size, "%s was busy %d %% of the time", p->name, p->status);
		break;
	case KA_PROC_RETURNS:
	case KA_PROC_STAYS_AWAY:
		snprintf(buf, size, "the counterpart is back: after %d ms, %s %s", p->status,
			 p->name, p->text);
		break;
	}
}

const char *ka_event_kind(enum ka_what what)
{
	static const char *const names[] = {
		[KA_EV_STEP] = "step",   [KA_EV_PACKET] = "packet",     [KA_EV_EPOLL] = "epoll",
		[KA_EV_CALL] = "call",   [KA_EV_TCP_INFO] = "tcp_info", [KA_EV_DIAG] = "diag",
		[KA_EV_FAULT] = "fault", [KA_EV_COUNTER] = "counter",   [KA_EV_CHECK] = "check",
		[KA_EV_APP] = "app",     [KA_EV_LOAD] = "load",         [KA_EV_PROOF] = "proof",
		[KA_EV_GAP] = "gap",     [KA_EV_END] = "end",           [KA_EV_OPTIONS] = "options",
		[KA_EV_HOLD] = "hold",   [KA_EV_PROCESS] = "process",
	};

	return names[what];
}

const char *ka_event_text(const struct ka_event *event, char *buf, size_t size)
{
	switch (event->what) {
	case KA_EV_STEP:
		snprintf(buf, size, "step %d: %s", event->step.index + 1, event->step.text);
		break;
	case KA_EV_PACKET:
		packet_text(&event->packet, buf, size);
		break;
	case KA_EV_EPOLL:
		epoll_text(&event->epoll, buf, size);
		break;
	case KA_EV_CALL:
		call_text(&event->call, buf, size);
		break;
	case KA_EV_TCP_INFO:
		info_text(&event->info, buf, size);
		break;
	case KA_EV_DIAG:
		diag_text(&event->diag, buf, size);
		break;
	case KA_EV_FAULT:
		fault_text(&event->fault, buf, size);
		break;
	case KA_EV_COUNTER:
		snprintf(buf, size, "counter %s %+" PRId64, event->counter.name,
			 event->counter.delta);
		break;
	case KA_EV_CHECK:
		snprintf(buf, size, "check of step %d %s: %s", event->check.step + 1,
			 event->check.ok ? "holds" : "FAILED", event->check.text);
		break;
	case KA_EV_APP:
		snprintf(buf, size, "program %s", event->app.text);
		break;
	case KA_EV_LOAD:
		load_text(&event->load, buf, size);
		break;
	case KA_EV_PROOF:
		snprintf(buf, size, "%s: whole", ka_proof_name(event->proof));
		break;
	case KA_EV_GAP:
		snprintf(buf, size, "not gathered: %s: %s", ka_proof_name(event->gap.proof),
			 event->gap.text);
		break;
	case KA_EV_END:
		end_text(&event->end, buf, size);
		break;
	case KA_EV_OPTIONS:
		options_text(&event->options, buf, size);
		break;
	case KA_EV_HOLD:
		hold_text(&event->hold, buf, size);
		break;
	case KA_EV_PROCESS:
		process_text(&event->process, buf, size);
		break;
	}
	return buf;
}
