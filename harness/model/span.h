/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of time as people read and write them. */
#ifndef KA_SPAN_H
#define KA_SPAN_H

#include <stddef.h>

#include "netns/err.h"

/* "2 h 11 min 15 s", "122.4 s" into @buf. Returns @buf. */
const char *ka_span_text(double seconds, char *buf, size_t size);
/* "5m", "350s", "1h30m", "2d", "90": seconds. -EINVAL with a text that says what would be right. */
int ka_span_parse(double *seconds, const char *text, struct nn_err *err);

#endif
