/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is heard from guests: whole lines, silence, last words. */
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "guest/machine.h"
#include "guest/vm.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "run/keep.h"

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
TEST_WITH(signals_are_all_taken, open_line, close_line)
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

TEST_WITH(lines_come_whole, open_line, close_line)
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

TEST_WITH(silence_is_borne_for_so_long, open_line, close_line)
{
	struct line *line = *state;
	struct ka_vm vm = { .collect = line->collect, .patience_s = 3, .silence_s = 100 };
	struct nn_err err = { "" };
	struct ka_message message;

	say(line->results, "F0 {}\n");
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	vm.collect = line->collect;
	assert_int_equal(ka_vm_message(&vm, &message, &err), 1); /* however late */
	assert_int_equal(message.kind, 'F');
	json_decref(message.json);
	assert_int_equal(ka_vm_message(&vm, &message, &err), 0);
	say(line->console, "BUG: soft lockup\n");
	vm.deadline_ns = 1;
	assert_int_equal(ka_vm_message(&vm, &message, &err), -ETIMEDOUT);
	assert_string_equal(
		err.text, "the guest was silent for 100 s; last on its console: BUG: soft lockup");
}

TEST_WITH(what_stopped_a_guest_is_told, open_line, close_line)
{
	struct line *line = *state;
	struct nn_err err = { "" };
	struct ka_message message;
	struct ka_vm vm;

	say(line->results, "X0 \"cannot mount /proc\"\n");
	assert_int_equal(wait_for(line, -1, INT64_MAX), 0);
	vm = (struct ka_vm){ .collect = line->collect };
	assert_int_equal(ka_vm_message(&vm, &message, &err), -EIO);
	assert_string_equal(err.text, "in the guest: cannot mount /proc");
}

/* One that speaks is heard while another is silent, and what each says stays its own. */
TEST_WITH(several_are_heard_in_one_wait, open_line, close_line)
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

TEST_WITH(last_words, open_line, close_line)
{
	struct line *line = *state;
	char buf[400];

	assert_string_equal(ka_collect_last_words(&line->collect, buf, sizeof(buf)),
			    "nothing was said on the console");
	say(line->console, "one\ntwo\n\033[0mthree\r\nfour\nfive\n\n");
	assert_string_equal(ka_collect_last_words(&line->collect, buf, sizeof(buf)),
			    "two | [0mthree | four | five");
}

TEST_WITH(a_panic_is_worth_more_than_registers, open_line, close_line)
{
	struct line *line = *state;
	char buf[400];

	say(line->console, "init: cannot mount /proc\nKernel panic - not syncing: no init\n");
	for (int i = 0; i < 20; i++)
		say(line->console, " [<60039f26>] ? sys_exit_group+0x16/0x20\n");
	assert_string_equal(ka_collect_last_words(&line->collect, buf, sizeof(buf)),
			    "init: cannot mount /proc | Kernel panic - not syncing: no init");
}

/* ---- results ------------------------------------------------------------------------------ */

#define PLANNED 4

struct gathered {
	json_t *results[PLANNED];
	unsigned twice;
};

static int on_result(void *arg, size_t index, json_t *json)
{
	struct gathered *got = arg;

	got->twice += got->results[index] != NULL;
	json_decref(got->results[index]);
	got->results[index] = json;
	return 0;
}

static const char *text_of(const struct gathered *got, size_t i, const char *key)
{
	return json_string_value(json_object_get(got->results[i], key));
}

