/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which part of which plan a result belongs to: there and back, and what nobody wrote. */
#include "model/util.h"
#include "netns/tests/unit.h"
#include "result/part.h"

static const struct ka_part whole = { .id = UINT64_C(0xfedcba9876543210),
				      .seed = UINT64_MAX,
				      .instances = 917,
				      .part = 306,
				      .shard = 2,
				      .shards = 3,
				      .kernels = 1,
				      .machine = "node-7",
				      .version = "1.0.0" };

TEST(there_and_back)
{
	json_t *json = ka_part_encode(&whole, 12);
	struct nn_err err = { "" };
	struct ka_part part;
	unsigned place;

	assert_int_equal(ka_part_decode(&part, &place, json, &err), 0);
	assert_int_equal(place, 12);
	assert_true(part.id == whole.id && part.seed == whole.seed);
	assert_string_equal(part.machine, "node-7");
	assert_null(ka_part_differs(&whole, &part));
	json_decref(json);
}

/* Each field of a line that comes from anywhere is looked at. */
TEST(a_bad_field_is_named)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "id", "7" },         { "id", "\"x\"" },
		{ "id", "\"\"" },      { "id", "\"-1\"" },
		{ "seed", "\"1 \"" },  { "seed", "\"99999999999999999999\"" },
		{ "instances", "0" },  { "instances", "\"\"" },
		{ "place", "-1" },     { "place", "917" },
		{ "part", "918" },     { "shard", "4" },
		{ "shards", "null" },  { "kernels", "0" },
		{ "machine", "null" }, { "version", "[]" },
	};

	for (size_t i = 0; i < KA_N(bad); i++) {
		json_t *json = ka_part_encode(&whole, 12);
		struct nn_err err = { "" };
		struct ka_part part;
		unsigned place;

		json_object_set_new(json, bad[i].key,
				    json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
		if (ka_part_decode(&part, &place, json, &err) != -EINVAL)
			fail_msg("%s = %s was taken", bad[i].key, bad[i].value);
		json_decref(json);
	}
}

static void differs_in(const struct ka_part *other, const char *what)
{
	const char *got = ka_part_differs(&whole, other);

	assert_string_equal(got ? got : "nothing", what);
}

TEST(what_differs_is_named)
{
	struct ka_part other = whole;

	other.shard = 1;
	other.part = 305;
	snprintf(other.machine, sizeof(other.machine), "node-8");
	assert_null(ka_part_differs(&whole, &other));
	other.kernels = 2;
	differs_in(&other, "number of kernels");
	other.shards = 4;
	differs_in(&other, "number of shards");
	other.seed = 1;
	differs_in(&other, "seed");
	other.id = 1;
	differs_in(&other, "instances");
	snprintf(other.version, sizeof(other.version), "0.9");
	differs_in(&other, "kacheck's version");
}
