/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: the two formats of /proc/net's counters. Pure. */
#ifndef NN_SNMP_H
#define NN_SNMP_H

#include <stdbool.h>
#include <stdint.h>

/* Finds "Group.Name" in the text of /proc/net/snmp or netstat, which are pairs of lines
 * "Group: Name Name ..." and "Group: 1 2 ...". */
bool nn_snmp_find(const char *text, const char *name, uint64_t *value);

/* Each line of names has its line of as many values, and the last one is complete: nothing was cut
 * off, and there is something. */
bool nn_snmp_is_whole(const char *text);
/* The same of /proc/net/snmp6: each line has a name and a number. */
bool nn_snmp6_is_whole(const char *text);

/* Finds "Ip6.OutNoRoutes" in the text of /proc/net/snmp6, lines of "Ip6OutNoRoutes   1". */
bool nn_snmp6_find(const char *text, const char *name, uint64_t *value);

#endif
