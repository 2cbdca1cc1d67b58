/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds an instance's network, sysctls, observers and peers, and takes them down. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/program.h"
#include "model/util.h"
#include "model/verbs.h"
#include "netns/softnet.h"
#include "netns/sysctl.h"
#include "netns/util.h"

static enum nn_node node_of(enum ka_at at)
{
	return at == KA_AT_CLIENT ? NN_CLIENT : NN_SERVER;
}

static int watch_fd(struct ka_engine *e, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return nn_fail(&e->err, errno, "epoll");
	return 0;
}

int ka_engine_open_capture(struct ka_engine *e, enum ka_at at)
{
	struct ka_end_state *end = &e->ends[at];
	int ret = ka_capture_open(&end->capture, e->net.ns[node_of(at)],
				  nn_topology_dev(node_of(at), NN_GATEWAY), e->told->look_ns,
				  &e->record->captures[at], &e->err);

	if (ret)
		return ret;
	return watch_fd(e, ka_capture_fd(end->capture));
}

static void note_clock_step(struct ka_engine *e, struct ka_capture *capture)
{
	int64_t step = ka_capture_clock_step(capture);

	if (step > e->record->timeline.clock_step_ns)
		e->record->timeline.clock_step_ns = step;
}

void ka_engine_close_capture(struct ka_engine *e, enum ka_at at)
{
	struct ka_end_state *end = &e->ends[at];

	if (!end->capture)
		return;
	note_clock_step(e, end->capture);
	epoll_ctl(e->epoll, EPOLL_CTL_DEL, ka_capture_fd(end->capture), NULL);
	end->capture = ka_capture_close(end->capture);
}

struct nn_addr ka_engine_addr(const struct ka_engine *e, enum nn_node node)
{
	struct nn_addr addr = nn_topology_addr(&e->net, node, e->instance->family);
	struct nn_addr mapped = { .family = AF_INET6, .bytes = { [10] = 0xff, [11] = 0xff } };

	if (!e->case_->mapped)
		return addr;
	memcpy(mapped.bytes + 12, addr.bytes, 4);
	return mapped;
}

/* A program, or what becomes of many, is judged by when a process was woken, not by a packet. */
static bool is_timed(const struct ka_engine *e)
{
	const struct ka_case *c = e->case_;

	return c->prober_app.program || c->peer_app.program || c->load ||
	       ka_time_s(&c->expect.notice, &e->instance->setting) > 0;
}

static bool does(const struct ka_engine *e, enum ka_do do_)
{
	for (size_t i = 0; i < e->case_->n_steps; i++)
		if (e->case_->steps[i].do_ == do_)
			return true;
	return false;
}

/* What one end lives through as a process, the other does, too. */
static bool in_processes(const struct ka_engine *e)
{
	const struct ka_case *c = e->case_;

	for (size_t i = 0; i < c->n_steps; i++)
		if (ka_step_is(&c->steps[i], KA_VERB_PROCESS))
			return true;
	return e->instance->program;
}

int ka_engine_start_peer(struct ka_engine *e, enum ka_at at)
{
	const struct ka_instance *instance = e->instance;
	enum nn_node other = at == KA_AT_CLIENT ? NN_SERVER : NN_CLIENT;
	struct ka_peer_config config = {
		.at = at,
		.prober = at == e->prober,
		.process = in_processes(e),
		.from = e->case_->from,
		.post_mortem = e->case_->post_mortem,
		.mptcp = e->case_->transport == KA_MPTCP ||
			 (e->case_->transport == KA_MPTCP_CLIENT && at == KA_AT_CLIENT),
		.streams = does(e, KA_EXCHANGE),
		.clock_stands = e->told->look_ns > 0,
		.timed = is_timed(e),
		.setting = instance->setting,
		.asks = EPOLLIN | EPOLLRDHUP,
		.app = at == e->prober ? e->case_->prober_app : e->case_->peer_app,
		.local = ka_engine_addr(e, node_of(at)),
		.remote = ka_engine_addr(e, other),
		.port = e->port,
		.program = instance->program,
	};
	int ret;

	if (e->case_->mapped) /* any address, of both families */
		config.local = (struct nn_addr){ .family = AF_INET6 };
	if (config.prober && e->case_->asks)
		config.asks = e->case_->asks;
	ret = ka_peer_start(&e->ends[at].peer, &config, e->net.ns[node_of(at)], &e->err);
	if (ret)
		return ret;
	return watch_fd(e, e->ends[at].peer.ctl);
}

/* A sysctl that the kernel does not have, or a value that it does not take, although /proc/sys can be
 * written. */
static int refused(struct ka_engine *e, int ret)
{
	if (ret == -EACCES || ret == -EPERM || ret == -EINVAL || ret == -ENOENT || ret == -ENOMSG)
		ka_engine_fail_by(e, ret, KA_FIND_READS);
	return ret;
}

int ka_engine_put_number(struct ka_engine *e, enum nn_node node, const char *key, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return nn_sysctl_put(e->net.ns[node], key, text, &e->err);
}

/* The setting as sysctls of the prober's namespace. */
static int put_setting(struct ka_engine *e)
{
	const struct ka_setting *s = &e->instance->setting;
	const struct {
		const char *key;
		unsigned value;
	} sysctls[] = { { "net/ipv4/tcp_keepalive_time", s->idle },
			{ "net/ipv4/tcp_keepalive_intvl", s->intvl },
			{ "net/ipv4/tcp_keepalive_probes", s->cnt } };
	int ret = 0;

	for (size_t i = 0; !ret && i < KA_N(sysctls); i++)
		ret = ka_engine_put_number(e, node_of(e->prober), sysctls[i].key, sysctls[i].value);
	return ret;
}

