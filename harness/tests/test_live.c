/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look into a live namespace: what is there, found by path and by process. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "model/util.h"
#include "netns/nft.h"
#include "netns/ns.h"
#include "netns/sysctl.h"
#include "netns/tests/inbox.h"
#include "netns/tests/tcp.h"
#include "rollout/fleet.h"
#include "rollout/live_cost.h"

#define WITHOUT 7001 /* port of the connections without keepalive */
#define WITH    7002

/* Into the namespace of @ns. */
static int look(struct ka_fleet *fleet, const struct nn_ns *ns, struct nn_err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", nn_ns_fd(ns));
	return ka_fleet_read(fleet, path, err);
}

static struct ka_live_cost cost_of(const struct ka_live *live, size_t i, int hz)
{
	const struct ka_live_rule rule =
		ka_live_rule(&live->sockets[i], &live->values, &live->values);

	return ka_live_cost(&live->sockets[i], &rule, hz);
}

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
	struct ka_live_cost cost = cost_of(live, i, 250);

	EXPECT_EQ(in, socket->family, i < 2 ? AF_INET : AF_INET6);
	EXPECT(in, socket->local_port > 0);
	EXPECT(in, memcmp(socket->local, socket->remote, sizeof(socket->local)) != 0);
	EXPECT(in, socket->have_quiet && socket->quiet_ms < 20000);
	EXPECT_EQ(in, socket->received + socket->unacked + socket->unanswered, 0);
	EXPECT_EQ(in, socket->pid, getpid());
	EXPECT_EQ(in, strcmp(socket->program, "test_live"), 0);
	EXPECT_EQ(in, socket->hidden, 0);
	EXPECT_EQ(in, socket->state, KA_LIVE_ESTABLISHED);
	EXPECT(in, !socket->accepted);
	EXPECT(in, cost.exact);
	if (socket->remote_port == WITHOUT) {
		EXPECT_EQ(in, socket->timer, KA_LIVE_OFF);
		EXPECT_EQ(in, cost.end, KA_LIVE_NEVER);
		return 0;
	}
	EXPECT_EQ(in, socket->remote_port, WITH);
	EXPECT_EQ(in, socket->timer, KA_LIVE_ARMED);
	EXPECT(in, socket->expires_ms > 80000 && socket->expires_ms <= 100100);
	EXPECT_EQ(in, cost.end, KA_LIVE_KEEPALIVE);
	/* The namespace says 60: this comes from the socket's own option. */
	EXPECT_EQ(in, socket->options.value[NN_TCP_KEEPIDLE], 100);
	EXPECT(in, !cost.other_idle);
	EXPECT(in, cost.nominal_s > 80 + 5 * 3 && cost.nominal_s <= 100.1 + 5 * 3);
	return 0;
}

