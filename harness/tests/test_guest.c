/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be known of guests without booting one: what --kernel names, what is said to a guest, and
 * what is heard from it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest/collect.h"
#include "guest/errand.h"
#include "guest/guest.h"
#include "guest/library.h"
#include "guest/objects.h"
#include "guest/part.h"
#include "guest/vm.h"

/* ---- --kernel ----------------------------------------------------------------------------- */

static void refuses(const char *text, int code, const char *says)
{
	struct ka_guest_kernel kernel;
	struct nn_err err = { "" };

	assert_int_equal(ka_guest_kernel_parse(&kernel, text, &err), code);
	assert_non_null(strstr(err.text, says));
	assert_null(strchr(err.text, '\n'));
}

static void kernels_that_are_none(void **state)
{
	(void)state;
	refuses("vmlinuz", -EINVAL, "is none of host, uml:FILE or image:FILE");
	refuses("uml:", -EINVAL, "names no file");
	refuses("uml:/x,modules=/y", -EINVAL, "is none of");
	refuses("image:/x,modul=/y", -EINVAL, "is none of");
	refuses("image:/x,modules=", -EINVAL, "names no file");
	refuses("uml:/nowhere", -ENOENT, "/nowhere");
	refuses("uml:/", -EINVAL, "is no kernel");
	refuses("uml:/dev/null", -EINVAL, "is no kernel");
	refuses("uml:/bin/sh", -EINVAL, "is no User-mode Linux kernel");
	refuses("image:/bin/sh", -EINVAL, "is no x86 kernel image");
}

/* A file in memory that can be named. */
static void memory_file(const char *bytes, size_t n, char *path, size_t size)
{
	int fd = memfd_create("kernel", 0);

	assert_int_equal(write(fd, bytes, n), n);
	snprintf(path, size, "/proc/self/fd/%d", fd);
}

static void uml_without_time_travel(void **state)
{
	static const char bytes[] = "\177ELF Linux version 6.12 User Mode Linux";
	char path[64], text[80];

	(void)state;
	memory_file(bytes, sizeof(bytes), path, sizeof(path));
	snprintf(text, sizeof(text), "uml:%s", path);
	refuses(text, -EINVAL, "has no clock that jumps");
}

/* ---- libraries ---------------------------------------------------------------------------- */

static void library_that_is_not_here(void **state)
{
	static const char *const names[] = { "nothing" };
	struct nn_err err = { "" };
	void *calls[1];

	(void)state;
	assert_int_equal(ka_library_load("libnowhere.so.7", "libnowhere7", names, 1, calls, &err),
			 -ENOSYS);
	assert_non_null(strstr(err.text, "libnowhere.so.7: cannot open"));
	assert_non_null(strstr(err.text, "apt-get install libnowhere7"));
	assert_null(strchr(err.text, '\n'));
}

static void library_that_is_too_old(void **state)
{
	static const char *const names[] = { "strlen", "strlen_of_tomorrow" };
	struct nn_err err = { "" };
	void *calls[2];

	(void)state;
	assert_int_equal(ka_library_load("libc.so.6", "libc6", names, 2, calls, &err), -ENOSYS);
	assert_non_null(strstr(err.text, "strlen_of_tomorrow"));
}

