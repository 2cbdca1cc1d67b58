/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/1 messages: whole or not, request or answer, and whether the connection stays. */
#include "bench/http.h"
#include "netns/tests/unit.h"

static bool persists(const char *request)
{
	struct ka_http http;

	assert_true(ka_http_read(request, strlen(request), &http));
	assert_false(http.answer);
	assert_int_equal(http.whole, strlen(request));
	return ka_http_persists(&http);
}

TEST(persistence)
{
	assert_true(persists("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(persists("GET / HTTP/1.1\r\n\r\n"));
	assert_false(persists("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
	assert_false(persists("GET / HTTP/1.1\r\nconnection:   CLOSE\r\n\r\n"));
	assert_false(persists("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
	assert_true(persists("GET / HTTP/1.0\r\nConnection: keep-alive\r\nHost: a\r\n\r\n"));
	/* a header that only ends like one, and a word in a value, say nothing */
	assert_true(persists("GET / HTTP/1.1\r\nX-Connection: close\r\n\r\n"));
	assert_true(persists("GET / HTTP/1.1\r\nHost: Connection: close\r\n\r\n"));
}

TEST(answers)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nokHTTP";
	struct ka_http http;

	assert_true(ka_http_read(answer, strlen(answer), &http));
	assert_true(http.answer);
	assert_true(http.close);
	assert_int_equal(http.status, 200);
	assert_int_equal(http.whole, strlen(answer) - strlen("HTTP"));
	assert_int_equal(http.line, strlen("HTTP/1.1 200 OK"));
}

/* Whatever is cut off is not complete, byte by byte. */
TEST(parts)
{
	static const char answer[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc";
	struct ka_http http;

	for (size_t n = 0; n < strlen(answer); n++)
		assert_false(ka_http_read(answer, n, &http));
	assert_true(ka_http_read(answer, strlen(answer), &http));
	assert_int_equal(http.status, 404);
}
