/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that stay behind of an instance. */
#include "run/keep.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/util.h"
#include "result/result.h"
#include "run/pcapng.h"

#define NSEC_PER_SEC 1e9

#define RESULT "result.json"

static const char *const names[] = { KA_KEPT_PACKETS, "timeline.tsv" };

enum { PACKETS, TIMELINE };

const char *ka_keep_name(size_t i)
{
	return i < KA_N(names) ? names[i] : NULL;
}

/* Beside the first run of an instance, its repetitions have folders of their own. */
const char *ka_keep_folder(const struct ka_instance *instance, const char *out_dir, char *buf,
			   size_t size)
{
	char name[sizeof(instance->name)];

	snprintf(name, sizeof(name), "%s", instance->name);
	for (char *slash = name; (slash = strchr(slash, '/'));)
		*slash = '.';
	if (instance->repetition)
		snprintf(buf, size, "%s/%s.r%u", out_dir, name, instance->repetition);
	else
		snprintf(buf, size, "%s/%s", out_dir, name);
	return buf;
}

bool ka_keep_is_due(const struct ka_instance_run *run, const struct ka_verdict *verdict)
{
	if (!run->out_dir)
		return false;
	if (run->keep_all)
		return true;
	if (ka_verdict_is_stall(verdict))
		return run->last_try; /* a later try may pass, and then nothing is to stay */
	return verdict->kind == KA_FAIL || verdict->kind == KA_BROKEN;
}

/* Makes the folder and those above it. Other instances may do the same at the same time. */
static int make_folders(const char *path, struct nn_err *err)
{
	char part[PATH_MAX];

	for (const char *end = strchrnul(path + 1, '/'); end;
	     end = *end ? strchrnul(end + 1, '/') : NULL) {
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return nn_fail(err, errno, "cannot make the folder %s", part);
	}
	return 0;
}

/* One event a line: seconds after the last segment received, where, what. */
static int write_timeline(FILE *file, const struct ka_timeline *timeline, int64_t zero_ns)
{
	static const char *const at[] = { "client", "server", "gateway", "bench" };
	char text[256];

	fputs("s\tat\twhat\n", file);
	for (size_t i = 0; i < timeline->n; i++) {
		const struct ka_event *event = &timeline->events[i];

		fprintf(file, "%.6f\t%s\t%s\n", (double)(event->t_ns - zero_ns) / NSEC_PER_SEC,
			at[event->at], ka_event_text(event, text, sizeof(text)));
	}
	return ferror(file) ? -EIO : 0;
}

static int keep_timeline(const char *path, const struct ka_timeline *timeline, int64_t zero_ns,
			 struct nn_err *err)
{
	FILE *file = fopen(path, "we");
	int ret;

	if (!file)
		return nn_fail(err, errno, "cannot write %s", path);
	if (!zero_ns && timeline->n)
		zero_ns = timeline->events[0].t_ns;
	errno = 0;
	ret = write_timeline(file, timeline, zero_ns);
	if (fclose(file) != 0 || ret < 0)
		return nn_fail(err, errno ? errno : EIO, "cannot write %s", path);
	return 0;
}

int ka_keep_result(const char *folder, const json_t *json, struct nn_err *err)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" RESULT, folder);
	errno = 0;
	if (json_dump_file(json, path, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) < 0)
		return nn_fail(err, errno ? errno : EIO, "cannot write %s", path);
	return 0;
}

void ka_keep_remove(const char *folder)
{
	char path[PATH_MAX + 32];

	for (size_t i = 0; ka_keep_name(i); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, ka_keep_name(i));
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/" RESULT, folder);
	(void)unlink(path);
	(void)rmdir(folder);
}

static int write_bytes(const char *path, const void *bytes, size_t n, struct nn_err *err)
{
	FILE *file = fopen(path, "we");
	bool short_;

	if (!file)
		return nn_fail(err, errno, "cannot write %s", path);
	errno = 0;
	short_ = n && fwrite(bytes, n, 1, file) != 1;
	if (fclose(file) != 0 || short_)
		return nn_fail(err, errno ? errno : EIO, "cannot write %s", path);
	return 0;
}

int ka_keep_bytes(const char *folder, const char *name, const void *bytes, size_t n,
		  struct nn_err *err)
{
	char path[PATH_MAX + 32];
	int ret;

	for (size_t i = 0; ka_keep_name(i); i++) {
		if (strcmp(ka_keep_name(i), name) != 0)
			continue;
		ret = make_folders(folder, err);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		return ret < 0 ? ret : write_bytes(path, bytes, n, err);
	}
	return nn_fail(err, EINVAL, "'%.40s' is no file of an instance", name);
}

static int keep_packets(const char *path, const struct ka_pcapng *what, struct nn_err *err)
{
	FILE *file = fopen(path, "we");
	int ret;

	if (!file)
		return nn_fail(err, errno, "cannot write %s", path);
	errno = 0;
	ret = ka_pcapng_write(file, what);
	if (fclose(file) != 0 || ret < 0)
		return nn_fail(err, errno ? errno : EIO, "cannot write %s", path);
	return 0;
}

static int keep_files(const char *folder, const struct ka_pcapng *what, const json_t *json,
		      struct nn_err *err)
{
	char path[PATH_MAX + 32];
	int ret = make_folders(folder, err);

	snprintf(path, sizeof(path), "%s/%s", folder, names[PACKETS]);
	if (ret == 0)
		ret = keep_packets(path, what, err);
	snprintf(path, sizeof(path), "%s/%s", folder, names[TIMELINE]);
	if (ret == 0)
		ret = keep_timeline(path, &what->record->timeline, what->verdict->last_rx_ns, err);
	return ret < 0 ? ret : ka_keep_result(folder, json, err);
}

void ka_keep(const struct ka_instance_run *run, const struct ka_record *record,
	     const struct ka_verdict *verdict, json_t *json)
{
	const struct ka_pcapng packets = { .instance = run->instance,
					   .facts = run->facts,
					   .prediction = run->prediction,
					   .verdict = verdict,
					   .record = record };
	char folder[PATH_MAX];
	struct nn_err err = { "" };

	ka_keep_folder(run->instance, run->out_dir, folder, sizeof(folder));
	json_object_set_new(json, "kept", json_string(folder));
	if (keep_files(folder, &packets, json, &err) < 0)
		json_object_set_new(json, "keep_error", json_string(err.text));
}
