/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that come along with kacheck: beside the installed program, or in the tree that it was built in. */
#ifndef KA_OWN_H
#define KA_OWN_H

#include <stdbool.h>
#include <stddef.h>

/* The folder into @buf: @installed below share/kacheck, else @in_tree of the source tree. False, and an
 * empty text: neither is there. */
bool ka_own_folder(const char *installed, const char *in_tree, char *buf, size_t size);

#endif
