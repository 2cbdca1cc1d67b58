/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at all namespaces: everything is found, nothing is changed, and what cannot be seen is told.
 * KACHECK_FLEET="200 50" makes it 200 namespaces with 50 connections each.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/wait.h>

#include "model/util.h"
#include "netns/diag.h"
#include "netns/ns.h"
#include "netns/tests/inbox.h"
#include "population.h"
#include "rollout/fleet.h"

#define MOST_SOCKETS 40000

static int start(struct population *p, size_t members, size_t connections, bool strong)
{
	return population_start(p, &(struct population_kind){ members, connections, strong, 100 });
}

/* ---- before and after ----------------------------------------------------------------------- */

struct picture {
	struct timer {
		uint32_t cookie;
		uint8_t timer, state;
		int64_t due_ms; /* when it fires, on this host's clock */
	} * timers;
	size_t n;
	char *counters;
	size_t used;
};

static int64_t now_ms(void)
{
	return ka_now_ns() / 1000000;
}

static int note_timer(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	struct picture *picture = arg;

	(void)sport;
	(void)dport;
	if (picture->n == MOST_SOCKETS)
		return -ENOSPC;
	picture->timers[picture->n++] = (struct timer){ .cookie = diag->cookie[0],
							.timer = diag->timer,
							.state = diag->state,
							.due_ms = now_ms() + diag->expires_ms };
	return 0;
}

#define COUNTERS 32768 /* bytes that those of a namespace take at the most */

static int note_counters(struct inbox *in, struct picture *picture, const struct nn_ns *ns)
{
	/* not those of IPv6 itself: a new namespace looks for routers and neighbours */
	static const char *const files[] = { "net/snmp", "net/netstat" };

	for (size_t i = 0; i < KA_N(files); i++) {
		int fd = nn_ns_open_proc(ns, files[i], O_RDONLY, &in->err);
		ssize_t got;

		EXPECT(in, fd >= 0);
		while ((got = read(fd, picture->counters + picture->used, COUNTERS / 8)) > 0)
			picture->used += (size_t)got;
		EXPECT_EQ(in, got, 0);
		close(fd);
	}
	return 0;
}

static int take_picture(struct inbox *in, struct picture *picture, const struct population *p)
{
	*picture = (struct picture){ .timers = calloc(MOST_SOCKETS, sizeof(*picture->timers)),
				     .counters = calloc(p->n + 1, COUNTERS) };
	EXPECT(in, picture->timers && picture->counters);
	for (size_t i = 0; i < p->n; i++) {
		struct nn_ns *ns;
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)p->members[i].pid);
		EXPECT_OK(in, nn_ns_open_path(&ns, path, &in->err));
		if (note_counters(in, picture, ns))
			return 1;
		EXPECT_OK(in, nn_diag_walk(ns, NN_ALL_STATES & ~(1u << 6), note_timer, picture,
					   &in->err));
		nn_ns_free(ns);
	}
	return 0;
}

static int by_cookie(const void *left, const void *right)
{
	const struct timer *a = left, *b = right;

	return (a->cookie > b->cookie) - (a->cookie < b->cookie);
}

/* Timers fire when they would have: some milliseconds are between the clock and the kernel's answer. */
static int compare(struct inbox *in, struct picture *a, struct picture *b)
{
	EXPECT_EQ(in, a->n, b->n);
	EXPECT(in, a->n > 0);
	EXPECT_EQ(in, a->used, b->used);
	EXPECT_EQ(in, memcmp(a->counters, b->counters, a->used), 0);
	qsort(a->timers, a->n, sizeof(*a->timers), by_cookie);
	qsort(b->timers, b->n, sizeof(*b->timers), by_cookie);
	for (size_t i = 0; i < a->n; i++) {
		EXPECT_EQ(in, a->timers[i].cookie, b->timers[i].cookie);
		EXPECT_EQ(in, a->timers[i].timer, b->timers[i].timer);
		EXPECT_EQ(in, a->timers[i].state, b->timers[i].state);
		if (a->timers[i].timer == NN_TIMER_KEEPALIVE)
			EXPECT(in, llabs(a->timers[i].due_ms - b->timers[i].due_ms) < 200);
	}
	free(a->timers);
	free(a->counters);
	free(b->timers);
	free(b->counters);
	return 0;
}

/* ---- all is seen ------------------------------------------------------------------------------ */

static void size_of(size_t *members, size_t *connections)
{
	const char *text = getenv("KACHECK_FLEET");

	*members = 10;
	*connections = 20;
	if (text)
		sscanf(text, "%zu %zu", members, connections);
}

static int check_fleet(struct inbox *in, const struct ka_fleet *fleet, const struct population *p,
		       size_t connections)
{
	size_t members = 0, empty = 0;

	EXPECT_EQ(in, fleet->n_gaps + fleet->unseen + fleet->hidden, 0);
	EXPECT(in, fleet->lives[0].own);
	for (size_t i = 0; i < fleet->n; i++) {
		const struct ka_live *live = &fleet->lives[i];

		empty += live->n == 0;
		if (!live->n)
			continue;
		members++;
		EXPECT_EQ(in, live->n, 2 * connections + 1);
		EXPECT(in, *live->program == 'd' || *live->program == 'w');
		for (size_t s = 0; s < live->n; s++) {
			EXPECT_EQ(in, live->sockets[s].hidden, 0);
			EXPECT_EQ(in, strcmp(live->sockets[s].program, live->program), 0);
			EXPECT_EQ(in, ka_live_port(&live->sockets[s]), POPULATION_PORT);
		}
	}
	EXPECT_EQ(in, members, p->n);
	EXPECT(in, empty >= 1); /* that of this process */
	return 0;
}

