/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles of tuned and modules of NixOS: what they say of sysctls, line by line; see forms.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/escape.h"
#include "model/util.h"
#include "rollout/forms.h"

#define BLANKS  " \t\r"
/* So many profiles may include each other; what is longer goes round. */
#define DEEPEST 16
#define MOST    64 /* files that one may lead to */

/* Without what quotes are around it. */
static char *unquote(char *text)
{
	size_t len = strlen(text);

	if (len < 2 || !strchr("\"'", *text) || text[len - 1] != *text)
		return text;
	text[len - 1] = '\0';
	return text + 1;
}

/* ---- tuned -------------------------------------------------------------------------------- */

static int parse_profile(struct ka_sysctl_set *set, const char *path, unsigned depth,
			 struct nn_err *err)
{
	const char *file = path;
	char *text = NULL;
	size_t size = 0;
	int ret = ka_sysctl_read_text(path, &text, &size, err);

	if (!ret)
		ret = ka_sysctl_check_text(path, text, size, err);
	if (!ret)
		ret = ka_sysctl_add_file(set, path, &file, err);
	if (!ret)
		ret = ka_tuned_parse(set, file, text, depth, err);
	free(text);
	return ret;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Beside the profile that includes it, then where tuned keeps them. */
static bool find_profile(const char *from, const char *name, char *path, size_t size)
{
	static const char *const folders[] = { "/etc/tuned/profiles", "/etc/tuned",
					       "/usr/lib/tuned/profiles", "/usr/lib/tuned" };
	const char *slash = strrchr(from, '/');

	if (*name == '/')
		return snprintf(path, size, "%s", name) < (int)size && is_file(path);
	snprintf(path, size, "%.*s/../%s/tuned.conf", slash ? (int)(slash - from) : 1,
		 slash ? from : ".", name);
	for (size_t i = 0; !is_file(path) && i < KA_N(folders); i++)
		snprintf(path, size, "%s/%s/tuned.conf", folders[i], name);
	return is_file(path);
}

/* include = NAME, or NAME,NAME */
static int include(struct ka_sysctl_set *set, const char *file, unsigned line, char *names,
		   unsigned depth, struct nn_err *err)
{
	char path[PATH_MAX], *name;
	int ret = 0;

	if (set->n_files > MOST)
		return ka_sysctl_bad(err, file, line, "leads to more than %d profiles", MOST);
	if (depth == DEEPEST)
		return ka_sysctl_bad(err, file, line,
				     "include = %.*s: more than %d profiles that include each "
				     "other; do they go in a circle?",
				     KA_CUT(names, 60), DEEPEST);
	while (!ret && (name = strsep(&names, ","))) {
		name = unquote(ka_sysctl_trim(name));
		if (find_profile(file, name, path, sizeof(path)))
			ret = parse_profile(set, path, depth + 1, err);
		else
			ret = ka_sysctl_note(set, file, line, name, err,
					     "a profile that is not here, so what it sets is not "
					     "known");
	}
	return ret;
}

/* plugins/plugin_sysctl.py: ">VALUE" and "<VALUE" are written only where they raise or lower. */
static int assign_tuned(struct ka_sysctl_set *set, const char *file, unsigned line, const char *key,
			char *value, struct nn_err *err)
{
	char sign = *value;
	int ret;

	if (sign == '>' || sign == '<')
		value = ka_sysctl_trim(value + 1);
	ret = ka_form_assign(set, file, line, key, unquote(value), err);
	if (ret || (sign != '>' && sign != '<'))
		return ret;
	return ka_sysctl_remark(set, file, line, key,
				sign == '>' ? "tuned writes it only where the value is lower"
					    : "tuned writes it only where the value is higher",
				err);
}

/* A comment behind a value begins with " #" (ConfigParser, inline_comment_prefixes). */
static void drop_comment(char *text)
{
	for (char *at = text; (at = strchr(at, '#')); at++)
		if (at == text || strchr(BLANKS, at[-1])) {
			*at = '\0';
			return;
		}
}

int ka_tuned_parse(struct ka_sysctl_set *set, const char *file, char *text, unsigned depth,
		   struct nn_err *err)
{
	char section[64] = "", *whole, *equals;
	unsigned number = 0;
	int ret = 0;

