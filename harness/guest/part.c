/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan, cut for guests side by side. */
#include "guest/part.h"

unsigned ka_parts(size_t n, unsigned part_size)
{
	size_t parts = part_size ? n / part_size : 1;

	if (parts < 1)
		return 1;
	return parts < KA_MAX_PARTS ? (unsigned)parts : KA_MAX_PARTS;
}

size_t ka_part_index(unsigned part, unsigned parts, size_t i)
{
	return i * parts + (part + i) % parts;
}

void ka_part_keep(struct ka_plan *plan, unsigned part, unsigned parts)
{
	size_t kept = 0;

	for (;; kept++) {
		size_t from = ka_part_index(part, parts, kept);

		if (from >= plan->n)
			break;
		plan->instances[kept] = plan->instances[from];
		plan->predictions[kept] = plan->predictions[from];
	}
	plan->n = kept;
}
