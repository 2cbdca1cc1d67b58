/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recipes: what they mean, and how a wrong one is refused. */
#include <math.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "program/recipes.h"
#include "program/words.h"

static int parse(struct ka_recipe *recipe, const char *text, struct nn_err *err)
{
	return ka_recipe_parse(recipe, "dir/a.conf", text, strlen(text), err);
}

/* ---- bytes and words ---------------------------------------------------------------------- */

TEST(bytes_are_read_and_written)
{
	static const struct {
		const char *text, *bytes;
		size_t n;
		const char *again;
	} rows[] = {
		{ "PING\\r\\n", "PING\r\n", 6, "PING\\r\\n" },
		{ "\\x00\\0\\x{01 fF  0a}", "\0\0\1\377\n", 5, "\\0\\0\\x01\\xff\\n" },
		{ " a b\\s", " a b ", 5, "\\sa b\\s" },
		{ "\\\\r\\\"\\'", "\\r\"'", 4, "\\\\r\"'" },
		{ "", "", 0, "" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct nn_err err = { "" };
		char text[64], *again;
		size_t n, size;
		FILE *out = open_memstream(&again, &size);

		snprintf(text, sizeof(text), "%s", rows[i].text);
		assert_int_equal(ka_unescape(text, &n, &err), 0);
		ka_escape(out, text, n);
		fclose(out);
		assert_int_equal(n, rows[i].n);
		assert_memory_equal(text, rows[i].bytes, n);
		assert_string_equal(again, rows[i].again);
		free(again);
	}
}

TEST(what_stands_for_no_byte_is_refused)
{
	static const char *const rows[] = {
		"\\", "\\q", "\\x1", "\\xg0", "\\x{0}", "\\x{00", "a\\"
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct nn_err err = { "" };
		char text[64];
		size_t n;

		snprintf(text, sizeof(text), "%s", rows[i]);
		assert_int_equal(ka_unescape(text, &n, &err), -EINVAL);
		assert_non_null(strstr(err.text, "stands for nothing"));
	}
}

TEST(words_are_cut_as_a_shell_does)
{
	static const struct {
		const char *text;
		int n;
		const char *words[4];
	} rows[] = {
		{ " redis-server  x.conf ", 2, { "redis-server", "x.conf" } },
		{ "a 'b c' \"d e\"", 3, { "a", "b c", "d e" } },
		{ "a\\ b '' x\"y\"'z'", 3, { "a b", "", "xyz" } },
		{ "'a\\b' \"\\\"\"", 2, { "a\\b", "\"" } },
		{ "  ", 0, { NULL } },
		{ "'a", -EINVAL, { NULL } },
		{ "a b c d e", -EINVAL, { NULL } },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct nn_err err = { "" };
		const char *words[5];
		char text[64];

		snprintf(text, sizeof(text), "%s", rows[i].text);
		assert_int_equal(ka_words(text, words, 4, &err), rows[i].n);
		for (int k = 0; k < rows[i].n; k++)
			assert_string_equal(words[k], rows[i].words[k]);
	}
}

TEST(quoted_words_are_read_again)
{
	static const char *const rows[] = { "a", "", "it's", "a b", "\\", "\"", "''" };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct nn_err err = { "" };
		const char *words[3];
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		ka_quote(out, rows[i]);
		fclose(out);
		assert_int_equal(ka_words(text, words, 2, &err), 1);
		assert_string_equal(words[0], rows[i]);
		free(text);
	}
}

/* ---- what a recipe means ------------------------------------------------------------------- */

#define BASE                                                                                       \
	"[program]\nabout = A thing ; and more\ncommand = thing -c '/a b'\nport = 80\n"            \
	"settle = 0.2\n[talk]\nhello = x\\0y\nexpect = z\n"

TEST(a_recipe_without_variants_has_one)
{
	struct ka_recipe r;
	struct nn_err err = { "" };
	const struct ka_program *p;

	assert_int_equal(parse(&r, BASE, &err), 0);
	assert_string_equal(r.name, "a");
	assert_string_equal(r.about, "A thing ; and more");
	assert_int_equal(r.n_variants, 1);
	p = &r.variants[0].program;
	assert_string_equal(p->name, "a");
	assert_null(p->variant);
	assert_string_equal(p->declared, "dir/a.conf:1");
	assert_int_equal(p->role, KA_SERVER);
	assert_string_equal(p->command[2], "/a b");
	assert_null(p->command[3]);
	assert_int_equal(p->port, 80);
	assert_true(fabs(p->settle_s - 0.2) < 1e-9);
	assert_int_equal(p->hello.n, 3);
	assert_memory_equal(p->hello.data, "x\0y", 3);
	ka_recipe_free(&r);
}