INBOX_TEST(connections_are_listed)
{
	static const char *const values[] = { "60", "5", "3" };
	struct nn_topology net = { 0 };
	struct ka_fleet fleet;
	const struct ka_live *live;
	size_t i, with = 0;

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (set_values(in, net.ns[NN_CLIENT], values))
		return 1;
	if (two_connections(in, &net, AF_INET) || two_connections(in, &net, AF_INET6))
		return 1;
	EXPECT_OK(in, look(&fleet, net.ns[NN_CLIENT], &in->err));
	EXPECT_EQ(in, fleet.n, 1);
	EXPECT_EQ(in, fleet.hidden + fleet.n_gaps + fleet.ended, 0);
	live = fleet.lives;
	EXPECT_EQ(in, live->values.value[KA_KNOB_TIME], 60);
	EXPECT_EQ(in, live->values.value[KA_KNOB_INTVL], 5);
	EXPECT_EQ(in, live->values.value[KA_KNOB_PROBES], 3);
	EXPECT_EQ(in, live->values.value[KA_KNOB_RETRIES2], 15);
	EXPECT_EQ(in, live->n, 4);
	for (i = 0; i < live->n; i++) {
		if (check_socket(in, live, i))
			return 1;
		with += live->sockets[i].remote_port == WITH;
	}
	EXPECT_EQ(in, with, 2);
	ka_fleet_free(&fleet);
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
	struct ka_fleet fleet;
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	EXPECT_EQ(in, stat("/proc/thread-self/ns/net", &before), 0);
	EXPECT_OK(in, ka_fleet_read(&fleet, text, &in->err));
	EXPECT_EQ(in, stat("/proc/thread-self/ns/net", &after), 0);
	EXPECT_EQ(in, fstat(nn_ns_fd(ns), &there), 0);
	EXPECT_EQ(in, fleet.lives[0].inode, there.st_ino);
	EXPECT(in, !fleet.lives[0].own);
	EXPECT_EQ(in, before.st_ino, after.st_ino);
	EXPECT_EQ(in, fleet.lives[0].values.value[KA_KNOB_TIME],
		  7200); /* the kernel's own, whatever the host says */
	EXPECT_EQ(in, fleet.lives[0].n, 0);
	ka_fleet_free(&fleet);
	EXPECT_OK(in, ka_fleet_read(&fleet, "/proc/self/ns/net", &in->err));
	EXPECT(in, fleet.lives[0].own);
	ka_fleet_free(&fleet);
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
		struct ka_fleet fleet;
		struct nn_err err = { "" };

		assert_int_equal(ka_fleet_read(&fleet, rows[i].target, &err), rows[i].ret);
		assert_non_null(strstr(err.text, rows[i].why));
	}
}

/* ---- who is not seen ------------------------------------------------------------------------ */

/* The connections of a process that has gone are looked for again, and forgotten. */
INBOX_TEST(what_ended_is_dropped)
{
	struct nn_topology net = { 0 };
	struct nn_holders *holders;
	struct ka_live live;
	int pair[2], stays[2];

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (connect_pair(in, &net, AF_INET, WITH, pair) ||
	    connect_pair(in, &net, AF_INET, WITH, stays))
		return 1;
	EXPECT_OK(in, ka_live_read(&live, net.ns[NN_CLIENT], &in->err));
	EXPECT_OK(in, nn_holders_scan(&holders, "/proc", &in->err));
	EXPECT_EQ(in, live.n, 2);
	/* a reset: nothing is left of it */
	EXPECT_EQ(in,
		  setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
			     sizeof(struct linger)),
		  0);
	close(pair[0]);
	ka_live_ask(&live, holders);
	EXPECT_EQ(in, !live.sockets[0].hidden + !live.sockets[1].hidden, 1);
	EXPECT_EQ(in, ka_live_drop_ended(&live, net.ns[NN_CLIENT], &in->err), 1);
	EXPECT_EQ(in, live.n, 1);
	EXPECT_EQ(in, live.sockets[0].local_port, port_of(stays[0], getsockname));
	EXPECT_EQ(in, live.sockets[0].hidden, 0);
	nn_holders_free(holders);
	ka_live_free(&live);
	return 0;
}

/* What its listener has not handed out yet is nobody's, but no orphan. */
INBOX_TEST(what_waits_to_be_accepted)
{
	struct nn_topology net = { 0 };
	struct ka_fleet fleet;
	int fd;

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	EXPECT(in, listen_at(&net, NN_SERVER, AF_INET, WITH) >= 0);
	fd = connect_start(&net, NN_SERVER, AF_INET, WITH);
	EXPECT_OK(in, connect_end(fd));
	EXPECT_EQ(in, write(fd, "x", 1), 1); /* behind it the handshake is over at both ends */
	EXPECT_OK(in, look(&fleet, net.ns[NN_SERVER], &in->err));
	EXPECT_EQ(in, fleet.lives[0].n, 1);
	EXPECT_EQ(in, fleet.hidden + fleet.ended, 0);
	EXPECT(in, ka_live_is_queued(&fleet.lives[0].sockets[0]));
	EXPECT(in, strstr(ka_live_why_hidden(&fleet.lives[0].sockets[0]), "not accepted it yet"));
	ka_fleet_free(&fleet);
	return 0;
}

