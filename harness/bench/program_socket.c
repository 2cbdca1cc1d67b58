/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of a program as they are seen from outside. sock_diag says what the kernel has of the
 * connection; its inode says whether a process holds it. A connection that has ended is no longer there,
 * and then only its being freed tells that the program has let go of it.
 *
 * What wakes us: packets of the program's end; an epoll registration on the program's own socket, which
 * keeps nothing open (its state has changed); the kernel's word that a socket is freed. One thing has no
 * voice: a close() whose FIN must wait behind data that a closed window holds back. Only then the clock
 * is looked at, each time a hundredth later.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "bench/program.h"
#include "model/util.h"

#define HOLDERS_MAX 64

/* A process that has closed its descriptors is dead soon. */
#define DYING_NS INT64_C(1000000000)

#define GEOMETRIC_PART 100
#define GEOMETRIC_MIN  INT64_C(20000000)

/* ---- the listener ----------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

struct hunt {
	const struct ka_engine *e;
	struct nn_addr wanted;
	struct ka_program_listener *out;
};

/* A socket of IPv6 that is bound to no address takes IPv4 as well, unless it says otherwise. */
static bool is_reachable(const struct hunt *hunt, const struct nn_diag *diag)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t n = diag->family == AF_INET ? 4 : 16;

	if (is_zero(diag->local, n))
		return diag->family == hunt->wanted.family || diag->family == AF_INET6;
	if (diag->family == hunt->wanted.family)
		return !memcmp(diag->local, hunt->wanted.bytes, n);
	return diag->family == AF_INET6 && !memcmp(diag->local, mapped, sizeof(mapped)) &&
	       !memcmp(diag->local + sizeof(mapped), hunt->wanted.bytes, 4);
}

static void note_other(const struct hunt *hunt, const struct nn_diag *diag, uint16_t port)
{
	struct ka_program_listener *out = hunt->out;
	size_t used = strlen(out->other);
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(diag->family, diag->local, address, sizeof(address));
	snprintf(out->other + used, sizeof(out->other) - used, "%s%s%s%s:%u", used ? ", " : "",
		 diag->family == AF_INET6 ? "[" : "", address, diag->family == AF_INET6 ? "]" : "",
		 port);
}

static int note_listener(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	struct hunt *hunt = arg;

	(void)dport;
	if (sport != hunt->e->port || !is_reachable(hunt, diag)) {
		note_other(hunt, diag, sport);
		return 0;
	}
	hunt->out->n++;
	if (!hunt->out->found)
		hunt->out->inode = diag->inode;
	hunt->out->found = true;
	return 0;
}

int ka_socket_find_listener(struct ka_engine *e)
{
	enum nn_node node = ka_engine_node(e, KA_PROBER);
	struct ka_program_listener found = { .n = 0 };
	struct hunt hunt = { .e = e,
			     .wanted = nn_topology_addr(&e->net, node, e->instance->family),
			     .out = &found };
	int ret = nn_diag_walk(e->net.ns[node], 1u << TCP_LISTEN, note_listener, &hunt, &e->err);

	e->program->listener = found;
	return ret;
}

/* ---- who holds the connection ------------------------------------------------------------------- */

/* Those that hold @inode: one for each process; the first of them to *@first. Returns their number, or
 * -errno. */
static int processes_of(struct ka_engine *e, uint32_t inode, struct nn_holder *first)
{
	struct nn_holder holders[HOLDERS_MAX];
	int n = inode ? nn_holder_find("/proc", inode, holders, HOLDERS_MAX, &e->err) : 0;
	int processes = 0;

	if (n > HOLDERS_MAX)
		n = HOLDERS_MAX;
	for (int i = 0; i < n; i++)
		processes += !i || holders[i].pid != holders[i - 1].pid;
	if (n > 0)
		*first = holders[0];
	return n < 0 ? n : processes;
}

static void record_hold(struct ka_engine *e, int n)
{
	struct ka_event event = { .at = e->prober, .what = KA_EV_HOLD };

	if (e->program->holders == n)
		return;
	e->program->holders = n;
	event.hold.n = n;
	ka_engine_event(e, event);
}

static void let_go(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	if (p->let_go_ns)
		return;
	p->let_go_ns = ka_now_ns();
	p->geometric_ns = 0;
	e->ends[e->prober].ended = true;
	record_hold(e, 0);
}

static void gap(struct ka_engine *e, enum ka_proof proof, const char *text)
{
	ka_engine_gap(e, e->prober, (struct ka_gap){ .proof = proof, .step = -1 }, text);
}

