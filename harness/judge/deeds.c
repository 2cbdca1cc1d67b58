/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See deeds.h. */
#include "judge/deeds.h"

#include <netinet/tcp.h>
#include <string.h>

#include "judge/evidence.h"

/* idiag_timer: what sock_diag calls the timer of window probes */
#define PROBE0_TIMER 4

struct finder {
	const struct ka_timeline *timeline;
	struct ka_deeds *deeds;
	bool aborts;  /* the program itself sends a RST when it closes */
	bool listens; /* it has got so far */
};

int64_t ka_deed_ns(const struct ka_timeline *timeline, size_t deed)
{
	return deed < timeline->n ? timeline->events[deed].t_ns : INT64_MAX;
}

static const struct ka_packet *packet_at(const struct finder *f, size_t i)
{
	const struct ka_event *event = &f->timeline->events[i];

	return event->what == KA_EV_PACKET && event->at == f->deeds->at ? &event->packet : NULL;
}

static int64_t counter(const struct finder *f, const char *name)
{
	for (size_t i = 0; i < f->timeline->n; i++) {
		const struct ka_event *event = &f->timeline->events[i];

		if (event->what == KA_EV_COUNTER && event->at == f->deeds->at &&
		    strcmp(event->counter.name, name) == 0)
			return event->counter.delta;
	}
	return 0;
}

/* tcp_close() of unread data, or with SO_LINGER 0. Its RST looks as the one with which a timer gives
 * up, but the kernel counts them apart. */
static bool aborts(const struct finder *f)
{
	return counter(f, "TcpExt.TCPAbortOnClose") + counter(f, "TcpExt.TCPAbortOnData") > 0 &&
	       counter(f, "TcpExt.TCPAbortOnTimeout") == 0;
}

static void first(size_t *deed, size_t i)
{
	if (*deed == KA_NOT_DONE)
		*deed = i;
}

static bool exists(const struct ka_diag_sample *diag)
{
	return diag->found && diag->state != TCP_CLOSE && diag->state != TCP_TIME_WAIT;
}

static void look_at_packet(struct finder *f, const struct ka_packet *p, size_t i)
{
	struct ka_deeds *d = f->deeds;

	if (p->accepted)
		first(&d->handshake, i);
	if (!p->out && (p->kind == KA_SEG_RST || (p->accepted && p->flags & TH_FIN)))
		first(&d->told, i);
	if (p->kind == KA_SEG_RST)
		first(&d->gone, i);
	if (p->out && d->told == KA_NOT_DONE && d->gone >= i &&
	    (p->flags & TH_FIN || (p->kind == KA_SEG_RST && f->aborts)))
		first(&d->closed, i);
}

static void look_at_diag(struct ka_deeds *d, const struct ka_diag_sample *diag, size_t i)
{
	if (!exists(diag)) {
		first(&d->gone, i);
		return;
	}
	if (d->gone == KA_NOT_DONE)
		d->alive = i;
}

static void look_at_hold(struct ka_deeds *d, const struct ka_hold *hold, size_t i)
{
	if (hold->n > 0)
		first(&d->held, i);
	if (hold->n > 0 || d->held == KA_NOT_DONE)
		return;
	first(&d->let_go, i);
	/* what the kernel has ended is looked for before anybody is said to have let go of it: it still
	 * has it, and closing it is the program's own doing, even if its FIN has to wait */
	if (d->gone == KA_NOT_DONE && d->told == KA_NOT_DONE)
		first(&d->closed, d->let_go);
}

/* The process that was started first is the program; others of it come and go. What has done its work
 * before anybody listens was its set-up. */
static void look_at_process(struct finder *f, const struct ka_process *p, size_t i, int *pid)
{
	if (p->act == KA_PROC_LISTENS)
		f->listens = true;
	if (p->act == KA_PROC_STARTED && !*pid)
		*pid = p->pid;
	if (p->act == KA_PROC_EXITED && p->pid == *pid && !p->status && !f->listens)
		*pid = 0;
	if (p->pid == *pid && (p->act == KA_PROC_KILLED || (p->act == KA_PROC_EXITED && p->status)))
		first(&f->deeds->died, i);
	if (p->act == KA_PROC_BUSY)
		first(&f->deeds->busy, i);
}

