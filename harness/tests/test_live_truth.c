/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what is said of live connections comes true: a hundred of them, each with options of its own, some
 * with data in flight, none with a peer that answers. Each look says when each of them ends; all of them
 * must be right.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "model/util.h"
#include "netns/nft.h"
#include "netns/sandbox.h"
#include "netns/sysctl.h"
#include "netns/tests/inbox.h"
#include "netns/tests/tcp.h"
#include "rollout/fleet.h"
#include "rollout/live_cost.h"
#include "run/host.h"

#define PORT 7002
#define MANY 100
/* When it is looked, ms after the peer fell silent. */
static const int64_t looks_ms[] = { 0, 700, 1900, 3300 };
#define LOOKS (sizeof(looks_ms) / sizeof(*looks_ms))

struct subject {
	int fd;
	int family;
	uint16_t port;
	int idle, intvl, cnt, ut_ms;
	bool busy;
	int64_t written_ns, ended_ns;
	struct {
		int64_t at_ns[2]; /* between these */
		struct ka_live_cost cost;
	} said[LOOKS];
};

struct rig { /* in memory that the watcher shares */
	struct nn_topology net;
	struct subject subjects[MANY];
	struct ka_noise *noise;
	struct ka_facts facts;
	int64_t silent_ns;
};

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Linux 6.15 has it; what an older one refuses is not asked of it. */
#define RTO_MAX_MS 44

/* Its numbers follow from @i and @seed alone. */
static int open_one(struct inbox *in, struct rig *rig, size_t i, unsigned *seed)
{
	struct subject *s = &rig->subjects[i];
	int pair[2];

	if (connect_pair(in, &rig->net, i % 2 ? AF_INET6 : AF_INET, PORT, pair) ||
	    talk_over(in, pair))
		return 1;
	*s = (struct subject){ .fd = pair[0],
			       .family = i % 2 ? AF_INET6 : AF_INET,
			       .port = port_of(pair[0], getsockname),
			       .idle = 1 + rand_r(seed) % 4,
			       .intvl = 1 + rand_r(seed) % 3,
			       .cnt = 1 + rand_r(seed) % 4,
			       .ut_ms = rand_r(seed) % 2 ? 500 + rand_r(seed) % 9000 : 0,
			       .busy = rand_r(seed) % 5 == 0 };
	EXPECT_EQ(in, set(s->fd, SOL_SOCKET, SO_KEEPALIVE, 1), 0);
	EXPECT_EQ(in, set(s->fd, IPPROTO_TCP, TCP_KEEPIDLE, s->idle), 0);
	EXPECT_EQ(in, set(s->fd, IPPROTO_TCP, TCP_KEEPINTVL, s->intvl), 0);
	EXPECT_EQ(in, set(s->fd, IPPROTO_TCP, TCP_KEEPCNT, s->cnt), 0);
	EXPECT_EQ(in, set(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, s->ut_ms), 0);
	if (s->busy && i % 2)
		set(s->fd, IPPROTO_TCP, RTO_MAX_MS, 1000);
	/* the timer was armed before that came */
	return rand_r(seed) % 2 ? talk_over(in, pair) : 0;
}

static int open_all(struct inbox *in, struct rig *rig, unsigned seed)
{
	/* both ways: else what the far end sends again would be heard */
	const struct nn_nft_rule to = { .hook = NN_PREROUTING, .dport = PORT };
	const struct nn_nft_rule from = { .hook = NN_PREROUTING, .sport = PORT };

	EXPECT_OK(in, nn_topology_new(&rig->net, NN_PAIR, &in->err));
	EXPECT_OK(in,
		  nn_sysctl_put(rig->net.ns[NN_CLIENT], "net/ipv4/tcp_retries2", "3", &in->err));
	for (size_t i = 0; i < MANY; i++)
		if (open_one(in, rig, i, &seed))
			return 1;
	EXPECT_OK(in, nn_nft_add(rig->net.ns[NN_SERVER], "silence", &to, 1, &in->err));
	EXPECT_OK(in, nn_nft_add(rig->net.ns[NN_CLIENT], "silence", &from, 1, &in->err));
	rig->silent_ns = ka_now_ns();
	for (size_t i = 0; i < MANY; i++) {
		struct subject *s = &rig->subjects[i];

		if (!s->busy)
			continue;
		s->written_ns = ka_now_ns();
		EXPECT_EQ(in, send(s->fd, "x", 1, 0), 1);
	}
	return 0;
}

/* ---- looks -------------------------------------------------------------------------------- */

/* The families may have the same ports. */
static bool is_subject(const struct subject *s, const struct ka_live_socket *socket)
{
	return s->family == socket->family && s->port == socket->local_port;
}

static int look(struct inbox *in, struct rig *rig, size_t number)
{
	char path[64];
	struct ka_fleet fleet;
	int64_t from_ns = ka_now_ns(), to_ns;
	const struct ka_live *live;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", nn_ns_fd(rig->net.ns[NN_CLIENT]));
	EXPECT_OK(in, ka_fleet_read(&fleet, path, &in->err));
	to_ns = ka_now_ns();
	live = fleet.lives;
	for (size_t i = 0; i < live->n; i++) {
		const struct ka_live_rule rule =
			ka_live_rule(&live->sockets[i], &live->values, &live->values);
		size_t k = 0;

		while (k < MANY && !is_subject(&rig->subjects[k], &live->sockets[i]))
			k++;
		EXPECT(in, k < MANY);
		rig->subjects[k].said[number].at_ns[0] = from_ns;
		rig->subjects[k].said[number].at_ns[1] = to_ns;
		rig->subjects[k].said[number].cost =
			ka_live_cost(&live->sockets[i], &rule, rig->facts.hz);
	}
	ka_fleet_free(&fleet);
	return 0;
}

