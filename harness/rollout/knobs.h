/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sysctls that a rollout can change, and the values of one machine. Pure. */
#ifndef KA_KNOBS_H
#define KA_KNOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netns/err.h"
#include "rollout/sysctld.h"

enum ka_knob {
	KA_KNOB_TIME,
	KA_KNOB_INTVL,
	KA_KNOB_PROBES,
	KA_KNOB_RETRIES2,
	KA_KNOB_ORPHAN_RETRIES,
	KA_KNOB_FIN_TIMEOUT,
	KA_KNOB_SYN_RETRIES,
	KA_KNOB_RTO_MIN_US,
	KA_KNOB_RTO_MAX_MS,
	KA_KNOB_CT_ESTABLISHED, /* the machine's own connection tracking, from here on */
	KA_KNOB_CT_UNACKNOWLEDGED,
	KA_KNOB_CT_MAX_RETRANS,
	KA_KNOB_CT_SYN_SENT,
	KA_KNOB_CT_SYN_RECV,
	KA_KNOB_CT_FIN_WAIT,
	KA_KNOB_CT_CLOSE_WAIT,
	KA_KNOB_CT_LAST_ACK,
	KA_KNOB_CT_TIME_WAIT,
	KA_KNOB_CT_CLOSE,
	KA_KNOBS
};

struct ka_knob_info {
	const char *key;   /* below /proc/sys, with '/' */
	const char *unit;  /* "s", or what is counted */
	int64_t initial;   /* of a new namespace */
	int64_t min, max;  /* what the kernel takes */
	const char *since; /* the first kernel that has it, "6.15"; NULL: any */
	const char *what;
};
extern const struct ka_knob_info ka_knob_infos[KA_KNOBS];

struct ka_knobs {
	int64_t value[KA_KNOBS];
	unsigned ut_ms; /* TCP_USER_TIMEOUT of the sockets, which no sysctl sets; 0: none */
};

/* What a namespace begins with. */
struct ka_knobs ka_knobs_initial(void);
/* The same with these three; seconds, and a number. */
struct ka_knobs ka_knobs_of(int64_t time, int64_t intvl, int64_t probes);

/* The knob of @key ("net/ipv4/..."); -1: none of these. */
int ka_knob_find(const char *key);

/* What else of a connection the sysctl @key bears on, which is no knob of these; NULL: nothing. */
const char *ka_knob_neighbour(const char *key);

/* "net.ipv4.tcp_keepalive_time" into @buf, as files and people write it. Returns @buf. */
const char *ka_knob_name(enum ka_knob knob, char *buf, size_t size);

/* "time", "retries2": the word that `kacheck sysctl` takes, for those of TCP itself; else the key. */
const char *ka_knob_word(enum ka_knob knob);

/* Reads a number as the kernel does: 0x is hexadecimal, a leading 0 octal, and white space ends it. 0 or
 * -EINVAL. */
int ka_knob_number(int64_t *value, const char *text);
/* What is behind that number and is not read; empty: nothing, or there is no number. */
const char *ka_knob_rest(const char *text);

/* Puts what @set (resolved) writes in the end over @knobs. -EINVAL: "file:line: ..." for a value
 * that no kernel takes; an empty one, and a line with '-' in front, then only have no effect. */
int ka_knobs_take(struct ka_knobs *knobs, const struct ka_sysctl_set *set, struct nn_err *err);

/* True when a kernel with this HZ takes the value. */
bool ka_knob_takes(enum ka_knob knob, const char *text, int hz);
/* True when a kernel of @release has the sysctl. */
bool ka_knob_exists(enum ka_knob knob, const char *release);
/* Values that a kernel of @release, with @hz, refuses become those of @before; those of a sysctl that it
 * does not have, what it does without. */
void ka_knobs_keep(struct ka_knobs *knobs, const struct ka_knobs *before, int hz,
		   const char *release);

#endif