static void look_at_event(struct finder *f, size_t i, int *pid)
{
	const struct ka_event *event = &f->timeline->events[i];

	if (event->at != f->deeds->at)
		return;
	switch (event->what) {
	case KA_EV_PACKET:
		look_at_packet(f, &event->packet, i);
		break;
	case KA_EV_DIAG:
		look_at_diag(f->deeds, &event->diag, i);
		break;
	case KA_EV_HOLD:
		look_at_hold(f->deeds, &event->hold, i);
		break;
	case KA_EV_OPTIONS:
		if (!event->options.listener && event->options.n_holders && !event->options.error)
			f->deeds->options = i;
		break;
	case KA_EV_PROCESS:
		look_at_process(f, &event->process, i, pid);
		break;
	default:
		break;
	}
}

/* The first segment that carried something of what was not acknowledged. */
static size_t first_lost(const struct finder *f, uint32_t una)
{
	for (size_t i = 0; i < f->deeds->over; i++) {
		const struct ka_packet *p = packet_at(f, i);

		if (p && p->out && p->len && (int32_t)(ka_packet_end(p) - una) > 0)
			return i;
	}
	return KA_NOT_DONE;
}

/* What was on its way, or kept waiting, when it was over. */
static void look_at_queue(struct finder *f)
{
	struct ka_deeds *d = f->deeds;
	uint32_t una = 0, top = 0;
	uint8_t timer = 0;

	for (size_t i = 0; i < d->over; i++) {
		const struct ka_event *event = &f->timeline->events[i];
		const struct ka_packet *p = packet_at(f, i);

		if (event->what == KA_EV_DIAG && event->at == d->at && exists(&event->diag))
			timer = event->diag.timer;
		if (!p)
			continue;
		if (p->accepted) {
			d->heard = i;
			if (p->len || d->spoken == KA_NOT_DONE)
				d->spoken = i;
			d->unanswered = 0;
			una = (int32_t)(p->ack - una) > 0 ? p->ack : una;
		} else if (p->out && (p->len || p->kind == KA_SEG_PROBE)) {
			d->unanswered++;
			if (p->len && (int32_t)(ka_packet_end(p) - top) > 0)
				top = ka_packet_end(p);
		}
	}
	d->waits = (int32_t)(top - una) > 0;
	d->lost = d->waits ? first_lost(f, una) : KA_NOT_DONE;
	d->persists = !d->waits && timer == PROBE0_TIMER;
}

void ka_deeds_find(const struct ka_instance *instance, const struct ka_timeline *timeline,
		   struct ka_deeds *out)
{
	struct finder f = { .timeline = timeline, .deeds = out };
	int pid = 0;

	*out = (struct ka_deeds){
		.at = instance->prober == KA_CLIENT ? KA_AT_CLIENT : KA_AT_SERVER,
		.handshake = KA_NOT_DONE,
		.options = KA_NOT_DONE,
		.held = KA_NOT_DONE,
		.let_go = KA_NOT_DONE,
		.told = KA_NOT_DONE,
		.gone = KA_NOT_DONE,
		.alive = KA_NOT_DONE,
		.closed = KA_NOT_DONE,
		.died = KA_NOT_DONE,
		.busy = KA_NOT_DONE,
		.spoken = KA_NOT_DONE,
		.heard = KA_NOT_DONE,
	};
	f.aborts = aborts(&f);
	for (size_t i = 0; i < timeline->n; i++)
		look_at_event(&f, i, &pid);
	out->over = out->closed < out->gone ? out->closed : out->gone;
	if (out->over > timeline->n)
		out->over = timeline->n;
	look_at_queue(&f);
}
