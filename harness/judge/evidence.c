/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extraction of the evidence; see evidence.h. Packets of one end are in the order of the wire even
 * where their time stamps are equal, as in virtual time: their indices are compared, not times.
 */
#include "judge/evidence.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>

#include "judge/regimes.h"
#include "judge/values.h"
#include "model/util.h"

/*
 * The end is taken where the kernel itself shows it: the RST that it sends or receives, the FIN
 * that it receives. Only where there is no such packet, the application's wake-up must do.
 */
static size_t index_of(const struct ka_evidence *e, const struct ka_event *event)
{
	return (size_t)(event - e->timeline->events);
}

/* The socket's first word of its end. A FIN alone is the end only where one is expected. */
static const struct ka_event *first_notice(const struct ka_evidence *e, bool level_only)
{
	bool by_fin = e->want->eof && !e->want->error;
	uint32_t news = EPOLLERR | EPOLLHUP;

	/* HUP alone may only say that both ends have sent FIN */
	if (e->want->error && e->want->events & EPOLLERR &&
	    !ka_case_blocks_in_recv(e->instance->case_))
		news = EPOLLERR;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_EPOLL && event->at == e->at &&
		    (event->epoll.mask & news || (by_fin && ka_evidence_tells_fin(e, event))) &&
		    (!level_only || event->epoll.set == KA_EPOLL_LEVEL))
			return event;
	}
	return NULL;
}

static const struct ka_event *event_of(const struct ka_evidence *e, size_t index)
{
	return index < e->timeline->n ? &e->timeline->events[index] : NULL;
}

/*
 * The end of a program's connection. Nobody asks its socket: where no packet tells of the end, it is
 * the time when sock_diag does not find it any more, and not before it was found the last time. What
 * the program closes before that is its own affair, and no end.
 */
static void find_end_of_program(struct ka_evidence *e)
{
	const struct ka_event *(*end_packet)(const struct ka_evidence *e) =
		ka_rule(e->want->when)->end_packet;
	const struct ka_event *gone = event_of(e, e->deeds.gone), *end = NULL;
	const struct ka_event *closed = event_of(e, e->deeds.closed);
	const struct ka_event *let_go = event_of(e, e->deeds.let_go);

	if (end_packet && !closed)
		end = end_packet(e);
	if (!end && !closed)
		end = gone;
	e->detected = end != NULL;
	if (!end)
		end = closed;
	e->end_index = end ? index_of(e, end) : e->timeline->n;
	e->end_ns = end ? end->t_ns : e->stop ? e->stop->t_ns : 0;
	e->end_after_ns = e->end_ns;
	if (end && end->what == KA_EV_DIAG && e->deeds.alive < e->timeline->n)
		e->end_after_ns = event_of(e, e->deeds.alive)->t_ns;
	e->notice_ns = let_go && e->detected ? let_go->t_ns : INT64_MAX;
}

/* When the kernel freed the socket that nobody held any more. */
static const struct ka_event *when_freed(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_DIAG && event->at == e->at && !event->diag.found)
			return event;
	}
	return NULL;
}

static void find_end(struct ka_evidence *e)
{
	const struct ka_event *notice = first_notice(e, true);
	const struct ka_event *(*end_packet)(const struct ka_evidence *e) =
		ka_rule(e->want->when)->end_packet;
	const struct ka_event *end = NULL;

	if (end_packet && !e->instance->case_->expect.unseen)
		end = end_packet(e);
	if (!end)
		end = ka_case_orphans(e->instance->case_) ? when_freed(e) : first_notice(e, false);
	e->end_by_wakeup = end && (end->what == KA_EV_EPOLL || end->what == KA_EV_DIAG);
	e->end_late_ns = e->end_by_wakeup ? end->late_ns : 0;
	e->notice_ns = notice ? notice->t_ns : INT64_MAX;
	e->notice_late_ns = notice ? notice->late_ns : 0;
	e->detected = end != NULL;
	e->end_index = end ? index_of(e, end) : e->timeline->n;
	if (end)
		e->end_ns = end->t_ns;
	else if (e->stop)
		e->end_ns = e->stop->t_ns;
	e->end_after_ns = e->end_ns;
}

