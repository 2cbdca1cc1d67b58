/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of a kernel, what it must do, and what is said of what it did: values, and their names. */
#ifndef KA_VERDICT_H
#define KA_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/case.h"
#include "model/finding.h"
#include "model/lateness.h"

/* What is known of the kernel and host that the instance ran on. */
struct ka_facts {
	char release[65];
	int hz;
	int64_t tick_ns;  /* length of a jiffy */
	bool phase_known; /* jiffies(t) = j0 + t / tick_ns, t in CLOCK_MONOTONIC ns */
	int64_t j0;
	bool virtual_clock; /* guest kernel: no noise */
	int64_t look_ns; /* the clock stands while one computes, and a look moves it by that; 0: it runs */
	int64_t noise_ns; /* measured: how late this host woke a timer while the instance ran */
	struct ka_lateness late; /* the same, and when */
	int64_t noise_budget_ns; /* beyond it the host is said to have stalled: broken */
};

/*
 * The worst lateness that overlaps @from_ns .. @to_ns, or a tick beside it: what excuses something
 * that was due at the one time and seen at the other. 0 with a virtual clock.
 */
int64_t ka_noise_at(const struct ka_facts *facts, int64_t from_ns, int64_t to_ns);

/* What must happen. Jiffies count from L, the prober's last accepted segment, or from the fault
 * for KA_AT_ONCE; inclusive; without noise. */
struct ka_prediction {
	enum ka_when when;
	int64_t lo_j, hi_j;       /* end of the connection; unused for KA_NEVER */
	int64_t p1_lo_j, p1_hi_j; /* first probe; 0,0 where none is due */
	int64_t gap_j;       /* S: jiffies between unanswered probes and from the last to the end */
	int64_t gap_slack_j; /* processing delay that S absorbs */
	int64_t granule_idle_j, granule_intvl_j;
	int probes; /* KA_SOME, KA_ANY */
	int error;
	bool eof;
	uint32_t events, events_full;
	int rst_sent, rst_received;
	/* steps change the timer's values: lo_j and hi_j only contain the window, the judge replays
	 * what was really done */
	bool changing;
	double nominal_s;  /* idle + intvl * cnt */
	bool from_boot;    /* it begins with a time since the machine's boot: before all others */
	double expected_s; /* wall time of the whole instance: for schedule and shards */
	/* after both L and the last step: the bench stops waiting for an end that is overdue, or for
	 * the probe that a step waits for */
	double give_up_s;
};

/* KA_KNOWN: the kernel did otherwise, as it is known to (model/known.h). The order is that of
 * report/page/page.js. */
enum ka_verdict_kind { KA_PASS, KA_FAIL, KA_SKIP, KA_BROKEN, KA_KNOWN, KA_VERDICTS };

/* What a real program did, beside its kernel: a verdict of its own. */
enum ka_program_verdict {
	KA_PROGRAM_NOT_JUDGED, /* there is none, or the experiment did not happen */
	KA_PROGRAM_LIVES,      /* neither the kernel nor the program ended the connection */
	KA_PROGRAM_NOTICES,    /* it let go as soon as the kernel told */
	KA_PROGRAM_LATE,       /* ... a second or more after that */
	KA_PROGRAM_CLOSED,     /* ... before the kernel did: a timeout of its own */
	KA_PROGRAM_NEVER,      /* ... not in all its patience: a failure */
	KA_PROGRAM_DIED,       /* it died of the end: a failure */
};

#define KA_MAX_GAPS 128

/* The verdict and the figures that it rests on. Times in seconds after L; NAN: no value. */
struct ka_verdict {
	enum ka_verdict_kind kind;
	/* those that decided: of one whose experiment did not happen, nothing about the kernel */
	struct ka_findings findings;
	/* for people: all findings, behind the reference of what is known; or why it was skipped; empty: a
	 * pass */
	char why[400];
	double window_s[2]; /* accepted, without noise; NAN for KA_NEVER */
	double detect_s;    /* the kernel's own end of the connection */
	double notice_s;    /* the application's wake-up */
	bool have_off;
	int64_t off_jiffies;        /* measured jiffy of the end minus the predicted one */
	int error;                  /* observed errno, 0 none */
	uint32_t events;            /* observed mask, IN|RDHUP set */
	int probes;                 /* observed since L */
	double gaps_s[KA_MAX_GAPS]; /* between probes since L */
	int n_gaps;
	int64_t last_rx_ns; /* L on CLOCK_MONOTONIC: the zero of all times above */
	/* of a program: what it did, when its kernel had the connection no more (also after a close of
	 * the program's own, which .detect_s does not count), and when no process held it any more; these
	 * two, of one that closed first, after the last data that the other end sent */
	enum ka_program_verdict program;
	double kernel_end_s, program_end_s;
};

/* True when the host was at fault, and another try may tell. */
bool ka_verdict_is_stall(const struct ka_verdict *verdict);
/* "lives", "notices", "late", "closed first", "never", "died"; NULL: not judged. */
const char *ka_program_verdict_name(enum ka_program_verdict verdict);
/* "pass", "fail", "skip", "broken", "known". */
const char *ka_verdict_name(enum ka_verdict_kind kind);
/* "ETIMEDOUT" for ETIMEDOUT; "0" for 0. */
const char *ka_errno_name(int error);

#endif
