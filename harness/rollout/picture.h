/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A question and its reply as a line of letters over time. Pure. */
#ifndef KA_PICTURE_H
#define KA_PICTURE_H

#include "rollout/questions.h"

#define KA_PICTURE_WIDTH 64 /* columns of the line */
#define KA_PICTURE_ROOM  400

/* Two or three lines, each ended by a newline and indented by @indent, into @buf (at least
 * KA_PICTURE_ROOM + 3 * indent). Empty where there is nothing to draw. Returns @buf. */
const char *ka_picture(const struct ka_question *question, const struct ka_answer *answer,
		       int indent, char *buf, size_t size);

#endif
