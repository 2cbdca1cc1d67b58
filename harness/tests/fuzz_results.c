/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: a file of result lines for `kacheck report` and `kacheck compare`; its first byte says
 * which format. The file is taken or refused with a reason, and nothing in it steers a terminal or ends the
 * script of a page. Most mutations change one value of a line, so that it stays JSON.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command/compare.h"
#include "command/join.h"
#include "command/verdicts.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Without assert(): that may be compiled out. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* No control byte but those of lines and columns, and none of the second set in UTF-8. */
static void check_plain(const char *text)
{
	for (; *text; text++) {
		must((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t');
		must(*text != '\177');
		must(!((unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 &&
		       (unsigned char)text[1] < 0xa0));
	}
}

/* The data and the program: two scripts, whatever the data says. */
static void check_page(const char *text)
{
	must(count(text, "<script") == 2 && count(text, "</script") == 2);
}

static void on_tell(void *arg, const char *text)
{
	(void)arg;
	must(*text);
	check_plain(text);
}

static int open_file(struct ka_join *join, int fd, struct nn_err *err)
{
	char path[40];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = ka_join_open(join, path, err);
	join->streams[0].name = "f.json"; /* the path does not live as long */
	return ret ? ret : ka_join_sort(join, err);
}

static void report(int fd, const char *format)
{
	const struct ka_report_options options = { .kernels = 2, .command = "kacheck" };
	struct ka_join join = { .tell = on_tell };
	struct ka_totals totals = { .wall_s = NAN };
	struct nn_err err = { "" };
	struct ka_report *report;
	struct ka_result result;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int ret = open_file(&join, fd, &err);

	must(ka_report_open(&report, format, out, &options, &err) == 0);
	while (!ret && (ret = ka_join_next(&join, &result, &err)) > 0) {
		ka_totals_count(&totals, &result);
		ret = ka_report_result(report, &result);
		ka_result_clear(&result);
		must(ret == 0 || ret == -E2BIG);
	}
	must(ret >= 0 || ret == -ENODATA || ret == -E2BIG || *err.text);
	ka_report_finish(report, &totals);
	ka_report_free(report);
	fclose(out);
	check_plain(text);
	if (strcmp(format, "html") == 0)
		check_page(text);
	free(text);
	ka_join_free(&join);
}

/* Each result is in two runs: as it is, and in the next one's place. */
static void compare(int fd)
{
	struct ka_join join = { .tell = on_tell };
	struct ka_comparison c = { .n_columns = 0 };
	struct nn_err err = { "" };
	struct ka_result result;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int ret = open_file(&join, fd, &err);

	for (unsigned i = 0; !ret && (ret = ka_join_next(&join, &result, &err)) > 0; i++)
		ret = ka_comparison_add(&c, i % 2 ? "b.json" : "a.json", &result);
	ka_comparison_judge(&c);
	ka_comparison_text(&c, true, out);
	fflush(out);
	check_plain(text);
	rewind(out);
	ka_comparison_html(&c, true, out);
	fclose(out);
	check_plain(text);
	check_page(text);
	free(text);
	ka_comparison_free(&c);
	ka_join_free(&join);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t formats = 0, which;
	int fd;

	if (size < 2)
		return 0;
	while (ka_report_format(formats))
		formats++;
	which = *data % (formats + 1);
	fd = memfd_create("results", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	lseek(fd, 0, SEEK_SET);
	if (which < formats)
		report(fd, ka_report_format(which));
	else
		compare(fd);
	close(fd);
	return 0;
}

/* ---- one value is another ------------------------------------------------------------------- */

static json_t *hostile(unsigned seed)
{
	static const char *const texts[] = { "",
					     "</script><script>owned=1</script>",
					     "\x1b[31m\x07",
					     "\xc2\x9b[2J",
					     "%s%n",
					     "a/b/c/d/e",
					     "fail",
					     "known",
					     "\xf0\x9f\x94\xa5&amp;\"'<",
					     "[[ATTACHMENT|x]]\n::error::x\n# x" };
	const size_t n = sizeof(texts) / sizeof(*texts);

	switch (seed % (n + 6)) {
	case 0:
		return json_null();
	case 1:
		return json_integer(-1);
	case 2:
		return json_integer(INT64_MAX);
	case 3:
		return json_real(1e300);
	case 4:
		return json_array();
	case 5:
		return json_object();
	default:
		return json_string(texts[seed % (n + 6) - 6]);
	}
}

/* Walks down at random, and sets what it ends at. */
static void change(json_t *json, unsigned seed)
{
	size_t n = json_is_array(json) ? json_array_size(json) : json_object_size(json);
	size_t at = n ? seed % n : 0;
	json_t *child = json_array_get(json, at);
	const char *key;
	void *i = json_object_iter(json);

	if (!n)
		return;
	for (size_t k = 0; i && k < at; k++)
		i = json_object_iter_next(json, i);
	if (i)
		child = json_object_iter_value(i);
	seed = seed / 7 * 2654435761u + 12345;
	if ((json_is_array(child) || json_is_object(child)) && seed % 4) {
		change(child, seed >> 3);
	} else if (i) {
		key = json_object_iter_key(i);
		if (seed % 8 == 1)
			json_object_del(json, key);
		else
			json_object_iter_set_new(json, i, hostile(seed >> 4));
	} else {
		json_array_set_new(json, at, hostile(seed >> 4));
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	json_t *json =
		size > 2 ? json_loadb((char *)data + 1, size - 1, JSON_DISABLE_EOF_CHECK, NULL)
			 : NULL;
	char *text;
	size_t len;

	if (!json || seed % 8 == 0) {
		json_decref(json);
		return LLVMFuzzerMutate(data, size, max);
	}
	change(json, seed / 8);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	len = text ? strlen(text) : 0;
	if (len && 2 * len + 3 <= max) { /* twice: a run of two, and two kernels' worth of names */
		*data = (uint8_t)(seed >> 5);
		memcpy(data + 1, text, len);
		data[len + 1] = '\n';
		memcpy(data + len + 2, text, len);
		data[2 * len + 2] = '\n';
		size = 2 * len + 3;
	}
	free(text);
	return size;
}
