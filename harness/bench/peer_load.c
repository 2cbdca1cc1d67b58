/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load, inside a peer: many connections in one epoll set, and of each only what is needed to
 * say that all of them went the same way. They are closed with a RST (SO_LINGER 0) when the process
 * ends: orphans would keep the namespace for minutes.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "model/util.h"

/* Descriptors of everything else in this process. */
#define SPARE_FDS 64
/*
 * They come in groups, and their timers are started in groups, so that these do not all run out in the
 * same jiffy: a burst of probes that is longer than net.core.netdev_max_backlog (1000) is cut off
 * between two namespaces, and what is lost there is not counted as sent (tcp_keepalive_timer():
 * NET_XMIT_DROP), but tried again after half a second. Who had to wait for a CPU makes up for it, by
 * so many groups at once that such a burst is not in sight.
 */
#define GROUP     84
#define GROUP_NS  20000000
#define CATCH_UP  4
/* Ends that are read at once. */
#define BATCH     64

static int raise_limit(unsigned sockets)
{
	rlim_t needed = sockets + SPARE_FDS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return errno;
	if (limit.rlim_cur >= needed)
		return 0;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed) /* EPERM for an ordinary user */
		limit.rlim_max = needed;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? errno : 0;
}

static int open_set(struct ka_peer_self *self)
{
	if (self->load.epoll >= 0)
		return 0;
	self->load.epoll = epoll_create1(EPOLL_CLOEXEC);
	return self->load.epoll < 0 ? errno : ka_self_add(self->outer, self->load.epoll, EPOLLIN);
}

static int make_room(struct ka_load_self *load, unsigned more)
{
	unsigned wanted = load->wanted + more;
	struct ka_member *members = reallocarray(load->members, wanted, sizeof(*members));

	if (!members)
		return ENOMEM;
	load->members = members;
	load->wanted = wanted;
	return 0;
}

/* Members are registered with their index. */
static int watch(struct ka_load_self *load, unsigned index, int op, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = index };

	return epoll_ctl(load->epoll, op, load->members[index].fd, &event) < 0 ? errno : 0;
}

static int add(struct ka_load_self *load, int fd, uint32_t events)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	load->members[load->n] = (struct ka_member){ .fd = fd, .active_ns = ka_now_ns() };
	return watch(load, load->n++, EPOLL_CTL_ADD, events);
}

static void say_there(struct ka_peer_self *self, int error)
{
	struct ka_load_self *load = &self->load;

	if (error)
		ka_self_say(self, KA_MSG_LOAD, error, 0, "a connection of the load");
	else if (++load->there == load->wanted)
		ka_self_say(self, KA_MSG_LOAD, 0, 0, "");
}

/* ---- coming ----------------------------------------------------------------------------------- */

/* The prober's end starts the timers by a call of its own, as programs do. */
static bool arms(const struct ka_peer_self *self)
{
	return self->config->prober && self->config->from == KA_FROM_ACCEPTED;
}

static int arm(struct ka_peer_self *self, unsigned index)
{
	struct ka_member *member = &self->load.members[index];
	int ret;

	member->armed_ns = ka_self_now(self);
	if (!self->load.sum.armed_ns)
		self->load.sum.armed_ns = member->armed_ns;
	ret = ka_self_keepalive(self, member->fd, true);
	member->set_ns = ka_self_now(self);
	return ret;
}

