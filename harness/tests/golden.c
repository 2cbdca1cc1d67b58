/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden files; see golden.h. */
#include "golden.h"
#include "netns/tests/unit.h"

#ifndef KA_TEST_DATA
#define KA_TEST_DATA "harness/tests/data" /* from the top of the tree */
#endif

static void update(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &room, '\0', file) < 0 && text)
		text[0] = '\0';
	fclose(file);
	return text;
}

/* Prints the first line that differs: cmocka cuts long strings. */
static void show_difference(const char *name, const char *text, const char *golden)
{
	unsigned line = 1;

	for (; *text && *text == *golden; text++, golden++)
		line += *text == '\n';
	while (text[-1] != '\n' && line > 1) {
		text--;
		golden--;
	}
	print_error("%s differs in line %u:\n  is      %.*s\n  should  %.*s\n", name, line,
		    (int)strcspn(text, "\n"), text, (int)strcspn(golden, "\n"), golden);
}

void ka_assert_golden(const char *name, const char *text)
{
	char path[512], *golden;
	bool same;

	snprintf(path, sizeof(path), "%s/%s", KA_TEST_DATA, name);
	if (getenv("KA_UPDATE_GOLDEN"))
		update(path, text);
	golden = read_all(path);
	assert_non_null(golden);
	same = !strcmp(text, golden);
	if (!same)
		show_difference(name, text, golden);
	free(golden);
	assert_true(same);
}
