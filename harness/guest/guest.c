/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest, seen from the host: boot, facts, results, end. */
#include "guest/guest.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "guest/collect.h"
#include "guest/errand.h"
#include "guest/machine.h"
#include "guest/pack.h"
#include "plan/wording.h"
#include "result/result.h"

#define NSEC_PER_SEC 1000000000ll

/* A boot takes half a second (UML) to some seconds (QEMU without KVM); a result comes every few
 * milliseconds, the first when the longest instance has been set up and waited for. */
#define BOOT_S    60.0
#define SILENCE_S 120.0

struct ka_guest {
	struct ka_booted booted;
	struct ka_collect collect;
	struct ka_facts facts;
	char where[256];
	double silence_s;
	int signals;
	sigset_t mask_before;
	bool masked;
};

static int64_t deadline_ns(double seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec + (int64_t)(seconds * NSEC_PER_SEC);
}

/* ---- before the boot ---------------------------------------------------------------------- */

static int open_signals(struct ka_guest *guest, struct nn_err *err)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &guest->mask_before);
	guest->masked = true;
	guest->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return guest->signals < 0 ? nn_fail(err, errno, "signalfd") : 0;
}

static int boot(struct ka_guest *guest, const struct ka_guest_kernel *kernel,
		const struct ka_guest_options *options, struct nn_err *err)
{
	int initramfs = ka_pack(kernel, options, err);
	int ret;

	if (initramfs < 0)
		return initramfs;
	if (kernel->kind == KA_GUEST_UML)
		ret = ka_uml_boot(kernel, initramfs, &guest->booted, err);
	else
		ret = ka_image_boot(kernel, initramfs, &guest->booted, err);
	close(initramfs);
	return ret;
}

/* ---- lines -------------------------------------------------------------------------------- */

/* Says why there is no next line: @ret of ka_collect_line(). */
static int explain(struct ka_guest *guest, int ret, double waited_s, struct nn_err *err)
{
	char said[400];
	const char *words = ka_collect_last_words(&guest->collect, said, sizeof(said));

	if (ret == -EINTR)
		ka_refuse(err, "interrupted; nothing of the guest is left");
	else if (ret == -ETIMEDOUT)
		ka_refuse(err, "the guest was silent for %.0f s; last on its console: %s", waited_s,
			  words);
	else if (ret == 0)
		ka_refuse(err, "the guest ended; last on its console: %s", words);
	if (ret == -EINTR || ret == -ETIMEDOUT || ret == 0)
		return ret ? ret : -EIO;
	return nn_fail(err, -ret, "cannot read from the guest");
}

/* The next line and what it carries, a new reference. Returns its letter, or -errno. */
static int next_line(struct ka_guest *guest, double wait_s, size_t *index, json_t **json,
		     struct nn_err *err)
{
	char *line, *end;
	int ret = ka_collect_line(&guest->collect, deadline_ns(wait_s), &line);

	if (ret <= 0)
		return explain(guest, ret, wait_s, err);
	*json = NULL;
	*index = strtoul(line + (*line != '\0'), &end, 10);
	if (*end)
		*json = json_loads(end, JSON_DECODE_ANY, NULL);
	return (unsigned char)*line;
}

/* Waits for the facts. */
static int meet(struct ka_guest *guest, double boot_s, struct ka_facts *facts, struct nn_err *err)
{
	json_t *json = NULL;
	size_t index = 0;
	int letter = next_line(guest, boot_s, &index, &json, err);
	int ret = 0;

	if (letter < 0)
		return letter;
	if (letter == 'X' && json_is_string(json)) {
		ka_refuse(err, "in the guest: %s", json_string_value(json));
		ret = -EIO;
	} else if (letter != 'F' || ka_facts_decode(&guest->facts, json) < 0)
		ret = nn_fail(err, EIO, "what the guest says cannot be understood");
	json_decref(json);
	*facts = guest->facts;
	return ret;
}