/* ---- what the window counts from ------------------------------------------------------------- */

static bool only_looks(enum ka_do what)
{
	return what == KA_WAIT || what == KA_GETSOCKOPT || what == KA_SYSCTL_IS ||
	       what == KA_DIAG_IS || what == KA_ENTRY_IS || what == KA_ENTRY_GONE ||
	       what == KA_OPTIONS || what == KA_GONE_IS || what == KA_COUNTER_IS;
}

/* A program closed the observed connection. */
static bool closes(const struct ka_event *event)
{
	if (event->what != KA_EV_APP)
		return false;
	return event->app.act == KA_DID_CLOSE || event->app.act == KA_DID_TIME_OUT ||
	       (event->app.act == KA_DID_EVICT && event->app.number == 1);
}

static void take_cause(struct ka_evidence *e, int64_t began_ns, int64_t done_ns, const char *text)
{
	e->have_zero = true;
	e->cause_began_ns = began_ns;
	e->zero_ns = done_ns > began_ns ? done_ns : began_ns;
	e->cause = text;
}

/* What a program sent, and may have been answered with a RST. */
static bool is_sent_by_program(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_packet *p = ka_evidence_packet(e, event);

	return e->instance->program && !e->want->eof && p && p->out && p->len;
}

/* The step that brought the end: the last one that does something and began before it. The end may
 * come while the step is still at work. */
static void find_cause(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (event->t_ns > e->end_ns)
			continue;
		if (is_sent_by_program(e, event))
			take_cause(e, event->t_ns, event->t_ns, "what the program sent");
		else if (closes(event))
			take_cause(e, event->t_ns, event->t_ns, event->app.text);
		else if (step && !only_looks(step->do_))
			take_cause(e, event->t_ns, event->step.done_ns, event->step.text);
	}
}

/* What the peer has acknowledged by the end. */
static uint32_t acknowledged(const struct ka_evidence *e)
{
	uint32_t una = 0;

	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->accepted && (int32_t)(p->ack - una) > 0)
			una = p->ack;
	}
	return una;
}

/* The first transmission of what was never acknowledged. */
static void find_unacked(struct ka_evidence *e)
{
	uint32_t una = acknowledged(e);

	for (size_t i = 0; i < e->end_index && !e->have_zero; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (!p || !p->out || (p->kind != KA_SEG_DATA && p->kind != KA_SEG_RETRANSMIT) ||
		    (int32_t)(ka_packet_end(p) - una) <= 0)
			continue;
		e->have_zero = true;
		e->zero_ns = e->timeline->events[i].t_ns;
	}
}

/* The prober's last write; 0: none. */
static int64_t last_write_ns(const struct ka_evidence *e)
{
	int64_t ns = 0;

	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_CALL && event->at == e->at &&
		    event->call.name == KA_CALL_WRITE && event->call.ret > 0)
			ns = event->t_ns;
	}
	return ns;
}

/* The write after which data waits: for the window, or for a way out of the host. */
static void find_write(struct ka_evidence *e)
{
	int64_t ns = last_write_ns(e);

	if (!ns)
		return;
	e->have_zero = true;
	e->zero_ns = ns;
}

/* Nothing is ever received: the first SYN takes the place of L. */
static void find_syn(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->end_index && !e->have_zero; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (!p || !p->out || p->kind != KA_SEG_SYN)
			continue;
		e->have_zero = e->heard = true;
		e->zero_ns = e->last_rx_ns = e->timeline->events[i].t_ns;
		e->last_rx_index = i;
	}
}

/* What a program writes is not seen. When the last of what its kernel sent was acknowledged, with no
 * room for more, the timer of window probes was set. */
static void find_shut(struct ka_evidence *e)
{
	bool shut = false;

	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->out && p->len)
			shut = false;
		if (!p || !p->accepted || p->window || shut || p->flags & TH_SYN)
			continue;
		shut = e->have_zero = true;
		e->zero_ns = e->timeline->events[i].t_ns;
		e->cause = "the window closed";
	}
}

static void find_heard(struct ka_evidence *e)
{
	e->have_zero = e->heard;
	e->zero_ns = e->last_rx_ns;
}

