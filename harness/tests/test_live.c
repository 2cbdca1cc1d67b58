/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look into a live namespace: what is there, found by path and by process, and what a dead peer
 * would cost.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "model/util.h"
#include "netns/nft.h"
#include "netns/ns.h"
#include "netns/sysctl.h"
#include "netns/tests/inbox.h"
#include "netns/tests/tcp.h"
#include "rollout/live.h"

#define WITHOUT 7001 /* port of the connections without keepalive */
#define WITH    7002
#define HZ      250

/* ---- what is there ---------------------------------------------------------------------- */

/* One connection with keepalive and one without; the sockets stay open. */
static int two_connections(struct inbox *in, struct nn_topology *net, int family)
{
	int pair[2];

	if (connect_pair(in, net, family, WITHOUT, pair) || talk_over(in, pair))
		return 1;
	if (connect_pair(in, net, family, WITH, pair) || talk_over(in, pair))
		return 1;
	EXPECT_EQ(in, keep_alive(pair[0], 100), 0);
	return 0;
}

static int set_values(struct inbox *in, const struct nn_ns *ns, const char *const values[3])
{
	static const char *const keys[] = { "net/ipv4/tcp_keepalive_time",
					    "net/ipv4/tcp_keepalive_intvl",
					    "net/ipv4/tcp_keepalive_probes" };

	for (size_t i = 0; i < 3; i++)
		EXPECT_OK(in, nn_sysctl_put(ns, keys[i], values[i], &in->err));
	return 0;
}

static int check_socket(struct inbox *in, const struct ka_live *live, size_t i)
{
	const struct ka_live_socket *socket = &live->sockets[i];
	struct ka_live_cost cost = ka_live_cost(socket, &live->values, HZ);

	EXPECT_EQ(in, socket->family, i < 2 ? AF_INET : AF_INET6);
	EXPECT(in, socket->local_port > 0);
	EXPECT(in, memcmp(socket->local, socket->remote, sizeof(socket->local)) != 0);
	EXPECT(in, socket->have_quiet && socket->quiet_ms < 20000);
	EXPECT_EQ(in, socket->received + socket->unacked + socket->unanswered, 0);
	if (socket->remote_port == WITHOUT) {
		EXPECT_EQ(in, socket->timer, KA_LIVE_OFF);
		EXPECT_EQ(in, cost.end, KA_LIVE_NEVER);
		return 0;
	}
	EXPECT_EQ(in, socket->remote_port, WITH);
	EXPECT_EQ(in, socket->timer, KA_LIVE_ARMED);
	EXPECT(in, socket->expires_ms > 80000 && socket->expires_ms <= 100100);
	EXPECT_EQ(in, cost.end, KA_LIVE_KEEPALIVE);
	/* The namespace says 60: this timer cannot come from there. */
	EXPECT(in, cost.other_idle);
	EXPECT(in, cost.nominal_s > 80 + 5 * 3 && cost.nominal_s <= 100.1 + 5 * 3);
	return 0;
}

INBOX_TEST(connections_are_listed)
{
	static const char *const values[] = { "60", "5", "3" };
	struct nn_topology net = { 0 };
	struct ka_live live;
	char path[64];
	size_t i, with = 0;

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (set_values(in, net.ns[NN_CLIENT], values))
		return 1;
	if (two_connections(in, &net, AF_INET) || two_connections(in, &net, AF_INET6))
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", nn_ns_fd(net.ns[NN_CLIENT]));
	EXPECT_OK(in, ka_live_read(&live, path, &in->err));
	EXPECT_EQ(in, live.values.value[KA_KNOB_TIME], 60);
	EXPECT_EQ(in, live.values.value[KA_KNOB_INTVL], 5);
	EXPECT_EQ(in, live.values.value[KA_KNOB_PROBES], 3);
	EXPECT_EQ(in, live.values.value[KA_KNOB_RETRIES2], 15);
	EXPECT_EQ(in, live.n, 4);
	for (i = 0; i < live.n; i++) {
		if (check_socket(in, &live, i))
			return 1;
		with += live.sockets[i].remote_port == WITH;
	}
	EXPECT_EQ(in, with, 2);
	ka_live_free(&live);
	return 0;
}

/* ---- whether it comes true --------------------------------------------------------------- */

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int host_hz(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return (int)(1000000000 / tick.tv_nsec);
}

