/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See verbs.h. */
#include "model/verbs.h"

#include <sys/socket.h>

#include "model/util.h"

/* ---- needs ---------------------------------------------------------------------------------- */

static const struct ka_need_text needs[KA_NEEDS] = {
#define KA_NEED(need, ...) [need##_NUMBER] = { __VA_ARGS__ },
#include "model/verbs.def"
};

const struct ka_need_text *ka_need_text(unsigned i)
{
	return &needs[i];
}

/* ---- why a declaration makes no sense ------------------------------------------------------- */

static const char *check_send(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	return step->bytes ? NULL : "it sends nothing: .bytes is 0";
}

/* Somebody must read the answer to a request. */
static const char *check_request(const struct ka_instance *instance, const struct ka_step *step)
{
	const struct ka_case *c = instance->case_;
	enum ka_app_kind program =
		step->who == KA_PEER ? c->peer_app.program : c->prober_app.program;

	if (!step->text)
		return "it has no .text to send";
	return program == KA_APP_HTTP || program == KA_APP_LINES
		       ? NULL
		       : "no program reads the answer to a request";
}

static const char *check_join(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	return step->value > 0 ? NULL : "it opens no connection: .value is 0";
}

/* What is judged is the prober's next connection, and only a client makes one. */
static const char *check_disconnect(const struct ka_instance *instance, const struct ka_step *step)
{
	return step->who == KA_PROBER && instance->prober == KA_CLIENT && !instance->program
		       ? NULL
		       : "only a client that is the prober connects again";
}

static const char *check_subflow(const struct ka_instance *instance, const struct ka_step *step)
{
	if (instance->case_->transport != KA_MPTCP || instance->case_->topology != KA_ROUTED)
		return "it takes MPTCP at both ends, and a gateway";
	return step->do_ != KA_LOSE_SUBFLOW || step->value == 1 || step->value == 2
		       ? NULL
		       : "there are two subflows: .value is 1 or 2";
}

static const char *check_route(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)step;
	return instance->case_->topology == KA_ROUTED
		       ? NULL
		       : "a pair has no route that could be taken away";
}

static const char *check_gateway(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)step;
	return instance->case_->gateway ? NULL : "there is no gateway that remembers";
}

static const char *check_forget(const struct ka_instance *instance, const struct ka_step *step)
{
	if (step->who == KA_GATEWAY)
		return check_gateway(instance, step);
	return step->who ? NULL : "it does not say whose memory is lost: .who is missing";
}

static const char *check_sysctl(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	if (!step->who)
		return "it does not say in whose namespace: .who is missing";
	return step->key && step->text ? NULL : "a sysctl needs a .key and a .text";
}

static const char *check_exchange(const struct ka_instance *instance, const struct ka_step *step)
{
	const struct ka_case *c = instance->case_;

	if (!step->bytes)
		return "it sends nothing: .bytes is 0";
	return c->prober_app.program || c->peer_app.program ? "the programs talk of something else"
							    : NULL;
}

/* Between the two any question to the socket would wait, the bench's own, too. */
static const char *check_own(const struct ka_instance *instance, const struct ka_step *step)
{
	const struct ka_case *c = instance->case_;
	size_t i = (size_t)(step - c->steps);

	if (c->transport != KA_TCP)
		return "it holds the lock of a TCP socket, not that of a subflow";
	return i + 1 < c->n_steps && step[1].do_ == KA_RELEASE && step[1].who == step->who
		       ? NULL
		       : "the next step must release it";
}

static const char *check_counter(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)instance;
	return step->who && step->key ? NULL : "a counter needs a .who and a .key";
}

static const char *check_program(const struct ka_instance *instance, const struct ka_step *step)
{
	(void)step;
	return instance->case_->program ? NULL : "no program is at an end";
}

