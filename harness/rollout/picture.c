/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See picture.h. */
#include "rollout/picture.h"
#include "model/span.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct canvas {
	char line[KA_PICTURE_WIDTH + 1];
	double scale; /* columns a second */
};

static int column(const struct canvas *canvas, double t)
{
	double at = t * canvas->scale;

	return at >= KA_PICTURE_WIDTH - 1 ? KA_PICTURE_WIDTH - 1 : at > 0 ? (int)at : 0;
}

static void begin(struct canvas *canvas, double until_s)
{
	memset(canvas->line, ' ', KA_PICTURE_WIDTH);
	canvas->line[KA_PICTURE_WIDTH] = '\0';
	canvas->scale = (KA_PICTURE_WIDTH - 1) / until_s;
}

static void fill(struct canvas *canvas, double from, double to, char letter)
{
	for (int i = column(canvas, from); i <= column(canvas, to); i++)
		canvas->line[i] = letter;
}

static void put(struct canvas *canvas, double t, char letter)
{
	canvas->line[column(canvas, t)] = letter;
}

/* Silence, probes, the end; the limit. */
static void draw_detect(struct canvas *canvas, const struct ka_question *question,
			const struct ka_answer *answer)
{
	double step;

	begin(canvas, fmax(answer->detect_s[1], question->limit_s));
	step = fmax(answer->gap_s, 1 / canvas->scale);
	fill(canvas, 0, answer->detect_s[1], '.');
	for (unsigned i = 0;
	     answer->first_s[1] + i * step < answer->detect_s[1] - answer->gap_s / 2; i++)
		put(canvas, answer->first_s[1] + i * step, 'p');
	put(canvas, answer->detect_s[1], 'X');
	if (column(canvas, question->limit_s) == column(canvas, answer->detect_s[1]))
		return;
	put(canvas, question->limit_s, '|');
}

/* Silence up to the first probe; when the gateway forgets. */
static void draw_survive(struct canvas *canvas, const struct ka_question *question,
			 const struct ka_answer *answer)
{
	double forgets = question->limit_s, probe = answer->period_s[1];

	begin(canvas, fmax(probe, forgets) * 1.1);
	fill(canvas, 0, fmin(probe, forgets), '.');
	fill(canvas, answer->period_s[0], probe, 'p');
	put(canvas, forgets, 'F');
}

const char *ka_picture(const struct ka_question *question, const struct ka_answer *answer,
		       int indent, char *buf, size_t size)
{
	struct canvas canvas;
	char end[64];

	*buf = '\0';
	if (answer->effect != KA_EFFECT_DETECTS || question->kind == KA_ASK_RATE ||
	    question->kind == KA_ASK_BUSY || question->timer)
		return buf;
	if (question->kind == KA_ASK_DETECT)
		draw_detect(&canvas, question, answer);
	else
		draw_survive(&canvas, question, answer);
	ka_span_text((KA_PICTURE_WIDTH - 1) / canvas.scale, end, sizeof(end));
	snprintf(buf, size, "%*s0 %s %s\n%*s%s\n", indent, "", canvas.line, end, indent + 2, "",
		 question->kind == KA_ASK_DETECT ? ". silence   p probe   X noticed   | the limit"
						 : ". silence   p the next probe, between these "
						   "two   F the gateway forgets");
	return buf;
}
