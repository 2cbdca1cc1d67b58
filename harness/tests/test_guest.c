/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be known of guests without booting one: what --kernel names, what is said to a guest, how
 * a plan is cut for several, and how files come out. */
#include <elf.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "guest/binary.h"
#include "guest/guest.h"
#include "guest/job.h"
#include "guest/library.h"
#include "guest/machine.h"
#include "guest/parcel.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "run/keep.h"

/* ---- --kernel ----------------------------------------------------------------------------- */

static void refuses(const char *text, int code, const char *says)
{
	struct ka_guest_kernel kernel;
	struct nn_err err = { "" };

	assert_int_equal(ka_guest_kernel_parse(&kernel, text, NULL, &err), code);
	assert_non_null(strstr(err.text, says));
	assert_null(strchr(err.text, '\n'));
}

TEST(kernels_that_are_none)
{
	char fifo[40], text[48];

	snprintf(fifo, sizeof(fifo), "/tmp/kacheck-fifo-%d", (int)getpid());
	snprintf(text, sizeof(text), "uml:%s", fifo);
	refuses("vmlinuz", -EINVAL, "is none of host, uml:FILE, image:FILE");
	refuses("uml:", -EINVAL, "names no file");
	refuses("uml:/x,modules=/y", -EINVAL, "is none of");
	refuses("image:/x,modul=/y", -EINVAL, "is none of");
	refuses("image:/x,modules=", -EINVAL, "names no file");
	refuses("uml:/nowhere", -ENOENT, "/nowhere");
	refuses("uml:/", -EINVAL, "is no kernel");
	refuses("uml:/dev/null", -EINVAL, "is no kernel");
	assert_int_equal(mkfifo(fifo, 0600), 0); /* nobody will ever write to it */
	refuses(text, -EINVAL, "is no kernel");
	assert_int_equal(unlink(fifo), 0);
	refuses("uml:/bin/sh", -EINVAL, "is no User-mode Linux kernel");
	refuses("image:/bin/sh", -EINVAL, "is no kernel image, neither for x86 (bzImage) nor");
}

/* In @folder, a file of this name and content. */
static void write_file(const char *folder, const char *name, const char *content)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	assert_int_equal(fclose(file), 0);
}