int ka_guest_start(struct ka_guest **ret, const struct ka_guest_kernel *kernel,
		   const struct ka_guest_options *options, struct ka_facts *facts,
		   struct nn_err *err)
{
	struct ka_guest *guest = calloc(1, sizeof(*guest));
	int code;

	if (!guest)
		return nn_fail(err, ENOMEM, "cannot start a guest");
	guest->booted = (struct ka_booted)KA_BOOTED_INIT;
	guest->collect.booted = &guest->booted;
	guest->silence_s = options->silence_s > 0 ? options->silence_s : SILENCE_S;
	snprintf(guest->where, sizeof(guest->where), "%s", kernel->where);
	code = open_signals(guest, err);
	guest->collect.signals = guest->signals;
	if (code == 0)
		code = boot(guest, kernel, options, err);
	if (code == 0)
		code = meet(guest, options->boot_s > 0 ? options->boot_s : BOOT_S, facts, err);
	if (code < 0)
		ka_guest_stop(guest);
	else
		*ret = guest;
	return code;
}

/* ---- results ------------------------------------------------------------------------------ */

/* Says where @json comes from, which the guest itself cannot know. */
static void put_where(const struct ka_guest *guest, json_t *json)
{
	json_object_set_new(json_object_get(json, "kernel"), "where", json_string(guest->where));
}

/* All that the guest still owes is broken. */
static int deliver_rest(struct ka_guest *guest, const struct ka_plan *plan, const bool *there,
			const char *why, const struct ka_schedule_events *events)
{
	int ret = 0;

	for (size_t i = 0; i < plan->n && ret == 0; i++) {
		json_t *json;

		if (there[i])
			continue;
		json = ka_result_without_run(&plan->instances[i], &guest->facts, KA_BROKEN, why);
		if (!json)
			return -ENOMEM;
		put_where(guest, json);
		ret = events->result(events->arg, i, json);
	}
	return ret;
}

/* Hands on what comes, until the end. 1: it ended as it should. */
static int receive(struct ka_guest *guest, const struct ka_plan *plan, bool *there,
		   const struct ka_schedule_events *events, struct nn_err *err)
{
	for (;;) {
		json_t *json = NULL;
		size_t i = 0;
		int letter = next_line(guest, guest->silence_s, &i, &json, err), ret;

		if (letter < 0)
			return letter;
		if (letter != 'R' || i >= plan->n || there[i] || !json_is_object(json)) {
			json_decref(json);
			if (letter == 'E')
				return 1;
			return nn_fail(err, EBADMSG, "the guest sent a line that is no result");
		}
		there[i] = true;
		put_where(guest, json);
		ret = events->result(events->arg, i, json);
		if (ret)
			return ret;
	}
}

int ka_guest_collect(struct ka_guest *guest, const struct ka_plan *plan,
		     const struct ka_schedule_events *events, struct nn_err *err)
{
	bool *there = calloc(plan->n + 1, sizeof(*there));
	struct nn_err why = { "the guest ended without this result" };
	int ret;

	if (!there)
		return nn_fail(err, ENOMEM, "cannot collect %zu results", plan->n);
	ret = receive(guest, plan, there, events, &why);
	if (ret == 1 || ret == -ETIMEDOUT || ret == -EIO || ret == -EBADMSG)
		ret = deliver_rest(guest, plan, there, why.text, events);
	else if (ret < 0 && err)
		*err = why;
	free(there);
	return ret;
}

struct ka_guest *ka_guest_stop(struct ka_guest *guest)
{
	if (!guest)
		return NULL;
	ka_booted_stop(&guest->booted);
	ka_collect_free(&guest->collect);
	if (guest->signals > 0)
		close(guest->signals);
	if (guest->masked)
		sigprocmask(SIG_SETMASK, &guest->mask_before, NULL);
	free(guest);
	return NULL;
}
