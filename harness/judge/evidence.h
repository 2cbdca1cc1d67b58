/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a timeline says about one instance, extracted once, before anything is judged. */
#ifndef KA_EVIDENCE_H
#define KA_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/deeds.h"
#include "judge/judge.h"
#include "model/regimes.h"

/*
 * How far the kernel's variable jiffies may lag behind the clock: it is updated a little after the
 * tick, by one CPU for all, and a packet's time stamp is taken a little before TCP reads it. An
 * event that is nearer to a tick may belong to either jiffy.
 */
#define KA_JIFFY_LAG_NS INT64_C(300000)

struct ka_evidence {
	const struct ka_instance *instance;
	const struct ka_facts *facts;
	const struct ka_prediction *want;
	const struct ka_timeline *timeline;
	enum ka_at at;   /* the prober's end */
	int64_t tick_ns; /* a jiffy */

	struct ka_deeds deeds; /* of a program; else not set */

	int64_t life_ns; /* a socket that is used again: packets before this are of the old connection */
	const struct ka_event *stop; /* why the bench stopped; NULL: not recorded */
	int64_t post_mortem_ns;      /* first call on the socket after its end; INT64_MAX: none */
	bool peer_finished;          /* the peer's FIN arrived at the prober */
	int64_t fin_ns;              /* the first time; INT64_MAX: never */

	/* the end: the packet that ended it or announced its end, else the socket's first event */
	bool detected;
	size_t end_index;       /* of that event; behind the last event if there is none */
	int64_t end_ns;         /* its time; the end of the watch if there is none */
	bool end_by_wakeup;     /* no packet shows it: the process that woke up does, */
	int64_t end_late_ns;    /* which then had waited so long for a CPU; 0: not known */
	int64_t end_after_ns;   /* it was after this, at the latest .end_ns; mostly the same */
	int64_t notice_ns;      /* the application's wake-up; INT64_MAX: none */
	int64_t notice_late_ns; /* how long it then waited for a CPU; 0: not known */
	int64_t last_rx_ns;     /* L */
	bool heard;             /* there is an L */
	size_t last_rx_index;
	int accepted; /* segments received until then, the handshake's included */

	/* what the window counts from: L, the fault, the data that nobody acknowledged */
	bool have_zero;
	int64_t zero_ns;
	int64_t cause_began_ns; /* of an end at once: not before this */
	const char *cause;      /* in words */
	/* what the timer of what waits counts from: the same, or, of a connection that lives through it,
	 * the last write; 0: not known */
	int64_t waits_ns;

	/* probes on the wire */
	int probes;                        /* unanswered ones, since L */
	int64_t probe_ns[KA_MAX_GAPS + 1]; /* their times, as many as fit */
	int probes_in_all, answered;
	int probes_received; /* of the peer's own keepalive */
	int unseen;          /* further attempts that only TCPKeepAlive has counted */
	int rst_sent, rst_received;

	uint32_t events, events_full; /* last mask of each epoll set before the post-mortem */
	int error;                    /* first one that a call on the socket returned */
};

void ka_evidence_collect(const struct ka_instance *instance, const struct ka_facts *facts,
			 const struct ka_prediction *want, const struct ka_timeline *timeline,
			 struct ka_evidence *out);

/* How much later than @due_ns something may be seen that is seen at @seen_ns: an expiry is handled in
 * its jiffy or, on an idle host, mostly in the next one, and the observer reads its clock after that;
 * and the host may have been late just then. */
int64_t ka_late_ns(const struct ka_evidence *e, int64_t due_ns, int64_t seen_ns);

/* How long a process waited for a CPU that was to be woken at @due_ns and was at @seen_ns: what it has
 * seen itself (@waited_ns), or else as long as the watchers of the host, who wait for one, too. */
int64_t ka_cpu_late_ns(const struct ka_evidence *e, int64_t due_ns, int64_t seen_ns,
		       int64_t waited_ns);

/* The same of the end, due at @due_ns: nothing where a packet shows it. */
int64_t ka_end_cpu_late_ns(const struct ka_evidence *e, int64_t due_ns);

/* The packet of @event if it passed the prober's end, else NULL. */
const struct ka_packet *ka_evidence_packet(const struct ka_evidence *e,
					   const struct ka_event *event);

/* The step that @event recorded, else NULL. */
const struct ka_step *ka_evidence_step(const struct ka_evidence *e, const struct ka_event *event);

/* First RST of one direction at the prober's end up to the post-mortem; NULL: none. */
const struct ka_event *ka_evidence_rst(const struct ka_evidence *e, bool out);

/* True when an epoll event tells of the peer's FIN: whoever did not ask for RDHUP only sees that
 * there is something to read. */
bool ka_evidence_tells_fin(const struct ka_evidence *e, const struct ka_event *event);

/* First byte after @packet in its sender's sequence numbers: FIN and SYN count as one. */
uint32_t ka_packet_end(const struct ka_packet *packet);

/* How far the counter @name moved at the prober's end; -1: not watched there. */
int64_t ka_evidence_counter(const struct ka_evidence *e, const char *name);

/* The bench says that it took this kind of evidence whole at @at. */
bool ka_evidence_proved(const struct ka_evidence *e, enum ka_proof proof, enum ka_at at);

#endif
