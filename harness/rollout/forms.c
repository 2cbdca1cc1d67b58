/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which form a file has; see forms.h. */
#include "rollout/forms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"
#include "model/util.h"

/* ---- which form --------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);

	return len >= n && strcmp(path + len - n, end) == 0;
}

/* Some line of @text begins with @word, and with @whole there is nothing else in it. */
static bool has_line(const char *text, size_t size, const char *word, bool whole)
{
	const char *end = text + size, *stop;
	size_t n = strlen(word);

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		stop = stop ? stop : end;
		while (text < stop && strchr(" \t", *text))
			text++;
		if ((size_t)(stop - text) < n || memcmp(text, word, n) != 0)
			continue;
		for (text += n; text < stop && strchr(" \t\r", *text); text++)
			;
		if (!whole || text == stop)
			return true;
	}
	return false;
}

enum ka_form ka_form_of(const char *path, const char *text, size_t size)
{
	static const struct {
		const char *end;
		enum ka_form form;
	} names[] = { { ".yaml", KA_FORM_YAML },
		      { ".yml", KA_FORM_YAML },
		      { ".json", KA_FORM_YAML },
		      { ".nix", KA_FORM_NIX } };

	for (size_t i = 0; i < KA_N(names); i++)
		if (ends_with(path, names[i].end))
			return names[i].form;
	if (has_line(text, size, "[sysctl]", true) ||
	    (ends_with(path, "/tuned.conf") && has_line(text, size, "[main]", true)))
		return KA_FORM_TUNED;
	if (has_line(text, size, "boot.kernel.sysctl", false))
		return KA_FORM_NIX;
	if (has_line(text, size, "sysctls:", true) || has_line(text, size, "---", true) ||
	    has_line(text, size, "apiVersion:", false))
		return KA_FORM_YAML;
	return KA_FORM_SYSCTLD;
}

/* ---- what they have in common ------------------------------------------------------------- */

bool ka_form_is_key(const char *key)
{
	static const char *const roots[] = { "net",    "kernel", "vm",           "fs",
					     "dev",    "user",   "debug",        "abi",
					     "crypto", "sunrpc", "tcp_keepalive" };

	for (size_t i = 0; i < KA_N(roots); i++) {
		size_t n = strlen(roots[i]);

		if (strncmp(key, roots[i], n) == 0 && key[n] && strchr("./_", key[n]) &&
		    !strpbrk(key, " \t\n"))
			return key[n] != '_' || i == KA_N(roots) - 1;
	}
	return false;
}

int ka_form_assign(struct ka_sysctl_set *set, const char *file, unsigned line, const char *key,
		   const char *value, struct nn_err *err)
{
	if (strstr(value, "{{") || strstr(value, "${"))
		return ka_sysctl_note(
			set, file, line, key, err,
			"its value is a template (%.*s), which is not evaluated here; "
			"give the file as it is rolled out",
			KA_CUT(value, 60));
	return ka_sysctl_assign(set, file, line, key, value, err);
}

static int parse_form(struct ka_sysctl_set *set, enum ka_form form, const char *file,
		      const char *text, size_t size, struct nn_err *err)
{
	char *copy;
	int ret;

	if (form == KA_FORM_YAML)
		return ka_yaml_parse(set, file, text, size, err);
	copy = strndup(text, size);
	if (!copy)
		return nn_fail(err, ENOMEM, "%s", file);
	ret = form == KA_FORM_TUNED ? ka_tuned_parse(set, file, copy, 0, err)
				    : ka_nix_parse(set, file, copy, err);
	free(copy);
	return ret;
}

int ka_form_parse(struct ka_sysctl_set *set, const char *path, const char *text, size_t size,
		  struct nn_err *err)
{
	enum ka_form form = ka_form_of(path, text, size);
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	const char *file = path;
	int ret;

	if (form == KA_FORM_SYSCTLD)
		return ka_sysctl_parse(set, path, text, size, err);
	ret = ka_sysctl_check_text(path, text, size, err);
	if (!ret)
		ret = ka_sysctl_add_file(set, path, &file, err);
	if (!ret)
		ret = parse_form(set, form, file, text, size, err);
	if (!ret && set->n == mark.n && set->n_notes == mark.n_notes)
		ret = ka_sysctl_bad(err, path, 0,
				    "sets no sysctl; looked for sysctls of Kubernetes, compose, "
				    "Ansible, tuned and NixOS");
	return ka_sysctl_back(set, mark, ret);
}
