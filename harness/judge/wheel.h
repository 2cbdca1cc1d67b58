/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of Linux's timer wheel (kernel/time/timer.c: calc_index, calc_wheel_index) and of
 * tcp_keepalive_timer() on it. A timer with expiry E fires 1..G jiffies after E, at a multiple of
 * its level's granularity G: this is why idle + intvl * cnt is only the nominal value.
 */
#ifndef KA_WHEEL_H
#define KA_WHEEL_H

#include <stddef.h>
#include <stdint.h>

/* Granularity of a timer that is @delta jiffies ahead of the wheel's clock; @delta >= 0. */
int64_t ka_wheel_granule(int64_t delta, int hz);

/* The jiffy at which a timer with expiry @expires, queued when the wheel's clock was @clk, fires. */
int64_t ka_wheel_fire(int64_t expires, int64_t clk, int hz);

/* S: jiffies from one unanswered probe to the next, where intvl is @len jiffies and the probe was
 * sent at a multiple of the granularity; *@slack: delay that it absorbs (may be NULL). */
int64_t ka_wheel_step(int64_t len, int hz, int64_t *slack);

/* Jiffies of @ms, rounded up: msecs_to_jiffies(). */
int64_t ka_wheel_ms(int64_t ms, int hz);

/* What comes a number of @jiffies, inclusive, after something that happened anywhere in a jiffy of
 * @tick_ns: in ns after that. Up to a whole jiffy was over when it happened. */
void ka_wheel_ns(const int64_t jiffies[2], int64_t tick_ns, int64_t ns[2]);
/* The same in seconds. */
void ka_wheel_seconds(const int64_t jiffies[2], int hz, double seconds[2]);

struct ka_wheel_bounds {
	int64_t p1[2]; /* first probe, jiffies after L, inclusive */
	int64_t end[2];
	int64_t probes[2]; /* how many are sent before the end; differs only by user timeout */
};

enum ka_wheel_arming { KA_WHEEL_FRESH, KA_WHEEL_CHAINED, KA_WHEEL_PROBED };

/*
 * Closed-form bounds over all phases, and, if armed by earlier traffic, over all times of that: the
 * same as ka_wheel_run() gives over all of them (test_chain.c), which takes 0.1 s for 1/1/3 at 1000 Hz
 * and, with 2 * 10^12 runs of 0.1 us, two days for 7200/75/9; hence both.
 * @ut_ms != 0: TCP_USER_TIMEOUT rules instead of @cnt. @idle and @intvl in seconds. @cnt 0 (only sysctl tcp_keepalive_probes can): the end is the first
 * expiry, with no probe.
 */
struct ka_wheel_bounds ka_wheel_window(int64_t idle, int64_t intvl, unsigned cnt, unsigned ut_ms,
				       int hz, enum ka_wheel_arming arming);

/* One thing that happens to the socket, for the exact simulation. */
enum ka_wheel_input_kind {
	KA_WHEEL_ARM,    /* the timer is armed with idle from now */
	KA_WHEEL_RX,     /* a segment is received; in its jiffy before the timer fires */
	KA_WHEEL_ANSWER, /* the same, caused by a probe: in its jiffy after the timer fired */
	KA_WHEEL_BUSY, /* data is in flight: the handler sends no probe, and looks again after idle */
	KA_WHEEL_CLEAR, /* all data is acknowledged */
	KA_WHEEL_OFF,   /* SO_KEEPALIVE cleared: the timer is deleted, the probe count stays */
	KA_WHEEL_IDLE,  /* idle is .value seconds; the running timer stays as it is */
	KA_WHEEL_REARM, /* TCP_KEEPIDLE was set, to .value seconds unless that is 0: the timer runs until
			    L + idle, or from now */
	KA_WHEEL_INTVL,  /* intvl is .value seconds, from the next probe on */
	KA_WHEEL_CNT,    /* cnt is .value, from the next expiry on */
	KA_WHEEL_UT,     /* user timeout is .value milliseconds */
	KA_WHEEL_REFUSE, /* from now on the device refuses what is sent (NET_XMIT_DROP) */
	KA_WHEEL_ACCEPT, /* no longer */
	KA_WHEEL_OWN, /* from now on a process owns the socket: the handler tries again HZ/20 later */
	KA_WHEEL_RELEASE, /* no longer; in its jiffy after the timer fired. .value: a retry that waits
			     fires at the next KA_WHEEL_RETRY */
	KA_WHEEL_RETRY,   /* the retry that finds the socket free */
	KA_WHEEL_NOISE,   /* from now on the host holds a handler up by .value jiffies, no more */
	/* from now on the handler runs .value jiffies late wherever that decides, or by one more than
	 * the noise; without KA_WHEEL_NOISE, any is believed */
	KA_WHEEL_LATE,
	KA_WHEEL_HELD_UP, /* from now on each handler runs as late as the noise is */
	KA_WHEEL_NOTHING,
};
struct ka_wheel_input {
	enum ka_wheel_input_kind kind;
	int64_t jiffy;
	int64_t value;
};

#define KA_WHEEL_MAX_PROBES 128

struct ka_wheel_chain {
	int64_t end; /* jiffy of the end; -1: none by @until */
	int64_t probes
		[KA_WHEEL_MAX_PROBES]; /* absolute jiffies of the unanswered probes of the last
						run; the first ones, where user timeout lets more out */
	int n_probes;                  /* how many of them are in .probes */
	int refused;                   /* attempts that the device refused: no probes */
};

/*
 * Simulates tcp_keepalive_timer(): @inputs are ordered by time; it runs until the end or @until.
 * At each expiry the last segment received counts as L (before the first one: the arming).
 * @idle and @intvl in seconds.
 */
void ka_wheel_run(int64_t idle, int64_t intvl, unsigned cnt, unsigned ut_ms, int hz,
		  const struct ka_wheel_input *inputs, size_t n, int64_t until,
		  struct ka_wheel_chain *out);

#endif
