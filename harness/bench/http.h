/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of HTTP/1 (RFC 9112) as decides whether a connection stays. Pure. */
#ifndef KA_HTTP_H
#define KA_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct ka_http {
	bool answer; /* a response; else a request */
	int status;
	int minor;          /* of the version: HTTP/1.x */
	bool close, keep;   /* Connection: close, keep-alive */
	size_t whole, line; /* bytes of the message, and of its first line */
};

/* Reads one message at @in. Returns false while it is not complete. */
bool ka_http_read(const char *in, size_t n, struct ka_http *out);
/* RFC 9112 9.3: does the connection stay after the answer to this request? */
bool ka_http_persists(const struct ka_http *request);

#endif