/* What waits and never leaves the host is not seen to be sent: its write must do. */
static void find_zero(struct ka_evidence *e)
{
	static void (*const find[KA_ZEROS])(struct ka_evidence * e) = {
		[KA_ZERO_LAST_RX] = find_heard, [KA_ZERO_SENT] = find_unacked,
		[KA_ZERO_WRITE] = find_write,   [KA_ZERO_SYN] = find_syn,
		[KA_ZERO_CAUSE] = find_cause,
	};
	enum ka_zero zero = ka_regime(e->want->when)->zero;

	if (zero == KA_ZERO_SENT && e->instance->case_->expect.unseen)
		zero = KA_ZERO_WRITE;
	if (zero == KA_ZERO_WRITE && e->instance->program)
		find_shut(e);
	else
		find[zero](e);
	if (e->have_zero && !e->cause)
		e->cause = ka_zero_text(zero);
	e->waits_ns = e->have_zero ? e->zero_ns : 0;
	if (ka_regime_is(e->want->when, KA_REGIME_LIVES))
		e->waits_ns = last_write_ns(e);
}

int64_t ka_late_ns(const struct ka_evidence *e, int64_t due_ns, int64_t seen_ns)
{
	return (e->facts->virtual_clock ? 1 : 2) * e->tick_ns +
	       ka_noise_at(e->facts, due_ns, seen_ns);
}

int64_t ka_cpu_late_ns(const struct ka_evidence *e, int64_t due_ns, int64_t seen_ns,
		       int64_t waited_ns)
{
	if (waited_ns && !e->facts->virtual_clock)
		return waited_ns;
	return ka_noise_at(e->facts, due_ns, seen_ns);
}

/* That a socket is freed a worker of the kernel tells (sock_diag_broadcast_destroy()), which waits for
 * a CPU like any process, and nobody counts how long: on a host that is in time only as far as the
 * noise that is put up with. A clock that jumps has no other work. */
int64_t ka_end_cpu_late_ns(const struct ka_evidence *e, int64_t due_ns)
{
	if (!e->end_by_wakeup)
		return 0;
	if (ka_case_orphans(e->instance->case_) && !e->facts->virtual_clock)
		return e->facts->noise_budget_ns;
	return ka_cpu_late_ns(e, due_ns, e->end_ns, e->end_late_ns);
}

const struct ka_packet *ka_evidence_packet(const struct ka_evidence *e,
					   const struct ka_event *event)
{
	return event->what == KA_EV_PACKET && event->at == e->at && event->t_ns >= e->life_ns
		       ? &event->packet
		       : NULL;
}

const struct ka_step *ka_evidence_step(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_case *c = e->instance->case_;

	if (event->what != KA_EV_STEP || event->step.index < 0 ||
	    (size_t)event->step.index >= c->n_steps)
		return NULL;
	return &c->steps[event->step.index];
}

uint32_t ka_packet_end(const struct ka_packet *packet)
{
	return packet->seq + packet->len + ((packet->flags & (TH_FIN | TH_SYN)) != 0);
}

const struct ka_event *ka_evidence_rst(const struct ka_evidence *e, bool out)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (p && p->kind == KA_SEG_RST && p->out == out && event->t_ns <= e->post_mortem_ns)
			return event;
	}
	return NULL;
}

int64_t ka_evidence_counter(const struct ka_evidence *e, const char *name)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_COUNTER && event->at == e->at &&
		    !strcmp(event->counter.name, name))
			return event->counter.delta;
	}
	return -1;
}

bool ka_evidence_proved(const struct ka_evidence *e, enum ka_proof proof, enum ka_at at)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_PROOF && event->at == at && event->proof == proof)
			return true;
	}
	return false;
}

static void find_life(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (step && step->do_ == KA_DISCONNECT)
			e->life_ns = event->step.done_ns;
		if (step && step->followed) /* the first subflow is looked at no more */
			e->life_ns = event->t_ns;
	}
}

static void find_stop(struct ka_evidence *e)
{
	e->post_mortem_ns = e->fin_ns = INT64_MAX;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (event->what == KA_EV_END)
			e->stop = event;
		if (event->what == KA_EV_CALL && event->at == e->at && event->call.after_end &&
		    event->t_ns < e->post_mortem_ns)
			e->post_mortem_ns = event->t_ns;
		if (p && p->accepted && p->flags & TH_FIN) {
			e->peer_finished = true;
			e->fin_ns = event->t_ns < e->fin_ns ? event->t_ns : e->fin_ns;
		}
	}
}