/* The process closes its socket while it is looked at: its last words are still on their way. */
INBOX_TEST(what_is_closed_is_dropped)
{
	struct nn_topology net = { 0 };
	struct nn_holders *holders;
	struct ka_live live;
	const struct nn_nft_rule silence = { .hook = NN_PREROUTING, .dport = WITH };
	int pair[2];

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (connect_pair(in, &net, AF_INET, WITH, pair))
		return 1;
	EXPECT_OK(in, nn_nft_add(net.ns[NN_SERVER], "silence", &silence, 1, &in->err));
	EXPECT_OK(in, ka_live_read(&live, net.ns[NN_CLIENT], &in->err));
	EXPECT_OK(in, nn_holders_scan(&holders, "/proc", &in->err));
	close(pair[0]);
	ka_live_ask(&live, holders);
	EXPECT(in, live.sockets[0].hidden);
	EXPECT_EQ(in, ka_live_drop_ended(&live, net.ns[NN_CLIENT], &in->err), 1);
	EXPECT_EQ(in, live.n, 0);
	nn_holders_free(holders);
	ka_live_free(&live);
	return 0;
}

/* A socket that is on its way to another process is nobody's for now, and is there all the same. */
INBOX_TEST(what_nobody_holds_is_told)
{
	struct nn_topology net = { 0 };
	struct ka_fleet fleet;
	int pair[2], mail[2];
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (connect_pair(in, &net, AF_INET, WITH, pair))
		return 1;
	EXPECT_EQ(in, keep_alive(pair[0], 100), 0);
	EXPECT_EQ(in, socketpair(AF_UNIX, SOCK_DGRAM, 0, mail), 0);
	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						     .cmsg_level = SOL_SOCKET,
						     .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &pair[0], sizeof(int));
	EXPECT_EQ(in, sendmsg(mail[0], &message, 0), 1);
	close(pair[0]);
	EXPECT_OK(in, look(&fleet, net.ns[NN_CLIENT], &in->err));
	EXPECT_EQ(in, fleet.lives[0].n, 1);
	EXPECT_EQ(in, fleet.ended, 0);
	EXPECT_EQ(in, fleet.hidden, 1);
	EXPECT_EQ(in, fleet.lives[0].sockets[0].hidden, -ENOENT);
	EXPECT(in, !cost_of(&fleet.lives[0], 0, 250).exact);
	ka_fleet_free(&fleet);
	return 0;
}

/* The far end of a connection to a listener was accepted; who closes first waits, and so does the other. */
INBOX_TEST(states_and_directions)
{
	struct nn_topology net = { 0 };
	struct ka_fleet fleet;
	int pair[2];

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	if (connect_pair(in, &net, AF_INET6, WITH, pair))
		return 1;
	EXPECT_EQ(in, shutdown(pair[1], SHUT_WR), 0);
	EXPECT_EQ(in, read(pair[0], &(char){ 0 }, 1), 0);
	/* behind this byte its FIN is acknowledged, too */
	EXPECT_EQ(in, write(pair[0], "x", 1), 1);
	EXPECT_EQ(in, read(pair[1], &(char){ 0 }, 1), 1);
	EXPECT_OK(in, look(&fleet, net.ns[NN_CLIENT], &in->err));
	EXPECT_EQ(in, fleet.lives[0].n, 1);
	EXPECT_EQ(in, fleet.lives[0].sockets[0].state, KA_LIVE_CLOSE_WAIT);
	EXPECT(in, !fleet.lives[0].sockets[0].accepted);
	EXPECT_EQ(in, ka_live_port(&fleet.lives[0].sockets[0]), WITH);
	ka_fleet_free(&fleet);
	EXPECT_OK(in, look(&fleet, net.ns[NN_SERVER], &in->err));
	EXPECT_EQ(in, fleet.lives[0].n, 1);
	EXPECT_EQ(in, fleet.lives[0].sockets[0].state, KA_LIVE_FIN_WAIT2);
	EXPECT(in, fleet.lives[0].sockets[0].accepted);
	EXPECT_EQ(in, ka_live_port(&fleet.lives[0].sockets[0]), WITH);
	ka_fleet_free(&fleet);
	return 0;
}
