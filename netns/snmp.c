/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two formats of /proc/net's counters. Pure. */
#include "snmp.h"

#include <stdlib.h>
#include <string.h>

static const char *line_after(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

/* Whether @text starts with the first @len bytes of @name followed by @end. */
static bool starts(const char *text, const char *name, size_t len, char end)
{
	return !strncmp(text, name, len) && text[len] == end;
}

/* Where word @i (from 0) of the line begins, or NULL when the line ends before. */
static const char *word(const char *line, unsigned i)
{
	for (;;) {
		line += strspn(line, " ");
		if (*line == '\n' || *line == '\0')
			return NULL;
		if (i-- == 0)
			return line;
		line += strcspn(line, " \n");
	}
}

/* The number of word @name in the line; -1 when it is not there. */
static int word_index(const char *line, const char *name)
{
	size_t len = strlen(name);
	const char *at;
	int i;

	for (i = 0; (at = word(line, (unsigned)i)); i++)
		if (strcspn(at, " \n") == len && !strncmp(at, name, len))
			return i;
	return -1;
}

static unsigned count_words(const char *line)
{
	unsigned n = 0;

	while (word(line, n))
		n++;
	return n;
}

/* "Group:" of both lines is the same. */
static bool same_group(const char *names, const char *values)
{
	size_t len = strcspn(names, ":\n");

	return names[len] == ':' && !strncmp(names, values, len + 1);
}

static bool ends_with_a_line(const char *text)
{
	size_t len = strlen(text);

	return len && text[len - 1] == '\n';
}

bool nn_snmp_is_whole(const char *text)
{
	const char *names, *values;

	if (!ends_with_a_line(text))
		return false;
	for (names = text; *names; names = line_after(values)) {
		values = line_after(names);
		if (!same_group(names, values) || count_words(names) != count_words(values))
			return false;
	}
	return true;
}

bool nn_snmp6_is_whole(const char *text)
{
	const char *line;

	if (!ends_with_a_line(text))
		return false;
	for (line = text; *line; line = line_after(line)) {
		const char *name_end = line + strcspn(line, " \t\n");

		if (!strchr("0123456789", *(name_end + strspn(name_end, " \t"))) ||
		    name_end == line)
			return false;
	}
	return true;
}

bool nn_snmp_find(const char *text, const char *name, uint64_t *value)
{
	const char *dot = strchr(name, '.'), *names, *values, *number;
	size_t group;
	int i;

	if (!dot)
		return false;
	group = (size_t)(dot - name);
	for (names = text; names && *names; names = line_after(values)) {
		values = line_after(names);
		if (!values)
			return false;
		if (!starts(names, name, group, ':') || !starts(values, name, group, ':'))
			continue;
		i = word_index(names, dot + 1);
		number = i < 0 ? NULL : word(values, (unsigned)i);
		if (!number)
			return false;
		*value = strtoull(number, NULL, 10);
		return true;
	}
	return false;
}

bool nn_snmp6_find(const char *text, const char *name, uint64_t *value)
{
	const char *dot = strchr(name, '.'), *line;
	size_t group, tail, len;

	if (!dot)
		return false;
	group = (size_t)(dot - name);
	tail = strlen(dot + 1);
	for (line = text; line && *line; line = line_after(line)) {
		len = strcspn(line, " \t\n");
		if (len != group + tail || strncmp(line, name, group) != 0 ||
		    strncmp(line + group, dot + 1, tail) != 0)
			continue;
		*value = strtoull(line + len, NULL, 10);
		return true;
	}
	return false;
}
