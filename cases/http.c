/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP keep-alive: the same word for something else, whether a connection serves the next request. */
#include <errno.h>

#include "model/vocabulary.h"

#define HTTP                                                                                       \
	{                                                                                          \
		.program = KA_APP_HTTP                                                             \
	}
/* The keep-alive timeout of a web server, long enough for answered probes. */
#define TIMEOUT                                                                                    \
	{                                                                                          \
		.idle = 1.4, .intvl = 1.2                                                          \
	}
#define SHORT                                                                                      \
	{                                                                                          \
		.idle = 0.5                                                                        \
	}

#define GET(version, header)                                                                       \
	{                                                                                          \
		.do_ = KA_REQUEST, .who = KA_PROBER,                                               \
		.text = "GET / HTTP/" version "\r\nHost: example.org\r\n" header "\r\n"            \
	}
#define GET_AGAIN(version, header)                                                                 \
	{                                                                                          \
		.do_ = KA_REQUEST, .who = KA_PROBER, .at = { .idle = 0.4 },                        \
		.text = "GET / HTTP/" version "\r\nHost: example.org\r\n" header "\r\n"            \
	}
#define CLIENT .topology = KA_ROUTED, .probers = KA_ONLY_CLIENT, .prober_app = HTTP
#define SERVES(n)                                                                                  \
	{ KA_PROBER, KA_DID_GET, .times = n, .number = 200 },                                      \
	{                                                                                          \
		KA_PEER, KA_DID_SERVE, .times = n, .number = n                                     \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("http_persistent"),
		.why = "HTTP/1.1 serves several requests on one connection, and keeps it",
		.source = "RFC 9112 9.3: persistence is the default",
		.lesson = "Three requests, three answers, one socket: this is what HTTP calls "
			  "keep-alive, a promise not to close after the answer. No timer, no "
			  "probe, no packet of its own belongs to it. Between and after the "
			  "requests the connection is idle like any other, and TCP keepalive, "
			  "which the client switched on, does its own work.",
		CLIENT,
		.one_setting = true,
		.peer_app = HTTP,
		KA_STEPS(KA_CONNECTED, GET("1.1", ""), GET_AGAIN("1.1", ""), GET_AGAIN("1.1", "")),
		.expect = { KA_LIVES_ON, .watch = { .idle = 1.5, .intvl = 0.5 },
			    .app = { SERVES(3) } },
	},
	{
		KA_CASE("http_connection_close"),
		.why = "Connection: close ends an HTTP/1.1 connection after the answer",
		.source = "RFC 9112 9.6; tcp_fin()",
		.lesson = "The client says that it needs no more; the server answers and closes: "
			  "read() returns 0 after the answer. Nothing has failed, nobody waited.",
		CLIENT,
		.one_setting = true,
		.peer_app = HTTP,
		KA_STEPS(KA_CONNECTED, GET("1.1", "Connection: close\r\n")),
		.expect = { .when = KA_AT_ONCE,
			    .eof = true,
			    .app = { SERVES(1), { KA_PEER, KA_DID_CLOSE, .times = 1 } } },
	},
	{
		KA_CASE("http10_closes"),
		.why = "HTTP/1.0 closes after each answer unless both agree otherwise",
		.source = "RFC 9112 9.3: HTTP/1.0 without keep-alive does not persist",
		.lesson = "The older version has it the other way round: the end of the "
			  "connection is the end of the answer.",
		CLIENT,
		.one_setting = true,
		.peer_app = HTTP,
		KA_STEPS(KA_CONNECTED, GET("1.0", "")),
		.expect = { .when = KA_AT_ONCE,
			    .eof = true,
			    .app = { SERVES(1), { KA_PEER, KA_DID_CLOSE, .times = 1 } } },
	},
	{
		KA_CASE("http10_keep_alive"),
		.why = "with Connection: keep-alive HTTP/1.0 serves the next request, too",
		.source = "RFC 9112 9.3, C.2.2: the keep-alive option of HTTP/1.0",
		.lesson = "Here the word comes from: an option of HTTP/1.0 that asks the server "
			  "not to close. It never meant a packet that asks whether somebody is "
			  "there.",
		CLIENT,
		.one_setting = true,
		.peer_app = HTTP,
		KA_STEPS(KA_CONNECTED, GET("1.0", "Connection: keep-alive\r\n"),
			 GET_AGAIN("1.0", "Connection: keep-alive\r\n")),
		.expect = { KA_LIVES_ON, .watch = { .idle = 1.5, .intvl = 0.5 },
			    .app = { SERVES(2) } },
	},
	{
		KA_CASE("http_idle_timeout"),
		.why = "the server's keep-alive timeout closes an idle connection that TCP "
		       "keepalive finds healthy",
		.source = "RFC 9112 9.5; nginx: keepalive_timeout; tcp_fin()",
		.lesson = "A web server keeps an idle connection only so long (75 s with nginx, "
			  "5 s with Apache). TCP probes are answered by its kernel and change "
			  "nothing: its application counts from the last request. When that time "
			  "is over it closes, and a pool that is about to reuse the connection "
			  "should have read the FIN first.",
		CLIENT,
		.one_setting = true,
		.min_cnt = 3,
		.peer_app = { .program = KA_APP_HTTP, .timeout = TIMEOUT },
		KA_STEPS(KA_CONNECTED, GET("1.1", "")),
		.expect = { .when = KA_AT_ONCE,
			    .arming = KA_PROBED,
			    .eof = true,
			    .answered = KA_SOME,
			    .app = { SERVES(1),
				     { KA_PEER, KA_DID_TIME_OUT, .times = 1, .after = TIMEOUT } } },
	},
	{
		KA_CASE("http_path_dies"),
		.why = "on a dead path the client of a persistent connection is told by TCP "
		       "keepalive alone",
		.source = "RFC 9112 9.8; RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "A request is answered, then the path falls silent. HTTP keep-alive has "
			  "nothing to say: it is a promise, not a question. The client's TCP "
			  "asks, is not answered, and gives up.",
		CLIENT,
		.min_cnt = 3,
		.peer_app = HTTP,
		KA_STEPS(KA_CONNECTED, GET("1.1", ""), KA_SILENCE),
		.expect = { KA_EXPIRES, .app = { SERVES(1) } },
	},
	{
		KA_CASE("http_close_is_lost"),
		.why = "a server that closes into a dead path tells nobody: keepalive must",
		.source = "RFC 9112 9.5; RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "The path dies, then the server's keep-alive timeout runs out. It "
			  "closes; its FIN never arrives. The client holds a connection to "
			  "nobody until its keepalive expires: the server's timeout does not "
			  "replace it.",
		CLIENT,
		.one_setting = true,
		.min_cnt = 3,
		.peer_app = { .program = KA_APP_HTTP, .timeout = SHORT },
		KA_STEPS(KA_CONNECTED, GET("1.1", ""), KA_SILENCE),
		.expect = { KA_EXPIRES,
			    .app = { SERVES(1),
				     { KA_PEER, KA_DID_TIME_OUT, .times = 1, .after = SHORT } } },
	},
	{
		KA_CASE("http_path_dies_unnoticed"),
		.why = "without TCP keepalive the same dead path is never noticed, persistent or "
		       "not",
		.source = "RFC 9112 9.8; RFC 9293 3.8.4 MUST-25: off by default",
		.lesson = "The control. The client trusted HTTP keep-alive to keep the "
			  "connection alive, and never said SO_KEEPALIVE. It looks established "
			  "long after the path has died. In the end the client sends the next "
			  "request, which proves that nothing arrives any more.",
		CLIENT,
		.from = KA_FROM_NOWHERE,
		.one_setting = true,
		.peer_app = HTTP,
		KA_STEPS(KA_CONNECTED, GET("1.1", ""), KA_SILENCE,
			 { KA_NO_TIMER, .at = { .nominal = 1.5, .idle = 1 }, .value = 0 },
			 KA_WRITE(40)),
		.expect = { .when = KA_NEVER,
			    .watch = { .ms = 100 },
			    .counters = { { "TcpExt.TCPTimeouts", KA_ANY },
					  { "TcpExt.TCPLossProbes", KA_ANY },
					  { "Tcp.RetransSegs", KA_ANY } },
			    .app = { SERVES(1) } },
	},
};

KA_THEME(http, "HTTP keep-alive is not TCP keepalive");
