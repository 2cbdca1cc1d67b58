/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what the sysctl.d reader predicts for the files of the command line, or for --system:
 * "key value", one a line. For the comparison with the tools (shell/sysctld.sh).
 */
#include <stdio.h>
#include <string.h>

#include "rollout/knobs.h"

static int read_all(struct ka_sysctl_set *set, char **paths, struct nn_err *err)
{
	int ret = 0;

	for (; !ret && *paths; paths++)
		ret = strcmp(*paths, "--system") ? ka_sysctl_read(set, *paths, err)
						 : ka_sysctl_read_system(set, err);
	return ret;
}

int main(int argc, char **argv)
{
	struct ka_sysctl_set set = { 0 };
	const struct ka_sysctl_line *line;
	struct nn_err err = { 0 };
	int ret = argc > 1 ? read_all(&set, argv + 1, &err) : -1;

	if (ret)
		fprintf(stderr, "%s\n", err.text);
	for (size_t i = 0; !ret && i < KA_KNOBS; i++) {
		line = ka_sysctl_value(&set, ka_knob_infos[i].key);
		if (line)
			printf("%s %s\n", ka_knob_infos[i].key, line->value);
	}
	ka_sysctl_free(&set);
	return ret ? 2 : 0;
}
