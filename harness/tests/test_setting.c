/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings and shards as they are written on a command line; how wrong ones are refused. */
#include "model/nearest.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "plan/plan.h"

TEST(reads_settings)
{
	static const struct {
		const char *text;
		unsigned idle, intvl, cnt, user_timeout_ms;
	} rows[] = {
		{ "1/1/3", 1, 1, 3, 0 },          { "1-1-3", 1, 1, 3, 0 },
		{ "7200/75/9", 7200, 75, 9, 0 },  { "32767/32767/127", 32767, 32767, 127, 0 },
		{ "1/1/9/u2500", 1, 1, 9, 2500 }, { "1-1-9-u2500", 1, 1, 9, 2500 },
		{ "redis-300", 300, 100, 3, 0 },  { "grpc-go", 15, 15, 9, 20000 },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_setting setting;
		struct nn_err err = { "" };

		assert_int_equal(ka_setting_parse(&setting, rows[i].text, &err), 0);
		assert_int_equal(setting.idle, rows[i].idle);
		assert_int_equal(setting.intvl, rows[i].intvl);
		assert_int_equal(setting.cnt, rows[i].cnt);
		assert_int_equal(setting.user_timeout_ms, rows[i].user_timeout_ms);
	}
}

/* Scripts and CI jobs have these names in them. */
TEST(knows_names_of_production)
{
	static const char *const names[] = { "linux-default", "redis-300",    "go",
					     "gcp",           "rds-postgres", "azure-stemcell",
					     "kubelb",        "cloudflare",   "freerdp",
					     "grpc-go" };

	for (size_t i = 0; i < KA_N(names); i++) {
		struct ka_setting setting;
		struct nn_err err = { "" };

		assert_int_equal(ka_setting_parse(&setting, names[i], &err), 0);
		assert_string_equal(setting.name, names[i]);
		assert_non_null(setting.source);
	}
}

TEST(refuses_settings)
{
	static const struct {
		const char *text, *because;
	} rows[] = {
		{ "0/1/1", "IDLE 0 is out of range; it must be 1..32767" },
		{ "40000/1/1", "IDLE 40000 is out of range" },
		{ "1/0/1", "INTVL 0 is out of range" },
		{ "1/32768/1", "INTVL 32768 is out of range; it must be 1..32767" },
		{ "1/1/0", "CNT 0 is out of range; it must be 1..127" },
		{ "1/1/128", "CNT 128 is out of range" },
		{ "1/1", "CNT is missing" },
		{ "1", "INTVL is missing" },
		{ "1/1/1/1", "unexpected '1'" },
		{ "1/1/1/u0", "user timeout (ms) 0 is out of range" },
		{ "1/1/1/u2147483648", "out of range" },
		{ "1/1/1/", "ends with '/'" },
		{ "1//1", "INTVL is missing" },
		{ "1.5/1/1", "unexpected '.5/1/1' after IDLE" },
		{ "99999999999999999999/1/1", "out of range" },
		{ "-1/1/1", "neither" },
		{ " 1/1/1", "neither" },
		{ "a/b", "neither" },
		{ "", "neither" },
		{ "redis-30", "did you mean 'redis-300'?" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_setting setting = { .idle = 42 };
		struct nn_err err = { "" };

		assert_int_equal(ka_setting_parse(&setting, rows[i].text, &err), -EINVAL);
		assert_non_null(strstr(err.text, "setting"));
		if (!strstr(err.text, rows[i].because))
			fail_msg("%s: '%s' does not say '%s'", rows[i].text, err.text,
				 rows[i].because);
		assert_int_equal(setting.idle, 42);
	}
}

/* A name must stay one part of an instance's name, and hold values that setsockopt() takes. */
TEST(named_settings_are_sound)
{
	size_t n;
	const struct ka_setting *named = ka_named_settings(&n);

	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(named[i].source);
		assert_null(strchr(named[i].name, '/'));
		assert_in_range(named[i].idle, 1, 32767);
		assert_in_range(named[i].intvl, 1, 32767);
		assert_in_range(named[i].cnt, 1, 127);
	}
}

/* Of those that end in under 15 s in real time there is one. */
TEST(defaults_are_short)
{
	struct ka_setting settings[KA_MAX_SETTINGS];
	size_t n = ka_default_settings(settings);

	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_true(ka_nominal_s(&settings[i]) < 15);
	assert_string_equal(settings[3].name, "freerdp");
}

TEST(reads_shards)
{
	unsigned shard = 0, shards = 0;

	assert_int_equal(ka_shard_parse(&shard, &shards, "2/5", NULL), 0);
	assert_int_equal(shard, 2);
	assert_int_equal(shards, 5);
	assert_int_equal(ka_shard_parse(&shard, &shards, "1/1", NULL), 0);
}

TEST(refuses_shards)
{
	static const char *const rows[] = { "0/2",   "3/2",  "1/0", "1",  "/",  "a/b",
					    "1/2/3", "-1/2", "",    "1/", "/2", "1/9999999" };

	for (size_t i = 0; i < KA_N(rows); i++) {
		unsigned shard = 7, shards = 7;
		struct nn_err err = { "" };

		assert_int_equal(ka_shard_parse(&shard, &shards, rows[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "shard"));
		assert_int_equal(shard, 7);
	}
}

TEST(measures_distance)
{
	assert_int_equal(ka_distance("", ""), 0);
	assert_int_equal(ka_distance("abc", ""), 3);
	assert_int_equal(ka_distance("", "abc"), 3);
	assert_int_equal(ka_distance("silent_drop", "silent_drop"), 0);
	assert_int_equal(ka_distance("silent_drp", "silent_drop"), 1);
	assert_int_equal(ka_distance("kitten", "sitting"), 3);
}

TEST(names_the_nearest)
{
	struct ka_nearest nearest = { .n = 0 };
	char text[600];

	ka_nearest_offer(&nearest, "rum", "explain");
	assert_string_equal(ka_nearest_text(&nearest, text, sizeof(text)), "");
	ka_nearest_offer(&nearest, "silent", "silence");
	ka_nearest_offer(&nearest, "silent", "silent_drop");
	ka_nearest_offer(&nearest, "silent", "silents");
	ka_nearest_offer(&nearest, "silent", "silents");
	ka_nearest_offer(&nearest, "silent", "silentium");
	assert_string_equal(ka_nearest_text(&nearest, text, sizeof(text)),
			    "; did you mean 'silents', 'silence' or 'silentium'?");
}
