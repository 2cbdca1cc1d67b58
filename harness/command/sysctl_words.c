/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentences of a rollout; see sysctl.h. */
#include "command/sysctl.h"
#include "model/escape.h"
#include "model/span.h"
#include "model/util.h"

#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- lines -------------------------------------------------------------------------------- */

static const char *place(const struct ka_sysctl_line *line, char *buf, size_t size)
{
	char path[400];

	snprintf(path, sizeof(path), "%s", line->file);
	snprintf(buf, size, "%s:%u", basename(path), line->line);
	return buf;
}

const char *ka_sysctl_origin(const struct ka_rollout *r, enum ka_knob knob, char *buf, size_t size)
{
	const struct ka_sysctl_line *line =
		r->set ? ka_sysctl_value(r->set, ka_knob_infos[knob].key) : NULL;

	if (line)
		return place(line, buf, size);
	snprintf(buf, size, "as before");
	return buf;
}

/* What the experiments have shown of write @index, behind what @buf says already. */
static void add_effects(const struct ka_rollout *r, size_t index, char *buf, size_t size)
{
	for (size_t i = 0; i < r->trials->n; i++) {
		const struct ka_trial *t = &r->trials->trials[i];
		const struct ka_measured *m = &r->measured[i];
		size_t used = strlen(buf);

		if (t->kind != KA_TRIAL_EFFECT || t->index != index || !m->there)
			continue;
		if (m->verdict != KA_PASS)
			snprintf(buf + used, size - used, "; %s: %s", ka_measured_word(m),
				 m->verdict == KA_FAIL ? "this kernel does otherwise"
						       : "its effect is not measured");
		else if (r->spec.writes[index].knob == KA_KNOB_SYN_RETRIES)
			snprintf(buf + used, size - used,
				 "; measured: a connect() that nobody answers ends after %.1f s",
				 m->detect_s);
		else if (t->must_keep)
			snprintf(buf + used, size - used,
				 "; measured: a closed connection is still there after %u s",
				 t->with[0].idle);
		else
			snprintf(buf + used, size - used, "%s gone after %.1f s",
				 strstr(buf, "; measured: ") ? ", and"
							     : "; measured: a closed connection is",
				 m->detect_s);
	}
}

const char *ka_sysctl_written(const struct ka_rollout *r, enum ka_knob knob, char *buf, size_t size)
{
	snprintf(buf, size, "not written");
	for (size_t i = 0; i < r->spec.n_writes; i++) {
		const struct ka_trial *trial;
		const struct ka_measured *m = ka_rollout_trial(r, KA_TRIAL_WRITE, i, &trial);
		bool tried = m && m->there && (m->verdict == KA_PASS || m->verdict == KA_FAIL);
		const char *text = *r->spec.writes[i].text ? r->spec.writes[i].text : "no value";

		if (r->spec.writes[i].knob != knob)
			continue;
		if (!ka_knob_exists(knob, r->facts.release) && (!m || m->verdict == KA_PASS)) {
			snprintf(buf, size,
				 "%s has NO EFFECT: Linux %s and later has this sysctl%s", text,
				 ka_knob_infos[knob].since, tried ? ", tried" : "");
			return buf;
		}
		if (trial && trial->refused && !tried)
			snprintf(buf, size, "%s is REFUSED with EINVAL (computed)", text);
		else if (!tried)
			snprintf(buf, size, "not tried");
		else if (m->verdict == KA_FAIL)
			snprintf(buf, size, "%s REFUSED: %s", text,
				 *m->refusal ? m->refusal : m->why);
		else if (trial && trial->refused)
			snprintf(buf, size, "%s REFUSED: EINVAL", text);
		else
			snprintf(buf, size, "taken and read back");
		if (trial && !trial->refused)
			add_effects(r, i, buf, size);
	}
	return buf;
}

const char *ka_sysctl_unused(const struct ka_rollout *r, const struct ka_sysctl_line *line,
			     char *buf, size_t size)
{
	char by[300];

	switch (line->fate) {
	case KA_SYSCTL_USED:
		return NULL;
	case KA_SYSCTL_OVERRIDDEN:
		snprintf(buf, size, "overridden by %s",
			 place(&r->set->lines[line->by], by, sizeof(by)));
		break;
	case KA_SYSCTL_FOREIGN:
		if (ka_knob_neighbour(line->key))
			snprintf(buf, size, "is NOT APPLIED here, though it bears on %s",
				 ka_knob_neighbour(line->key));
		else
			snprintf(buf, size, "has nothing to do with keepalive");
		break;
	case KA_SYSCTL_EXCLUDES:
		snprintf(buf, size, "keeps patterns and earlier lines from setting it");
		break;
	}
	return buf;
}

/* ---- who is not changed ------------------------------------------------------------------- */

