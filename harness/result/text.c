/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings and numbers as JSON takes them. Texts may hold whatever a kernel, a file or an argument
 * held; a result line is always valid UTF-8, or the next stage could not read it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"
#include "model/verdict.h"
#include "result/encode.h"

json_t *ka_json_object(const struct ka_json_field *fields, size_t n)
{
	json_t *object = json_object();
	int bad = 0;

	for (size_t i = 0; i < n; i++)
		bad |= json_object_set_new(object, fields[i].name, fields[i].value);
	if (!bad)
		return object;
	json_decref(object);
	return NULL;
}

json_t *ka_json_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) == 0)
		return array;
	json_decref(array);
	return NULL;
}

json_t *ka_json_count(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

json_t *ka_json_errno(int error)
{
	return error ? json_string(ka_errno_name(error)) : json_null();
}

json_t *ka_json_text(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t used = 0, size = text ? strlen(text) : 0;
	json_t *string;
	char *out;

	if (!text)
		return json_null();
	out = malloc(3 * size + 1);
	if (!out)
		return NULL;
	for (size_t len, i = 0; i < size; i += len ? len : 1) {
		uint32_t code;

		len = ka_utf8(text + i, size - i, &code);
		memcpy(out + used, len ? text + i : replacement, len ? len : 3);
		used += len ? len : 3;
	}
	string = json_stringn_nocheck(out, used);
	free(out);
	return string;
}

int ka_json_put(FILE *out, const json_t *json, size_t flags)
{
	char *text = json_dumps(json, flags | JSON_ENSURE_ASCII);

	if (!text)
		return -ENOMEM;
	for (const char *c = text; *c; c++)
		if (*c == '\177') /* for jansson no control character */
			fputs("\\u007f", out);
		else
			putc(*c, out);
	putc('\n', out);
	free(text);
	return 0;
}

json_t *ka_json_seconds(double seconds)
{
	double rounded;

	if (!isfinite(seconds))
		return json_null();
	rounded = round(seconds * 1e6) / 1e6;
	return json_real(rounded == 0 ? 0 : rounded); /* never "-0.0" */
}
