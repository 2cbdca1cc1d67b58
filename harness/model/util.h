/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every floor needs now and then. */
#ifndef KA_UTIL_H
#define KA_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* Number of elements of an array (not of a pointer). */
#define KA_N(array) (sizeof(array) / sizeof((array)[0]))

#define KA_NS_PER_S INT64_C(1000000000)

static inline int64_t ka_lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t ka_greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline double ka_seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* Widens the range @of so that @to lies in it. */
static inline void ka_widen(int64_t of[2], int64_t to)
{
	of[0] = ka_lesser(of[0], to);
	of[1] = ka_greater(of[1], to);
}

/* @a / @b rounded down, also below zero; @b > 0. */
static inline int64_t ka_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* CLOCK_MONOTONIC, ns. */
int64_t ka_now_ns(void);
/* Closes *@fd if it is open, and says so: -1. */
void ka_close_fd(int *fd);
/* Gives the array *@array room for @wanted items of @size bytes, more than that if it must move.
 * Returns 0 or -ENOMEM; then the array is as it was. */
int ka_grow(void *array, size_t *room, size_t wanted, size_t size);

#endif