static void setting_text(const struct ka_setting *s, char *buf, size_t size)
{
	snprintf(buf, size, "%u/%u/%u", s->idle, s->intvl, s->cnt);
}

static void describe(const struct ka_trial *t, const struct ka_measured *m, char *buf, size_t size)
{
	char with[40], then[40];

	setting_text(t->with, with, sizeof(with));
	setting_text(&t->then, then, sizeof(then));
	switch (t->kind) {
	case KA_TRIAL_NO_KEEPALIVE:
		snprintf(buf, size,
			 "with sysctls %s no timer ran, and %.0f s after the peer was gone the "
			 "socket still said ESTABLISHED",
			 with, ka_nominal_s(t->with) * 1.5 + t->with->idle);
		break;
	case KA_TRIAL_OWN_OPTIONS:
		snprintf(buf, size,
			 "a socket with %s of its own noticed after %.2f s, whatever the sysctls "
			 "(%s) say",
			 with, m->detect_s, then);
		break;
	case KA_TRIAL_ARMED:
		snprintf(buf, size,
			 "sysctls changed from %s to %s under a connection: getsockopt() said %u "
			 "at once, and the dead peer was noticed after %.2f s",
			 with, then, t->then.idle, m->detect_s);
		break;
	default:
		snprintf(buf, size,
			 "%s written on the machine: the namespace that was there kept 7200/75/9, "
			 "one made afterwards began with 7200/75/9",
			 with);
		break;
	}
}

void ka_sysctl_who(const struct ka_rollout *r, struct ka_unchanged who[KA_N_UNCHANGED])
{
	static const char *const names[] = {
		"sockets without SO_KEEPALIVE",
		"sockets with TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT of their own",
		"connections whose timer already runs, until it goes off",
		"namespaces: containers that exist, and those made later",
	};

	for (size_t i = 0; i < KA_N_UNCHANGED; i++) {
		enum ka_trial_kind kind = (enum ka_trial_kind)(KA_TRIAL_NO_KEEPALIVE + i);
		const struct ka_trial *trial;
		const struct ka_measured *m = ka_rollout_trial(r, kind, 0, &trial);

		who[i] = (struct ka_unchanged){ .who = names[i] };
		snprintf(who[i].shown, sizeof(who[i].shown), "not tried");
		if (!m || !m->there)
			continue;
		who[i].tried = m->verdict == KA_PASS;
		if (who[i].tried)
			describe(trial, m, who[i].shown, sizeof(who[i].shown));
		else
			snprintf(who[i].shown, sizeof(who[i].shown), "%s: %.*s",
				 ka_verdict_name(m->verdict), KA_CUT(m->why, 250));
	}
}

/* ---- findings, experiments ------------------------------------------------------------ */

static void proof_text(const struct ka_warning *finding, const struct ka_measured *m, char *buf,
		       size_t size)
{
	switch (finding->proof) {
	case KA_SHOWN_BY_DEAD:
	case KA_SHOWN_BY_ONE_LOST:
	case KA_SHOWN_BY_UNACKED:
		if (isnan(m->detect_s))
			snprintf(buf, size, "shown: no end was seen");
		else
			snprintf(buf, size, "shown: it ended after %.3f s, %d probe%s", m->detect_s,
				 m->probes, m->probes == 1 ? "" : "s");
		break;
	case KA_SHOWN_BY_ALIVE:
		if (isnan(m->period_s[0]))
			snprintf(buf, size, "shown: %d probes were answered", m->answered);
		else
			snprintf(buf, size, "shown: a probe each %.2f .. %.2f s", m->period_s[0],
				 m->period_s[1]);
		break;
	case KA_SHOWN_BY_OPTION:
		snprintf(buf, size, "shown: setsockopt() says EINVAL");
		break;
	default:
		snprintf(buf, size, "shown: the gateway had forgotten the connection");
		break;
	}
}

const char *ka_sysctl_proof(const struct ka_rollout *r, const struct ka_warning *finding, char *buf,
			    size_t size)
{
	const struct ka_measured *m = ka_rollout_proof(r, finding);

	if (!m || (m->verdict != KA_PASS && finding->proof != KA_SHOWN_BY_GATEWAY))
		snprintf(buf, size, "%s",
			 finding->proof == KA_SHOWN_BY_NONE ? "computed" : "not tried here");
	else
		proof_text(finding, m, buf, size);
	return buf;
}

const struct ka_measured *ka_sysctl_odd(const struct ka_rollout *r, size_t *at)
{
	for (; r->trials && *at < r->trials->n; ++*at) {
		enum ka_outcome outcome = ka_rollout_outcome(r, *at);

		if (outcome != KA_OUTCOME_HELD && outcome != KA_OUTCOME_NOT_RUN)
			return &r->measured[*at];
	}
	return NULL;
}