TEST(tree_with_no_kernel)
{
	static const char *const made[] = { "linux", "include/config/kernel.release",
					    "include/config", "include", "" };
	char folder[] = "/tmp/kacheck-tree.XXXXXX", path[80], text[80];

	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text), "tree:%s", folder);
	refuses("tree:", -EINVAL, "names no file");
	refuses("tree:/nowhere", -EINVAL, "no User-mode Linux was built in /nowhere; ");
	snprintf(path, sizeof(path), "%s/include", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/include/config", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(folder, "include/config/kernel.release", "6.12.117-mine\n");
	refuses(text, -EINVAL, "no User-mode Linux 6.12.117-mine was built in /tmp/kacheck-tree.");
	write_file(folder, "linux", "a calculator");
	refuses(text, -EINVAL, "tree of Linux 6.12.117-mine: ");
	refuses(text, -EINVAL, "/linux is no User-mode Linux kernel");
	for (size_t i = 0; i < KA_N(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
		assert_int_equal(remove(path), 0);
	}
}

/* A file in memory that can be named. */
static void memory_file(const char *bytes, size_t n, char *path, size_t size)
{
	int fd = memfd_create("kernel", 0);

	assert_int_equal(write(fd, bytes, n), n);
	snprintf(path, size, "/proc/self/fd/%d", fd);
}

/* The beginning of an ELF file with sections up to @end, and some words. */
static void refuses_uml(const char *words, size_t end, const char *says)
{
	union {
		Elf64_Ehdr head;
		char bytes[256];
	} file = { .head = { .e_ident = ELFMAG, .e_shoff = end } };
	char path[64], text[80];

	snprintf(file.bytes + sizeof(file.head), sizeof(file.bytes) - sizeof(file.head), "%s",
		 words);
	memory_file(file.bytes, sizeof(file.bytes), path, sizeof(path));
	snprintf(text, sizeof(text), "uml:%s", path);
	refuses(text, -EINVAL, says);
}

TEST(uml_that_will_not_do)
{
	refuses_uml("a calculator", 256, "is no User-mode Linux kernel");
	refuses_uml("User Mode Linux version", 256, "is no User-mode Linux kernel");
	refuses_uml("Linux version 6.12 User Mode Linux", 256, "has no clock that jumps");
	refuses_uml("Linux version 6.12 User Mode Linux time-travel=", 257, "is cut short");
}

TEST(image_that_is_cut_short)
{
	/* 2 * 512 + 2 * 16 bytes; the version is at 0x300 */
	static const char bytes[0x400] = {
		[0x1f1] = 1,   [0x1f4] = 2,   [0x202] = 'H', [0x203] = 'd',
		[0x204] = 'r', [0x205] = 'S', [0x20f] = 1,   [0x300] = '6'
	};
	char path[64], text[80];

	memory_file(bytes, sizeof(bytes), path, sizeof(path));
	snprintf(text, sizeof(text), "image:%s", path);
	refuses(text, -EINVAL, "is cut short: it has 1024 of 1056 bytes");
}

TEST(too_little_memory)
{
	struct nn_err err = { "" };
	struct rlimit before, little;

	unit_skip_if_emulated("RLIMIT_AS");
	getrlimit(RLIMIT_AS, &before);
	little = (struct rlimit){ 1ull << 30, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	assert_int_equal(ka_check_memory(840ull << 20, &err), 0);
	assert_int_equal(ka_check_memory(2200ull << 20, &err), -ENOSYS);
	setrlimit(RLIMIT_AS, &before);
	assert_non_null(strstr(err.text, "2200 MiB of address space, and may have 1024"));
}

/* ---- libraries ---------------------------------------------------------------------------- */

TEST(library_that_is_not_here)
{
	static const char *const names[] = { "nothing" };
	struct nn_err err = { "" };
	void *calls[1];

	assert_int_equal(ka_library_load("libnowhere.so.7", "libnowhere7", names, 1, calls, &err),
			 -ENOSYS);
	assert_non_null(strstr(err.text, "libnowhere.so.7: cannot open"));
	assert_non_null(strstr(err.text, "apt-get install libnowhere7"));
	assert_null(strchr(err.text, '\n'));
}

TEST(library_that_is_too_old)
{
	static const char *const names[] = { "strlen", "strlen_of_tomorrow" };
	struct nn_err err = { "" };
	void *calls[2];

	assert_int_equal(ka_library_load("libc.so.6", "libc6", names, 2, calls, &err), -ENOSYS);
	assert_non_null(strstr(err.text, "strlen_of_tomorrow"));
}

/* A guest gets what the program was started with, and not what was loaded to write the archive. */
TEST(objects_are_listed_before_libraries_come)
{
	struct ka_objects before, after;
	struct ka_libarchive library;
	struct nn_err err = { "" };
	bool has_libc = false, has_libarchive = false;

	assert_int_equal(ka_objects_list(&before, &err), 0);
	assert_int_equal(ka_libarchive_load(&library, &err), 0);
	assert_int_equal(ka_objects_list(&after, &err), 0);
	for (size_t i = 0; i < before.n; i++) {
		has_libc |= strstr(before.paths[i], "/libc.so.") != NULL;
		has_libarchive |= strstr(before.paths[i], "/libarchive.") != NULL;
	}
	assert_true(after.n > before.n);
	ka_objects_free(&before);
	ka_objects_free(&after);
	assert_true(has_libc);
	assert_false(has_libarchive);
}

/* ---- job and facts --------------------------------------------------------------------- */

TEST(job_arrives_as_it_was_sent)
{
	struct ka_guest_job sent = { .plan = { .filters = { "silent_drop", "*/v6/*" },
					       .n_filters = 2,
					       .excludes = { "answered" },
					       .n_excludes = 1,
					       .shard = 2,
					       .shards = 5,
					       .repeat = 3,
					       .seed = UINT64_MAX,
					       .long_ = true },
				     .jobs = 7,
				     .part = 3,
				     .part_size = 32,
				     .keep = true };
	struct nn_err err = { "" };
	struct ka_guest_job job;
	char *text, path[64];

	assert_int_equal(ka_setting_parse(&sent.plan.settings[0], "1/2/3/u2500", &err), 0);
	assert_int_equal(ka_setting_parse(&sent.plan.settings[1], "linux-default", &err), 0);
	sent.plan.n_settings = 2;
	text = ka_guest_job_text(&sent);
	memory_file(text, strlen(text), path, sizeof(path));
	free(text);
	assert_int_equal(ka_guest_job_read(&job, path, &err), 0);
	assert_int_equal(job.plan.n_settings, 2);
	assert_int_equal(job.plan.settings[0].user_timeout_ms, 2500);
	assert_string_equal(job.plan.settings[1].name, "linux-default");
	assert_int_equal(job.plan.n_filters, 2);
	assert_string_equal(job.plan.filters[1], "*/v6/*");
	assert_string_equal(job.plan.excludes[0], "answered");
	assert_int_equal(job.plan.shard, 2);
	assert_int_equal(job.plan.shards, 5);
	assert_int_equal(job.plan.repeat, 3);
	assert_true(job.plan.seed == UINT64_MAX);
	assert_true(job.plan.long_);
	assert_int_equal(job.jobs, 7);
	assert_int_equal(job.part, 3);
	assert_int_equal(job.part_size, 32);
	assert_true(job.keep);
	assert_false(job.keep_all);
	ka_guest_job_free(&job);
}

TEST(facts_arrive_as_they_were_sent)
{
	const struct ka_facts facts = { .release = "6.12.117",
					.hz = 300,
					.tick_ns = 3333333,
					.phase_known = true,
					.j0 = -4294937296 };
	struct ka_facts got;
	json_t *json = ka_facts_encode(&facts);

	assert_int_equal(ka_facts_decode(&got, json), 0);
	json_decref(json);
	assert_string_equal(got.release, "6.12.117");
	assert_int_equal(got.hz, 300);
	assert_true(got.tick_ns == 3333333);
	assert_true(got.phase_known);
	assert_true(got.virtual_clock);
	assert_true(got.j0 == -4294937296);
}

/* ---- parts of a plan ---------------------------------------------------------------------- */

/* Every instance is in one part, once, wherever the plan ends. */
TEST(parts_are_the_whole)
{
	for (unsigned parts = 1; parts <= KA_MAX_PARTS; parts++) {
		for (size_t n = 0; n < 40; n++) {
			unsigned seen[40] = { 0 };
			size_t least = n, most = 0;

			for (unsigned part = 0; part < parts; part++) {
				size_t i = 0, index;

				while ((index = ka_part_index(part, parts, i)) < n) {
					seen[index]++;
					i++;
				}
				least = i < least ? i : least;
				most = i > most ? i : most;
			}
			for (size_t i = 0; i < n; i++)
				assert_int_equal(seen[i], 1);
			assert_true(most - least <= 1);
		}
	}
}

TEST(small_plans_stay_whole)
{
	assert_int_equal(ka_parts(0, 32), 1);
	assert_int_equal(ka_parts(4, 32), 1);
	assert_int_equal(ka_parts(63, 32), 1);
	assert_int_equal(ka_parts(64, 32), 2);
	assert_int_equal(ka_parts(1767, 32), KA_MAX_PARTS);
}

TEST(a_part_keeps_its_own)
{
	struct ka_plan plan = { .instances = calloc(10, sizeof(*plan.instances)),
				.predictions = calloc(10, sizeof(*plan.predictions)),
				.n = 10 };

	for (unsigned i = 0; i < 10; i++) {
		plan.instances[i].seed = i;
		plan.predictions[i].expected_s = i;
	}
	ka_part_keep(&plan, 1, 3);
	assert_int_equal(plan.n, 3); /* 1, 5, 6 */
	for (size_t i = 0; i < plan.n; i++) {
		size_t index = ka_part_index(1, 3, i);

		assert_int_equal(plan.instances[i].seed, index);
		assert_true(plan.predictions[i].expected_s == (double)index);
	}
	ka_plan_free(&plan);
}

/* ---- files on their way ------------------------------------------------------------------- */

/* Returns what @path holds, in @buf. */
static size_t contents(const char *path, unsigned char *buf, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(buf, 1, size, file);
	fclose(file);
	return n;
}

TEST(files_arrive_as_they_were_sent)
{
	char top[] = "/tmp/test_guest.XXXXXX", from[64], to[64], path[96];
	unsigned char bytes[256], got[300];
	struct nn_err err = { "" };
	json_t *parcel;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	assert_non_null(mkdtemp(top));
	snprintf(from, sizeof(from), "%s/from", top);
	snprintf(to, sizeof(to), "%s/a/b", top);
	assert_int_equal(ka_keep_bytes(from, "packets.pcapng", bytes, sizeof(bytes), &err), 0);
	assert_null(ka_parcel_pack(from, "timeline.tsv"));
	parcel = ka_parcel_pack(from, "packets.pcapng");
	assert_int_equal(ka_parcel_unpack(parcel, to, &err), 0);
	json_decref(parcel);
	snprintf(path, sizeof(path), "%s/packets.pcapng", to);
	assert_int_equal(contents(path, got, sizeof(got)), sizeof(bytes));
	assert_memory_equal(got, bytes, sizeof(bytes));
	ka_keep_remove(from);
	assert_int_equal(access(from, F_OK), -1); /* what was sent is no longer there */
	ka_keep_remove(to);
	assert_int_equal(access(to, F_OK), -1);
	snprintf(path, sizeof(path), "%s/a", top);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(top), 0);
}

/* A guest may be out of its mind, or somebody else's: nothing is written but such files. */
TEST(other_files_are_refused)
{
	static const char *const bad[] = {
		"{\"name\": \"../packets.pcapng\", \"hex\": \"00\"}",
		"{\"name\": \"/tmp/x\", \"hex\": \"00\"}",
		"{\"name\": \"\", \"hex\": \"00\"}",
		"{\"name\": \"packets.pcapng\", \"hex\": \"0\"}",
		"{\"name\": \"packets.pcapng\", \"hex\": \"0x\"}",
		"{\"name\": \"packets.pcapng\"}",
		"{\"hex\": \"00\"}",
		"[]",
	};
	char folder[] = "/tmp/test_guest.XXXXXX";

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < KA_N(bad); i++) {
		json_t *parcel = json_loads(bad[i], 0, NULL);
		struct nn_err err = { "" };

		assert_non_null(parcel);
		assert_true(ka_parcel_unpack(parcel, folder, &err) < 0);
		assert_true(*err.text != '\0');
		json_decref(parcel);
	}
	assert_int_equal(rmdir(folder), 0); /* still empty */
}
