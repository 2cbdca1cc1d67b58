/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck kernels: what --kernel can be on this machine. */
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/options.h"
#include "command/where.h"
#include "guest/guest.h"
#include "guest/machine.h"
#include "model/util.h"
#include "report/table.h"
#include "run/host.h"

/* Reads version and HZ out of a kernel's configuration; leaves what it does not find. */
static void read_config(const char *path, char *release, size_t size, int *hz)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, version[64];
	size_t room = 0;

	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		if (sscanf(line, "# Linux/%*s %63s Kernel Configuration", version) == 1)
			snprintf(release, size, "%s", version);
		if (sscanf(line, "CONFIG_HZ=%d", hz) == 1)
			break;
	}
	free(line);
	fclose(file);
}

static void config_path(const struct ka_kernel_place *place, const char *kernel, char *path,
			size_t size)
{
	const char *at = NULL, *next = kernel;

	while ((next = strstr(next, place->config_from))) /* the last one */
		at = next++;
	if (at)
		snprintf(path, size, "%.*s%s%s", (int)(at - kernel), kernel, place->config_to,
			 at + strlen(place->config_from));
	else
		*path = '\0';
}

static void give_row(struct ka_table *table, const char *release, int hz, const char *clock,
		     const char *kernel)
{
	ka_table_cell(table, "%s", release);
	if (hz)
		ka_table_cell(table, "%d", hz);
	else
		ka_table_cell(table, "?");
	ka_table_cell(table, "%s", clock);
	ka_table_cell(table, "%s", kernel);
}

/* Lists one kernel; complains of one that cannot be used. */
static void list_kernel(struct ka_table *table, const struct ka_machine *machine,
			const struct ka_kernel_place *place, const char *file)
{
	char text[PATH_MAX + 16], config[PATH_MAX], release[80] = "?";
	struct ka_guest_kernel kernel;
	struct nn_err err = { "" };
	int hz = 0;

	snprintf(text, sizeof(text), "%s%s", machine->prefix, file);
	config_path(place, file, config, sizeof(config));
	read_config(config, release, sizeof(release), &hz);
	if (ka_guest_kernel_parse(&kernel, text, &err) == 0)
		give_row(table, *kernel.release ? kernel.release : release, hz, "virtual", text);
	else
		ka_complain("not usable: %s", err.text);
}

/* The files of @place below @top; to be freed with globfree(). */
static void find_files(const char *top, const struct ka_kernel_place *place, glob_t *files)
{
	char pattern[2 * PATH_MAX];

	*files = (glob_t){ .gl_pathc = 0 };
	if (!place->pattern)
		return;
	snprintf(pattern, sizeof(pattern), "%s%s", top, place->pattern);
	if (glob(pattern, 0, NULL, files) != 0)
		files->gl_pathc = 0;
}

static size_t list_place(struct ka_table *table, const char *top, const struct ka_machine *machine,
			 const struct ka_kernel_place *place)
{
	glob_t files;
	size_t n;

	find_files(top, place, &files);
	n = files.gl_pathc;
	for (size_t i = 0; i < n; i++)
		list_kernel(table, machine, place, files.gl_pathv[i]);
	globfree(&files);
	return n;
}

static void cache_path(char *top, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache)
		snprintf(top, size, "%s", cache);
	else
		snprintf(top, size, "%s/.cache", home ? home : "");
}

/* Those of the cache first. */
static size_t list_guests(struct ka_table *table)
{
	const struct ka_machine *machine;
	char cache[PATH_MAX];
	size_t found = 0;

	cache_path(cache, sizeof(cache));
	for (size_t i = 0; (machine = ka_machine(i)); i++)
		found += list_place(table, cache, machine, &machine->cache);
	for (size_t i = 0; (machine = ka_machine(i)); i++)
		found += list_place(table, "", machine, &machine->root);
	return found;
}

/* The last file that can be used: names end in versions. */
static bool find_usable(const char *cache, const struct ka_machine *machine, char *text,
			size_t size)
{
	struct ka_guest_kernel kernel;
	bool found = false;
	glob_t files;

	find_files(cache, &machine->cache, &files);
	for (size_t i = files.gl_pathc; i-- > 0 && !found;) {
		snprintf(text, size, "%s%s", machine->prefix, files.gl_pathv[i]);
		found = ka_guest_kernel_parse(&kernel, text, NULL) == 0;
	}
	globfree(&files);
	return found;
}

bool ka_kernels_find(char *text, size_t size)
{
	const struct ka_machine *machine;
	char cache[PATH_MAX];

	cache_path(cache, sizeof(cache));
	for (size_t i = 0; (machine = ka_machine(i)); i++)
		if (find_usable(cache, machine, text, size))
			return true;
	return false;
}

int ka_command_kernels(int argc, char **argv)
{
	static const char text[] =
		"Lists what --kernel can be on this machine: the running kernel, those that "
		"ci/kernels/build-uml and ci/kernels/get-image have put into the cache "
		"($XDG_CACHE_HOME/kacheck or ~/.cache/kacheck), and those of /boot.";
	static const struct ka_options options = { .about = text, .unexpected = "" };
	static const struct ka_table_column columns[] = {
		{ .head = "LINUX", .least = 26 },
		{ .head = "HZ", .least = 4, .right = true },
		{ .head = "CLOCK" },
		{ .head = "--kernel" },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	struct nn_err err = { "" };
	struct ka_facts facts;

	ka_options_parse(&options, argc, argv, NULL);
	if (ka_host_facts(&facts, &err) == 0)
		give_row(&table, facts.release, facts.hz, "real", "host");
	if (!list_guests(&table))
		ka_complain("no others; ci/kernels/build-uml builds one (in two minutes), "
			    "ci/kernels/get-image VERSION fetches one");
	return ka_table_end(&table, stdout) < 0 ? KA_EXIT_BROKEN : KA_EXIT_OK;
}
