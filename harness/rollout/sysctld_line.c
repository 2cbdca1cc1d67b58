/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of a sysctl.d file: "key = value", "-key = value" (errors do not matter) or "-key" (no
 * glob sets it).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysctld_private.h"

#define BLANKS    " \t\r"
#define KEEPALIVE "net/ipv4/tcp_keepalive_"

const char *const ka_sysctl_known[] = {
	"net/ipv4/tcp_keepalive_time",
	"net/ipv4/tcp_keepalive_intvl",
	"net/ipv4/tcp_keepalive_probes",
	"net/ipv4/tcp_retries2",
	"net/ipv4/tcp_orphan_retries",
	"net/ipv4/tcp_fin_timeout",
	"net/ipv4/tcp_syn_retries",
	"net/netfilter/nf_conntrack_tcp_timeout_close",
	"net/netfilter/nf_conntrack_tcp_timeout_close_wait",
	"net/netfilter/nf_conntrack_tcp_timeout_established",
	"net/netfilter/nf_conntrack_tcp_timeout_fin_wait",
	"net/netfilter/nf_conntrack_tcp_timeout_last_ack",
	"net/netfilter/nf_conntrack_tcp_timeout_max_retrans",
	"net/netfilter/nf_conntrack_tcp_timeout_syn_recv",
	"net/netfilter/nf_conntrack_tcp_timeout_syn_sent",
	"net/netfilter/nf_conntrack_tcp_timeout_time_wait",
	"net/netfilter/nf_conntrack_tcp_timeout_unacknowledged",
	NULL,
};

bool ka_sysctl_is_known(const char *key)
{
	const char *const *known;

	for (known = ka_sysctl_known; *known; known++)
		if (!strcmp(*known, key))
			return true;
	return false;
}

bool ka_sysctl_is_glob(const char *key)
{
	return strpbrk(key, "*?[") != NULL;
}

int ka_sysctl_bad(struct nn_err *err, const char *file, unsigned line, const char *fmt, ...)
{
	char where[sizeof(err->text)];
	va_list args;

	if (!err)
		return -EINVAL;
	if (line)
		snprintf(where, sizeof(where), "%s:%u", file, line);
	else
		snprintf(where, sizeof(where), "%s", file);
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return nn_prefix(err, -EINVAL, "%s", where);
}

/* ---- the key ---------------------------------------------------------------------------- */

/* The first separator decides: after '/' all is a path already; after '.' each '.' is a '/' and
 * each '/' a '.' (a device called eth0.5 is conf.eth0/5). */
static void swap_separators(char *key)
{
	char *at = strpbrk(key, "/.");

	if (!at || *at == '/')
		return;
	for (; at; at = strpbrk(at + 1, "/."))
		*at = *at == '.' ? '/' : '.';
}

/* As a path is walked: no '/' before or after, none twice, no "." between two. */
static void simplify(char *key)
{
	char *to = key;
	const char *from = key;
	size_t len;

	while (*(from += strspn(from, "/"))) {
		len = strcspn(from, "/");
		if (len == 1 && *from == '.') {
			from++;
			continue;
		}
		if (to != key)
			*to++ = '/';
		memmove(to, from, len);
		to += len;
		from += len;
	}
	*to = '\0';
}

static bool climbs(const char *key)
{
	const char *at = key;
	size_t len;

	for (; *at; at += at[len] ? len + 1 : len) {
		len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			return true;
	}
	return false;
}

static int check_key(const struct ka_sysctl_line *line, struct nn_err *err)
{
	const char *key = line->key;

	if (strpbrk(key, BLANKS))
		return ka_sysctl_bad(
			err, line->file, line->line,
			"a space in the key %.80s; a line is \"key = value\", a comment "
			"has a line of its own",
			key);
	if (!*key)
		return ka_sysctl_bad(err, line->file, line->line,
				     "no key; a line is \"key = value\"");
	if (*key == '-')
		return ka_sysctl_bad(err, line->file, line->line,
				     "two minuses, of which not every tool takes the second away; "
				     "write one, or none");
	if (climbs(key))
		return ka_sysctl_bad(err, line->file, line->line,
				     "\"..\" in the key %.80s; write where it leads", key);
	if (ka_sysctl_is_glob(key) && strpbrk(key, "{}"))
		return ka_sysctl_bad(
			err, line->file, line->line,
			"braces in the pattern %.80s, which not every tool expands; write "
			"one line for each",
			key);
	if (!strncmp(key, "proc/sys/", 9))
		return ka_sysctl_bad(err, line->file, line->line,
				     "the key begins with /proc/sys; write %.80s", key + 9);
	return 0;
}

/* No kernel has the key, so that both tools fail: a slip of the pen that would go unnoticed. */
static int check_spelling(const struct ka_sysctl_line *line, struct nn_err *err)
{
	if (line->ignore_errors || ka_sysctl_is_glob(line->key) || ka_sysctl_is_known(line->key) ||
	    strncmp(line->key, KEEPALIVE, strlen(KEEPALIVE)))
		return 0;
	return ka_sysctl_bad(err, line->file, line->line,
			     "no kernel has the key %.80s; there are net.ipv4.tcp_keepalive_time, "
			     "_intvl and _probes",
			     line->key);
}

/* ---- the line --------------------------------------------------------------------------- */

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int add_assignment(struct ka_sysctl_set *set, struct ka_sysctl_line *line,
			  struct nn_err *err)
{
	int ret;

	line->key = trim(line->key);
	swap_separators(line->key);
	simplify(line->key);
	ret = check_key(line, err);
	if (!ret)
		ret = check_spelling(line, err);
	return ret ? ret : ka_sysctl_add_line(set, line, err);
}

static int split(struct ka_sysctl_set *set, struct ka_sysctl_line *line, char *text,
		 struct nn_err *err)
{
	char *equals = strchr(text, '=');

	line->ignore_errors = *text == '-';
	line->key = text + line->ignore_errors;
	if (!equals && !line->ignore_errors)
		return ka_sysctl_bad(
			err, line->file, line->line,
			"\"%.80s\" assigns nothing; a line is \"key = value\", a comment "
			"begins with # or ;",
			text);
	if (equals) {
		*equals = '\0';
		line->value = trim(equals + 1);
		if (!*line->value)
			return ka_sysctl_bad(err, line->file, line->line,
					     "no value for %.80s; a line is \"key = value\"",
					     trim(line->key));
	} else {
		line->value = text + strlen(text);
	}
	return add_assignment(set, line, err);
}

/* Where the tools part: one of them begins a new line at a carriage return, and only one takes a
 * form feed for a space. */
static int check_controls(const char *file, unsigned line, const char *text, struct nn_err *err)
{
	bool comment = *text && strchr("#;", *text);

	for (; *text; text++)
		if (*text == '\r' || (!comment && *text != '\t' && iscntrl((unsigned char)*text)))
			return ka_sysctl_bad(
				err, file, line,
				"control character 0x%02x; lines are text and end in a "
				"line feed",
				(unsigned char)*text);
	return 0;
}

int ka_sysctl_read_line(struct ka_sysctl_set *set, const char *file, unsigned line,
			const char *text, size_t size, struct nn_err *err)
{
	struct ka_sysctl_line new = { .file = file, .line = line };
	char *copy = strndup(text, size), *start;
	int ret;

	if (!copy)
		return nn_fail(err, ENOMEM, "%s:%u", file, line);
	start = trim(copy);
	ret = check_controls(file, line, start, err);
	if (!ret && *start && !strchr("#;", *start))
		ret = split(set, &new, start, err);
	free(copy);
	return ret;
}
