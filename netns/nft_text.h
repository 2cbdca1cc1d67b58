/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: a rule in words, and what a refused one is missing. Pure. */
#ifndef NN_NFT_TEXT_H
#define NN_NFT_TEXT_H

#include <stdint.h>

#include "nft.h"

#define NN_NFT_TEXT 160

/* Labels of messages that are not a rule's own. */
#define NN_LABEL_TABLE (-1)
#define NN_LABEL_CHAIN (-2)

/* The protocol that @rule matches; 0: any. */
uint8_t nn_nft_l4proto(const struct nn_nft_rule *rule);

/* What is contradictory in @rule, or NULL. @limit_max: largest .first and .after. */
const char *nn_nft_wrong(const struct nn_nft_rule *rule, unsigned limit_max);

/* @rule as one would type it, into @buf. Returns @buf. */
const char *nn_nft_text(const struct nn_nft_rule *rule, char buf[NN_NFT_TEXT]);

/* The kernel option whose absence would explain that message @label was refused with @ret, blaming
 * @expr (or NULL); NULL when it has another cause. */
const char *nn_nft_missing(int ret, int label, const char *expr);

#endif
