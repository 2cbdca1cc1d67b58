/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: any text for the readers of other forms than sysctl.d; its first byte says which. They
 * must take it or refuse it whole, and each line and note must have a place and a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rollout/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without assert(): that may be compiled out. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a profile's includes would read files of the host: of them only those beside it */
	static const char *const paths[] = { "f.yaml", "f.nix", "f" };
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };
	const char *path;
	int ret;

	if (!size)
		return 0;
	path = paths[*data % 3];
	ret = ka_form_parse(&set, path, (const char *)data + 1, size - 1, &err);
	if (ret) {
		must(!set.n && !set.n_files && !set.n_notes);
		must(!strncmp(err.text, path, strlen(path)));
	} else {
		ka_sysctl_resolve(&set);
		must(set.n_files > 0);
		for (size_t i = 0; i < set.n; i++)
			must(*set.lines[i].key && set.lines[i].line > 0 && set.lines[i].file);
		for (size_t i = 0; i < set.n_notes; i++)
			must(*set.notes[i].why && set.notes[i].file && set.notes[i].text);
	}
	ka_sysctl_free(&set);
	return 0;
}
