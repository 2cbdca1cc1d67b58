/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the files of an instance go: into the folder that was named, and into no other. */
#include <dirent.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "run/keep.h"

static int enter_new_folder(void **state)
{
	static char top[32];

	snprintf(top, sizeof(top), "/tmp/test_keep.XXXXXX");
	*state = top;
	return mkdtemp(top) ? chdir(top) : -1;
}

/* Fails where anything is left in it. */
static int remove_folder(void **state)
{
	return chdir("/") || rmdir(*state);
}

/* The only entry of the folder @path; NULL: there is none, or more than one. */
static const char *only_entry(const char *path, char *name, size_t size)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(name, size, "%s", entry->d_name);
			n++;
		}
	if (dir)
		closedir(dir);
	return n == 1 ? name : NULL;
}

TEST_WITH(nothing_beside_the_folder, enter_new_folder, remove_folder)
{
	static const struct {
		const char *out;
		bool absolute;
		const char *made[4]; /* from the top down, each all alone */
	} rows[] = {
		{ "out", false, { "out" } },
		{ "out/", false, { "out" } },
		{ "o", false, { "o" } },
		{ "./x", false, { "x" } },
		{ ".//x//", false, { "x" } },
		{ "a/b/c", false, { "a", "b", "c" } },
		{ "a/b/c/", false, { "a", "b", "c" } },
		{ "/out", true, { "out" } },
		{ "/a/b/", true, { "a", "b" } },
	};
	struct nn_err err = { "" };

	for (size_t i = 0; i < KA_N(rows); i++) {
		char folder[128], path[1024] = ".", name[256];
		size_t depth = 0;

		snprintf(folder, sizeof(folder), "%s%s/instance",
			 rows[i].absolute ? (const char *)*state : "", rows[i].out);
		assert_int_equal(ka_keep_bytes(folder, "packets.pcapng", "x", 1, &err), 0);
		for (; rows[i].made[depth]; depth++) {
			assert_non_null(only_entry(path, name, sizeof(name)));
			assert_string_equal(name, rows[i].made[depth]);
			snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", name);
		}
		assert_non_null(only_entry(path, name, sizeof(name)));
		assert_string_equal(name, "instance");
		ka_keep_remove(folder);
		for (; depth > 0; depth--) {
			assert_int_equal(rmdir(path), 0);
			*strrchr(path, '/') = '\0';
		}
	}
}

TEST(folder_that_cannot_be_made)
{
	struct nn_err err = { "" };

	assert_true(ka_keep_bytes("/proc/none/x", "packets.pcapng", "x", 1, &err) < 0);
	assert_non_null(strstr(err.text, "cannot make the folder /proc/none"));
}