/* What the kernel says of the socket's state from now on wakes the engine. Who cannot be asked for it,
 * is found dead by its packets, or at the next look. */
static void watch_state(struct ka_engine *e, const struct nn_holder *holder)
{
	struct ka_bench_program *p = e->program;
	struct nn_err err;

	if (!p->is_watched)
		p->is_watched = !nn_holder_watch(holder, p->epoll, EPOLLET | EPOLLRDHUP,
						 KA_WAKE_SOCKET, &err);
}

/* The inode says that it is held. One that no process shows may be in an io_uring. */
static void count_holders(struct ka_engine *e, uint32_t inode)
{
	struct ka_bench_program *p = e->program;
	struct nn_holder first = { .pid = 0 };
	int n = processes_of(e, inode, &first);

	if (n < 0) {
		gap(e, KA_PROOF_HOLDERS, e->err.text);
		return;
	}
	if (n)
		watch_state(e, &first);
	p->recount = false;
	p->inode = inode;
	p->is_seen = n > 0;
	record_hold(e, n ? n : 1);
}

/* ---- samples ------------------------------------------------------------------------------------ */

/* Data that nobody acknowledges, or that no window takes: a FIN would wait behind it. */
static void mind_close(struct ka_engine *e, const struct nn_diag *diag, int64_t now_ns)
{
	struct ka_bench_program *p = e->program;
	int64_t pause_ns;

	if (!diag->wqueue || p->let_go_ns) {
		p->slow_ns = p->geometric_ns = 0;
		return;
	}
	if (!p->slow_ns)
		p->slow_ns = now_ns;
	pause_ns = ka_greater((now_ns - p->slow_ns) / GEOMETRIC_PART, GEOMETRIC_MIN);
	p->geometric_ns = now_ns + pause_ns;
	ka_program_wake_at(e, p->geometric_ns);
}

static bool is_known(const struct ka_engine *e)
{
	return e->program->phase == KA_PROGRAM_IS_UP && e->ends[e->prober].flow.client_port;
}

/* Not yet accepted, it has no inode. */
static void take_sample(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	const struct ka_end_state *end = &e->ends[e->prober];

	if (!end->is_there) {
		if (!p->gone_ns)
			p->gone_ns = ka_now_ns();
		e->ends[e->prober].ended = true;
		ka_busy_tick(e);
		return;
	}
	if (end->diag.inode && (p->holders < 1 || p->recount))
		count_holders(e, end->diag.inode);
	else if (!end->diag.inode && p->holders > 0)
		let_go(e);
	mind_close(e, &end->diag, ka_now_ns());
}

void ka_socket_look(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	if (!is_known(e) || p->gone_ns)
		return;
	ka_engine_diag(e, e->prober);
	take_sample(e);
}

void ka_socket_packet(struct ka_engine *e, const struct ka_packet *packet)
{
	bool is_sent =
		packet->out && (packet->kind == KA_SEG_PROBE || packet->kind == KA_SEG_RETRANSMIT ||
				packet->kind == KA_SEG_WINDOW_PROBE);

	if (!packet->out && packet->accepted && packet->flags & TH_FIN && !e->program->told_ns)
		e->program->told_ns = ka_now_ns();
	ka_busy_tick(e);
	if (is_sent || packet->flags & (TH_FIN | TH_RST) || packet->kind == KA_SEG_ICMP)
		ka_socket_look(e);
}

void ka_socket_tick(struct ka_engine *e)
{
	const struct ka_bench_program *p = e->program;

	if (p->geometric_ns && p->geometric_ns <= ka_now_ns())
		ka_socket_look(e);
	else if (p->geometric_ns)
		ka_program_wake_at(e, p->geometric_ns);
}

static bool is_ours(const struct ka_engine *e, const uint32_t cookie[2])
{
	const struct ka_end_state *end = &e->ends[e->prober];

	return end->have_diag && !memcmp(end->diag.cookie, cookie, sizeof(end->diag.cookie));
}

/* What is freed is held by nobody, and has ended. */
static void take_freed(struct ka_engine *e)
{
	ka_socket_look(e);
	let_go(e);
}

/* Some were missed: ours may be among them. Where nobody can be seen to hold it, it has been freed. */
static void look_for_holders(struct ka_engine *e)
{
	const struct ka_bench_program *p = e->program;
	struct nn_holder first;

	ka_socket_look(e);
	if (p->gone_ns && p->is_seen && processes_of(e, p->inode, &first) == 0)
		let_go(e);
}

