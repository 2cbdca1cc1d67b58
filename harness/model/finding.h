/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A finding: what is wrong with one instance, as a code. The code's row says whose fault it is; that
 * decides the verdict, whether the instance is run again, what is kept and where a bisection goes.
 * The text is for people, and nothing reads it.
 */
#ifndef KA_FINDING_H
#define KA_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum ka_finding_class {
	KA_OF_KERNEL,     /* the kernel did otherwise than its rules say: a failure */
	KA_OF_LOSS,       /* the same, unless the host lost packets, which would explain it */
	KA_OF_PROGRAM,    /* a real program under test did: a failure, and none of the kernel's */
	KA_OF_HOST,       /* the host held the experiment up: broken, and run again */
	KA_OF_EXPERIMENT, /* the bench: no effect, no evidence: broken */
	KA_OF_CATALOGUE,  /* what is declared is out of date: a failure, and none of the kernel's */
};

enum ka_finding_code {
	KA_FIND_NOTHING,
	/* ---- the kernel's ---- */
	KA_FIND_END_EARLY,
	KA_FIND_ENDED,             /* it must live */
	KA_FIND_ENDED_BEFORE_STEP, /* nothing that was done so far ends a connection */
	KA_FIND_NO_CONNECTION,     /* the handshake failed, and no fault was in its way */
	KA_FIND_JIFFY_EARLY,
	KA_FIND_JIFFY_LATE,
	KA_FIND_NOTICE, /* the application hears of the end at the wrong time */
	KA_FIND_ERROR,  /* errno */
	KA_FIND_MASK,   /* epoll */
	KA_FIND_EDGE,   /* first edge-triggered report */
	KA_FIND_EOF,
	KA_FIND_CALL,    /* what calls return after the end */
	KA_FIND_BLOCKED, /* what a blocked call returned, and when */
	KA_FIND_UNREAD,
	KA_FIND_STATE,
	KA_FIND_RST_FORMAT,
	KA_FIND_RST_COUNT,
	KA_FIND_COUNTER,
	KA_FIND_PROBE_FORMAT,
	KA_FIND_PROBE_EARLY, /* sooner than idle after a segment */
	KA_FIND_EXPIRY,      /* a retransmission, window probe or SYN at the wrong time */
	KA_FIND_REFUSED,     /* attempts that the device refused */
	KA_FIND_OWNED,       /* what a timer did about a socket that a process owned */
	KA_FIND_READS,       /* an option or a sysctl reads otherwise than it must */
	KA_FIND_CHECK,       /* the same of a state that time changes */
	KA_FIND_OPTION,      /* the socket does not have an option that it was given */
	KA_FIND_TIMESTAMPS,  /* switched off, and sent */
	KA_FIND_TRANSPORT,   /* MPTCP, where TCP was asked for, or the other way round */
	KA_FIND_APP,         /* a program above TCP */
	KA_FIND_LOAD,        /* the connections besides the observed one */
	KA_FIND_STICKY,      /* what a socket reports is reported for ever */
	KA_FIND_IN_VAIN,     /* a step waited for the other end in vain, in virtual time */
	/* ---- the kernel's, unless packets were lost ---- */
	KA_FIND_END_LATE,
	KA_FIND_NOT_NOTICED,
	KA_FIND_PROBE_COUNT,
	KA_FIND_ANSWERED_COUNT,
	KA_FIND_RECEIVED_COUNT,
	KA_FIND_FIRST_PROBE_LATE,
	KA_FIND_GAP,
	KA_FIND_RESENT,  /* counters of what is sent again */
	KA_FIND_RETRIED, /* sent again as after a packet that did not leave the host */
	KA_FIND_LOAD_LATE,
	/* ---- the program's ---- */
	KA_FIND_PROGRAM_HOLDS,          /* it never lets go of a socket that the kernel has ended */
	KA_FIND_PROGRAM_BUSY,           /* it runs in circles */
	KA_FIND_PROGRAM_DIED,           /* the end of the connection killed it */
	KA_FIND_PROGRAM_SERVES_NO_MORE, /* after a dead peer, it does not serve that peer again */
	/* ---- the host's ---- */
	KA_FIND_STALLED,      /* its timers were late beyond the budget */
	KA_FIND_STEP_LATE,    /* a step began, or was done, too late */
	KA_FIND_FAULT_LATE,   /* a fault was there only when the probe was due */
	KA_FIND_STEP_NO_TIME, /* a step did not take effect before its deadline */
	KA_FIND_CLOCK_SET,    /* the wall clock jumped */
	KA_FIND_PACKETS_LOST, /* between namespaces */
	/* ---- the experiment's ---- */
	KA_FIND_BENCH,          /* a call that builds or drives the experiment failed */
	KA_FIND_NO_EFFECT,      /* a fault met nothing */
	KA_FIND_NOTHING_MET,    /* the same, since nothing was sent that it could have met */
	KA_FIND_NOT_GATHERED,   /* evidence that was to be taken could not be */
	KA_FIND_NO_EVIDENCE,    /* evidence that was promised is not there */
	KA_FIND_CAPTURE_LOST,   /* packets that the capture could not hold */
	KA_FIND_NO_ZERO,        /* nothing to count the window from */
	KA_FIND_RECORD_ENDS,    /* the record breaks off */
	KA_FIND_LOAD_MISSING,   /* not all connections of the load were there */
	KA_FIND_PEER_DIED,      /* a peer process ended by itself */
	KA_FIND_PROGRAM_CLOSED, /* a program closed before anything was done to it */
	KA_FIND_READ_ONLY,      /* /proc/sys is: skipped, and no other kernel would help */
	/* ---- the catalogue's ---- */
	KA_FIND_KNOWN_PASSES, /* it passes, and is declared known to fail */
	KA_FINDING_CODES
};