INBOX_TEST(all_is_seen_and_nothing_is_changed)
{
	struct picture before, after;
	struct population p;
	struct ka_fleet fleet;
	size_t members, connections;

	size_of(&members, &connections);
	EXPECT_EQ(in, start(&p, members, connections, false), 0);
	if (take_picture(in, &before, &p))
		return 1;
	EXPECT_OK(in, ka_fleet_read(&fleet, NULL, &in->err));
	if (take_picture(in, &after, &p) || compare(in, &before, &after) ||
	    check_fleet(in, &fleet, &p, connections))
		return 1;
	EXPECT(in, population_is_unchanged(&p));
	ka_fleet_free(&fleet);
	population_stop(&p);
	return 0;
}

/* ---- what is not seen ------------------------------------------------------------------------ */

/* As half of a host's users may be to the other half. */
static int looks(struct inbox *in, const struct population *p, bool may_enter)
{
	struct ka_fleet fleet;
	size_t seen = 0;

	EXPECT_EQ(in, give_up(CAP_SYS_PTRACE), 0);
	if (!may_enter)
		EXPECT_EQ(in, give_up(CAP_SYS_ADMIN), 0);
	EXPECT_OK(in, ka_fleet_read(&fleet, NULL, &in->err));
	for (size_t i = 0; i < fleet.n; i++)
		seen += fleet.lives[i].n > 0;
	EXPECT_EQ(in, seen, may_enter ? p->n / 2 : 0);
	/* those that have more capabilities do not show themselves; those that do cannot be entered */
	EXPECT_EQ(in, fleet.unseen, may_enter ? 0 : p->n / 2);
	EXPECT_EQ(in, fleet.n_gaps, fleet.unseen + 1);
	EXPECT_EQ(in, fleet.unseen_processes, p->n / 2 + 1); /* process 1 of the sandbox, too */
	EXPECT(in, strstr(fleet.gaps[fleet.n_gaps - 1].text, "CAP_SYS_PTRACE"));
	if (!may_enter) {
		EXPECT(in, strstr(fleet.gaps[0].text, "CAP_SYS_ADMIN"));
		EXPECT(in, strstr(fleet.gaps[0].text, "net:["));
	}
	ka_fleet_free(&fleet);
	return 0;
}

static int in_a_child(struct inbox *in, const struct population *p, bool may_enter)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(looks(in, p, may_enter));
	EXPECT_EQ(in, waitpid(pid, &status, 0), pid);
	EXPECT_EQ(in, status, 0);
	return 0;
}

INBOX_TEST(half_of_them_may_not_be_seen)
{
	struct population p;

	EXPECT_EQ(in, start(&p, 6, 3, true), 0);
	if (in_a_child(in, &p, true) || in_a_child(in, &p, false))
		return 1;
	population_stop(&p);
	return 0;
}

/* ---- what vanishes ---------------------------------------------------------------------------- */

/* Whom the next look finds dead, though it was there when the list was made. */
struct victim {
	struct population *p;
	size_t member;
};

static struct victim *victim(void)
{
	static struct victim the_one;

	return &the_one;
}

int __real_nn_ns_open_path(struct nn_ns **ret, const char *path, struct nn_err *err);
int __wrap_nn_ns_open_path(struct nn_ns **ret, const char *path, struct nn_err *err);
int __wrap_nn_ns_open_path(struct nn_ns **ret, const char *path, struct nn_err *err)
{
	if (victim()->p)
		population_end(victim()->p, victim()->member);
	victim()->p = NULL;
	return __real_nn_ns_open_path(ret, path, err);
}

INBOX_TEST(a_namespace_vanishes)
{
	struct population p;
	struct ka_fleet fleet;

	EXPECT_EQ(in, start(&p, 3, 3, false), 0);
	*victim() = (struct victim){ &p, 1 };
	EXPECT_OK(in, ka_fleet_read(&fleet, NULL, &in->err));
	EXPECT_EQ(in, fleet.vanished, 1);
	EXPECT_EQ(in, fleet.n_gaps, 0);
	EXPECT_EQ(in, fleet.n, 3); /* two, and its own */
	ka_fleet_free(&fleet);
	population_stop(&p);
	return 0;
}

/* Its process ends, but another file keeps it: it is found there. */
INBOX_TEST(a_namespace_that_is_only_held)
{
	struct population p;
	struct ka_fleet fleet;
	struct nn_ns *ns;
	char path[64];

	EXPECT_EQ(in, start(&p, 2, 3, false), 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)p.members[0].pid);
	EXPECT_OK(in, nn_ns_open_path(&ns, path, &in->err));
	*victim() = (struct victim){ &p, 0 };
	EXPECT_OK(in, ka_fleet_read(&fleet, NULL, &in->err));
	EXPECT_EQ(in, fleet.vanished, 0);
	EXPECT_EQ(in, fleet.n, 3);
	ka_fleet_free(&fleet);
	nn_ns_free(ns);
	population_stop(&p);
	return 0;
}
