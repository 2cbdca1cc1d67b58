/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See http.h. */
#include "bench/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of header @name in the @n bytes of @head, or NULL. Lines end in CRLF. */
static const char *header(const char *head, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = head; at; at = memmem(at, n - (size_t)(at - head), "\r\n", 2)) {
		if (at != head)
			at += 2;
		if (n - (size_t)(at - head) <= len)
			return NULL;
		if (!strncasecmp(at, name, len) && at[len] == ':')
			return at + len + 1 + strspn(at + len + 1, " ");
	}
	return NULL;
}

static bool says(const char *value, const char *word)
{
	return value && !strncasecmp(value, word, strlen(word));
}

/* "HTTP/1.1 200 OK" or "GET / HTTP/1.1" */
static void read_first_line(const char *in, struct ka_http *out)
{
	const char *version = memmem(in, out->line, "HTTP/1.", 7);

	out->answer = version == in;
	out->minor = version && version + 7 < in + out->line && version[7] == '1';
	if (out->answer && out->line > 9)
		out->status = (int)strtol(in + 9, NULL, 10);
}

bool ka_http_read(const char *in, size_t n, struct ka_http *out)
{
	const char *end = memmem(in, n, "\r\n\r\n", 4);
	const char *connection, *length;
	size_t head, body = 0;

	*out = (struct ka_http){ .minor = 0 };
	if (!end)
		return false;
	head = (size_t)(end - in) + 2;
	out->line = (size_t)((const char *)memmem(in, n, "\r\n", 2) - in);
	read_first_line(in, out);
	connection = header(in, head, "Connection");
	out->close = says(connection, "close");
	out->keep = says(connection, "keep-alive");
	length = header(in, head, "Content-Length");
	if (length)
		body = strtoul(length, NULL, 10);
	out->whole = head + 2 + body;
	return n >= out->whole;
}

bool ka_http_persists(const struct ka_http *request)
{
	if (request->close)
		return false;
	return request->minor == 1 || request->keep;
}