/* A guest that is to run four instances and has said @words, and then no more. */
static void gather(struct line *line, const char *words, const char *out_dir, struct gathered *got)
{
	const struct ka_plan_options options = { .filters = { "silent_drop/1-1-1" },
						 .n_filters = 1 };
	const struct ka_schedule_events events = { .result = on_result, .arg = got };
	struct ka_guest guest = { .signals = -1,
				  .kernel = { .where = "uml:/linux", .machine = ka_machine(0) } };
	struct nn_err err = { "" };
	struct ka_plan plan;
	int ret, planned;
	size_t n;
	const struct ka_theme *const *themes = ka_catalogue(&n);

	*got = (struct gathered){ .twice = 0 };
	ret = ka_plan_new(&plan, themes, n, &options, 250, &err);
	assert_int_equal(ret, 0);
	say(line->results, words);
	close(line->results);
	line->results = -1;
	guest.facts = (struct ka_facts){ .hz = 250, .tick_ns = 4000000 };
	guest.vms[0] = (struct ka_vm){ .booted = { .supervisor = NN_SANDBOX_INIT,
						   .lifeline = -1,
						   .results = dup(line->booted.results),
						   .console = dup(line->booted.console) },
				       .deadline_ns = INT64_MAX,
				       .silence_s = 10,
				       .cpu = -1,
				       .running = true };
	guest.vms[0].collect.booted = &guest.vms[0].booted;
	planned = (int)plan.n;
	ret = ka_guest_collect(&guest, &plan, out_dir, &events, &err);
	ka_plan_free(&plan);
	assert_int_equal(planned, PLANNED);
	assert_int_equal(ret, 0);
	assert_int_equal(got->twice, 0);
}

static void forget(struct gathered *got)
{
	for (size_t i = 0; i < PLANNED; i++)
		json_decref(got->results[i]);
}

TEST_WITH(what_a_dead_guest_owes_is_broken, open_line, close_line)
{
	struct gathered got;

	gather(*state, "R2 {\"verdict\": \"pass\", \"kernel\": {}}\n", NULL, &got);
	for (size_t i = 0; i < PLANNED; i++)
		assert_string_equal(text_of(&got, i, "verdict"), i == 2 ? "pass" : "broken");
	assert_non_null(strstr(text_of(&got, 0, "why"), "the guest ended; last on its console"));
	for (size_t i = 0; i < PLANNED; i++)
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(got.results[i], "kernel"), "where")),
				    "uml:/linux");
	forget(&got);
}

/* Twice, beyond the plan, no result: the rest of what it says is not believed. */
TEST_WITH(nonsense_ends_a_guest, open_line, close_line)
{
	static const char *const nonsense[] = {
		"R2 {\"kernel\": {}}", "R4 {\"kernel\": {}}", "R0 17", "R", "K0 {}", "hello"
	};
	const char *first = "R2 {\"verdict\": \"pass\", \"kernel\": {}}\n";
	char words[200];

	for (size_t i = 0; i < KA_N(nonsense); i++) {
		struct gathered got;

		snprintf(words, sizeof(words), "%s%s\nR1 {\"verdict\": \"pass\"}\n", first,
			 nonsense[i]);
		gather(*state, words, NULL, &got);
		assert_string_equal(text_of(&got, 1, "why"),
				    "the guest sent a line that is no result");
		assert_string_equal(text_of(&got, 2, "verdict"), "pass");
		forget(&got);
		close_line(state);
		assert_int_equal(open_line(state), 0);
	}
}

TEST_WITH(files_are_kept_of_the_result_that_follows, open_line, close_line)
{
	char folder[] = "/tmp/test_collect.XXXXXX", path[128], kept[96];
	struct gathered got;

	assert_non_null(mkdtemp(folder));
	gather(*state,
	       "K1 {\"name\": \"timeline.tsv\", \"hex\": \"730a\"}\n"
	       "R1 {\"verdict\": \"fail\", \"kernel\": {}, \"kept\": \"/etc\"}\n"
	       "K2 {\"name\": \"../x\", \"hex\": \"00\"}\n"
	       "R2 {\"verdict\": \"fail\", \"kernel\": {}, \"kept\": \"/etc\"}\n",
	       folder, &got);
	snprintf(kept, sizeof(kept), "%s/silent_drop.1-1-1.v4.server", folder);
	assert_string_equal(text_of(&got, 1, "kept"), kept);
	assert_null(text_of(&got, 1, "keep_error"));
	assert_non_null(strstr(text_of(&got, 2, "keep_error"), "'../x' is no file"));
	snprintf(path, sizeof(path), "%s/timeline.tsv", kept);
	assert_int_equal(access(path, R_OK), 0);
	snprintf(path, sizeof(path), "%s/result.json", kept);
	assert_int_equal(access(path, R_OK), 0);
	ka_keep_remove(kept);
	assert_int_equal(rmdir(folder), 0); /* nothing else was written */
	forget(&got);
}
