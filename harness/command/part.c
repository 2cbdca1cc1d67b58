/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See part.h. */
#include "command/part.h"

#include <unistd.h>

#include "result/part.h"

void ka_part_add(json_t *json, const struct ka_plan *plan, size_t index,
		 const struct ka_plan_options *options, unsigned kernels)
{
	const unsigned shards = options->shards ? options->shards : 1;
	struct ka_part part = { .id = plan->id,
				.seed = options->seed,
				.instances = (unsigned)plan->whole,
				.part = (unsigned)plan->n,
				.shard = shards > 1 ? options->shard : 1,
				.shards = shards,
				.kernels = kernels,
				.version = KACHECK_VERSION };

	if (gethostname(part.machine, sizeof(part.machine) - 1) < 0)
		part.machine[0] = '\0';
	json_object_set_new(json, "plan", ka_part_encode(&part, plan->instances[index].place));
}
