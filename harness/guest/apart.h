/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work in a process of its own: the libraries that it takes for that never get into the one that goes on
 * to fork instances, or to pack for another guest. */
#ifndef KA_APART_H
#define KA_APART_H

#include "netns/err.h"

/* Calls @work(@arg) there; @what: in errors. Returns what it returns, -ECHILD if the process dies. */
int ka_apart(int (*work)(void *arg, struct nn_err *err), void *arg, const char *what,
	     struct nn_err *err);

#endif
