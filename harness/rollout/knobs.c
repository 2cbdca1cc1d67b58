/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See knobs.h. */
#include "rollout/knobs.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/backoff.h"
#include "model/escape.h"
#include "model/release.h"
#include "model/util.h"

/* proc_dointvec_jiffies(): what fits into an int when it is jiffies, at the lowest HZ; a kernel with a
 * larger one refuses earlier. */
#define LEAST_HZ      100
#define MOST_SECONDS  (INT_MAX / LEAST_HZ)
#define SECONDS(init) .unit = "s", .initial = (init), .min = -MOST_SECONDS, .max = MOST_SECONDS
/* proc_dou8vec_minmax(). */
#define BYTE(init)    .unit = "", .initial = (init), .min = 0, .max = 255
#define IPV4(name)    .key = "net/ipv4/tcp_" name
#define CT(name)      .key = "net/netfilter/nf_conntrack_tcp_timeout_" name

const struct ka_knob_info ka_knob_infos[KA_KNOBS] = {
	[KA_KNOB_TIME] = { IPV4("keepalive_time"), SECONDS(7200),
			   .what = "silence before the first probe" },
	[KA_KNOB_INTVL] = { IPV4("keepalive_intvl"), SECONDS(75),
			    .what = "from one unanswered probe to the next" },
	[KA_KNOB_PROBES] = { IPV4("keepalive_probes"), BYTE(9),
			     .what = "unanswered probes that end a connection" },
	[KA_KNOB_RETRIES2] = { IPV4("retries2"), BYTE(15),
			       .what = "how long unacknowledged data is sent again" },
	[KA_KNOB_ORPHAN_RETRIES] = { IPV4("orphan_retries"), BYTE(0),
				     .what = "the same for connections that were closed" },
	[KA_KNOB_FIN_TIMEOUT] = { IPV4("fin_timeout"), SECONDS(60),
				  .what = "how long a closed connection waits for the peer's FIN" },
	[KA_KNOB_SYN_RETRIES] = { IPV4("syn_retries"), .unit = "", .initial = 6, .min = 1,
				  .max = 127, .what = "how often a connect() asks again" },
	[KA_KNOB_RTO_MIN_US] = { IPV4("rto_min_us"), .unit = "us", .initial = KA_RTO_MIN_US,
				 .min = 1, .max = INT_MAX, .since = "6.11",
				 .what = "the least after which data is sent again" },
	[KA_KNOB_RTO_MAX_MS] = { IPV4("rto_max_ms"), .unit = "ms", .initial = KA_RTO_MAX_MS,
				 .min = 1000, .max = KA_RTO_MAX_MS, .since = "6.15",
				 .what = "the most" },
	[KA_KNOB_CT_ESTABLISHED] = { CT("established"), SECONDS(432000),
				     .what = "after how long the own firewall forgets" },
	[KA_KNOB_CT_UNACKNOWLEDGED] = { CT("unacknowledged"), SECONDS(300),
					.what = "the same while data is unacknowledged" },
	[KA_KNOB_CT_MAX_RETRANS] = { CT("max_retrans"), SECONDS(300),
				     .what = "the same after three equal segments" },
	[KA_KNOB_CT_SYN_SENT] = { CT("syn_sent"), SECONDS(120), .what = "opening" },
	[KA_KNOB_CT_SYN_RECV] = { CT("syn_recv"), SECONDS(60), .what = "opening" },
	[KA_KNOB_CT_FIN_WAIT] = { CT("fin_wait"), SECONDS(120), .what = "closing" },
	[KA_KNOB_CT_CLOSE_WAIT] = { CT("close_wait"), SECONDS(60), .what = "closing" },
	[KA_KNOB_CT_LAST_ACK] = { CT("last_ack"), SECONDS(30), .what = "closing" },
	[KA_KNOB_CT_TIME_WAIT] = { CT("time_wait"), SECONDS(120), .what = "closed" },
	[KA_KNOB_CT_CLOSE] = { CT("close"), SECONDS(10), .what = "closed" },
};

/* Documentation/networking/ip-sysctl.rst, nf_conntrack-sysctl.rst, mptcp-sysctl.rst */
static const struct {
	const char *key, *what;
} neighbours[] = {
	{ "net/ipv4/tcp_thin_linear_timeouts",
	  "unacknowledged data: of few segments the intervals then do not double" },
	{ "net/ipv4/tcp_early_retrans", "when unacknowledged data is first sent again" },
	{ "net/ipv4/tcp_frto", "how unacknowledged data is sent again" },
	{ "net/ipv4/tcp_mtu_probing", "unacknowledged data: it is sent again in smaller segments" },
	{ "net/ipv4/tcp_retries1", "when another route is looked for" },
	{ "net/ipv4/tcp_syn_linear_timeouts", "how long a connect() asks" },
	{ "net/ipv4/tcp_synack_retries", "how long a server answers a connect()" },
	{ "net/ipv4/tcp_max_orphans", "how long closed connections are kept" },
	{ "net/ipv4/tcp_invalid_ratelimit", "how often a probe is answered" },
	{ "net/ipv4/tcp_timestamps", "the bytes of a probe: 12 less without time stamps" },
	{ "net/mptcp/close_timeout", "when a connection of MPTCP ends" },
	{ "net/netfilter/nf_conntrack_tcp_loose",
	  "what the own firewall does with a connection that it forgot" },
	{ "net/netfilter/nf_conntrack_tcp_be_liberal",
	  "which probes the own firewall lets through" },
	{ "net/netfilter/nf_conntrack_max", "which connections the own firewall remembers" },
	{ "net/nf_conntrack_max", "which connections the own firewall remembers" },
};