/* ---- ends --------------------------------------------------------------------------------- */

/* A process of its own sees the ends, at once wherever it is allowed to. */
static void watch(struct rig *rig, int epoll)
{
	struct epoll_event event;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 });
	for (size_t left = MANY; left; left--) {
		struct subject *s;

		if (epoll_wait(epoll, &event, 1, 60000) != 1)
			_exit(1);
		s = &rig->subjects[event.data.u32];
		s->ended_ns = ka_now_ns();
		if (recv(s->fd, &byte, 1, 0) != -1 || epoll_ctl(epoll, EPOLL_CTL_DEL, s->fd, NULL))
			_exit(2);
	}
	_exit(0);
}

static int start_watcher(struct inbox *in, struct rig *rig, int *pidfd)
{
	int epoll = epoll_create1(0);
	pid_t pid;

	for (size_t i = 0; i < MANY; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };

		EXPECT_EQ(in, epoll_ctl(epoll, EPOLL_CTL_ADD, rig->subjects[i].fd, &event), 0);
	}
	pid = nn_sandbox_fork(pidfd);
	if (!pid)
		watch(rig, epoll);
	EXPECT(in, pid > 0);
	return 0;
}

static int look_and_wait(struct inbox *in, struct rig *rig)
{
	struct pollfd ended = { .events = POLLIN };
	siginfo_t info = { 0 };

	if (start_watcher(in, rig, &ended.fd))
		return 1;
	for (size_t i = 0; i < LOOKS; i++) {
		int64_t rest_ms = looks_ms[i] - (ka_now_ns() - rig->silent_ns) / 1000000;

		EXPECT_EQ(in, poll(&ended, 1, (int)ka_greater(rest_ms, 0)), 0);
		if (look(in, rig, i))
			return 1;
	}
	EXPECT_EQ(in, waitid(P_PIDFD, (id_t)ended.fd, &info, WEXITED), 0);
	EXPECT_EQ(in, info.si_code, CLD_EXITED);
	EXPECT_EQ(in, info.si_status, 0);
	return 0;
}

/* ---- whether it came true ------------------------------------------------------------------- */

/* What was measured: the least and the most. Data is counted from its write. */
static void took(const struct subject *s, size_t number, double least_most[2])
{
	bool data = s->said[number].cost.end == KA_LIVE_DATA;

	for (int i = 0; i < 2; i++)
		least_most[i] = ka_seconds(s->ended_ns -
					   (data ? s->written_ns : s->said[number].at_ns[!i]));
}

/* Later than the window by what the host was late, and no more. A jiffy is what the kernel rounds. */
static bool is_true(const struct rig *rig, const struct subject *s, size_t number)
{
	const struct ka_live_cost *cost = &s->said[number].cost;
	double late = ka_seconds(ka_noise_between(rig->noise, rig->silent_ns, s->ended_ns));
	double jiffy = 1.0 / rig->facts.hz, measured[2];

	took(s, number, measured);
	return cost->exact && measured[1] >= cost->window_s[0] &&
	       measured[0] <= cost->window_s[1] + late + jiffy;
}

static void tell(struct inbox *in, const struct subject *s, size_t number)
{
	const struct ka_live_cost *cost = &s->said[number].cost;
	double measured[2];

	took(s, number, measured);
	dprintf(in->fd, "%d/%d/%d/u%d busy %d, look %zu: end %d, %.3f..%.3f, took %.3f..%.3f\n",
		s->idle, s->intvl, s->cnt, s->ut_ms, s->busy, number, (int)cost->end,
		cost->window_s[0], cost->window_s[1], measured[0], measured[1]);
}

static int judge(struct inbox *in, const struct rig *rig)
{
	size_t said = 0, wrong = 0;

	for (size_t i = 0; i < MANY; i++)
		for (size_t k = 0; k < LOOKS; k++) {
			const struct subject *s = &rig->subjects[i];

			if (!s->said[k].at_ns[0])
				continue;
			said++;
			if (is_true(rig, s, k))
				continue;
			wrong++;
			tell(in, s, k);
		}
	EXPECT(in, said > 2 * MANY);
	EXPECT_EQ(in, wrong, 0);
	return 0;
}

INBOX_TEST(a_hundred_sockets_with_options_of_their_own)
{
	const char *text = getenv("KACHECK_SEED");
	unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)ka_now_ns();
	struct rig *rig =
		mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ret;

	EXPECT(in, rig != MAP_FAILED);
	EXPECT_OK(in, ka_host_facts(&rig->facts, &in->err));
	EXPECT_OK(in, ka_noise_start(&rig->noise, &in->err));
	ret = open_all(in, rig, seed) || look_and_wait(in, rig) || judge(in, rig);
	ka_noise_stop(rig->noise);
	if (ret)
		dprintf(in->fd, "again: KACHECK_SEED=%u\n", seed);
	return ret;
}