TEST(a_variant_adds_and_replaces)
{
	static const char text[] =
		BASE "[env]\nA = b\n[set-up]\n1 = mkdir x\n2 = y; z\n[helpers]\n1 = h\n"
		     "[folder /d]\nuser = me\n"
		     "[file /one]\nmode = 0600\nline = {\nline = @variant@\nline = }\n"
		     "[file /two]\nfill = 2K\n[file /three]\nline = end\n"
		     "[variant first]\nline = # one ;\nline = [b]\nargument = -v\nport = 81\n"
		     "env = C=d\n[variant second]\ninto = /three\nline = more\nhello = q\n"
		     "detect-within = 5m\nkeepalive = off\n";
	struct ka_recipe r;
	struct nn_err err = { "" };
	const struct ka_program *a, *b;

	assert_int_equal(parse(&r, text, &err), 0);
	assert_int_equal(r.n_variants, 2);
	a = &r.variants[0].program;
	b = &r.variants[1].program;
	assert_string_equal(a->variant, "first");
	assert_string_equal(a->declared, "dir/a.conf:27");
	assert_int_equal(a->n_files, 4);
	assert_true(a->files[0].folder);
	assert_string_equal(a->files[0].user, "me");
	assert_int_equal(a->files[1].mode, 0600);
	assert_string_equal(a->files[1].text.data, "{\n# one ;\n[b]\n}\n");
	assert_int_equal(a->files[2].fill, 2048);
	assert_string_equal(a->files[3].text.data, "end\n");
	assert_string_equal(b->files[1].text.data, "{\n}\n");
	assert_string_equal(b->files[3].text.data, "end\nmore\n");
	assert_string_equal(a->command[3], "-v");
	assert_null(b->command[3]);
	assert_int_equal(a->port, 81);
	assert_string_equal(a->env[0], "A=b");
	assert_string_equal(a->env[1], "C=d");
	assert_null(b->env[1]);
	assert_string_equal(a->set_up[1], "y; z");
	assert_int_equal(b->hello.n, 1);
	assert_true(fabs(r.variants[1].demands.detect_s - 300) < 1e-9);
	assert_true(r.variants[1].demands.options);
	assert_int_equal(r.variants[1].demands.keepalive.cnt, 0);
	assert_false(ka_demands_any(&r.variants[0].demands));
	ka_recipe_free(&r);
}

/* ---- wrong recipes --------------------------------------------------------------------------- */

TEST(a_wrong_recipe_is_refused_where_it_is_wrong)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "[program]\ncomand = x\n",
		  "dir/a.conf:2: there is no key 'comand' here; did you mean 'command'?" },
		{ "[programm]\n",
		  "dir/a.conf:1: there is no section [programm]; did you mean 'program'" },
		{ "port = 1\n", "dir/a.conf:1: a line before the first section" },
		{ "[program\n", "dir/a.conf:1: a section's name has no ']'" },
		{ "[program] x\n", "dir/a.conf:1: something follows" },
		{ "[program]\n\nport\n", "dir/a.conf:3: this is neither [section]" },
		{ "[program]\ncommand = x\n", "dir/a.conf: where does it listen, or connect to?" },
		{ "[program]\nport = 1\n", "dir/a.conf: what is started?" },
		{ "[program]\ncommand =\n", "dir/a.conf:2: command: nothing is said" },
		{ "[program]\ncommand = 'x\n", "dir/a.conf:2: command: a quote has no end" },
		{ "[program]\nport = 0\n", "dir/a.conf:2: port: '0' is no number from 1 to 65535" },
		{ "[program]\nport = 1\nport = 2\n",
		  "dir/a.conf:3: 'port' was said in line 2 already" },
		{ "[program]\n[program]\n",
		  "dir/a.conf:2: a second [program]; the first is in line 1" },
		{ "[program]\nsettle = soon\n",
		  "dir/a.conf:2: settle: 'soon' is no length of time" },
		{ "[program]\nrole = peer\n", "dir/a.conf:2: role: 'peer' is neither server" },
		{ "[talk]\nhello = \\q\n", "dir/a.conf:2: hello: '\\q' stands for nothing" },
		{ "[talk]\ndeaf = maybe\n", "dir/a.conf:2: deaf: 'maybe' is neither" },
		{ "[file x]\n", "dir/a.conf:1: [file x]: the path must begin with '/'" },
		{ "[file]\n", "dir/a.conf:1: [file] takes a path" },
		{ "[talk more]\n", "dir/a.conf:1: [talk] takes no 'more'" },
		{ "[file /x]\nmode = 9\n", "dir/a.conf:2: mode: '9' is none" },
		{ "[file /x]\nfill = 1G\n", "dir/a.conf:2: fill: '1G' is no size" },
		{ "[file /x]\nlate = maybe\n", "dir/a.conf:2: late: 'maybe' is neither" },
		{ "[folder /x]\nline = y\n", "dir/a.conf:2: there is no key 'line' here" },
		{ BASE "[variant a b]\n", "[variant a b]: a name has letters" },
		{ BASE "[variant a]\nline = x\n", "dir/a.conf:10: line: there is no such [file]" },
		{ BASE "[variant a]\ndetect-within = x\n",
		  "dir/a.conf:10: detect-within: 'x' is no" },
		{ BASE "[variant a]\nsurvive = aws-nbl\n", "did you mean 'aws-nlb'?" },
		{ BASE "[variant a]\nkeepalive = 1\n", "dir/a.conf:10: keepalive:" },
		{ BASE "[variant a]\nno-leak = x\n", "dir/a.conf:10: no-leak: 'x' is neither" },
		{ BASE "[variant a]\nenv = X\n", "dir/a.conf:10: env: 'X' is not NAME=VALUE" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_recipe r;
		struct nn_err err = { "" };

		assert_int_equal(parse(&r, rows[i].text, &err), -EINVAL);
		ka_recipe_free(&r);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
	}
}