static int connect_one(struct ka_peer_self *self)
{
	int fd = socket(self->config->local.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret = fd < 0 ? errno : add(&self->load, fd, EPOLLOUT);

	return ret ? ret : ka_self_begin(self, fd);
}

static int start_pace(struct ka_load_self *load, int outer)
{
	const struct itimerspec pace = { .it_interval = { .tv_nsec = GROUP_NS },
					 .it_value = { .tv_nsec = 1 } };

	if (load->timer >= 0)
		return 0;
	load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (load->timer < 0 || timerfd_settime(load->timer, 0, &pace, NULL) < 0)
		return errno;
	return ka_self_add(outer, load->timer, EPOLLIN);
}

int ka_load_call(struct ka_peer_self *self, unsigned more)
{
	struct ka_load_self *load = &self->load;
	int ret = raise_limit(load->wanted + more);

	if (!ret)
		ret = open_set(self);
	if (!ret)
		ret = make_room(load, more);
	if (!ret && self->config->at == KA_AT_CLIENT)
		ret = start_pace(load, self->outer);
	return ret;
}

/*
 * Only when all have come are their timers started: that takes so little that a busy host has done it,
 * and the fault behind it, before the first one is probed.
 */
static void came(struct ka_peer_self *self, int error)
{
	struct ka_load_self *load = &self->load;

	if (error || !arms(self))
		say_there(self, error);
	else if (++load->came == load->wanted && (error = start_pace(load, self->outer)))
		say_there(self, error);
}

/* A group connects, or has its timers started. */
static int next_of_group(struct ka_peer_self *self)
{
	struct ka_load_self *load = &self->load;
	int ret;

	if (load->n < load->wanted) {
		ret = connect_one(self);
		if (ret)
			say_there(self, ret);
		return ret;
	}
	ret = arm(self, load->there);
	say_there(self, ret);
	return ret;
}

/* True when there is one more to connect, or to arm. */
static bool has_next(const struct ka_peer_self *self)
{
	const struct ka_load_self *load = &self->load;

	if (self->config->at == KA_AT_CLIENT && load->n < load->wanted)
		return true;
	return arms(self) && load->came == load->wanted && load->there < load->wanted;
}

void ka_load_tick(struct ka_peer_self *self)
{
	struct ka_load_self *load = &self->load;
	uint64_t groups;
	int ret = 0;

	if (read(load->timer, &groups, sizeof(groups)) < 0)
		return;
	ka_self_progress(self);
	if (groups > CATCH_UP)
		groups = CATCH_UP;
	for (uint64_t i = 0; !ret && i < groups * GROUP && has_next(self); i++)
		ret = next_of_group(self);
	if (ret || !has_next(self)) {
		close(load->timer);
		load->timer = -1;
	}
}

static void on_connected(struct ka_peer_self *self, unsigned index)
{
	int ret = watch(&self->load, index, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP);

	ka_self_progress(self);
	came(self, ret);
}

void ka_load_accept(struct ka_peer_self *self)
{
	struct ka_load_self *load = &self->load;

	while (load->n < load->wanted) {
		int fd = accept4(self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		int ret = fd < 0 ? errno : add(load, fd, EPOLLIN | EPOLLRDHUP);

		if (ret == EAGAIN)
			return;
		if (!ret)
			ka_self_progress(self);
		if (!ret && self->config->app.program == KA_APP_PROXY)
			ka_app_newcomer(self, load->n - 1);
		came(self, ret);
		if (ret)
			return;
	}
}

/* ---- going ------------------------------------------------------------------------------------ */

/* What the time of a member's end counts from. TCP_INFO can still be read then; it tells the age of
 * what was received in milliseconds, made of whole jiffies. */
static int64_t zero_of(int64_t armed_ns, const struct tcp_info *info)
{
	int64_t now_ns = ka_now_ns();
	uint32_t age_ms = info->tcpi_last_ack_recv < info->tcpi_last_data_recv
				  ? info->tcpi_last_ack_recv
				  : info->tcpi_last_data_recv;
	int64_t last_rx_ns = now_ns - age_ms * INT64_C(1000000);

	return armed_ns > last_rx_ns ? armed_ns : last_rx_ns;
}

/* @one, which had ended @late_ns before it was seen, at most. The latest is the one that was it for
 * certain. */
static void add_up(struct ka_load_self *load, const struct ka_load *one, int64_t late_ns)
{
	struct ka_load *sum = &load->sum;

	if (!sum->dead) {
		sum->earliest_ns = one->earliest_ns;
		sum->error = one->error;
		sum->events = one->events;
		sum->probes = one->probes;
	}
	sum->other += sum->error != one->error || sum->events != one->events ||
		      sum->probes != one->probes;
	if (one->earliest_ns < sum->earliest_ns)
		sum->earliest_ns = one->earliest_ns;
	if (!sum->dead || one->latest_ns - late_ns > sum->latest_ns - load->late_ns) {
		sum->latest_ns = one->latest_ns;
		sum->latest_at_ns = one->latest_at_ns;
		load->late_ns = late_ns;
	}
	sum->dead++;
}

static void on_end(struct ka_peer_self *self, unsigned index, uint32_t events, int64_t woken_ns)
{
	struct ka_load_self *load = &self->load;
	struct ka_member *member = &load->members[index];
	struct ka_load one = { .events = events };
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info), error_len = sizeof(one.error);

	ka_self_progress(self);
	if (getsockopt(member->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		ka_self_gap(self, KA_PROOF_LOAD, errno);
	one.earliest_ns = woken_ns - zero_of(member->armed_ns, &info);
	one.latest_ns = woken_ns - zero_of(member->set_ns, &info);
	one.latest_at_ns = woken_ns;
	one.probes = info.tcpi_probes;
	if (getsockopt(member->fd, SOL_SOCKET, SO_ERROR, &one.error, &error_len) < 0)
		ka_self_gap(self, KA_PROOF_LOAD, errno);
	watch(load, index, EPOLL_CTL_DEL, 0);
	add_up(load, &one, self->late_ns ? self->awake_ns - load->clear_ns : 0);
	if (load->sum.dead == load->wanted)
		ka_self_say(self, KA_MSG_LOAD, 0, 1, "");
}

/* Data, or the other end's FIN: a member with nobody behind it reads, and lets go. */
static void on_input(struct ka_peer_self *self, unsigned index)
{
	struct ka_load_self *load = &self->load;
	char buf[4096];
	ssize_t n = recv(load->members[index].fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n >= 0)
		ka_self_progress(self);
	if (n > 0)
		load->members[index].active_ns = ka_self_now(self);
	if (n == 0)
		watch(load, index, EPOLL_CTL_DEL, 0);
}

/*
 * Who ends while this process is at work, or waits for a CPU, is read at a later wake-up. With an end
 * waiting to be read it never sleeps: what it has worked and waited since the last time that none was
 * waiting is the most that one can be behind.
 */
void ka_load_event(struct ka_peer_self *self, int64_t woken_ns)
{
	struct ka_load_self *load = &self->load;
	int64_t clear_ns = self->awake_ns + ka_self_now(self) - woken_ns;
	struct epoll_event events[BATCH];
	int n = epoll_wait(load->epoll, events, BATCH, 0);

	for (int i = 0; i < n; i++) {
		uint32_t index = events[i].data.u32;

		if (events[i].events & (EPOLLERR | EPOLLHUP))
			on_end(self, index, events[i].events, woken_ns);
		else if (events[i].events & EPOLLOUT)
			on_connected(self, index);
		else
			on_input(self, index);
	}
	if (n < BATCH)
		load->clear_ns = clear_ns;
}

void ka_load_tell(struct ka_peer_self *self)
{
	struct ka_event event = { .t_ns = ka_self_now(self), .what = KA_EV_LOAD };

	event.late_ns = self->load.late_ns;
	event.load = self->load.sum;
	event.load.n = self->load.there;
	ka_self_event(self, event);
}
