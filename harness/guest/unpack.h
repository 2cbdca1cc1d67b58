/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packed bytes (gzip, xz, zstd, lz4), unpacked. */
#ifndef KA_UNPACK_H
#define KA_UNPACK_H

#include <stddef.h>

#include "netns/err.h"

/* Unpacks @data, which is part of the file @name, into a file in memory: close-on-exec, owned by the
 * caller. -EINVAL: it is broken; -ENOSYS: this host lacks libarchive. */
int ka_unpack(const char *name, const void *data, size_t size, struct nn_err *err);

#endif