void ka_socket_destroyed(struct ka_engine *e)
{
	uint32_t cookie[2];
	struct nn_err err;
	int ret;

	while (!(ret = nn_destroyed_next(e->program->destroyed, cookie, &err)))
		if (is_ours(e, cookie))
			take_freed(e);
	if (ret == -ENOBUFS)
		look_for_holders(e);
	else if (ret != -EAGAIN)
		gap(e, KA_PROOF_HOLDERS, err.text);
}

bool ka_socket_is_held(struct ka_engine *e)
{
	ka_socket_look(e);
	return e->program->holders > 0 || e->program->gone_ns;
}

/* ---- options ------------------------------------------------------------------------------------ */

static void fill(struct ka_options_event *out, const struct nn_socket_options *options)
{
	out->error = -options->error[NN_SO_KEEPALIVE];
	out->keepalive = options->value[NN_SO_KEEPALIVE];
	out->idle = (unsigned)options->value[NN_TCP_KEEPIDLE];
	out->intvl = (unsigned)options->value[NN_TCP_KEEPINTVL];
	out->cnt = (unsigned)options->value[NN_TCP_KEEPCNT];
	out->user_timeout_ms = (unsigned)options->value[NN_TCP_USER_TIMEOUT];
}

static void read_options(struct ka_engine *e, uint32_t inode, bool listener)
{
	struct ka_event event = { .at = e->prober, .what = KA_EV_OPTIONS };
	struct nn_holder holder = { .pid = 0 };
	struct nn_socket_options options;
	int n = processes_of(e, inode, &holder), ret;

	event.options.listener = listener;
	if (n < 0) {
		gap(e, KA_PROOF_OPTIONS, e->err.text);
		return;
	}
	event.options.n_holders = n;
	if (n) {
		event.options.pid = (int)holder.pid;
		event.options.fd = holder.fd;
		memcpy(event.options.comm, holder.comm, sizeof(event.options.comm));
		ret = nn_holder_options(&holder, &options, &e->err);
		if (ret)
			event.options.error = -ret;
		else
			fill(&event.options, &options);
		if (ret && !listener)
			gap(e, KA_PROOF_OPTIONS, e->err.text);
	}
	ka_engine_event(e, event);
}

void ka_socket_options(struct ka_engine *e)
{
	const struct ka_bench_program *p = e->program;

	if (p->program->role == KA_SERVER && p->listener.inode)
		read_options(e, p->listener.inode, true);
	ka_socket_look(e);
	if (!p->gone_ns && !p->let_go_ns)
		read_options(e, e->ends[e->prober].diag.inode, false);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static int64_t patience_ns(const struct ka_bench_program *p)
{
	double s = p->program->patience_s > 0 ? p->program->patience_s : KA_PROGRAM_PATIENCE_S;

	return (int64_t)(s * 1e9);
}

bool ka_socket_is_over(struct ka_engine *e, int64_t *until_ns)
{
	const struct ka_bench_program *p = e->program;
	int64_t now_ns = ka_now_ns();
	bool eof = e->case_->expect.eof && p->told_ns && !p->gone_ns;

	/* it is to close when the other end has, and the kernel has no part in that */
	if (eof && p->told_ns + patience_ns(p) <= now_ns)
		return true;
	/* whether it dies of the end is seen when it is dead */
	if (p->gone_ns && p->let_go_ns && now_ns < p->let_go_ns + DYING_NS &&
	    ka_process_is_exiting(e)) {
		*until_ns = p->let_go_ns + DYING_NS;
		return false;
	}
	if (p->gone_ns && (p->let_go_ns || p->gone_ns + patience_ns(p) <= now_ns))
		return true;
	/* what the kernel makes of a connection that the program has closed, is seen as long as the rest
	 * would have been */
	if (p->let_go_ns && now_ns >= *until_ns)
		return true;
	if (p->gone_ns || eof)
		*until_ns = (eof ? p->told_ns : p->gone_ns) + patience_ns(p);
	return false;
}

/* The options again, as long as there is somebody to be asked. */
void ka_socket_evidence(struct ka_engine *e)
{
	const struct ka_bench_program *p = e->program;

	ka_socket_destroyed(e);
	ka_socket_look(e);
	if (!p->let_go_ns)
		look_for_holders(e);
	ka_busy_evidence(e);
	if (p->phase == KA_PROGRAM_IS_UP && !p->gone_ns && !p->let_go_ns)
		read_options(e, e->ends[e->prober].diag.inode, false);
	ka_engine_proof(e, e->prober, KA_PROOF_OPTIONS);
	ka_engine_proof(e, e->prober, KA_PROOF_HOLDERS);
}
