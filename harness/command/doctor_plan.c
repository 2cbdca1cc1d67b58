/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See doctor_plan.h. */
#include "command/doctor_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "model/verbs.h"

/* A sysctl or a release that only longer instances need is left to them. */
#define LONGEST_S 6

static bool has_key(const struct ka_case *c, const char *key)
{
	for (size_t i = 0; i < KA_N(c->sysctls) && c->sysctls[i].key; i++)
		if (strcmp(c->sysctls[i].key, key) == 0)
			return true;
	return false;
}

bool ka_probe_matches(const struct ka_probe *probe, const struct ka_instance *instance)
{
	if (probe->need)
		return ka_instance_needs(instance) & probe->need;
	if (probe->key)
		return has_key(instance->case_, probe->key);
	return instance->case_ == probe->case_;
}

/* True when instance @a shows less besides than @b, or the same sooner. */
static bool is_simpler(const struct ka_plan *plan, size_t a, size_t b)
{
	int needs_a = __builtin_popcount(ka_instance_needs(&plan->instances[a]));
	int needs_b = __builtin_popcount(ka_instance_needs(&plan->instances[b]));

	if (needs_a != needs_b)
		return needs_a < needs_b;
	return plan->predictions[a].expected_s < plan->predictions[b].expected_s;
}

/* Index into @plan of the instance that is to show @probe; plan->n: none is. */
static size_t choose(const struct ka_plan *plan, const struct ka_probe *probe)
{
	size_t best = plan->n;

	for (size_t i = 0; i < plan->n; i++) {
		if (!ka_probe_matches(probe, &plan->instances[i]) ||
		    (!probe->need && plan->predictions[i].expected_s > LONGEST_S))
			continue;
		if (best == plan->n || is_simpler(plan, i, best))
			best = i;
	}
	return best;
}

/* Puts a copy of instance @i into the examined plan, unless it is there. Returns its index. */
static size_t examine(struct ka_plan *examined, const struct ka_plan *plan, size_t i)
{
	for (size_t j = 0; j < examined->n; j++)
		if (strcmp(examined->instances[j].name, plan->instances[i].name) == 0)
			return j;
	examined->instances[examined->n] = plan->instances[i];
	examined->predictions[examined->n] = plan->predictions[i];
	return examined->n++;
}

/* Several cases may hold from the same change on. */
static bool same_change(const struct ka_probe *a, const struct ka_probe *b)
{
	return a->case_ && b->case_ &&
	       strcmp(a->case_->holds_from.change, b->case_->holds_from.change) == 0;
}

static bool is_known(const struct ka_probes *probes, const struct ka_probe *probe)
{
	for (size_t i = 0; i < probes->n; i++) {
		const struct ka_probe *other = &probes->all[i];

		if (probe->key ? other->key && strcmp(other->key, probe->key) == 0
			       : same_change(probe, other))
			return true;
	}
	return false;
}

static int add(struct ka_probes *probes, const struct ka_plan *plan, struct ka_probe probe)
{
	size_t i = is_known(probes, &probe) ? plan->n : choose(plan, &probe);
	struct ka_probe *all;

	if (i == plan->n)
		return 0;
	all = reallocarray(probes->all, probes->n + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	probes->all = all;
	probe.instance = examine(&probes->examined, plan, i);
	all[probes->n++] = probe;
	return 0;
}

/* What @c needs besides the bits. */
static int add_of_case(struct ka_probes *probes, const struct ka_plan *plan,
		       const struct ka_case *c)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < KA_N(c->sysctls) && c->sysctls[i].key; i++)
		ret = add(probes, plan, (struct ka_probe){ .key = c->sysctls[i].key });
	if (!ret && c->holds_from.release)
		ret = add(probes, plan, (struct ka_probe){ .case_ = c });
	return ret;
}

int ka_probes_of(struct ka_probes *probes, const struct ka_plan *plan)
{
	int ret = 0;

	*probes = (struct ka_probes){ .n = 0 };
	probes->examined.instances = calloc(plan->n, sizeof(struct ka_instance));
	probes->examined.predictions = calloc(plan->n, sizeof(struct ka_prediction));
	if (!probes->examined.instances || !probes->examined.predictions)
		ret = -ENOMEM;
	for (unsigned bit = 0; !ret && bit < KA_NEEDS; bit++)
		ret = add(probes, plan, (struct ka_probe){ .need = 1u << bit });
	for (size_t i = 0; !ret && i < plan->n; i++)
		ret = add_of_case(probes, plan, plan->instances[i].case_);
	if (ret)
		ka_probes_free(probes);
	return ret;
}

void ka_probes_free(struct ka_probes *probes)
{
	free(probes->all);
	ka_plan_free(&probes->examined);
	*probes = (struct ka_probes){ .n = 0 };
}
