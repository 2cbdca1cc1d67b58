/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short names of a run's kernels. */
#include "report/kernels.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a release may hold that a folder's name had better not. */
static void tame(char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(".-_+", *text))
			*text = '_';
}

static void make_name(const struct ka_kernels *kernels, const char *where, const char *release,
		      int hz, char *name, size_t size)
{
	char base[80];
	unsigned alike = 1;

	if (strcmp(where, "host") == 0)
		snprintf(base, sizeof(base), "host");
	else
		snprintf(base, sizeof(base), "%.*s-%.50s-hz%d", (int)strcspn(where, ":"), where,
			 *release ? release : "unknown", hz);
	tame(base);
	snprintf(name, size, "%s", base);
	for (size_t i = 0; i < kernels->n; i++)
		if (strcmp(kernels->all[i].name, name) == 0) {
			snprintf(name, size, "%s.%u", base, ++alike);
			i = (size_t)-1; /* that one may be taken too */
		}
}

int ka_kernels_number(struct ka_kernels *kernels, const char *where, const char *release, int hz)
{
	struct ka_kernel_name *kernel = &kernels->all[kernels->n];
	char *key;

	if (asprintf(&key, "%s (%s), HZ %d", *release ? release : "unknown", where, hz) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < kernels->n; i++)
		if (strcmp(kernels->all[i].key, key) == 0) {
			free(key);
			return (int)i;
		}
	if (kernels->n == KA_MAX_KERNELS) {
		free(key);
		return -E2BIG;
	}
	make_name(kernels, where, release, hz, kernel->name, sizeof(kernel->name));
	kernel->key = key;
	return (int)kernels->n++;
}

const char *ka_kernel_letter(size_t kernel)
{
	static const char letters[KA_MAX_KERNELS][2] = { "A", "B", "C", "D", "E", "F", "G",
							 "H", "I", "J", "K", "L", "M", "N",
							 "O", "P", "Q", "R", "S", "T", "U",
							 "V", "W", "X", "Y", "Z" };

	return letters[kernel];
}

void ka_kernels_free(struct ka_kernels *kernels)
{
	for (size_t i = 0; i < kernels->n; i++)
		free(kernels->all[i].key);
	kernels->n = 0;
}
