/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See part.h. */
#include "result/part.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "result/encode.h"

/* The numbers of the field. */
static const struct {
	const char *key;
	size_t at;
	json_int_t least;
} numbers[] = {
	{ "instances", offsetof(struct ka_part, instances), 1 },
	{ "part", offsetof(struct ka_part, part), 1 },
	{ "shard", offsetof(struct ka_part, shard), 1 },
	{ "shards", offsetof(struct ka_part, shards), 1 },
	{ "kernels", offsetof(struct ka_part, kernels), 1 },
};

json_t *ka_part_encode(const struct ka_part *part, unsigned place)
{
	const struct ka_json_field fields[] = {
		{ "id", json_sprintf("%016" PRIx64, part->id) },
		{ "seed", json_sprintf("%" PRIu64, part->seed) },
		{ "instances", json_integer(part->instances) },
		{ "place", json_integer(place) },
		{ "part", json_integer(part->part) },
		{ "shard", json_integer(part->shard) },
		{ "shards", json_integer(part->shards) },
		{ "kernels", json_integer(part->kernels) },
		{ "machine", ka_json_text(part->machine) },
		{ "version", ka_json_text(part->version) },
	};

	return ka_json_object(fields, KA_N(fields));
}

static int bad(struct nn_err *err, const char *key)
{
	return nn_refuse(err, "result line: field plan.%s is not as kacheck writes it", key);
}

/* A number that stands as text, since JSON's numbers have no 64 bits everywhere. */
static int take_text_number(uint64_t *to, const json_t *json, const char *key, int base,
			    struct nn_err *err)
{
	const char *text = json_string_value(json_object_get(json, key));
	char *end;

	if (!text || text[0] == '-' || text[0] == '+' || !*text)
		return bad(err, key);
	errno = 0;
	*to = strtoull(text, &end, base);
	return *end || errno ? bad(err, key) : 0;
}

static int take_number(unsigned *to, const json_t *json, const char *key, json_int_t least,
		       struct nn_err *err)
{
	const json_t *value = json_object_get(json, key);

	if (!json_is_integer(value) || json_integer_value(value) < least ||
	    json_integer_value(value) > INT_MAX)
		return bad(err, key);
	*to = (unsigned)json_integer_value(value);
	return 0;
}

static int take_text(char *to, size_t size, const json_t *json, const char *key, struct nn_err *err)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (!text || strlen(text) >= size)
		return bad(err, key);
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

int ka_part_decode(struct ka_part *part, unsigned *place, const json_t *json, struct nn_err *err)
{
	int ret;

	*part = (struct ka_part){ .id = 0 };
	ret = take_text_number(&part->id, json, "id", 16, err);
	if (!ret)
		ret = take_text_number(&part->seed, json, "seed", 10, err);
	for (size_t i = 0; !ret && i < KA_N(numbers); i++)
		ret = take_number((unsigned *)((char *)part + numbers[i].at), json, numbers[i].key,
				  numbers[i].least, err);
	if (!ret)
		ret = take_number(place, json, "place", 0, err);
	if (!ret)
		ret = take_text(part->machine, sizeof(part->machine), json, "machine", err);
	if (!ret)
		ret = take_text(part->version, sizeof(part->version), json, "version", err);
	if (!ret && (part->shard > part->shards || part->part > part->instances ||
		     *place >= part->instances))
		ret = bad(err, "shard, part or place");
	return ret;
}

const char *ka_part_differs(const struct ka_part *a, const struct ka_part *b)
{
	if (strcmp(a->version, b->version) != 0)
		return "kacheck's version";
	if (a->id != b->id || a->instances != b->instances)
		return "instances";
	if (a->seed != b->seed)
		return "seed";
	if (a->shards != b->shards)
		return "number of shards";
	return a->kernels != b->kernels ? "number of kernels" : NULL;
}
