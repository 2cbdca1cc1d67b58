/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as words of the command line: "time=60" for short, or with a full key. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"
#include "rollout/knobs.h"
#include "rollout/sysctld.h"

#define WORDS "command line"

/* "time" is net/ipv4/tcp_keepalive_time, "retries2" net/ipv4/tcp_retries2. */
static const char *long_key(const char *word, size_t len)
{
	for (int i = 0; i < KA_KNOB_CT_ESTABLISHED; i++) {
		const char *name = ka_knob_word((enum ka_knob)i);

		if (strlen(name) == len && memcmp(name, word, len) == 0)
			return ka_knob_infos[i].key;
	}
	return NULL;
}

/* All words share one file, whose lines they are. */
static int words_file(struct ka_sysctl_set *set, const char **file, unsigned *line,
		      struct nn_err *err)
{
	size_t i;

	for (i = set->n; i-- > 0;) {
		if (strcmp(set->lines[i].file, WORDS))
			continue;
		*file = set->lines[i].file;
		*line = set->lines[i].line + 1;
		return 0;
	}
	*line = 1;
	return ka_sysctl_add_file(set, WORDS, file, err);
}

static int word_line(const char *word, char **out, struct nn_err *err)
{
	size_t len = strcspn(word, "=");
	const char *key = long_key(word, len);
	int ret;

	if (!word[len] || (!key && !strpbrk(word, "./")))
		return ka_sysctl_bad(
			err, WORDS, 0,
			"\"%.*s\" is no setting; write time=60, intvl=10, probes=6, retries2=8, "
			"orphan_retries=, fin_timeout=, syn_retries=, rto_min_us=, rto_max_ms=, or "
			"a full key such as "
			"net.ipv4.tcp_keepalive_time=60",
			KA_CUT(word, 80));
	ret = key ? asprintf(out, "%s%s", key, word + len) : asprintf(out, "%s", word);
	return ret < 0 ? nn_fail(err, ENOMEM, "%s", word) : 0;
}

int ka_sysctl_parse_word(struct ka_sysctl_set *set, const char *word, struct nn_err *err)
{
	struct ka_sysctl_mark mark = ka_sysctl_mark(set);
	const char *file = WORDS;
	unsigned line = 0;
	char *text = NULL;
	int ret = word_line(word, &text, err);

	if (ret || !text)
		return ret;
	ret = words_file(set, &file, &line, err);
	if (!ret)
		ret = ka_sysctl_parse_part(set, file, line, text, err);
	if (!ret && set->n_notes > mark.n_notes)
		ret = ka_sysctl_refuse(&set->notes[mark.n_notes], err);
	free(text);
	return ka_sysctl_back(set, mark, ret);
}