/* The peer hears nothing from the moment of the look on. */
INBOX_TEST(the_cost_comes_true)
{
	static const char *const values[] = { "1", "1", "3" };
	const struct nn_nft_rule silence = { .hook = NN_PREROUTING, .dport = WITH };
	static const int one = 1;
	struct nn_topology net = { 0 };
	struct ka_live_cost cost;
	struct ka_live live;
	double start, took;
	int pair[2];
	char path[64];

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (set_values(in, net.ns[NN_CLIENT], values) ||
	    connect_pair(in, &net, AF_INET, WITH, pair) || talk_over(in, pair))
		return 1;
	EXPECT_EQ(in, setsockopt(pair[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)), 0);
	EXPECT_OK(in, nn_nft_add(net.ns[NN_SERVER], "silence", &silence, 1, &in->err));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", nn_ns_fd(net.ns[NN_CLIENT]));
	start = now_s();
	EXPECT_OK(in, ka_live_read(&live, path, &in->err));
	EXPECT_EQ(in, live.n, 1);
	cost = ka_live_cost(&live.sockets[0], &live.values, host_hz());
	EXPECT_EQ(in, poll(&(struct pollfd){ .fd = pair[0], .events = POLLIN }, 1, 20000), 1);
	EXPECT_EQ(in, recv(pair[0], path, 1, 0), -1);
	EXPECT_EQ(in, errno, ETIMEDOUT);
	took = now_s() - start;
	EXPECT(in, took >= cost.window_s[0] - 0.01);
	EXPECT(in, took <= cost.window_s[1] + 1); /* a second for a busy machine */
	ka_live_free(&live);
	return 0;
}

/* ---- whose it is ------------------------------------------------------------------------ */

/* A process that sits in @ns until @release is closed. */
static pid_t sit_in(const struct nn_ns *ns, int ready, int release)
{
	pid_t pid = fork();
	char byte = 0;

	if (pid)
		return pid;
	if (nn_ns_enter(ns, NULL) || write(ready, &byte, 1) != 1)
		_exit(1);
	_exit(read(release, &byte, 1) != 1);
}

static int reads_the_namespace_of(struct inbox *in, pid_t pid, const struct nn_ns *ns)
{
	struct stat there, before, after;
	struct ka_live live;
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	EXPECT_EQ(in, stat("/proc/thread-self/ns/net", &before), 0);
	EXPECT_OK(in, ka_live_read(&live, text, &in->err));
	EXPECT_EQ(in, stat("/proc/thread-self/ns/net", &after), 0);
	EXPECT_EQ(in, fstat(nn_ns_fd(ns), &there), 0);
	EXPECT_EQ(in, live.inode, there.st_ino);
	EXPECT(in, !live.own);
	EXPECT_EQ(in, before.st_ino, after.st_ino);
	EXPECT_EQ(in, live.values.value[KA_KNOB_TIME],
		  7200); /* the kernel's own, whatever the host says */
	EXPECT_EQ(in, live.n, 0);
	ka_live_free(&live);
	EXPECT_OK(in, ka_live_read(&live, "/proc/self/ns/net", &in->err));
	EXPECT(in, live.own);
	ka_live_free(&live);
	return 0;
}

INBOX_TEST(a_process_is_found)
{
	struct nn_ns *ns;
	int ready[2], release[2], ret;
	char byte = 0;
	pid_t pid;

	EXPECT_OK(in, nn_ns_new(&ns, &in->err));
	EXPECT_EQ(in, pipe(ready) | pipe(release), 0);
	pid = sit_in(ns, ready[1], release[0]);
	EXPECT(in, pid > 0);
	EXPECT_EQ(in, read(ready[0], &byte, 1), 1);
	ret = reads_the_namespace_of(in, pid, ns);
	EXPECT_EQ(in, write(release[1], &byte, 1), 1);
	EXPECT_EQ(in, waitpid(pid, NULL, 0), pid);
	nn_ns_free(ns);
	return ret;
}

TEST(what_is_no_namespace_is_refused)
{
	static const struct {
		const char *target, *why;
		int ret;
	} rows[] = {
		{ "999999999", "no process 999999999", -ESRCH },
		{ "0", "no process 0", -ESRCH },
		{ "/nowhere", "cannot open /nowhere", -ENOENT },
		{ "", "cannot open", -ENOENT },
		{ "/proc/self/status", "is no network namespace", -EINVAL },
		{ "/proc/self/ns/uts", "is no network namespace", -EINVAL },
		{ "/tmp", "is no network namespace", -EINVAL },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_live live;
		struct nn_err err = { "" };

		assert_int_equal(ka_live_read(&live, rows[i].target, &err), rows[i].ret);
		assert_non_null(strstr(err.text, rows[i].why));
	}
}

/* ---- what a dead peer costs ------------------------------------------------------------- */

