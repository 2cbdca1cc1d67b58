/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that assert something at once: options, sysctls, sock_diag. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/engine.h"
#include "model/names.h"
#include "netns/diag.h"
#include "netns/sysctl.h"
#include "netns/tcp_table.h"

static void __attribute__((format(printf, 4, 5)))
check(struct ka_engine *e, bool ok, int error, const char *fmt, ...)
{
	struct ka_event event = { .at = KA_AT_BENCH, .what = KA_EV_CHECK };
	va_list args;

	event.check.ok = ok;
	event.check.step = (int)e->step;
	event.check.error = error;
	va_start(args, fmt);
	vsnprintf(event.check.text, sizeof(event.check.text), fmt, args);
	va_end(args);
	ka_engine_event(e, event);
}

static int start_option(struct ka_engine *e, const struct ka_step *step)
{
	bool set = step->do_ == KA_SETSOCKOPT;
	int value = ka_step_value(step, &e->instance->setting);
	const struct ka_peer_command command = { .kind = set ? KA_CMD_SETSOCKOPT
							     : KA_CMD_GETSOCKOPT,
						 .level = step->level,
						 .option = step->option,
						 .value = value };
	const char *call = set ? "setsockopt" : "getsockopt", *option;
	struct ka_message reply;
	char name[48];
	int ret = ka_engine_command(e, ka_engine_end(e, step->who), &command, &reply);
	bool ok;

	if (ret)
		return ret;
	if (ka_engine_lacks_mptcp(e, &reply))
		return -EPROTONOSUPPORT;
	option = ka_option_name(step->level, step->option, name, sizeof(name));
	ok = reply.error == step->fails && (set || step->fails || reply.value == value);
	if (reply.error)
		check(e, ok, reply.error, "%s(%s) of %d gives %s, must give %s", call, option,
		      value, ka_errno_name(reply.error),
		      step->fails ? ka_errno_name(step->fails) : "success");
	else if (step->fails)
		check(e, ok, 0, "%s(%s) takes %d, must give %s", call, option, value,
		      ka_errno_name(step->fails));
	else
		check(e, ok, 0, "%s(%s) %s %d, must be %d", call, option, set ? "took" : "reads",
		      set ? value : reply.value, value);
	return 0;
}

static int start_keepalive_of(struct ka_engine *e, const struct ka_step *step)
{
	static const char *const names[] = { "a raw socket", "a UDP socket", "a UNIX socket" };
	const struct ka_peer_command command = { .kind = KA_CMD_KEEPALIVE_OF,
						 .value = (int)step->socket };
	struct ka_message reply;
	int ret = ka_engine_command(e, ka_engine_end(e, step->who), &command, &reply);

	if (ret)
		return ret;
	if (step->fails)
		check(e, reply.error == step->fails, reply.error,
		      "SO_KEEPALIVE of %s gives %s, must give %s", names[step->socket],
		      reply.error ? ka_errno_name(reply.error) : "success",
		      ka_errno_name(step->fails));
	else
		check(e, !reply.error && reply.value == 1, reply.error,
		      "SO_KEEPALIVE of %s reads %d (%s), must be 1", names[step->socket],
		      reply.value, strerror(reply.error));
	return 0;
}

static int start_sysctl(struct ka_engine *e, const struct ka_step *step)
{
	struct nn_ns *ns = e->net.ns[ka_engine_node(e, step->who)];
	char value[64] = "";
	int ret;

	if (step->do_ == KA_SYSCTL) {
		ret = nn_sysctl_set(ns, step->key, step->text, step->fails ? NULL : &e->err);
		if (ret == -EROFS)
			return ret;
		check(e, -ret == step->fails, -ret, "%s = %s gives %s, must give %s", step->key,
		      step->text, strerror(-ret), strerror(step->fails));
		return 0;
	}
	ret = nn_sysctl_get(ns, step->key, value, sizeof(value), &e->err);
	if (ret < 0)
		return ret;
	check(e, !strcmp(value, step->text), 0, "%s reads %s, must be %s", step->key, value,
	      step->text);
	return 0;
}

/* Seconds; what jiffies are behind by while a late tick has not counted them up. */
static double tick_s(void)
{
	struct timespec tick = { 0 };

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return (double)tick.tv_sec + (double)tick.tv_nsec / 1e9;
}

/* The timer's expiry as declared, in the setting's units. sock_diag reckons it in jiffies. */
static void check_expiry(struct ka_engine *e, const struct ka_step *step,
			 const struct nn_diag *diag)
{
	double least = ka_time_s(&step->expires[0], &e->instance->setting);
	double most = ka_time_s(&step->expires[1], &e->instance->setting);
	double seen = diag->expires_ms / 1000.0;

	if (most <= 0)
		return;
	most += tick_s();
	check(e, seen >= least && seen <= most, 0,
	      "sock_diag: the timer expires in %.3f s, must be %.3f .. %.3f s", seen, least, most);
}

