/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole stories; the timer's part comes from the simulation that test_wheel and test_chain prove. */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "judge/wheel.h"
#include "model/util.h"
#include "scene.h"

/* Some time after boot, a multiple of every granularity that matters. */
#define SOON    INT64_C(25600)
/* From a tick to the packet that the handler sends; from the packet to the reader's wake-up. */
#define HANDLER (50 * US)
#define WAKE    (150 * US)

/* CLOCK_MONOTONIC at which @jiffy begins. */
static int64_t ns_of(const struct scene *s, int64_t jiffy)
{
	return (jiffy - s->facts.j0) * TICK;
}

/* A jiffy soon after boot that is @residue modulo 64. */
static int64_t jiffy_soon(const struct scene *s, int64_t residue)
{
	int64_t jiffy = s->facts.j0 + SOON;

	return jiffy - jiffy % 64 + residue;
}

static const char *const counters[] = {
	"TcpExt.TCPKeepAlive", "TcpExt.TCPAbortOnTimeout", "Tcp.OutRsts",
	"Tcp.EstabResets",     "TcpExt.OutOfWindowIcmps",  "TcpExt.TCPTimeouts",
	"Tcp.RetransSegs",     "TcpExt.TCPAbortFailed"
};

static void put_counters(struct scene *s, const int64_t moved[4])
{
	for (size_t i = 0; i < KA_N(counters); i++)
		scene_counter(s, counters[i], i < 4 ? moved[i] : 0);
}

void scene_post_mortem(struct scene *s, int64_t ns, int error, uint8_t probes)
{
	scene_epoll(s, ns, EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP,
		    EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP | EPOLLOUT | EPOLLRDNORM |
			    EPOLLWRNORM);
	scene_info(s, ns + 10 * US, TCP_CLOSE, probes);
	scene_call(s, ns + 20 * US, KA_CALL_READ, -1, error);
	scene_call(s, ns + 30 * US, KA_CALL_SO_ERROR, 0, 0);
	scene_call(s, ns + 40 * US, KA_CALL_READ, 0, 0);
	scene_call(s, ns + 50 * US, KA_CALL_WRITE, -1, EPIPE);
}

/* ---- the timer gives up ------------------------------------------------------------------------------- */

static struct ka_wheel_chain simulate(const struct scene *s, int64_t armed, int64_t rx)
{
	const struct ka_wheel_input inputs[] = { { .kind = KA_WHEEL_ARM, .jiffy = armed },
						 { .kind = KA_WHEEL_RX, .jiffy = rx } };
	const struct ka_setting *v = &s->instance.setting;
	struct ka_wheel_chain chain;

	ka_wheel_run(v->idle, v->intvl, v->cnt, v->user_timeout_ms, s->facts.hz, inputs, 2,
		     INT64_MAX - 1, &chain);
	return chain;
}

/* Handshake, a segment of the peer at L, and silence. Returns what the timer then does. */
static struct ka_wheel_chain fall_silent(struct scene *s, const struct scene_phase *phase)
{
	int64_t rx = jiffy_soon(s, phase->residue), armed = rx - phase->armed_before;
	int64_t rx_ns = ns_of(s, rx) + phase->into_jiffy;

	scene_begin(s, ns_of(s, armed) + 2 * MS);
	scene_rx(s, rx_ns, 64);
	scene_done(s, rx_ns - 100 * US, rx_ns + 300 * US, 1);
	scene_done(s, rx_ns + 300 * US, rx_ns + 500 * US, 2);
	return simulate(s, armed, rx);
}

static void prepare_silence(struct scene *s)
{
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 });
	scene_step(s, (struct ka_step){ .do_ = KA_DROP });
}

void scene_give_up(struct scene *s, const struct scene_phase *phase)
{
	struct ka_wheel_chain chain;
	int64_t end_ns;

	prepare_silence(s);
	chain = fall_silent(s, phase);
	for (int k = 0; k < chain.n_probes; k++)
		scene_probe(s, ns_of(s, chain.probes[k]) + HANDLER);
	end_ns = ns_of(s, chain.end) + HANDLER;
	scene_rst_out(s, end_ns);
	scene_post_mortem(s, end_ns + WAKE, ETIMEDOUT, (uint8_t)chain.n_probes);
	put_counters(s, (const int64_t[]){ chain.n_probes, 1, 1, 1 });
	scene_fault(s, 2, 4);
	scene_end(s, end_ns + MS, KA_END_DIED);
}

void scene_silent_drop(struct scene *s, const struct scene_phase *phase)
{
	scene_init(s, KA_KEEPALIVE_EXPIRY);
	s->case_.expect.error = ETIMEDOUT;
	s->case_.expect.probes = KA_CNT;
	s->case_.expect.rst_sent = 1;
	scene_give_up(s, phase);
}