TEST(a_recipe_is_text)
{
	struct ka_recipe r;
	struct nn_err err = { "" };

	assert_int_equal(ka_recipe_parse(&r, "a.conf", "[program]\n\0", 11, &err), -EINVAL);
	assert_string_equal(err.text, "a.conf: this is no text: it has a zero byte");
	ka_recipe_free(&r);
	assert_int_equal(parse(&r, "[program]\n; \xff\n", &err), -EINVAL);
	assert_non_null(strstr(err.text, "it is not UTF-8"));
	ka_recipe_free(&r);
	assert_int_equal(ka_recipe_read(&r, "/nowhere/a.conf", &err), -ENOENT);
	ka_recipe_free(&r);
}

TEST(a_long_line_is_read_whole)
{
	char *text = malloc(KA_RECIPE_LINE + 200);
	struct ka_recipe r;
	struct nn_err err = { "" };
	int used = snprintf(text, 200, "%s", BASE "request = ");

	memset(text + used, 'x', KA_RECIPE_LINE);
	text[used + 16000] = '\0';
	assert_int_equal(parse(&r, text, &err), 0);
	assert_int_equal(r.variants[0].program.request.n, 16000);
	ka_recipe_free(&r);
	text[used + 16000] = 'x';
	text[used + KA_RECIPE_LINE] = '\0';
	assert_int_equal(parse(&r, text, &err), -EINVAL);
	assert_non_null(strstr(err.text, "dir/a.conf:9: a line of more than"));
	ka_recipe_free(&r);
	free(text);
}

/* ---- kacheck's own ----------------------------------------------------------------------------- */

TEST(the_recipes_of_the_house_can_be_read)
{
	char **names = ka_recipes_names();
	size_t n = 0;

	for (; names[n]; n++) {
		struct ka_recipe r;
		struct nn_err err = { "" };

		if (ka_recipes_read(&r, names[n], &err) != 0)
			fail_msg("%s", err.text);
		if (!r.about || !r.package)
			fail_msg("%s says nothing about itself, or names no package", names[n]);
		ka_recipe_free(&r);
	}
	assert_true(n > 0);
	ka_recipes_free(names);
}

TEST(an_unknown_recipe_names_the_nearest)
{
	struct ka_recipe r;
	struct nn_err err = { "" };

	assert_int_equal(ka_recipes_read(&r, "redsi", &err), -ENOENT);
	assert_non_null(strstr(err.text, "did you mean 'redis'"));
	ka_recipe_free(&r);
}

TEST(a_program_is_here_or_not)
{
	assert_true(ka_recipes_installed(&(struct ka_program){ .command = { "sh" } }));
	assert_true(ka_recipes_installed(&(struct ka_program){ .command = { "/bin/sh" } }));
	assert_false(
		ka_recipes_installed(&(struct ka_program){ .command = { "no-such-program" } }));
	assert_false(ka_recipes_installed(
		&(struct ka_program){ .command = { "sh" }, .rootfs = "/nowhere" }));
	assert_true(ka_recipes_installed(
		&(struct ka_program){ .command = { "sh" }, .needs = "/etc/passwd  test" }));
	assert_false(ka_recipes_installed(
		&(struct ka_program){ .command = { "sh" }, .needs = "test /no/such.jar" }));
}

TEST(a_path_is_looked_for_from_the_working_directory)
{
	struct ka_program p = { .command = { "./sh" }, .cwd = "/bin" };

	assert_true(ka_recipes_installed(&p));
	p.cwd = "/etc";
	assert_false(ka_recipes_installed(&p));
	p.command[0] = "./etc"; /* there is one in the root, but not here */
	assert_false(ka_recipes_installed(&p));
	p.cwd = "/nowhere";
	p.command[0] = "/bin/sh";
	assert_true(ka_recipes_installed(&p));
}

TEST(a_file_of_the_recipe_is_here)
{
	struct ka_program p = { .command = { "/run/kacheck/start" } };

	assert_false(ka_recipes_installed(&p));
	p.files[p.n_files++].path = "/run/kacheck/start";
	assert_true(ka_recipes_installed(&p));
	p.command[0] = "./start"; /* the folder is the recipe's own */
	assert_true(ka_recipes_installed(&p));
}