/* Between the unrounded expiry, which is told, and the wheel's. */
static int check_overdue(struct ka_engine *e, const struct ka_step *step,
			 const struct nn_diag_key *key, const struct nn_diag *diag)
{
	struct nn_tcp_row row;
	int ret;

	check(e, !diag->expires_ms, 0, "sock_diag: the overdue timer expires in %u ms, must be 0",
	      diag->expires_ms);
	ret = nn_tcp_row_get(e->net.ns[ka_engine_node(e, step->who)], key->family, key->sport,
			     key->dport, &row, &e->err);
	if (ret)
		return ret;
	check(e, row.timer == diag->timer && !row.expires_ms, 0,
	      "/proc/net/tcp: timer %u expires in %llu ms, must be timer %u, overdue, 0 ms",
	      row.timer, (unsigned long long)row.expires_ms, diag->timer);
	return 0;
}

static int start_diag(struct ka_engine *e, const struct ka_step *step)
{
	struct nn_diag_key key = ka_engine_socket(e, ka_engine_end(e, step->who));
	int want = ka_number(step->value, &e->instance->setting);
	struct nn_diag diag = { 0 };
	int ret = nn_diag_get(e->net.ns[ka_engine_node(e, step->who)], &key, &diag, &e->err);

	if (ret == -ENOENT) {
		check(e, false, ENOENT, "sock_diag: no such socket, must be timer %d", step->timer);
		return 0;
	}
	if (ret)
		return ret;
	check(e,
	      nn_diag_timer(&diag) == (unsigned)step->timer &&
		      (want == KA_ANY || want == diag.probes_out),
	      0, "sock_diag: timer %u with %u probes out, must be timer %d with %d", diag.timer,
	      diag.probes_out, step->timer, want);
	check_expiry(e, step, &diag);
	return step->overdue ? check_overdue(e, step, &key, &diag) : 0;
}

static int start_counter(struct ka_engine *e, const struct ka_step *step)
{
	struct nn_counters *counters = NULL;
	uint64_t value = 0;
	int ret = nn_counters_open(e->net.ns[ka_engine_node(e, step->who)], &step->key, 1,
				   &counters, &e->err);

	if (!ret)
		ret = nn_counters_read(counters, &value, &e->err);
	nn_counters_close(counters);
	if (!ret && value == NN_COUNTER_MISSING)
		ret = nn_fail(&e->err, EOPNOTSUPP, "this kernel has no counter %s", step->key);
	if (ret)
		return ret;
	check(e, value == (uint64_t)step->value, 0, "%s reads %llu, must be %d", step->key,
	      (unsigned long long)value, step->value);
	return 0;
}

static int start_gone(struct ka_engine *e, const struct ka_step *step)
{
	struct nn_diag_key key = ka_engine_socket(e, ka_engine_end(e, step->who));
	struct nn_diag diag = { 0 };
	int ret = nn_diag_get(e->net.ns[ka_engine_node(e, step->who)], &key, &diag, &e->err);

	if (ret && ret != -ENOENT)
		return ret;
	if (ret)
		check(e, true, 0, "sock_diag: no such socket");
	else
		check(e, false, 0, "sock_diag: a socket in state %u, timer %u, must be none",
		      diag.state, diag.timer);
	return 0;
}

static int start_entry(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_setting *setting = &e->instance->setting;
	unsigned timeout_s = ka_gateway_timeout_s(e->case_->gateway, setting), left_s = 0;
	double left = ka_time_s(&step->left, setting);
	unsigned want_s = (unsigned)left;
	int ret = ka_gateway_entry(e, &left_s, &e->err);

	if (ret && ret != -ENOENT)
		return ret;
	if (step->do_ == KA_ENTRY_GONE)
		check(e, ret == -ENOENT, 0, "the gateway %s the connection, must have forgotten it",
		      ret ? "has forgotten" : "still knows");
	else if (ret)
		check(e, false, 0, "the gateway has forgotten the connection, must know it");
	else
		check(e, left_s >= want_s && left_s <= timeout_s, 0,
		      "the gateway knows the connection for %u s more, must be %u to %u", left_s,
		      want_s, timeout_s);
	return 0;
}

/* ---- the words that are done here ------------------------------------------------------------ */

const struct ka_doing ka_done_by_checks[] = {
	{ KA_SETSOCKOPT, start_option, NULL },
	{ KA_GETSOCKOPT, start_option, NULL },
	{ KA_SYSCTL, start_sysctl, NULL },
	{ KA_SYSCTL_IS, start_sysctl, NULL },
	{ KA_DIAG_IS, start_diag, NULL },
	{ KA_ENTRY_IS, start_entry, NULL },
	{ KA_KEEPALIVE_OF, start_keepalive_of, NULL },
	{ KA_ENTRY_GONE, start_entry, NULL },
	{ KA_GONE_IS, start_gone, NULL },
	{ KA_COUNTER_IS, start_counter, NULL },
	{ .start = NULL },
};
