/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every case of the catalogue says of itself: what it proves, why, and where it stands. */
#include "model/vocabulary.h"
#include "netns/tests/unit.h"

static bool says(const char *text)
{
	return text && *text;
}

/* A lesson is written in sentences; .why is the half of one that `explain` completes. */
static const char *lacks(const struct ka_case *c)
{
	if (!says(c->name))
		return "no name";
	if (!says(c->declared))
		return "no place";
	if (!says(c->why) || c->why[strlen(c->why) - 1] == '.')
		return "no .why, or one that ends with a full stop";
	if (!says(c->source))
		return "no .source";
	if (!says(c->lesson) || !strchr(".)", c->lesson[strlen(c->lesson) - 1]))
		return "no .lesson, or one that is cut off";
	return NULL;
}

TEST(each_says_what_it_proves)
{
	const struct ka_theme *const *themes;
	size_t n;

	themes = ka_catalogue(&n);
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < themes[t]->n; i++)
			if (lacks(&themes[t]->cases[i]))
				fail_msg("%s, case %zu (%s): %s", themes[t]->name, i,
					 themes[t]->cases[i].name, lacks(&themes[t]->cases[i]));
}

/* Line @number of @path, from the top of the tree, in @line. False: there is no such line. */
static bool read_line(const char *path, unsigned long number, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool got = true;

	if (!file)
		return false;
	while (number-- && got)
		got = fgets(line, size, file);
	fclose(file);
	return got;
}

/* "cases/silent_drop.c:12", in the file that the theme is named after, is the line with the name. */
static bool stands_there(const char *theme, const char *name, const char *declared)
{
	char want[128], path[128], line[256];
	const char *colon = strrchr(declared, ':');

	if (!colon)
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)(colon - declared), declared);
	snprintf(want, sizeof(want), "cases/%s.c", theme);
	if (strcmp(path, want) != 0)
		return false;
	snprintf(want, sizeof(want), "\"%s\"", name);
	return read_line(path, strtoul(colon + 1, NULL, 10), line, sizeof(line)) &&
	       strstr(line, want);
}

TEST(each_stands_where_it_says)
{
	const struct ka_theme *const *themes;
	size_t n;

	if (access("cases/cases.c", R_OK) < 0)
		skip();
	themes = ka_catalogue(&n);
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < themes[t]->n; i++) {
			const struct ka_case *c = &themes[t]->cases[i];

			if (!stands_there(themes[t]->name, c->name, c->declared))
				fail_msg("%s does not declare %s", c->declared, c->name);
		}
}

/* The two checks above bite. */
TEST(what_is_missing_is_seen)
{
	const struct ka_case whole = { KA_CASE("a_case"), .why = "it holds", .source = "RFC 9293",
				       .lesson = "It holds." };
	struct ka_case c = whole;

	assert_null(lacks(&c));
	c.declared = NULL;
	assert_non_null(lacks(&c));
	c = whole;
	c.why = "It holds.";
	assert_non_null(lacks(&c));
	c = whole;
	c.source = "";
	assert_non_null(lacks(&c));
	c = whole;
	c.lesson = "It holds, since";
	assert_non_null(lacks(&c));
	assert_false(stands_there("silent_drop", "silent_drop", "cases/silent_drop.c:1"));
	assert_false(stands_there("silent_drop", "silent_drop", "cases/silent_drop.c:99999"));
	assert_false(stands_there("silent_drop", "silent_drop", "cases/answered.c:1"));
	assert_false(stands_there("silent_drop", "silent_drop", "cases/silent_drop.c"));
}

/* Also outside the catalogue, whatever the build folder, and at the line of the name itself. */
TEST(a_place_is_below_the_tree)
{
	const unsigned line = __LINE__ + 1;
	const struct ka_case here = { KA_CASE("here") };
	char want[64];

	snprintf(want, sizeof(want), "harness/tests/test_cases.c:%u", line);
	assert_string_equal(here.declared, want);
}
