/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck kernels: what --kernel can be on this machine, and how there is more. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command/command.h"
#include "command/options.h"
#include "command/where.h"
#include "guest/arch.h"
#include "guest/guest.h"
#include "guest/machine.h"
#include "model/own.h"
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
	if (ka_guest_kernel_parse(&kernel, text, NULL, &err) == 0)
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

/* Counts releases: a series ends with .19 or .20. 0: it is none. */
static int number_of(const char *release)
{
	int major, minor;

	return sscanf(release, "%d.%d", &major, &minor) == 2 ? 20 * major + minor : 0;
}

/* How far the kernel @file is from the running one, in releases. */
static int distance_of(const struct ka_kernel_place *place, const char *file)
{
	char config[PATH_MAX], release[80] = "";
	struct utsname own;
	int hz;

	config_path(place, file, config, sizeof(config));
	read_config(config, release, sizeof(release), &hz);
	return uname(&own) < 0 ? 0 : abs(number_of(release) - number_of(own.release));
}

/* The one that is most like the running kernel; of several, the one that was put there last: it has what
 * earlier ones lack; then the one whose name comes last. -1: there is none. */
static int nearest(const glob_t *files, const struct ka_kernel_place *place)
{
	int best = -1, best_distance = INT_MAX;
	time_t best_time = 0;
	struct stat st;

	for (size_t i = 0; i < files->gl_pathc; i++) {
		int distance = distance_of(place, files->gl_pathv[i]);

		if (stat(files->gl_pathv[i], &st) < 0 || distance > best_distance ||
		    (distance == best_distance && st.st_mtime < best_time))
			continue;
		best = (int)i;
		best_distance = distance;
		best_time = st.st_mtime;
	}
	return best;
}

/* The nearest that can be used, for this machine. */
static bool find_usable(const char *cache, const struct ka_machine *machine, char *text,
			size_t size)
{
	struct ka_guest_kernel kernel;
	bool found = false;
	glob_t files;
	int i;

	find_files(cache, &machine->cache, &files);
	while (!found && (i = nearest(&files, &machine->cache)) >= 0) {
		snprintf(text, size, "%s%s", machine->prefix, files.gl_pathv[i]);
		found = ka_guest_kernel_parse(&kernel, text, NULL, NULL) == 0 &&
			kernel.arch == ka_arch_own();
		*files.gl_pathv[i] = '\0'; /* not this one again */
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

/* ---- to make one ------------------------------------------------------------------------------ */

/* What makes kernels, in words of this command. */
static const struct maker {
	const char *word, *kind; /* "build", "uml" */
	const char *script;
	const char *version; /* the option that the version is an argument of; NULL: none */
} makers[] = {
	{ "build", "uml", "build-uml", "--source" },
	{ "get", NULL, "get-image", NULL },
};

/* Becomes the script, with what stands behind the word. */
static _Noreturn void become(const struct maker *maker, char **rest)
{
	char folder[PATH_MAX + 40], script[PATH_MAX + 80];
	char *argv[64] = { script };
	size_t n = 1;

	if (!ka_own_folder("ci/kernels", "ci/kernels", folder, sizeof(folder))) {
		ka_complain("the scripts that make kernels are not here; they come with kacheck's "
			    "package and its source");
		exit(KA_EXIT_NOTHING);
	}
	snprintf(script, sizeof(script), "%s/%s", folder, maker->script);
	if (maker->version && *rest && **rest != '-')
		argv[n++] = (char *)maker->version;
	while (*rest && n < KA_N(argv) - 1)
		argv[n++] = *rest++;
	execv(script, argv);
	ka_complain("cannot execute %s: %s", script, strerror(errno));
	exit(KA_EXIT_NOTHING);
}

/* "build uml 6.12", "get 6.1": does not return. Anything else is for the options. */
static void make_kernel(char **words)
{
	for (size_t i = 0; words[0] && i < KA_N(makers); i++) {
		const struct maker *maker = &makers[i];

		if (strcmp(words[0], maker->word) != 0)
			continue;
		if (maker->kind && (!words[1] || strcmp(words[1], maker->kind) != 0))
			ka_usage_error("kernels %s: what? write 'kacheck kernels %s %s 6.12'",
				       maker->word, maker->word, maker->kind);
		become(maker, words + (maker->kind ? 2 : 1));
	}
}

int ka_command_kernels(int argc, char **argv)
{
	static const char text[] =
		"Lists what --kernel can be on this machine: the running kernel, those of the "
		"cache ($XDG_CACHE_HOME/kacheck or ~/.cache/kacheck), and those of /boot. 'kacheck "
		"kernels build uml 6.12' builds a User-mode Linux into the cache (in some minutes; "
		"behind it options of ci/kernels/build-uml, like --hz 1000 or --tree DIR), "
		"'kacheck "
		"kernels get 6.1' fetches Debian's kernel of that series (--arch arm64: for "
		"another "
		"machine).";
	static const struct ka_options options = { .words = "\nbuild uml [VERSION]\nget VERSION",
						   .about = text,
						   .unexpected =
							   "; there are 'build uml VERSION' and "
							   "'get VERSION'" };
	static const struct ka_table_column columns[] = {
		{ .head = "LINUX", .least = 26 },
		{ .head = "HZ", .least = 4, .right = true },
		{ .head = "CLOCK" },
		{ .head = "--kernel" },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	struct nn_err err = { "" };
	struct ka_facts facts;

	make_kernel(argv + 1);
	ka_options_parse(&options, argc, argv, NULL);
	if (ka_host_facts(&facts, &err) == 0)
		give_row(&table, facts.release, facts.hz, "real", "host");
	if (!list_guests(&table))
		ka_complain(
			"no others; 'kacheck kernels build uml 6.12' builds one (in some minutes), "
			"'kacheck kernels get 6.1' fetches one");
	return ka_table_end(&table, stdout) < 0 ? KA_EXIT_BROKEN : KA_EXIT_OK;
}
