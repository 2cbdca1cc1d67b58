/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See seen.h: the connections and their groups. */
#include "rollout/seen.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"

/* ---- classes ------------------------------------------------------------------------------ */

#define HOUR_S   3600.0
#define MINUTE_S 60.0

enum ka_seen_class ka_seen_class(const struct ka_live_cost *cost)
{
	if (cost->end == KA_LIVE_NEVER)
		return KA_SEEN_NEVER;
	if (cost->end == KA_LIVE_UNKNOWN || !cost->exact)
		return KA_SEEN_UNKNOWN;
	if (cost->window_s[1] >= HOUR_S)
		return KA_SEEN_HOURS;
	return cost->window_s[1] >= MINUTE_S ? KA_SEEN_MINUTES : KA_SEEN_SECONDS;
}

const char *ka_seen_class_name(enum ka_seen_class class)
{
	static const char *const names[] = { "never", "hours", "minutes", "seconds", "not known" };

	return names[class];
}

/* ---- order -------------------------------------------------------------------------------- */

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* What belongs to one group is equal. */
static int by_kind(const struct ka_seen *a, const struct ka_seen *b)
{
	const struct ka_live_rule *ra = &a->rule[KA_SEEN_NOW], *rb = &b->rule[KA_SEEN_NOW];
	int ret = order(a->socket->state, b->socket->state);

	if (!ret)
		ret = strncmp(a->socket->program, b->socket->program, sizeof(a->socket->program));
	if (!ret)
		ret = order(a->socket->accepted, b->socket->accepted);
	if (!ret)
		ret = order(ka_live_port(a->socket), ka_live_port(b->socket));
	if (!ret)
		ret = order(ra->known, rb->known);
	if (!ret)
		ret = order(ra->keepalive, rb->keepalive);
	if (!ret)
		ret = order(ra->ut_ms, rb->ut_ms);
	if (!ra->known || !ra->keepalive) /* then the values say nothing */
		return ret;
	if (!ret)
		ret = order(ra->inherits, rb->inherits);
	for (int i = KA_KNOB_TIME; i <= KA_KNOB_PROBES && !ret; i++)
		ret = order(ra->knobs.value[i], rb->knobs.value[i]);
	return ret;
}

static int by_kind_and_place(const void *left, const void *right)
{
	const struct ka_seen *a = left, *b = right;
	int ret = by_kind(a, b);

	if (!ret)
		ret = order(a->live->inode, b->live->inode);
	/* as they lie in their namespace: by address */
	return ret ? ret : (a->socket > b->socket) - (a->socket < b->socket);
}

static int by_cost(const void *left, const void *right)
{
	const struct ka_seen_group *a = left, *b = right;
	int ret = order(a->worst, b->worst);

	if (!ret)
		ret = order((int64_t)b->n, (int64_t)a->n);
	return ret ? ret : by_kind_and_place(a->list, b->list);
}

/* ---- all ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct ka_live_socket *socket, const struct ka_seen_filter *filter)
{
	if (filter->program &&
	    strncmp(filter->program, socket->program, sizeof(socket->program) - 1) != 0)
		return false;
	return !filter->port || filter->port == ka_live_port(socket);
}

static void add(struct ka_seen_all *all, const struct ka_live *live,
		const struct ka_live_socket *socket)
{
	struct ka_seen *seen = &all->list[all->n++];
	const struct ka_knobs *values[] = { &live->values, &live->after };

	*seen = (struct ka_seen){ .live = live, .socket = socket };
	for (int when = 0; when < KA_SEEN_TIMES; when++) {
		seen->rule[when] = ka_live_rule(socket, &live->values, values[when]);
		seen->cost[when] = ka_live_cost(socket, &seen->rule[when], all->hz);
	}
	all->established += socket->state == KA_LIVE_ESTABLISHED;
}

static void measure(struct ka_seen_group *group)
{
	for (int when = 0; when < KA_SEEN_TIMES; when++)
		group->window_s[when][0] = INFINITY;
	group->worst = KA_SEEN_CLASSES;
	for (size_t i = 0; i < group->n; i++) {
		const struct ka_seen *seen = &group->list[i];
		enum ka_seen_class class = ka_seen_class(&seen->cost[KA_SEEN_NOW]);

		for (int when = 0; when < KA_SEEN_TIMES; when++) {
			const struct ka_live_cost *cost = &seen->cost[when];
			bool ends = cost->end != KA_LIVE_NEVER && cost->end != KA_LIVE_UNKNOWN;
			double *window = group->window_s[when];

			window[0] = fmin(window[0], ends ? cost->window_s[0] : INFINITY);
			window[1] = fmax(window[1], ends ? cost->window_s[1] : INFINITY);
		}
		group->quiet_ms = ka_greater(group->quiet_ms, seen->socket->quiet_ms);
		group->namespaces += i == 0 || seen->live != seen[-1].live;
		group->worst = class < group->worst ? class : group->worst;
	}
}

static size_t count_kinds(const struct ka_seen *list, size_t n)
{
	size_t kinds = 0;

	for (size_t i = 0; i < n; i++)
		kinds += i == 0 || by_kind(&list[i - 1], &list[i]) != 0;
	return kinds;
}

static int group_all(struct ka_seen_all *all)
{
	size_t kinds = count_kinds(all->list, all->n);

	all->groups = calloc(kinds + 1, sizeof(*all->groups));
	if (!all->groups)
		return -ENOMEM;
	for (size_t i = 0, n; i < all->n; i += n) {
		struct ka_seen_group *group = &all->groups[all->n_groups++];

		for (n = 1; i + n < all->n && !by_kind(&all->list[i], &all->list[i + n]);)
			n++;
		*group = (struct ka_seen_group){ .list = &all->list[i], .n = n };
		measure(group);
		all->established_groups += i < all->established;
	}
	qsort(all->groups, all->established_groups, sizeof(*all->groups), by_cost);
	qsort(all->groups + all->established_groups, all->n_groups - all->established_groups,
	      sizeof(*all->groups), by_cost);
	return 0;
}

void ka_seen_free(struct ka_seen_all *all)
{
	free(all->list);
	free(all->groups);
	*all = (struct ka_seen_all){ 0 };
}

int ka_seen_look(struct ka_seen_all *all, const struct ka_fleet *fleet,
		 const struct ka_seen_filter *filter, int hz, struct nn_err *err)
{
	size_t most = 0;

	for (size_t i = 0; i < fleet->n; i++)
		most += fleet->lives[i].n;
	*all = (struct ka_seen_all){ .hz = hz, .list = calloc(most + 1, sizeof(*all->list)) };
	for (size_t i = 0; all->list && i < fleet->n; i++)
		for (size_t s = 0; s < fleet->lives[i].n; s++)
			if (is_wanted(&fleet->lives[i].sockets[s], filter))
				add(all, &fleet->lives[i], &fleet->lives[i].sockets[s]);
	if (all->list)
		qsort(all->list, all->n, sizeof(*all->list), by_kind_and_place);
	if (all->list && !group_all(all))
		return 0;
	ka_seen_free(all);
	return nn_fail(err, ENOMEM, "connections");
}
