/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: the two formats of /proc/net's counters. Pure. */
#ifndef NN_SNMP_H
#define NN_SNMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The counters that are looked for, as "Group.Name", and where their values go: those that a text
 * does not have are left as they are. */
struct nn_wanted {
	const char *const *names;
	uint64_t *values;
	size_t n;
};

/* Reads the text of /proc/net/snmp or netstat, which are pairs of lines "Group: Name Name ..." and
 * "Group: 1 2 ...". False when the text is cut short. */
bool nn_snmp_read(const char *text, const struct nn_wanted *wanted);

/* Reads "Ip6.OutNoRoutes" from the text of /proc/net/snmp6, lines of "Ip6OutNoRoutes   1". */
bool nn_snmp6_read(const char *text, const struct nn_wanted *wanted);

#endif