static int put_sysctl(struct ka_engine *e, const struct ka_sysctl *s)
{
	if (!s->key)
		return 0;
	return nn_sysctl_put(e->net.ns[ka_engine_node(e, s->who)], s->key, s->value, &e->err);
}

/* The kernel's own default. A distribution's may be another, and every segment then carries bits and an
 * option of AccECN (since Linux 7.0). Where it cannot be written it is for others to find. */
static void put_ecn(struct ka_engine *e, enum nn_node node)
{
	(void)nn_sysctl_set(e->net.ns[node], "net/ipv4/tcp_ecn", "2", NULL);
}

static int put_sysctls(struct ka_engine *e)
{
	const struct ka_case *c = e->case_;
	int ret = 0;

	if (c->from == KA_FROM_SYSCTL)
		ret = put_setting(e);
	for (int at = 0; !ret && c->no_timestamps && at < 2; at++)
		ret = ka_engine_put_number(e, node_of(at), "net/ipv4/tcp_timestamps", 0);
	for (size_t i = 0; !ret && i < KA_N(c->sysctls); i++) {
		ret = put_sysctl(e, &c->sysctls[i]);
		if (ret == -ENOENT)
			ret = nn_fail(&e->err, EOPNOTSUPP, "this kernel has no sysctl %s",
				      c->sysctls[i].key);
	}
	if (ret)
		return refused(e, ret);
	ret = put_sysctl(e, &c->sysctl_if_there);
	return ret == -ENOENT ? 0 : refused(e, ret);
}

static int open_loop(struct ka_engine *e)
{
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (e->epoll < 0 || e->timer < 0)
		return nn_fail(&e->err, errno, "epoll or timerfd");
	return watch_fd(e, e->timer);
}

static int start_end(struct ka_engine *e, enum ka_at at)
{
	int ret;

	if (!e->instance->program || at != e->prober)
		return ka_engine_start_peer(e, at);
	ret = ka_program_set_up(e);
	return ret ? ret : watch_fd(e, ka_program_fd(e));
}

/* An end that nobody else would see. */
static int watch_freed(struct ka_engine *e)
{
	int ret = ka_orphan_watch(e);

	if (ret == -ENOENT)
		return 0;
	return ret ? ret : watch_fd(e, nn_destroyed_fd(e->destroyed));
}

/* What looks at one end, and what is written there first. */
static int observe_end(struct ka_engine *e, enum ka_at at)
{
	struct nn_visit visit;
	int ret = nn_ns_visit(e->net.ns[node_of(at)], &visit, &e->err), back;

	if (ret)
		return ret;
	put_ecn(e, node_of(at));
	ka_flow_init(&e->ends[at].flow, at, e->port);
	ret = ka_engine_open_capture(e, at);
	if (!ret)
		ret = ka_engine_open_counters(e, at);
	back = nn_ns_leave(&visit, ret ? NULL : &e->err);
	return ret ? ret : back;
}

int ka_engine_setup(struct ka_engine *e)
{
	enum nn_shape shape = e->case_->topology == KA_PAIR ? NN_PAIR : NN_ROUTED;
	int ret = open_loop(e);

	if (!ret)
		ret = nn_softnet_dropped(&e->host_lost, &e->err);
	if (!ret)
		ret = nn_topology_new_here(&e->net, shape, e->instance->family, &e->err);
	if (!ret)
		ret = ka_gateway_setup(e); /* some sysctls exist only with it */
	for (int at = 0; !ret && at < 2; at++)
		ret = observe_end(e, (enum ka_at)at);
	if (!ret)
		ret = put_sysctls(e);
	for (int at = 0; !ret && at < 2; at++)
		ret = start_end(e, (enum ka_at)at);
	return ret ? ret : watch_freed(e);
}

/* A killed process leaves sockets that retransmit their FIN for minutes where the path is dead, and
 * each holds its namespace: one try is enough. A host that is gone, or a read-only /proc/sys, is no
 * matter. */
static void hurry_orphans(struct ka_engine *e)
{
	for (int at = 0; at < 2; at++)
		if (e->net.ns[node_of(at)])
			(void)nn_sysctl_set(e->net.ns[node_of(at)], "net/ipv4/tcp_orphan_retries",
					    "1", NULL);
}

/* Peers, files and namespaces end with the process, each for nothing. */
static void leave(struct ka_engine *e)
{
	for (int at = 0; at < 2; at++)
		if (e->ends[at].capture)
			note_clock_step(e, e->ends[at].capture);
}

void ka_engine_teardown(struct ka_engine *e)
{
	hurry_orphans(e);
	ka_program_tear_down(e);
	if (e->told->last) {
		leave(e);
		return;
	}
	e->destroyed = nn_destroyed_close(e->destroyed);
	for (int at = 0; at < 2; at++) {
		struct ka_end_state *end = &e->ends[at];

		ka_peer_kill(&end->peer);
		ka_peer_close(&end->peer);
		ka_engine_close_capture(e, (enum ka_at)at);
		end->counters = nn_counters_close(end->counters);
	}
	nn_topology_free(&e->net);
	nn_close_fd(&e->armer);
	if (e->timer >= 0)
		close(e->timer);
	if (e->epoll >= 0)
		close(e->epoll);
}
