/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's root: a cpio archive with this program, and what it has loaded. */
#ifndef KA_INITRAMFS_H
#define KA_INITRAMFS_H

#include <limits.h>
#include <stddef.h>

#include "netns/err.h"

/* The shared objects of this process: what the same program will need in a guest. */
#define KA_MAX_OBJECTS 64

struct ka_objects {
	char *paths[KA_MAX_OBJECTS];
	size_t n;
	char loader[PATH_MAX]; /* not one of paths; "": the program is linked statically */
};

/* Lists what is loaded now: ask before anything is that the guest will not need. 0 or -errno. */
int ka_objects_list(struct ka_objects *objects, struct nn_err *err);
void ka_objects_free(struct ka_objects *objects);

struct ka_initramfs; /* opaque */

/* Begins an archive in the file @fd (borrowed) with this program as /init, the shared objects that it
 * has loaded, and empty folders to mount on. 0 or -errno; -ENOSYS: this host has no libarchive. It
 * is loaded here, and stays in this process. */
int ka_initramfs_new(struct ka_initramfs **ret, int fd, struct nn_err *err);
/* Adds @data as file @path. */
int ka_initramfs_add(struct ka_initramfs *initramfs, const char *path, const void *data,
		     size_t size, struct nn_err *err);
/* Adds the host's file @from as @path. */
int ka_initramfs_copy(struct ka_initramfs *initramfs, const char *path, const char *from,
		      struct nn_err *err);
/* The same, decompressed if it is compressed (.xz, .gz, .zst). */
int ka_initramfs_copy_plain(struct ka_initramfs *initramfs, const char *path, const char *from,
			    struct nn_err *err);
/* Ends the archive: without it, it is cut off. 0 or -errno. */
int ka_initramfs_finish(struct ka_initramfs *initramfs, struct nn_err *err);
/* Safe after ka_initramfs_finish(), and on NULL. */
struct ka_initramfs *ka_initramfs_free(struct ka_initramfs *initramfs);

#endif