/* A guest gets what the program was started with, and not what was loaded to write the archive. */
static void objects_are_listed_before_libraries_come(void **state)
{
	struct ka_objects before, after;
	struct ka_libarchive library;
	struct nn_err err = { "" };
	bool has_libc = false, has_libarchive = false;

	(void)state;
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

/* ---- errand and facts --------------------------------------------------------------------- */

static void errand_arrives_as_it_was_sent(void **state)
{
	struct ka_errand sent = { .plan = { .filters = { "silent_drop", "*/v6/*" },
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
				  .part_size = 32 };
	struct nn_err err = { "" };
	struct ka_errand errand;
	char *text, path[64];

	(void)state;
	assert_int_equal(ka_setting_parse(&sent.plan.settings[0], "1/2/3/u2500", &err), 0);
	assert_int_equal(ka_setting_parse(&sent.plan.settings[1], "linux-default", &err), 0);
	sent.plan.n_settings = 2;
	text = ka_errand_text(&sent);
	memory_file(text, strlen(text), path, sizeof(path));
	free(text);
	assert_int_equal(ka_errand_read(&errand, path, &err), 0);
	assert_int_equal(errand.plan.n_settings, 2);
	assert_int_equal(errand.plan.settings[0].user_timeout_ms, 2500);
	assert_string_equal(errand.plan.settings[1].name, "linux-default");
	assert_int_equal(errand.plan.n_filters, 2);
	assert_string_equal(errand.plan.filters[1], "*/v6/*");
	assert_string_equal(errand.plan.excludes[0], "answered");
	assert_int_equal(errand.plan.shard, 2);
	assert_int_equal(errand.plan.shards, 5);
	assert_int_equal(errand.plan.repeat, 3);
	assert_true(errand.plan.seed == UINT64_MAX);
	assert_true(errand.plan.long_);
	assert_int_equal(errand.jobs, 7);
	assert_int_equal(errand.part, 3);
	assert_int_equal(errand.part_size, 32);
	ka_errand_free(&errand);
}

static void facts_arrive_as_they_were_sent(void **state)
{
	const struct ka_facts facts = { .release = "6.12.117",
					.hz = 300,
					.tick_ns = 3333333,
					.phase_known = true,
					.j0 = -4294937296 };
	struct ka_facts got;
	json_t *json = ka_facts_encode(&facts);

	(void)state;
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
static void parts_are_the_whole(void **state)
{
	(void)state;
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

static void small_plans_stay_whole(void **state)
{
	(void)state;
	assert_int_equal(ka_parts(0, 32), 1);
	assert_int_equal(ka_parts(4, 32), 1);
	assert_int_equal(ka_parts(63, 32), 1);
	assert_int_equal(ka_parts(64, 32), 2);
	assert_int_equal(ka_parts(1767, 32), KA_MAX_PARTS);
}

static void a_part_keeps_its_own(void **state)
{
	struct ka_instance instances[10];
	struct ka_prediction predictions[10];
	struct ka_plan plan = { instances, predictions, 10 };

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		instances[i] = (struct ka_instance){ .seed = i };
		predictions[i] = (struct ka_prediction){ .expected_s = i };
	}
	ka_part_keep(&plan, 1, 3);
	assert_int_equal(plan.n, 3); /* 1, 5, 6 */
	for (size_t i = 0; i < plan.n; i++) {
		size_t index = ka_part_index(1, 3, i);

		assert_int_equal(plan.instances[i].seed, index);
		assert_true(plan.predictions[i].expected_s == (double)index);
	}
}

/* ---- what a guest says -------------------------------------------------------------------- */

struct line {
	struct ka_booted booted;
	struct ka_collect collect;
	int results, console;
};

static int open_line(void **state)
{
	struct line *line = calloc(1, sizeof(*line));
	int results[2], console[2];

	if (!line || pipe2(results, O_NONBLOCK) < 0 || pipe2(console, O_NONBLOCK) < 0)
		return -1;
	line->booted = (struct ka_booted){ .results = results[0], .console = console[0] };
	line->collect = (struct ka_collect){ .booted = &line->booted };
	line->results = results[1];
	line->console = console[1];
	*state = line;
	return 0;
}

static int close_line(void **state)
{
	struct line *line = *state;

	close(line->results);
	close(line->console);
	close(line->booted.results);
	close(line->booted.console);
	ka_collect_free(&line->collect);
	free(line);
	return 0;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int wait_for(struct line *line, int signals, int64_t deadline_ns)
{
	struct ka_collect *all[] = { &line->collect };

	return ka_collect_wait(all, 1, signals, deadline_ns);
}

/* Whoever asks twice, and by two ways, wants an orderly end no less. */
static void signals_are_all_taken(void **state)
{
	struct line *line = *state;
	sigset_t mask, before, pending;
	int ret, signals;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	raise(SIGINT);
	raise(SIGTERM);
	ret = wait_for(line, signals, INT64_MAX);
	sigpending(&pending);
	close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL); /* here it would die */
	assert_int_equal(ret, -EINTR);
	assert_false(sigismember(&pending, SIGINT));
	assert_false(sigismember(&pending, SIGTERM));
}

static void lines_come_whole(void **state)
{
	struct line *line = *state;
	char *text;

	assert_int_equal(wait_for(line, -1, 1), -ETIMEDOUT);
	say(line->results, "R0 {\"v\"");
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	assert_int_equal(ka_collect_line(&line->collect, &text), -EAGAIN);
	say(line->results, ":1}\r\nE0 \"\"\nrest");
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	assert_int_equal(ka_collect_line(&line->collect, &text), 1);
	assert_string_equal(text, "R0 {\"v\":1}");
	assert_int_equal(ka_collect_line(&line->collect, &text), 1);
	assert_string_equal(text, "E0 \"\"");
	close(line->results);
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	assert_int_equal(ka_collect_line(&line->collect, &text), 0);
	line->results = -1;
}

static void silence_is_borne_for_so_long(void **state)
{
	struct line *line = *state;
	struct ka_vm vm = { .collect = line->collect, .patience_s = 3, .silence_s = 100 };
	struct nn_err err = { "" };
	struct ka_said said;

	say(line->results, "F0 {}\n");
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	vm.collect = line->collect;
	assert_int_equal(ka_vm_said(&vm, &said, &err), 1); /* however late */
	assert_int_equal(said.letter, 'F');
	json_decref(said.json);
	assert_int_equal(ka_vm_said(&vm, &said, &err), 0);
	say(line->console, "BUG: soft lockup\n");
	vm.deadline_ns = 1;
	assert_int_equal(ka_vm_said(&vm, &said, &err), -ETIMEDOUT);
	assert_string_equal(
		err.text, "the guest was silent for 100 s; last on its console: BUG: soft lockup");
}

static void what_stopped_a_guest_is_told(void **state)
{
	struct line *line = *state;
	struct nn_err err = { "" };
	struct ka_said said;
	struct ka_vm vm;

	say(line->results, "X0 \"cannot mount /proc\"\n");
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	vm = (struct ka_vm){ .collect = line->collect };
	assert_int_equal(ka_vm_said(&vm, &said, &err), -EIO);
	assert_string_equal(err.text, "in the guest: cannot mount /proc");
}

/* One that speaks is heard while another is silent, and what each says stays its own. */
static void several_are_heard_in_one_wait(void **state)
{
	struct line *line = *state, *other = NULL;
	struct ka_collect *all[2];
	char *text;

	assert_int_equal(open_line((void **)&other), 0);
	all[0] = &other->collect;
	all[1] = &line->collect;
	say(line->results, "R1 {}\n");
	assert_int_equal(ka_collect_wait(all, 2, -1, INT64_MAX), 0);
	assert_int_equal(ka_collect_line(&other->collect, &text), -EAGAIN);
	assert_int_equal(ka_collect_line(&line->collect, &text), 1);
	close(other->results);
	assert_int_equal(ka_collect_wait(all, 2, -1, INT64_MAX), 0);
	assert_int_equal(ka_collect_line(&other->collect, &text), 0);
	assert_int_equal(ka_collect_line(&line->collect, &text), -EAGAIN);
	other->results = -1;
	close_line((void **)&other);
}

static void last_words(void **state)
{
	struct line *line = *state;
	char buf[400];

	assert_string_equal(ka_collect_last_words(&line->collect, buf, sizeof(buf)),
			    "nothing was said on the console");
	say(line->console, "one\ntwo\n\033[0mthree\r\nfour\nfive\n\n");
	assert_string_equal(ka_collect_last_words(&line->collect, buf, sizeof(buf)),
			    "two | [0mthree | four | five");
}

static void a_panic_is_worth_more_than_registers(void **state)
{
	struct line *line = *state;
	char buf[400];

	say(line->console, "init: cannot mount /proc\nKernel panic - not syncing: no init\n");
	for (int i = 0; i < 20; i++)
		say(line->console, " [<60039f26>] ? sys_exit_group+0x16/0x20\n");
	assert_string_equal(ka_collect_last_words(&line->collect, buf, sizeof(buf)),
			    "init: cannot mount /proc | Kernel panic - not syncing: no init");
}

#define line_test(name) cmocka_unit_test_setup_teardown(name, open_line, close_line)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels_that_are_none),
		cmocka_unit_test(uml_without_time_travel),
		cmocka_unit_test(library_that_is_not_here),
		cmocka_unit_test(library_that_is_too_old),
		cmocka_unit_test(objects_are_listed_before_libraries_come),
		cmocka_unit_test(errand_arrives_as_it_was_sent),
		cmocka_unit_test(facts_arrive_as_they_were_sent),
		cmocka_unit_test(parts_are_the_whole),
		cmocka_unit_test(small_plans_stay_whole),
		cmocka_unit_test(a_part_keeps_its_own),
		line_test(signals_are_all_taken),
		line_test(lines_come_whole),
		line_test(silence_is_borne_for_so_long),
		line_test(what_stopped_a_guest_is_told),
		line_test(several_are_heard_in_one_wait),
		line_test(last_words),
		line_test(a_panic_is_worth_more_than_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
