/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes from outside is made harmless, and tables of it keep their form. */
#include "model/escape.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "report/rows.h"
#include "report/table.h"

TEST(plain_is_harmless)
{
	static const struct {
		const char *text, *plain;
	} rows[] = {
		{ "plain, \xc3\xa4 and \xe2\x82\xac", "plain, \xc3\xa4 and \xe2\x82\xac" },
		{ "\033[31mred\a\177", "?[31mred??" },
		{ "a\nb\tc\rd", "a b c d" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m" }, /* C1 */
		{ "\x9b"
		  "31m",
		  "?31m" }, /* the same from a terminal that is not UTF-8 */
		{ "\xe2\x80\xaegnp.exe", "?gnp.exe" }, // NOLINT(misc-misleading-bidirectional)
		{ "\xe2\x81\xa6i\xe2\x81\xa9 \xd8\x9c \xe2\x80\x8f", "?i? ? ?" },
		{ "\xe2\x80\xa8line\xef\xbb\xbf", "?line?" },
		{ "\xc0\x9b \xed\xa0\x80 \xff \xe2\x82", "?? ??? ? ??" },
		{ "\xf4\x90\x80\x80 \xf0\x9f\x98\x80", "???? \xf0\x9f\x98\x80" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		char *plain = ka_plain(rows[i].text);

		assert_string_equal(plain, rows[i].plain);
		free(plain);
	}
}

static char *printed(struct ka_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(ka_table_end(table, out), 0);
	fclose(out);
	return text;
}

static const struct ka_table_column columns[] = {
	{ .head = "name", .code = true },
	{ .head = "n", .least = 3, .right = true },
	{ .head = "" },
	{ .head = "why", .below = true },
};

static void give(struct ka_table *table)
{
	*table =
		(struct ka_table){ .columns = columns, .n_columns = KA_N(columns), .margin = "  " };
	ka_table_cell(table, "a`b|c");
	ka_table_cell(table, "%d", 7);
	ka_table_cell(table, "%s", "");
	ka_table_cell(table, "<b>*x*</b> [l](u) & \\");
	ka_table_cell(table, "\xc3\xa4\033");
	ka_table_cell(table, "%d", 1234);
	ka_table_cell(table, "one\ntwo");
	ka_table_strong(table);
	ka_table_cell(table, "%s", "");
}

TEST(text_is_aligned)
{
	struct ka_table table;
	char *text;

	give(&table);
	text = printed(&table);
	assert_string_equal(text, "  name      n\n"
				  "  a`b|c     7\n"
				  "      why: <b>*x*</b> [l](u) & \\\n"
				  "  \xc3\xa4?     1234  one two\n");
	free(text);
}

TEST(markdown_keeps_its_cells)
{
	struct ka_table table;
	char *text;

	give(&table);
	table.markdown = true;
	text = printed(&table);
	assert_string_equal(text,
			    "| name | n |  | why |\n| --- | ---: | --- | --- |\n"
			    "| `a'b\\|c` | 7 |  | &lt;b>\\*x\\*&lt;/b> \\[l](u) &amp; \\\\ |\n"
			    "| `\xc3\xa4?` | 1234 | **one two** |  |\n");
	free(text);
}

TEST(rows_come_once)
{
	static const struct {
		const char *name;
		int row;
	} steps[] = { { "a", 0 }, { "b", 1 }, { "a", 0 }, { "b", 1 }, { "c", 2 }, { "a", 0 } };
	struct ka_rows rows = { .n = 0 };
	int *cells = NULL;
	size_t room = 0;

	for (size_t i = 0; i < KA_N(steps); i++) {
		int row = ka_rows_find(&rows, steps[i].name, &cells, &room, sizeof(*cells));

		assert_int_equal(row, steps[i].row);
		cells[row]++;
	}
	assert_int_equal(rows.n, 3);
	assert_int_equal(cells[0], 3);
	assert_int_equal(cells[2], 1);
	ka_rows_free(&rows);
	free(cells);
}