/* ---- other ends ----------------------------------------------------------------------------------------- */

void scene_reset(struct scene *s, const struct scene_phase *phase)
{
	struct ka_wheel_chain chain;
	int64_t end_ns;

	scene_init(s, KA_FIRST_PROBE);
	s->case_.expect.error = ECONNRESET;
	s->case_.expect.probes = 1;
	s->case_.expect.rst_received = 1;
	prepare_silence(s);
	chain = fall_silent(s, phase);
	end_ns = ns_of(s, chain.probes[0]) + HANDLER;
	scene_probe(s, end_ns);
	end_ns += 80 * US;
	scene_rst_in(s, end_ns);
	scene_post_mortem(s, end_ns + WAKE, ECONNRESET, 1);
	put_counters(s, (const int64_t[]){ 1, 0, 0, 1 });
	scene_fault(s, 2, 1);
	scene_end(s, end_ns + MS, KA_END_DIED);
}

void scene_eof(struct scene *s)
{
	int64_t ns;

	scene_init(s, KA_AT_ONCE);
	s->case_.expect.eof = true;
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_KILL, .who = KA_PEER, .at = { .ms = 100 } });
	ns = ns_of(s, jiffy_soon(s, 9)) + 2 * MS;
	scene_begin(s, ns);
	ns += 100 * MS;
	scene_packet(s, ns,
		     (struct ka_packet){ .kind = KA_SEG_DATA,
					 .accepted = true,
					 .seq = 1,
					 .ack = 1,
					 .flags = TH_FIN | TH_ACK });
	scene_epoll(s, ns + WAKE, EPOLLIN | EPOLLRDHUP,
		    EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM);
	scene_call(s, ns + 2 * WAKE, KA_CALL_READ, 0, 0);
	scene_find_event(s, KA_EV_CALL, 0)->call.after_end = false;
	scene_done(s, ns - WAKE, ns + 3 * WAKE, 1);
	put_counters(s, (const int64_t[]){ 0, 0, 0, 0 });
	scene_fault(s, 1, 1);
	scene_end(s, ns + 2 * MS, KA_END_DIED);
}

void scene_alive(struct scene *s, int n)
{
	int64_t ns;

	scene_init(s, KA_NEVER);
	s->case_.expect.answered = KA_SOME;
	s->case_.expect.watch = (struct ka_time){ .idle = n + 0.5 };
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	ns = ns_of(s, jiffy_soon(s, 9)) + 2 * MS;
	scene_begin(s, ns);
	for (int k = 0; k < n; k++) {
		ns += 256 * TICK;
		scene_probe(s, ns);
		scene_answer(s, ns + 80 * US);
	}
	ns += 100 * TICK;
	scene_add(s, ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_DIAG,
				     .diag = { .found = true, .state = TCP_ESTABLISHED } });
	scene_info(s, ns, TCP_ESTABLISHED, 0);
	put_counters(s, (const int64_t[]){ n, 0, 0, 0 });
	scene_end(s, ns, KA_END_WATCHED);
}

void scene_in_flight(struct scene *s, int64_t ns, enum ka_segment kind)
{
	scene_packet(s, ns,
		     (struct ka_packet){ .out = true,
					 .kind = kind,
					 .seq = 1,
					 .ack = 1,
					 .snd_una = 1,
					 .rcv_nxt = 1,
					 .len = 10,
					 .flags = TH_ACK | TH_PUSH });
}

void scene_unacked(struct scene *s)
{
	int64_t ns;

	scene_init(s, KA_RETRANSMIT_LIMIT);
	s->case_.expect.error = ETIMEDOUT;
	s->case_.sysctls[0] = (struct ka_sysctl){ .who = KA_PROBER,
						  .key = "net/ipv4/tcp_retries2",
						  .value = "3" };
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_DROP });
	scene_step(s, (struct ka_step){
			      .do_ = KA_SEND, .who = KA_PROBER, .bytes = 10, .unacked = true });
	ns = ns_of(s, jiffy_soon(s, 9)) + 2 * MS;
	scene_begin(s, ns);
	scene_done(s, ns + 500 * US, ns + MS, 1);
	ns += 2 * MS;
	for (int k = 0; k < 3; k++) {
		scene_in_flight(s, ns + k * 204 * MS, k ? KA_SEG_RETRANSMIT : KA_SEG_DATA);
	}
	scene_done(s, ns - US, ns + US, 2);
	ns += 6630 * MS;
	scene_post_mortem(s, ns, ETIMEDOUT, 0);
	put_counters(s, (const int64_t[]){ 0, 1, 0, 1 });
	scene_find_counter(s, "TcpExt.TCPTimeouts")->counter.delta = 5;
	scene_fault(s, 1, 6);
	scene_end(s, ns + MS, KA_END_DIED);
}
