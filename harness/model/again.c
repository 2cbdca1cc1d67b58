/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See again.h. */
#include "model/again.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "model/escape.h"

/* ---- seeds ---------------------------------------------------------------------------------- */

#define STEP      0x9e3779b97f4a7c15u
#define FACTOR_A  0xbf58476d1ce4e5b9u
#define FACTOR_B  0x94d049bb133111ebu
/* FACTOR_A * INVERSE_A and FACTOR_B * INVERSE_B are 1 modulo 2^64 */
#define INVERSE_A 0x96de1b173f119089u
#define INVERSE_B 0x319642b2d24d8ec3u

static uint64_t fnv1a(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

/* SplitMix64, a bijection. */
static uint64_t splitmix(uint64_t x)
{
	x += STEP;
	x = (x ^ (x >> 30)) * FACTOR_A;
	x = (x ^ (x >> 27)) * FACTOR_B;
	return x ^ (x >> 31);
}

/* Finds y with y ^ (y >> @shift) == @x; 3 * @shift must exceed 63. */
static uint64_t undo_shift(uint64_t x, int shift)
{
	return x ^ (x >> shift) ^ (x >> (2 * shift));
}

static uint64_t unsplitmix(uint64_t x)
{
	x = undo_shift(x, 31) * INVERSE_B;
	x = undo_shift(x, 27) * INVERSE_A;
	return undo_shift(x, 30) - STEP;
}

uint64_t ka_seed_of_instance(uint64_t run, const char *name, unsigned repetition)
{
	return splitmix(splitmix(run ^ fnv1a(name)) + repetition);
}

uint64_t ka_seed_of_run(uint64_t seed, const char *name)
{
	return unsplitmix(unsplitmix(seed)) ^ fnv1a(name);
}

const char *const ka_again_names[4] = { "setting", "long", "seed", "own" };

/* ---- what a run must be told ---------------------------------------------------------------- */

/* A default run leaves a named setting out where it takes too long, and has only the first setting
 * of a case that does not depend on it. */
static bool is_by_default(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;
	struct ka_setting usual[KA_MAX_SETTINGS];
	size_t n = ka_default_settings(usual);
	char text[64], other[64];

	if (instance->setting.name)
		return false;
	ka_setting_text(&instance->setting, text, sizeof(text));
	for (size_t i = 0; i < n; i++) {
		if (usual[i].cnt < c->min_cnt)
			continue;
		if (strcmp(ka_setting_text(&usual[i], other, sizeof(other)), text) == 0)
			return true;
		if (c->one_setting)
			return false;
	}
	return false;
}

unsigned ka_again_needs(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;
	unsigned needs = c->long_ ? KA_AGAIN_LONG : 0;

	if (c->settings)
		needs |= KA_AGAIN_OWN;
	else if (!is_by_default(instance))
		needs |= KA_AGAIN_SETTING;
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].random_phase)
			needs |= KA_AGAIN_SEED;
	return needs;
}

/* ---- the command ---------------------------------------------------------------------------- */

void ka_put_quoted(FILE *out, const char *text)
{
	putc('\'', out);
	while (*text) {
		size_t len = strcspn(text, "'");
		char part[256];

		len = len < sizeof(part) ? len : sizeof(part) - 1;
		memcpy(part, text, len);
		part[len] = '\0';
		ka_put_plain(out, part);
		text += len;
		if (*text == '\'') {
			fputs("'\\''", out);
			text++;
		}
	}
	putc('\'', out);
}

/* The second part of the name; nothing where it is no word that --setting could take. */
static void put_setting(FILE *out, const char *name)
{
	const char *start = strchr(name, '/');
	size_t len = start ? strcspn(++start, "/") : 0;

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)start[i]) && start[i] != '-' && start[i] != '_')
			return;
	if (len && *start != '0')
		fprintf(out, " --setting %.*s", (int)len, start);
}

void ka_put_again_command(FILE *out, const struct ka_again *again)
{
	bool guest = again->kernel && strcmp(again->kernel, "host") != 0;

	ka_put_plain(out, again->command ? again->command : "kacheck");
	fputs(" run", out);
	if (guest) {
		fputs(" --kernel ", out);
		ka_put_quoted(out, again->kernel);
	}
	/* guests have the named settings by default, and no others */
	if ((again->needs & KA_AGAIN_SETTING) || (guest && !(again->needs & KA_AGAIN_OWN)))
		put_setting(out, again->instance);
	if ((again->needs & KA_AGAIN_LONG) && !guest)
		fputs(" --long", out);
	if (again->needs & KA_AGAIN_SEED)
		fprintf(out, " --seed %" PRIu64, ka_seed_of_run(again->seed, again->instance));
	fputs(" --filter ", out);
	ka_put_quoted(out, again->instance);
	fputs(again->more ? again->more : "", out);
}
