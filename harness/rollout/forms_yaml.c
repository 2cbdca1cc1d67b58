/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sysctls in YAML, by their looks, wherever they stand: "key: value", "name: key" beside "value: value",
 * "- key=value", and text in a block that is a file of sysctl.d itself. Events are taken as they come and
 * aliases are not followed, so that no document becomes larger than it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "model/escape.h"
#include "model/util.h"
#include "rollout/forms.h"

#define DEEPEST 100

/* A mapping or a list that has begun. */
struct frame {
	bool is_map, have_key;
	bool is_sysctls; /* it is what a key "sysctls" has */
	char key[200];   /* that waits for its value */
	/* "name" and "value" of the same mapping */
	char name[200], value[400];
	unsigned name_line;
	bool have_value, plain;
};

struct reader {
	struct ka_sysctl_set *set;
	const char *file;
	struct frame frames[DEEPEST];
	size_t depth;
	struct nn_err *err;
};

static struct frame *top(struct reader *r)
{
	return r->depth ? &r->frames[r->depth - 1] : NULL;
}

static unsigned line_of(const yaml_event_t *event)
{
	return (unsigned)event->start_mark.line + 1;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* ---- assignments -------------------------------------------------------------------------- */

/* What Kubernetes and Docker take: Documentation/admin-guide/sysctl's namespaced ones. */
static bool is_namespaced(const char *key)
{
	static const char *const prefixes[] = { "net.",           "kernel.shm", "kernel.msg",
						"kernel.sem",     "fs.mqueue.", "net/",
						"kernel/shm",     "kernel/msg", "kernel/sem",
						"fs/mqueue/",     "user.",      "kernel.domainname",
						"kernel.hostname" };

	for (size_t i = 0; i < KA_N(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* Kubernetes: the safe set, and since when (kubernetes.io, "Using sysctls in a Kubernetes cluster"). */
static const char *kubelet_says(const char *key)
{
	static const char *const safe[] = { "kernel.shm_rmid_forced",
					    "net.ipv4.ip_local_port_range",
					    "net.ipv4.tcp_syncookies",
					    "net.ipv4.ping_group_range",
					    "net.ipv4.ip_unprivileged_port_start",
					    "net.ipv4.ip_local_reserved_ports",
					    NULL };
	static const char *const since_1_29[] = { "net.ipv4.tcp_keepalive_time",
						  "net.ipv4.tcp_keepalive_intvl",
						  "net.ipv4.tcp_keepalive_probes",
						  "net.ipv4.tcp_fin_timeout", NULL };

	if (is_one_of(key, safe))
		return NULL;
	if (is_one_of(key, since_1_29))
		return "Kubernetes takes it as safe since 1.29; before that, the kubelet must "
		       "allow "
		       "it (--allowed-unsafe-sysctls)";
	return "unsafe for Kubernetes: the pod starts only where the kubelet allows it "
	       "(--allowed-unsafe-sysctls)";
}

/* What those who start containers make of a sysctl besides. */
static int remark(struct reader *r, unsigned line, const char *key, bool kubernetes)
{
	const char *why = kubernetes ? kubelet_says(key) : NULL;

	if (!is_namespaced(key))
		why = "not namespaced: Docker does not start the container, Kubernetes refuses the "
		      "pod; it is the host's";
	return why ? ka_sysctl_remark(r->set, r->file, line, key, why, r->err) : 0;
}

static int assign(struct reader *r, unsigned line, const char *key, const char *value,
		  bool container, bool kubernetes)
{
	int ret = ka_form_assign(r->set, r->file, line, key, value, r->err);

	return ret || !container ? ret : remark(r, line, key, kubernetes);
}

/* "name: KEY" and "value: VALUE" of one mapping are complete. */
static int take_named(struct reader *r, const struct frame *f)
{
	if (!*f->name || !f->have_value || (!f->is_sysctls && !ka_form_is_key(f->name)))
		return 0;
	if (f->is_sysctls && f->plain && strspn(f->value, "0123456789") == strlen(f->value))
		return ka_sysctl_note(r->set, r->file, f->name_line, f->name, r->err,
				      "its value is a number, and Kubernetes takes a string only; "
				      "write \"%s\"",
				      f->value);
	return assign(r, f->name_line, f->name, f->value, f->is_sysctls, true);
}

/* "KEY=VALUE" in one scalar. */
static int take_word(struct reader *r, unsigned line, const char *text, bool container)
{
	char *copy = strdup(text), *equals = copy ? strchr(copy, '=') : NULL;
	int ret = 0;

	if (equals)
		*equals = '\0';
	if (!copy)
		ret = nn_fail(r->err, ENOMEM, "%s", r->file);
	else if (equals && ka_form_is_key(copy))
		ret = assign(r, line, copy, equals + 1, container, false);
	free(copy);
	return ret;
}

/* "name=KEY value=VALUE ...", as old playbooks have it. */
static int take_arguments(struct reader *r, unsigned line, const char *text)
{
	const char *name = strstr(text, "name="), *value = strstr(text, "value=");
	char key[200], what[200];

	if (!name || !value || sscanf(name, "name=%199s", key) != 1 ||
	    sscanf(value, "value=%199s", what) != 1 || !ka_form_is_key(key))
		return 0;
	return assign(r, line, key, what, false, false);
}

/* ---- scalars ------------------------------------------------------------------------------ */

static int take_pair(struct reader *r, struct frame *f, const yaml_event_t *event,
		     const char *value)
{
	static const char *const names[] = { "name", "key", NULL };
	static const char *const values[] = { "value", "val", NULL };
	unsigned line = line_of(event);

	if (event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE && strchr(value, '='))
		return ka_sysctl_parse_part(r->set, r->file, line + 1, value, r->err);
	if (is_one_of(f->key, names)) {
		snprintf(f->name, sizeof(f->name), "%s", value);
		f->name_line = line;
		return 0;
	}
	if (is_one_of(f->key, values)) {
		snprintf(f->value, sizeof(f->value), "%s", value);
		f->have_value = true;
		f->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		return 0;
	}
	if (strcmp(f->key, "sysctl") == 0 || strcmp(f->key, "ansible.posix.sysctl") == 0)
		return take_arguments(r, line, value);
	if (f->is_sysctls || ka_form_is_key(f->key))
		return assign(r, line, f->key, value, f->is_sysctls, false);
	return 0;
}

static int take_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	struct frame *f = top(r);

	if (!f)
		return 0;
	if (!f->is_map)
		return take_word(r, line_of(event), text, f->is_sysctls);
	f->have_key = !f->have_key;
	if (f->have_key) {
		snprintf(f->key, sizeof(f->key), "%s", text);
		return 0;
	}
	return take_pair(r, f, event, text);
}

static int take_alias(struct reader *r, const yaml_event_t *event)
{
	struct frame *f = top(r);
	bool is_value = f && f->is_map && f->have_key;

	if (f && f->is_map)
		f->have_key = !f->have_key;
	if (!f || !(f->is_sysctls ||
		    (is_value && (ka_form_is_key(f->key) || strcmp(f->key, "sysctls") == 0))))
		return 0;
	return ka_sysctl_note(r->set, r->file, line_of(event), is_value ? f->key : "*", r->err,
			      "an alias (*%.*s), which is not followed here; write the values",
			      KA_CUT((const char *)event->data.alias.anchor, 60));
}

/* ---- what begins and ends ----------------------------------------------------------------- */

static int begin(struct reader *r, const yaml_event_t *event, bool is_map)
{
	struct frame *outer = top(r), *inner = &r->frames[r->depth];
	bool is_value = outer && outer->is_map && outer->have_key;

	if (r->depth == DEEPEST)
		return ka_sysctl_bad(r->err, r->file, line_of(event),
				     "more than %d levels deep; what sets sysctls has a few",
				     DEEPEST);
	*inner = (struct frame){ .is_map = is_map };
	inner->is_sysctls = is_value ? strcmp(outer->key, "sysctls") == 0
				     : outer && outer->is_sysctls && !outer->is_map;
	if (outer && outer->is_map)
		outer->have_key = !outer->have_key;
	r->depth++;
	return 0;
}

static int end(struct reader *r)
{
	return take_named(r, &r->frames[--r->depth]);
}

static int take(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(r, event);
	case YAML_ALIAS_EVENT:
		return take_alias(r, event);
	case YAML_MAPPING_START_EVENT:
		return begin(r, event, true);
	case YAML_SEQUENCE_START_EVENT:
		return begin(r, event, false);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return end(r);
	default:
		return 0;
	}
}

static int refuse(const struct reader *r, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return nn_fail(r->err, ENOMEM, "%s", r->file);
	return ka_sysctl_bad(r->err, r->file, (unsigned)parser->problem_mark.line + 1,
			     "no YAML: %.*s; check it with a linter",
			     KA_CUT(parser->problem ? parser->problem : "not understood", 120));
}

int ka_yaml_parse(struct ka_sysctl_set *set, const char *file, const char *text, size_t size,
		  struct nn_err *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	yaml_parser_t parser;
	yaml_event_t event;
	bool over = false;
	int ret = 0;

	if (!r || !yaml_parser_initialize(&parser)) {
		free(r);
		return nn_fail(err, ENOMEM, "%s", file);
	}
	*r = (struct reader){ .set = set, .file = file, .err = err };
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	while (!ret && !over) {
		if (!yaml_parser_parse(&parser, &event)) {
			ret = refuse(r, &parser);
			break;
		}
		over = event.type == YAML_STREAM_END_EVENT;
		ret = take(r, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	free(r);
	return ret;
}
