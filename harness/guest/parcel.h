/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that stay behind of an instance, on their way out of a guest: one line each, before the
 * line of the result. In the guest they are read and removed; on the host they are written below the
 * folder that was asked for, by the names that such files have and no others.
 */
#ifndef KA_PARCEL_H
#define KA_PARCEL_H

#include <jansson.h>

#include "netns/err.h"

/* Takes @name out of @folder: {"name", "hex"}; NULL: it cannot be read. */
json_t *ka_parcel_pack(const char *folder, const char *name);
/* Writes what is in it into @folder. 0, -EBADMSG: it is no parcel, or -errno. */
int ka_parcel_unpack(const json_t *parcel, const char *folder, struct nn_err *err);

#endif
