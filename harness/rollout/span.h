/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of time as people write them. */
#ifndef KA_SPAN_H
#define KA_SPAN_H

#include "netns/err.h"

/* "5m", "350s", "1h30m", "2d", "90": seconds. -EINVAL with a text that says what would be right. */
int ka_span_parse(double *seconds, const char *text, struct nn_err *err);

#endif