	while (!ret && (whole = strsep(&text, "\n"))) {
		char *line = ka_sysctl_trim(whole);

		number++;
		if (*line == ';')
			continue;
		drop_comment(line);
		line = ka_sysctl_trim(line);
		if (*line == '[') {
			snprintf(section, sizeof(section), "%.*s", (int)strcspn(line + 1, "]"),
				 line + 1);
			continue;
		}
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		line = ka_sysctl_trim(line);
		if (strcmp(section, "sysctl") == 0 && strcmp(line, "enabled") != 0 &&
		    strcmp(line, "replace") != 0 && strcmp(line, "type") != 0)
			ret = assign_tuned(set, file, number, line, ka_sysctl_trim(equals + 1),
					   err);
		else if (strcmp(section, "main") == 0 && strcmp(line, "include") == 0)
			ret = include(set, file, number, ka_sysctl_trim(equals + 1), depth, err);
	}
	return ret;
}

/* ---- NixOS -------------------------------------------------------------------------------- */

/* lib.mkForce 60, lib.mkDefault "60", lib.mkOverride 50 60 */
static char *without_priority(char *value)
{
	static const char *const words[] = { "lib.", "mkForce", "mkDefault", "mkVMOverride" };

	for (size_t i = 0; i < KA_N(words); i++)
		if (strncmp(value, words[i], strlen(words[i])) == 0)
			value += strlen(words[i]);
	if (strncmp(value, "mkOverride", 10) == 0) {
		value = ka_sysctl_trim(value + 10);
		value += strspn(value, "0123456789");
	}
	return ka_sysctl_trim(value);
}

/* A literal number or string; anything else is an expression. */
static bool is_literal(const char *value)
{
	size_t len = strlen(value);

	if (len >= 2 && *value == '"' && value[len - 1] == '"')
		return !strchr(value + 1, '$');
	return len && strspn(value + (*value == '-'), "0123456789") == len - (*value == '-');
}

/* @key is what is between quotes. */
static int assign_nix(struct ka_sysctl_set *set, const char *file, unsigned line, const char *key,
		      char *value, struct nn_err *err)
{
	value = without_priority(ka_sysctl_trim(value));
	if (!is_literal(value))
		return ka_sysctl_note(set, file, line, key, err,
				      "its value is an expression (%.*s), which is not evaluated "
				      "here",
				      KA_CUT(value, 60));
	return ka_sysctl_assign(set, file, line, key, unquote(value), err);
}

/* Whatever "KEY" = VALUE; there is in a line: an attribute set may have several. */
static int take_nix_line(struct ka_sysctl_set *set, const char *file, unsigned number, char *line,
			 struct nn_err *err)
{
	char *key, *quote, *equals, *end;
	int ret = 0;

	while (!ret && (key = strchr(line, '"')) && (quote = strchr(++key, '"'))) {
		*quote = '\0';
		equals = quote + 1 + strspn(quote + 1, BLANKS);
		line = quote + 1;
		if (*equals != '=' || !ka_form_is_key(key))
			continue;
		end = strchr(equals, ';');
		if (!end)
			return ka_sysctl_note(set, file, number, key, err,
					      "its value does not end in this line, and is not "
					      "read");
		*end = '\0';
		line = end + 1;
		ret = assign_nix(set, file, number, key, equals + 1, err);
	}
	return ret;
}

int ka_nix_parse(struct ka_sysctl_set *set, const char *file, char *text, struct nn_err *err)
{
	unsigned number = 0;
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&text, "\n"))) {
		number++;
		drop_comment(line);
		ret = take_nix_line(set, file, number, line, err);
	}
	return ret;
}
