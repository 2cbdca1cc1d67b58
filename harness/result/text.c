/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings and numbers as JSON takes them. Texts may hold whatever a kernel, a file or an argument
 * held; a result line is always valid UTF-8, or the next stage could not read it.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "result/encode.h"

static bool continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Length of the valid UTF-8 sequence at @s (which ends with a NUL), 0 if there is none. RFC 3629:
 * neither overlong forms nor surrogates, nothing above U+10FFFF. */
static size_t sequence(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4 || !continues(s[1]))
		return 0;
	if (s[0] < 0xe0)
		return 2;
	if (!continues(s[2]))
		return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
		return 0;
	if (s[0] < 0xf0)
		return 3;
	if (!continues(s[3]))
		return 0;
	if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return 4;
}

json_t *ka_json_text(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0;
	json_t *string;
	char *out;

	if (!text)
		return json_null();
	out = malloc(3 * strlen(text) + 1);
	if (!out)
		return NULL;
	while (*in) {
		size_t len = sequence(in);

		memcpy(out + used, len ? (const char *)in : replacement, len ? len : 3);
		used += len ? len : 3;
		in += len ? len : 1;
	}
	string = json_stringn_nocheck(out, used);
	free(out);
	return string;
}

json_t *ka_json_seconds(double seconds)
{
	double rounded;

	if (!isfinite(seconds))
		return json_null();
	rounded = round(seconds * 1e6) / 1e6;
	return json_real(rounded == 0 ? 0 : rounded); /* never "-0.0" */
}