static void find_last_rx(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (!p || !p->accepted)
			continue;
		e->heard = true;
		e->accepted++;
		e->last_rx_index = i;
		e->last_rx_ns = event->t_ns;
	}
}

static void count_probe(struct ka_evidence *e, size_t index)
{
	const size_t room = KA_N(e->probe_ns);

	e->probes_in_all++;
	if (index < e->last_rx_index || index > e->end_index)
		return;
	if ((size_t)e->probes < room)
		e->probe_ns[e->probes] = e->timeline->events[index].t_ns;
	e->probes++;
}

static void find_probes(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (!p)
			continue;
		if (!p->out && p->kind == KA_SEG_PROBE)
			e->probes_received++;
		if (p->out && p->kind == KA_SEG_PROBE)
			count_probe(e, i);
		e->answered += ka_timeline_is_answered(e->timeline, i, e->at);
	}
}

/* What was tried and never reached the device (struct ka_expect's .unseen). */
static void count_unseen(struct ka_evidence *e)
{
	int64_t tried = ka_evidence_counter(e, "TcpExt.TCPKeepAlive");

	if (e->instance->case_->expect.unseen && tried > e->probes_in_all)
		e->unseen = (int)(tried - e->probes_in_all);
}

static void count_rsts(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (!p || p->kind != KA_SEG_RST || event->t_ns > e->post_mortem_ns)
			continue;
		if (p->out)
			e->rst_sent++;
		else
			e->rst_received++;
	}
}

bool ka_evidence_tells_fin(const struct ka_evidence *e, const struct ka_event *event)
{
	uint32_t asks = e->instance->case_->asks;

	if (event->epoll.mask & EPOLLRDHUP)
		return true;
	return event->epoll.set == KA_EPOLL_LEVEL && asks && !(asks & EPOLLRDHUP) &&
	       event->epoll.mask & EPOLLIN && event->t_ns >= e->fin_ns;
}

/* Of the edge-triggered set only news of an end counts: it also reports that it is writable. */
static void find_masks(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_EPOLL || event->at != e->at ||
		    event->t_ns > e->post_mortem_ns ||
		    !(event->epoll.mask & (EPOLLERR | EPOLLHUP) || ka_evidence_tells_fin(e, event)))
			continue;
		if (event->epoll.set == KA_EPOLL_LEVEL)
			e->events = event->epoll.mask;
		else
			e->events_full = event->epoll.mask;
	}
}

/* read() and write() return an error, SO_ERROR returns it as its value. */
static int error_of(const struct ka_call *call)
{
	if (call->name == KA_CALL_SO_ERROR)
		return call->ret > 0 ? (int)call->ret : 0;
	if (call->name != KA_CALL_READ && call->name != KA_CALL_WRITE &&
	    call->name != KA_CALL_BLOCKED_RECV)
		return 0;
	return call->ret < 0 && call->err != EAGAIN ? call->err : 0;
}

static void find_error(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n && !e->error; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_CALL && event->at == e->at)
			e->error = error_of(&event->call);
	}
}

void ka_evidence_collect(const struct ka_instance *instance, const struct ka_facts *facts,
			 const struct ka_prediction *want, const struct ka_timeline *timeline,
			 struct ka_evidence *out)
{
	*out = (struct ka_evidence){
		.instance = instance,
		.facts = facts,
		.want = want,
		.timeline = timeline,
		.at = instance->prober == KA_CLIENT ? KA_AT_CLIENT : KA_AT_SERVER,
		.tick_ns = facts->tick_ns > 0 ? facts->tick_ns : INT64_C(1000000000) / facts->hz,
	};
	find_life(out);
	find_stop(out);
	if (instance->program) {
		ka_deeds_find(instance, timeline, &out->deeds);
		find_end_of_program(out);
	} else {
		find_end(out);
	}
	find_last_rx(out);
	find_zero(out);
	find_probes(out);
	count_unseen(out);
	count_rsts(out);
	find_masks(out);
	find_error(out);
}
