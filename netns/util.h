/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every file here needs now and then. */
#ifndef NN_UTIL_H
#define NN_UTIL_H

#include <stddef.h>

/* Number of elements of an array (not of a pointer). */
#define NN_N(array) (sizeof(array) / sizeof((array)[0]))

/* Closes *@fd if it is open, and says so: -1. */
void nn_close_fd(int *fd);

/* close_range(), which musl has not. Without an error: what is not open need not be closed. Before
 * Linux 5.9, what /proc/self/fd lists is closed one by one. */
void nn_close_range(unsigned first, unsigned last);

#endif
