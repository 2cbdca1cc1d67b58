/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the network namespaces of a host can be opened: by the processes that are in them, by where they
 * are mounted (ip netns, container runtimes), by the files that processes hold of them. */
#ifndef NN_PLACES_H
#define NN_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct nn_place {
	uint64_t inode; /* as in "net:[4026531840]" */
	char path[256]; /* for nn_ns_open_path() */
	char comm[16];  /* the process; empty: it is mounted there */
};

/* Processes that do not show what they hold (CAP_SYS_PTRACE, or their user). */
struct nn_unseen {
	size_t n;
	char first[48]; /* one of them: "1 (systemd)" */
};

/*
 * All that @proc ("/proc") shows, the places of one namespace beside each other, those first that live
 * longest. *@list is owned by the caller (free()). A namespace that only a thread or a socket is in is not found.
 * Returns 0 or -errno.
 */
int nn_places_read(struct nn_place **list, size_t *n, struct nn_unseen *unseen, const char *proc,
		   struct nn_err *err);

#endif