const char *ka_knob_neighbour(const char *key)
{
	for (size_t i = 0; i < KA_N(neighbours); i++)
		if (strcmp(neighbours[i].key, key) == 0)
			return neighbours[i].what;
	return NULL;
}

struct ka_knobs ka_knobs_initial(void)
{
	struct ka_knobs knobs = { .ut_ms = 0 };

	for (size_t i = 0; i < KA_KNOBS; i++)
		knobs.value[i] = ka_knob_infos[i].initial;
	return knobs;
}

struct ka_knobs ka_knobs_of(int64_t time, int64_t intvl, int64_t probes)
{
	struct ka_knobs knobs = ka_knobs_initial();

	knobs.value[KA_KNOB_TIME] = time;
	knobs.value[KA_KNOB_INTVL] = intvl;
	knobs.value[KA_KNOB_PROBES] = probes;
	return knobs;
}

int ka_knob_find(const char *key)
{
	for (int i = 0; i < KA_KNOBS; i++)
		if (strcmp(ka_knob_infos[i].key, key) == 0)
			return i;
	return -1;
}

const char *ka_knob_name(enum ka_knob knob, char *buf, size_t size)
{
	snprintf(buf, size, "%s", ka_knob_infos[knob].key);
	for (char *c = buf; *c; c++)
		if (*c == '/')
			*c = '.';
	return buf;
}

const char *ka_knob_word(enum ka_knob knob)
{
	static const char *const prefixes[] = { "net/ipv4/tcp_keepalive_", "net/ipv4/tcp_" };
	const char *key = ka_knob_infos[knob].key;

	for (size_t i = 0; i < KA_N(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return key + strlen(prefixes[i]);
	return key;
}

/* proc_get_long(): TMPBUFLEN bytes are looked at, and a number that fills them is none. */
#define MOST_DIGITS 20

static const char blanks[] = " \t\n\v\f\r"; /* isspace(), whatever the locale */

/* proc_skip_spaces(), proc_get_long(): a number, then white space or nothing. NULL: none. */
static const char *read_number(int64_t *value, const char *text)
{
	const char *from = text + strspn(text, blanks);
	char *end;

	if (!isdigit((unsigned char)from[*from == '-']))
		return NULL;
	errno = 0;
	*value = strtoll(from, &end, 0);
	if (errno || end - from > MOST_DIGITS || !strchr(" \t\n", *end))
		return NULL;
	return end;
}

int ka_knob_number(int64_t *value, const char *text)
{
	return read_number(value, text) ? 0 : -EINVAL;
}

const char *ka_knob_rest(const char *text)
{
	int64_t value;
	const char *end = read_number(&value, text);

	return end ? end + strspn(end, blanks) : "";
}

/* The most of it that an int has room for, once it is jiffies (proc_dointvec_jiffies()). */
static int64_t most(const struct ka_knob_info *info, int hz)
{
	return info->max == MOST_SECONDS ? INT_MAX / hz : info->max;
}

static bool is_within(enum ka_knob knob, int64_t value, int hz)
{
	const struct ka_knob_info *info = &ka_knob_infos[knob];
	int64_t max = most(info, hz);

	return value <= max && value >= ka_greater(info->min, -max);
}

bool ka_knob_takes(enum ka_knob knob, const char *text, int hz)
{
	bool minus = text[strspn(text, blanks)] == '-';
	int64_t value;

	if (ka_knob_number(&value, text) < 0 || (minus && ka_knob_infos[knob].min >= 0))
		return false; /* do_proc_douintvec_w(): no sign, not even that of -0 */
	return is_within(knob, value, hz);
}

bool ka_knob_exists(enum ka_knob knob, const char *release)
{
	const char *since = ka_knob_infos[knob].since;

	return !since || ka_release_reaches(release, since);
}

void ka_knobs_keep(struct ka_knobs *knobs, const struct ka_knobs *before, int hz,
		   const char *release)
{
	for (int i = 0; i < KA_KNOBS; i++) {
		if (!is_within((enum ka_knob)i, knobs->value[i], hz))
			knobs->value[i] = before->value[i];
		if (!ka_knob_exists((enum ka_knob)i, release))
			knobs->value[i] = ka_knob_infos[i].initial;
	}
}

static int refuse(const struct ka_sysctl_line *line, enum ka_knob knob, struct nn_err *err)
{
	const struct ka_knob_info *info = &ka_knob_infos[knob];
	char name[80], where[300] = "";

	if (line->line)
		snprintf(where, sizeof(where), "%.*s:%u: ", KA_CUT(line->file, 250), line->line);
	return nn_refuse(err,
			 "%s%s = %.*s: the kernel refuses it (EINVAL); a whole number in "
			 "%" PRId64 "..%" PRId64 " would be right",
			 where, ka_knob_name(knob, name, sizeof(name)), KA_CUT(line->value, 40),
			 info->min, info->max);
}

int ka_knobs_take(struct ka_knobs *knobs, const struct ka_sysctl_set *set, struct nn_err *err)
{
	struct ka_knobs taken = *knobs;

	for (int i = 0; i < KA_KNOBS; i++) {
		const struct ka_sysctl_line *line = ka_sysctl_value(set, ka_knob_infos[i].key);

		if (!line)
			continue;
		if (ka_knob_takes((enum ka_knob)i, line->value, LEAST_HZ))
			ka_knob_number(&taken.value[i], line->value);
		else if (!line->ignore_errors && *line->value)
			return refuse(line, (enum ka_knob)i, err);
	}
	*knobs = taken;
	return 0;
}
