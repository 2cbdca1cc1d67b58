/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error text: one line, built from the inside out. Truncated rather than lost. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that is cut at its end does not end within a character (UTF-8). */
static void end_whole(struct nn_err *err)
{
	size_t len = strlen(err->text), back = 1;
	unsigned char lead;

	if (len + 1 < sizeof(err->text))
		return;
	while (back < 4 && back < len && (err->text[len - back] & 0xc0) == 0x80)
		back++;
	lead = (unsigned char)err->text[len - back];
	if (lead >= 0xc0 && back < (lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4))
		err->text[len - back] = '\0';
}

int nn_fail(struct nn_err *err, int code, const char *fmt, ...)
{
	va_list args;
	int len;

	if (!err)
		return -code;
	va_start(args, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len < sizeof(err->text))
		snprintf(err->text + len, sizeof(err->text) - (size_t)len, "%s%s", len ? ": " : "",
			 strerror(code));
	end_whole(err);
	return -code;
}

int nn_prefix(struct nn_err *err, int ret, const char *fmt, ...)
{
	char rest[sizeof(err->text)];
	va_list args;
	int len, room;

	if (!err)
		return ret;
	memcpy(rest, err->text, sizeof(rest));
	va_start(args, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	room = (int)sizeof(err->text) - len;
	if (len >= 0 && room > 3)
		snprintf(err->text + len, (size_t)room, ": %.*s", room - 3, rest);
	end_whole(err);
	return ret;
}

int nn_refuse(struct nn_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	end_whole(err);
	return -EINVAL;
}
