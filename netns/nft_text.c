/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule in words. Pure. */
#include "nft_text.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

uint8_t nn_nft_l4proto(const struct nn_nft_rule *rule)
{
	if (rule->l4proto)
		return rule->l4proto;
	/* A reset answers TCP only, a window is only there, so the rule may as well say so. */
	if (rule->sport || rule->dport || rule->flags_mask || rule->action == NN_REJECT_RST ||
	    rule->action == NN_SET_WINDOW)
		return IPPROTO_TCP;
	return 0;
}

const char *nn_nft_wrong(const struct nn_nft_rule *rule, unsigned limit_max)
{
	bool tcp = nn_nft_l4proto(rule) == IPPROTO_TCP;

	if (rule->hook > NN_POSTROUTING)
		return "no such hook";
	if (rule->action > NN_MASQUERADE)
		return "no such action";
	if (rule->first > limit_max || rule->after > limit_max)
		return "first or after is too large";
	if (rule->first && rule->after)
		return "first and after exclude each other";
	if (rule->flags & (uint8_t)~rule->flags_mask)
		return "flags outside of their mask never match";
	if (!tcp &&
	    (rule->flags_mask || rule->action == NN_REJECT_RST || rule->action == NN_SET_WINDOW))
		return "flags, windows and resets are for TCP only";
	if (rule->action == NN_MASQUERADE && rule->hook != NN_POSTROUTING)
		return "only postrouting can masquerade";
	return NULL;
}

/* Where the text goes; words are separated by one space. */
struct words {
	char *buf;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void append_text(struct words *w, const char *fmt, ...)
{
	va_list args;
	int len;

	if (w->len && w->len + 1 < NN_NFT_TEXT)
		w->buf[w->len++] = ' ';
	va_start(args, fmt);
	len = vsnprintf(w->buf + w->len, NN_NFT_TEXT - w->len, fmt, args);
	va_end(args);
	if (len > 0)
		w->len += (size_t)len;
	if (w->len >= NN_NFT_TEXT)
		w->len = NN_NFT_TEXT - 1;
}

static const char *proto_name(uint8_t proto, char buf[8])
{
	if (proto == IPPROTO_TCP)
		return "tcp";
	if (proto == IPPROTO_UDP)
		return "udp";
	snprintf(buf, 8, "%u", proto);
	return buf;
}

static void append_matches(struct words *w, const struct nn_nft_rule *rule)
{
	uint8_t proto = nn_nft_l4proto(rule);
	char number[8];

	if (rule->iif)
		append_text(w, "iifname %s", rule->iif);
	if (proto)
		append_text(w, "%s", proto_name(proto, number));
	if (rule->sport)
		append_text(w, "sport %u", rule->sport);
	if (rule->dport)
		append_text(w, "dport %u", rule->dport);
	if (rule->flags_mask)
		append_text(w, "flags & 0x%02x == 0x%02x", rule->flags_mask, rule->flags);
	if (rule->ct_state)
		append_text(w, "ct state 0x%02x", rule->ct_state);
	if (rule->first)
		append_text(w, "first %u", rule->first);
	if (rule->after)
		append_text(w, "after %u", rule->after);
}

const char *nn_nft_text(const struct nn_nft_rule *rule, char buf[NN_NFT_TEXT])
{
	static const char *const hooks[] = { "prerouting", "input", "forward", "output",
					     "postrouting" };
	static const char *const actions[] = {
		[NN_DROP] = "drop",
		[NN_ACCEPT] = "accept",
		[NN_COUNT] = "count",
		[NN_MASQUERADE] = "masquerade",
		[NN_SET_WINDOW] = "window set",
		[NN_REJECT_RST] = "reject with tcp reset",
		[NN_REJECT_ICMP] = "reject with",
	};
	struct words w = { .buf = buf };

	buf[0] = '\0';
	append_text(&w, "%s", rule->hook <= NN_POSTROUTING ? hooks[rule->hook] : "?");
	append_matches(&w, rule);
	append_text(&w, "%s", rule->action <= NN_MASQUERADE ? actions[rule->action] : "?");
	if (rule->action == NN_SET_WINDOW)
		append_text(&w, "%u", rule->window);
	if (rule->action == NN_REJECT_ICMP)
		append_text(&w, "icmp %u or icmpv6 %u", rule->icmp_code4, rule->icmp_code6);
	return buf;
}

const char *nn_nft_missing(int ret, int label, const char *expr)
{
	static const struct {
		const char *expr, *option;
	} options[] = {
		{ "limit", "CONFIG_NFT_LIMIT" },
		{ "counter", "CONFIG_NFT_COUNTER" },
		{ "ct", "CONFIG_NFT_CT, CONFIG_NF_CONNTRACK" },
		{ "masq", "CONFIG_NFT_MASQ, CONFIG_NF_NAT" },
		{ "reject",
		  "CONFIG_NFT_REJECT_INET, CONFIG_NFT_REJECT_IPV4, CONFIG_NFT_REJECT_IPV6" },
	};
	size_t i;

	if (ret == -EAFNOSUPPORT || (ret == -EOPNOTSUPP && label < 0))
		return "CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET";
	if (ret == -ENOENT && label == NN_LABEL_CHAIN)
		return "CONFIG_NF_TABLES_IPV4, CONFIG_NF_TABLES_IPV6, CONFIG_NF_TABLES_INET (or, "
		       "for "
		       "translation, CONFIG_NFT_NAT, CONFIG_NF_NAT)";
	if (label < 0 || ret != -ENOENT)
		return NULL;
	for (i = 0; expr && i < NN_N(options); i++)
		if (!strcmp(expr, options[i].expr))
			return options[i].option;
	return "CONFIG_NFT_LIMIT, CONFIG_NFT_COUNTER, CONFIG_NFT_REJECT_INET";
}