TEST(a_dead_peer_costs)
{
	static const struct ka_knobs usual = { { 7200, 75, 9, 15 } };
	static const struct ka_knobs lower = { { 60, 10, 6, 8 } };
	static const struct ka_knobs odd = { { -1, 0, 0, 15 } };
	static const struct {
		const struct ka_knobs *values;
		enum ka_live_timer timer;
		int64_t expires_ms;
		unsigned unanswered;
		int64_t quiet_ms;
		enum ka_live_end end;
		double nominal_s;
		bool other_idle;
	} rows[] = {
		/* armed when it was opened, then silence */
		{ &usual, KA_LIVE_ARMED, 7200000, 0, 0, KA_LIVE_KEEPALIVE, 7875, false },
		{ &usual, KA_LIVE_ARMED, 200000, 0, 7000000, KA_LIVE_KEEPALIVE, 875, false },
		/* data came 5 s ago, long after the timer was armed */
		{ &usual, KA_LIVE_ARMED, 100000, 0, 5000, KA_LIVE_KEEPALIVE, 7870, false },
		/* three probes are out already */
		{ &usual, KA_LIVE_ARMED, 50000, 3, 7300000, KA_LIVE_KEEPALIVE, 500, false },
		{ &usual, KA_LIVE_ARMED, 50000, 9, 7300000, KA_LIVE_KEEPALIVE, 50, false },
		{ &usual, KA_LIVE_ARMED, 50000, 12, 7300000, KA_LIVE_KEEPALIVE, 50, false },
		/* lowered sysctls: the timer stays, interval and count do not */
		{ &lower, KA_LIVE_ARMED, 7000000, 0, 200000, KA_LIVE_KEEPALIVE, 7060, true },
		{ &odd, KA_LIVE_ARMED, 0, 0, 0, KA_LIVE_KEEPALIVE, 0, false },
		{ &usual, KA_LIVE_OFF, 0, 0, 0, KA_LIVE_NEVER, 0, false },
		{ &usual, KA_LIVE_HIDDEN, 100, 0, 0, KA_LIVE_UNKNOWN, 0, false },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_live_socket socket = { .timer = rows[i].timer,
						 .expires_ms = rows[i].expires_ms,
						 .unanswered = rows[i].unanswered,
						 .have_quiet = true,
						 .quiet_ms = rows[i].quiet_ms };
		struct ka_live_cost cost = ka_live_cost(&socket, rows[i].values, HZ);

		assert_int_equal(cost.end, rows[i].end);
		assert_int_equal(cost.nominal_s * 1000, rows[i].nominal_s * 1000);
		assert_int_equal(cost.other_idle, rows[i].other_idle);
		assert_true(cost.window_s[0] >= cost.nominal_s);
		/* the wheel is late by an eighth at the most, and a little */
		assert_true(cost.window_s[1] <=
			    cost.nominal_s +
				    (rows[i].values->value[KA_KNOB_TIME] + cost.nominal_s) / 8 +
				    0.3);
	}
}

TEST(data_in_flight_costs_retries)
{
	static const struct ka_knobs usual = { { 7200, 75, 9, 15 } }, few = { { 7200, 75, 9, 3 } };
	struct ka_live_socket socket = { .timer = KA_LIVE_BUSY };
	struct ka_live_cost cost = ka_live_cost(&socket, &usual, HZ);

	assert_int_equal(cost.end, KA_LIVE_DATA);
	assert_true(cost.window_s[0] > 924.5 && cost.window_s[0] < 926);
	assert_true(cost.window_s[1] > 1044 && cost.window_s[1] < 1100);
	cost = ka_live_cost(&socket, &few, HZ);
	assert_true(cost.window_s[0] > 3 && cost.window_s[1] < 8);
	socket.timer = KA_LIVE_CLOSED;
	cost = ka_live_cost(&socket, &few, HZ);
	assert_int_equal(cost.end, KA_LIVE_DATA);
	assert_true(cost.window_s[0] > 1 && cost.window_s[1] < 16);
}

TEST(any_values_are_counted)
{
	static const struct ka_knobs huge = { { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX } };
	static const struct ka_knobs least = { { INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN } };
	struct ka_live_socket socket = { .timer = KA_LIVE_ARMED, .have_quiet = true };

	assert_true(ka_live_cost(&socket, &huge, HZ).nominal_s > 1e9);
	assert_true(ka_live_cost(&socket, &least, HZ).nominal_s < 1e-9);
	socket.timer = KA_LIVE_BUSY;
	assert_true(ka_live_cost(&socket, &huge, HZ).nominal_s > 20000);
	assert_true(ka_live_cost(&socket, &least, HZ).nominal_s < 10);
}