static const char *check_flood(const struct ka_instance *instance, const struct ka_step *step)
{
	if (!instance->case_->program)
		return check_program(instance, step);
	return instance->case_->program->flood.n ? NULL : "nothing is said that floods";
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct ka_verb verbs[KA_VERBS] = {
#define KA_VERB(word, ...) [word] = { __VA_ARGS__ },
#include "model/verbs.def"
};

const struct ka_verb *ka_verb(enum ka_do do_)
{
	return &verbs[do_];
}

/* ---- what a step adds to its verb ----------------------------------------------------------- */

bool ka_step_is(const struct ka_step *step, enum ka_verb_flags flag)
{
	return verbs[step->do_].flags & flag;
}

unsigned ka_step_needs(const struct ka_step *step)
{
	unsigned bits = verbs[step->do_].needs;

	if (step->do_ == KA_FORGET && step->who == KA_GATEWAY)
		bits = KA_NEED_CONNTRACK;
	return step->first || step->after ? bits | KA_NEED_LIMIT : bits;
}

unsigned ka_step_promises(const struct ka_step *step)
{
	return verbs[step->do_].promises;
}

unsigned ka_instance_needs(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;
	unsigned bits = c->topology == KA_PAIR ? KA_NEED_PAIR : KA_NEED_ROUTED;

	bits |= instance->family == AF_INET ? KA_NEED_IPV4 : KA_NEED_IPV6;
	if (c->mapped)
		bits |= KA_NEED_IPV6;
	if (c->gateway)
		bits |= KA_NEED_NFT | KA_NEED_CONNTRACK | KA_NEED_SYSCTL;
	if (c->transport != KA_TCP)
		bits |= KA_NEED_MPTCP;
	if (c->from == KA_FROM_BPF)
		bits |= KA_NEED_BPF;
	if (c->from == KA_FROM_SYSCTL || c->no_timestamps || c->sysctls[0].key)
		bits |= KA_NEED_SYSCTL;
	for (size_t i = 0; i < c->n_steps; i++)
		bits |= ka_step_needs(&c->steps[i]);
	return bits;
}

/* True when a step before number @i did one of @verbs_ to the same .who. */
static bool was_done(const struct ka_case *c, size_t i, unsigned long long verbs_)
{
	for (size_t j = 0; j < i; j++)
		if (c->steps[j].who == c->steps[i].who && (verbs_ & KA_VERB_BIT(c->steps[j].do_)))
			return true;
	return false;
}

static bool was_connected(const struct ka_case *c, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (c->steps[j].do_ == KA_CONNECT)
			return true;
	return false;
}

const char *ka_step_check(const struct ka_instance *instance, size_t i)
{
	const struct ka_case *c = instance->case_;
	const struct ka_step *step = &c->steps[i];
	const struct ka_verb *verb = &verbs[step->do_ < KA_VERBS ? step->do_ : KA_WAIT];

	if (step->do_ >= KA_VERBS)
		return "it is no word of the vocabulary";
	if (step->since == KA_SINCE_PROBE && ka_number(step->nth, &instance->setting) < 1)
		return "it waits for a probe number below 1";
	if ((verb->flags & KA_VERB_OF_END) && step->who != KA_PROBER && step->who != KA_PEER)
		return "it does not say which end: .who is missing";
	if (c->program && (verb->flags & KA_VERB_OBEYED) &&
	    (step->who == KA_PROBER || step->do_ == KA_JOIN))
		return "a program obeys nobody";
	if ((step->do_ == KA_SETSOCKOPT || step->do_ == KA_GETSOCKOPT) && !was_connected(c, i) &&
	    (step->who == KA_PROBER) != (instance->prober == KA_CLIENT))
		return "before it connects, only the client has a socket";
	if (verb->undoes && !was_done(c, i, verb->undoes))
		return "there is nothing that it could undo";
	return verb->check ? verb->check(instance, step) : NULL;
}

const char *ka_step_sentence(const struct ka_step *step)
{
	const struct ka_verb *verb = ka_verb(step->do_);

	if (step->who == KA_GATEWAY && verb->at_gateway)
		return verb->at_gateway;
	if (step->deferred && verb->deferred)
		return verb->deferred;
	if (step->unacked && verb->unacked)
		return verb->unacked;
	return step->fails && verb->failing ? verb->failing : verb->sentence;
}
