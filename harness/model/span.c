/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See span.h. */
#include "model/span.h"

#include <math.h>
#include <stdio.h>

const char *ka_span_text(double seconds, char *buf, size_t size)
{
	long whole = lround(seconds);
	size_t used = 0;

	if (isnan(seconds)) {
		snprintf(buf, size, "never");
		return buf;
	}
	if (seconds < 60) {
		snprintf(buf, size, fabs(seconds - (double)whole) < 0.0005 ? "%.0f s" : "%.3g s",
			 seconds);
		return buf;
	}
	*buf = '\0';
	if (whole >= 3600)
		used += (size_t)snprintf(buf, size, "%ld h", whole / 3600);
	if (whole / 60 % 60 && used < size)
		used += (size_t)snprintf(buf + used, size - used, "%s%ld min", used ? " " : "",
					 whole / 60 % 60);
	if (whole % 60 && used < size)
		snprintf(buf + used, size - used, " %ld s", whole % 60);
	return buf;
}
