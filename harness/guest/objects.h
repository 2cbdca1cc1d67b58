/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shared objects of this process: what the same program will need in a guest. */
#ifndef KA_OBJECTS_H
#define KA_OBJECTS_H

#include <limits.h>
#include <stddef.h>

#include "netns/err.h"

#define KA_MAX_OBJECTS 64

struct ka_objects {
	char *paths[KA_MAX_OBJECTS];
	size_t n;
	char loader[PATH_MAX]; /* not one of paths; "": the program is linked statically */
};

/* Lists what is loaded now: ask before anything is that the guest will not need. 0 or -errno. */
int ka_objects_list(struct ka_objects *objects, struct nn_err *err);
void ka_objects_free(struct ka_objects *objects);

#endif
