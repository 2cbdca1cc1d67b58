/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of time as people read them. */
#ifndef KA_SPAN_H
#define KA_SPAN_H

#include <stddef.h>

/* "2 h 11 min 15 s", "122.4 s" into @buf. Returns @buf. */
const char *ka_span_text(double seconds, char *buf, size_t size);
#endif
