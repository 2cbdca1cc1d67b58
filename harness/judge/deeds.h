/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a real program did with its connection by itself, and what became of that in its kernel: the
 * moments that decide which rule is in force. By index into the timeline, since in virtual time many
 * things happen at one time.
 */
#ifndef KA_DEEDS_H
#define KA_DEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/timeline.h"

/* What never was: behind every event. */
#define KA_NOT_DONE SIZE_MAX

struct ka_deeds {
	enum ka_at at;    /* the program's end */
	size_t handshake; /* the first segment that its end accepted */
	size_t options;   /* KA_EV_OPTIONS of the connection: the last that could be read */
	size_t held;      /* KA_EV_HOLD: somebody holds it */
	size_t let_go;    /* KA_EV_HOLD: nobody does any more */
	size_t told;      /* a FIN or a RST arrives from the other end */
	/* the kernel has the connection no more: a RST, or sock_diag does not find it; the last sample
	 * before that which found it */
	size_t gone, alive;
	/* the program closed it, and neither its kernel nor the other end had done so before: a FIN, a
	 * RST of its own, or nobody holds what the kernel still has */
	size_t closed;
	size_t spoken; /* the last data of the other end before that; the handshake, if there was none */
	size_t died;         /* KA_EV_PROCESS: the process that was started was killed, or failed */
	size_t busy;         /* KA_EV_PROCESS: it ran in circles after the end */
	size_t over;         /* the first of closed and gone, or behind the last event */
	size_t heard;        /* the last segment that was accepted before that */
	bool waits;          /* some of what it had sent was not acknowledged then: */
	size_t lost;         /* the first of that */
	bool persists;       /* or could not be sent: the other end's window is closed */
	unsigned unanswered; /* segments that left after .heard and wanted an answer */
};

void ka_deeds_find(const struct ka_instance *instance, const struct ka_timeline *timeline,
		   struct ka_deeds *out);

/* When it was; INT64_MAX: never. */
int64_t ka_deed_ns(const struct ka_timeline *timeline, size_t deed);

#endif