#define KA_FINDING_TEXT 240
#define KA_MAX_FINDINGS 24

struct ka_finding {
	enum ka_finding_code code;
	int step; /* index of the step that it is about; -1: none */
	char text[KA_FINDING_TEXT];
};

struct ka_findings {
	struct ka_finding list[KA_MAX_FINDINGS];
	unsigned n, left_out; /* those that the list had no room for */
};

/* Adds one; a text that is too long is cut off. */
void ka_find(struct ka_findings *findings, enum ka_finding_code code, int step, const char *fmt,
	     ...) __attribute__((format(printf, 4, 5)));
/* Appends those of @from that @wanted (NULL: all) says yes to. */
void ka_findings_add(struct ka_findings *findings, const struct ka_findings *from,
		     bool (*wanted)(enum ka_finding_code code));
/* True when @wanted says yes to one of them. */
bool ka_findings_any(const struct ka_findings *findings, bool (*wanted)(enum ka_finding_code code));
/* All of them in one line, for people. Returns @buf. */
const char *ka_findings_text(const struct ka_findings *findings, char *buf, size_t size);

/* "end_late": what other machines compare. */
const char *ka_finding_name(enum ka_finding_code code);
/* The code called @name; KA_FIND_NOTHING: none is. */
enum ka_finding_code ka_finding_code(const char *name);
enum ka_finding_class ka_finding_class(enum ka_finding_code code);
/* The kernel's fault is certain, whatever else of the experiment is missing. */
bool ka_finding_stands(enum ka_finding_code code);
/* It stands, and time plays no part in it: no stall of the host explains it. */
bool ka_finding_is_timeless(enum ka_finding_code code);
/* The kernel did otherwise, as far as is known. */
bool ka_finding_is_kernel(enum ka_finding_code code);
/* The program did. */
bool ka_finding_is_program(enum ka_finding_code code);
/* The host's fault: run again. */
bool ka_finding_is_host(enum ka_finding_code code);
/* "kernel", "loss", "program", "host", "experiment". */
const char *ka_finding_class_name(enum ka_finding_class class_);

#endif
