/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See fleet.h. */
#include "rollout/fleet.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/util.h"
#include "netns/places.h"

#define PROC "/proc"

void ka_fleet_free(struct ka_fleet *fleet)
{
	for (size_t i = 0; i < fleet->n; i++)
		ka_live_free(&fleet->lives[i]);
	free(fleet->lives);
	free(fleet->gaps);
	*fleet = (struct ka_fleet){ 0 };
}

static int add_gap(struct ka_fleet *fleet, struct nn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int add_gap(struct ka_fleet *fleet, struct nn_err *err, const char *fmt, ...)
{
	struct ka_unseen *gap;
	va_list ap;

	if (ka_grow(&fleet->gaps, &fleet->gaps_room, fleet->n_gaps + 1, sizeof(*gap)) < 0)
		return nn_fail(err, ENOMEM, "what was not seen");
	gap = &fleet->gaps[fleet->n_gaps++];
	va_start(ap, fmt);
	vsnprintf(gap->text, sizeof(gap->text), fmt, ap);
	va_end(ap);
	return 0;
}

/* ---- one namespace ------------------------------------------------------------------------ */

static int open_path(struct nn_ns **ns, const char *path, const char *target, struct nn_err *err)
{
	int ret = nn_ns_open_path(ns, path, err);

	if (ret == -EACCES || ret == -EPERM)
		return nn_prefix(
			err, ret,
			"may not look into %s (CAP_SYS_PTRACE, which root of the host has)",
			target);
	if (ret == -ENOENT && path != target)
		return nn_fail(err, ESRCH, "no process %s", target);
	return ret;
}

/* Reads @ns as one more of the fleet's. */
static int read_one(struct ka_fleet *fleet, struct nn_ns *ns, const struct nn_place *place,
		    struct nn_err *err)
{
	struct ka_live *live;
	int ret;

	if (ka_grow(&fleet->lives, &fleet->room, fleet->n + 1, sizeof(*live)) < 0)
		return nn_fail(err, ENOMEM, "network namespaces");
	live = &fleet->lives[fleet->n];
	ret = ka_live_read(live, ns, err);
	if (ret == -EPERM)
		nn_prefix(err, ret,
			  "may not look into %s (CAP_SYS_ADMIN, which root of the host has)",
			  place->path);
	if (ret)
		return ret;
	snprintf(live->path, sizeof(live->path), "%s", place->path);
	snprintf(live->program, sizeof(live->program), "%s", place->comm);
	fleet->n++;
	return 0;
}

static int read_target(struct ka_fleet *fleet, const char *target, struct nn_err *err)
{
	struct nn_place place = { 0 };
	bool is_pid = *target && !target[strspn(target, "0123456789")];
	struct nn_ns *ns = NULL;
	int len =
		snprintf(place.path, sizeof(place.path), is_pid ? PROC "/%s/ns/net" : "%s", target);
	int ret;

	if ((size_t)len >= sizeof(place.path))
		return nn_fail(err, is_pid ? ESRCH : ENAMETOOLONG, "%s%.20s...",
			       is_pid ? "no process " : "", target);
	ret = open_path(&ns, is_pid ? place.path : target, target, err);
	if (!ret)
		ret = read_one(fleet, ns, &place, err);
	nn_ns_free(ns);
	return ret;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* "/run/netns/blue"; "/proc/7/ns/net (nginx)" */
static const char *name_of(const struct nn_place *place, char *buf, size_t size)
{
	snprintf(buf, size, *place->comm ? "%s (%s)" : "%s", place->path, place->comm);
	return buf;
}

static bool is_still(const struct nn_ns *ns, uint64_t inode)
{
	struct stat st;

	return !fstat(nn_ns_fd(ns), &st) && st.st_ino == inode;
}

/* -ENOENT: it is not there any more, or another one is. */
static int read_place(struct ka_fleet *fleet, const struct nn_place *place, struct nn_err *err)
{
	struct nn_ns *ns = NULL;
	int ret = nn_ns_open_path(&ns, place->path, err);

	if (!ret)
		ret = is_still(ns, place->inode) ? read_one(fleet, ns, place, err) : -ENOENT;
	nn_ns_free(ns);
	return ret == -ESRCH || ret == -EINVAL ? -ENOENT : ret;
}

/* By the first of its @n places that leads there. */
static int read_namespace(struct ka_fleet *fleet, const struct nn_place *places, size_t n,
			  struct nn_err *err)
{
	struct nn_err why = { "" };
	char name[300];
	int ret = -ENOENT;

	for (size_t i = 0; i < n && ret == -ENOENT; i++)
		ret = read_place(fleet, &places[i], &why);
	if (!ret)
		return 0;
	if (ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE) {
		*err = why;
		return ret;
	}
	if (ret == -ENOENT) {
		fleet->vanished++;
		return 0;
	}
	fleet->unseen++;
	return add_gap(fleet, err, "net:[%llu] %s: %s", (unsigned long long)places->inode,
		       name_of(places, name, sizeof(name)), why.text);
}

static int own_first(const void *left, const void *right)
{
	const struct ka_live *a = left, *b = right;

	if (a->own != b->own)
		return a->own ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

static int read_places(struct ka_fleet *fleet, const struct nn_place *places, size_t n,
		       struct nn_err *err)
{
	int ret = 0;

	for (size_t i = 0, same; i < n && !ret; i += same) {
		for (same = 1; i + same < n && places[i + same].inode == places[i].inode;)
			same++;
		ret = read_namespace(fleet, &places[i], same, err);
	}
	if (fleet->n)
		qsort(fleet->lives, fleet->n, sizeof(*fleet->lives), own_first);
	return ret;
}

#define UNSEEN                                                                                     \
	"%sprocess %s: which namespaces and sockets it has may not be seen (CAP_SYS_PTRACE, "      \
	"which "                                                                                   \
	"root of the host has)"

static int read_all(struct ka_fleet *fleet, struct nn_err *err)
{
	char several[64];
	struct nn_place *places = NULL;
	struct nn_unseen unseen = { 0 };
	size_t n = 0;
	int ret = nn_places_read(&places, &n, &unseen, PROC, err);

	if (!ret)
		ret = read_places(fleet, places, n, err);
	free(places);
	fleet->unseen_processes = unseen.n;
	snprintf(several, sizeof(several), "%zu processes do not show themselves, such as ",
		 unseen.n);
	if (!ret && unseen.n)
		ret = add_gap(fleet, err, UNSEEN, unseen.n > 1 ? several : "", unseen.first);
	return ret;
}

/* ---- whose connections they are ------------------------------------------------------------- */

static int drop_ended(struct ka_live *live)
{
	struct nn_ns *ns = NULL;
	int ret = nn_ns_open_path(&ns, live->path, NULL);

	if (!ret && is_still(ns, live->inode))
		ret = ka_live_drop_ended(live, ns, NULL);
	nn_ns_free(ns);
	return ret;
}

bool ka_fleet_misses(const struct ka_live_socket *socket)
{
	return socket->hidden && socket->inode && socket->timer != KA_LIVE_OFF;
}

static size_t count_hidden(const struct ka_live *live)
{
	size_t n = 0;

	for (size_t i = 0; i < live->n; i++)
		n += ka_fleet_misses(&live->sockets[i]);
	return n;
}

static int ask_all(struct ka_fleet *fleet, struct nn_err *err)
{
	struct nn_holders *holders = NULL;
	int ended, ret = nn_holders_scan(&holders, PROC, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < fleet->n; i++) {
		struct ka_live *live = &fleet->lives[i];

		ka_live_ask(live, holders);
		ended = count_hidden(live) ? drop_ended(live) : 0;
		fleet->ended += ended > 0 ? (size_t)ended : 0;
		fleet->hidden += count_hidden(live);
	}
	nn_holders_free(holders);
	return 0;
}

int ka_fleet_read(struct ka_fleet *out, const char *target, struct nn_err *err)
{
	struct ka_fleet fleet = { 0 };
	int ret = target ? read_target(&fleet, target, err) : read_all(&fleet, err);

	if (!ret)
		ret = ask_all(&fleet, err);
	if (ret)
		ka_fleet_free(&fleet);
	else
		*out = fleet;
	return ret;
}
