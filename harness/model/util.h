/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every floor needs now and then. */
#ifndef KA_UTIL_H
#define KA_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* Number of elements of an array (not of a pointer). */
#define KA_N(array) (sizeof(array) / sizeof((array)[0]))

#define KA_NS_PER_S INT64_C(1000000000)

/* CLOCK_MONOTONIC, ns. */
int64_t ka_now_ns(void);
/* Closes *@fd if it is open, and says so: -1. */
void ka_close_fd(int *fd);
/* Gives the array *@array room for @wanted items of @size bytes, more than that if it must move.
 * Returns 0 or -ENOMEM; then the array is as it was. */
int ka_grow(void *array, size_t *room, size_t wanted, size_t size);

#endif
