/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two formats of /proc/net's counters. Pure. Each text is walked once: looking for one name after
 * the other would be more work than all that the kernel does for an experiment. */
#include "snmp.h"

#include <stdlib.h>
#include <string.h>

/* Some text within a line. */
struct word {
	const char *at;
	size_t len;
};

static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

/* The next word of the line, from @at on; of no length at the line's end. */
static struct word next_word(const char *at)
{
	struct word word;

	while (*at == ' ' || *at == '\t')
		at++;
	word = (struct word){ .at = at };
	while (!ends_word(at[word.len]))
		word.len++;
	return word;
}

/* Most words differ at once: a call of strncmp() would cost more than that. */
static bool starts(const char *text, struct word word)
{
	size_t i = 0;

	while (i < word.len && text[i] == word.at[i])
		i++;
	return i == word.len;
}

static bool equals(const char *text, struct word word)
{
	return starts(text, word) && text[word.len] == '\0';
}

static bool is_number(struct word word)
{
	return word.len && word.at[word.len - 1] >= '0' && word.at[word.len - 1] <= '9';
}

/* ---- pairs of lines ----------------------------------------------------------------------- */

static void note(const struct nn_wanted *wanted, struct word group, struct word name,
		 struct word value)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const char *want = wanted->names[i];

		if (starts(want, group) && want[group.len] == '.' &&
		    equals(want + group.len + 1, name))
			wanted->values[i] = strtoull(value.at, NULL, 10);
	}
}

/* Reads the pair of lines at @names. Returns what comes after it, or NULL when it is not whole. */
static const char *read_pair(const char *names, const struct nn_wanted *wanted)
{
	struct word group = { names, strcspn(names, ":\n") }, name, value;
	const char *values = strchr(names, '\n');

	if (!values || names[group.len] != ':' || !starts(values + 1, group) ||
	    values[1 + group.len] != ':')
		return NULL;
	name.at = names + group.len + 1;
	value.at = values + group.len + 2;
	for (name.len = value.len = 0;;) {
		name = next_word(name.at + name.len);
		value = next_word(value.at + value.len);
		if (!name.len || !is_number(value))
			break;
		note(wanted, group, name, value);
	}
	return name.len || value.len || *value.at != '\n' ? NULL : value.at + 1;
}

bool nn_snmp_read(const char *text, const struct nn_wanted *wanted)
{
	do
		text = read_pair(text, wanted);
	while (text && *text);
	return text;
}

/* ---- one line each ------------------------------------------------------------------------ */

/* Whether @want is @joined, but for the dot. */
static bool is_joined(const char *want, struct word joined)
{
	struct word group = { joined.at, strcspn(want, ".") };

	return group.len < joined.len && want[group.len] == '.' && starts(want, group) &&
	       equals(want + group.len + 1,
		      (struct word){ joined.at + group.len, joined.len - group.len });
}

bool nn_snmp6_read(const char *text, const struct nn_wanted *wanted)
{
	do {
		struct word name = next_word(text), value = next_word(name.at + name.len);

		if (!name.len || !is_number(value) || value.at[value.len] != '\n')
			return false;
		for (size_t i = 0; i < wanted->n; i++)
			if (is_joined(wanted->names[i], name))
				wanted->values[i] = strtoull(value.at, NULL, 10);
		text = value.at + value.len + 1;
	} while (*text);
	return true;
}
