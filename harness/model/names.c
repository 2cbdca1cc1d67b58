/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See names.h. */
#include "model/names.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "model/case.h"
#include "model/util.h"
#include "model/verdict.h"

const char *ka_verdict_name(enum ka_verdict_kind kind)
{
	static const char *const names[KA_VERDICTS] = {
		[KA_PASS] = "pass",     [KA_FAIL] = "fail",   [KA_SKIP] = "skip",
		[KA_BROKEN] = "broken", [KA_KNOWN] = "known",
	};

	return names[kind];
}

const char *ka_program_verdict_name(enum ka_program_verdict verdict)
{
	static const char *const names[] = {
		[KA_PROGRAM_NOT_JUDGED] = NULL,       [KA_PROGRAM_LIVES] = "lives",
		[KA_PROGRAM_NOTICES] = "notices",     [KA_PROGRAM_LATE] = "late",
		[KA_PROGRAM_CLOSED] = "closed first", [KA_PROGRAM_NEVER] = "never",
		[KA_PROGRAM_DIED] = "died",
	};

	return names[verdict];
}

bool ka_verdict_is_stall(const struct ka_verdict *verdict)
{
	return verdict->kind == KA_BROKEN &&
	       ka_findings_any(&verdict->findings, ka_finding_is_host);
}

#ifdef __GLIBC__
#define errno_name strerrorname_np
#else
/* What sockets, namespaces and files say; other libraries than glibc have no such list. */
static const char *errno_name(int error)
{
#define NAME(code) [code] = #code
	static const char *const names[] = {
		[0] = "0",          NAME(EPERM),        NAME(ENOENT),
		NAME(ESRCH),        NAME(EINTR),        NAME(EIO),
		NAME(ENXIO),        NAME(E2BIG),        NAME(EBADF),
		NAME(ECHILD),       NAME(EAGAIN),       NAME(ENOMEM),
		NAME(EACCES),       NAME(EFAULT),       NAME(EBUSY),
		NAME(EEXIST),       NAME(ENODEV),       NAME(ENOTDIR),
		NAME(EISDIR),       NAME(EINVAL),       NAME(ENFILE),
		NAME(EMFILE),       NAME(ENOSPC),       NAME(EROFS),
		NAME(EPIPE),        NAME(ERANGE),       NAME(ENOSYS),
		NAME(EPROTO),       NAME(EBADMSG),      NAME(EOVERFLOW),
		NAME(EMSGSIZE),     NAME(ENOPROTOOPT),  NAME(EPROTONOSUPPORT),
		NAME(EOPNOTSUPP),   NAME(EADDRINUSE),   NAME(EADDRNOTAVAIL),
		NAME(ENETDOWN),     NAME(ENETUNREACH),  NAME(ENETRESET),
		NAME(ECONNABORTED), NAME(ECONNRESET),   NAME(ENOBUFS),
		NAME(EISCONN),      NAME(ENOTCONN),     NAME(ESHUTDOWN),
		NAME(ETIMEDOUT),    NAME(ECONNREFUSED), NAME(EHOSTDOWN),
		NAME(EHOSTUNREACH), NAME(EALREADY),     NAME(EINPROGRESS),
	};
#undef NAME

	return error >= 0 && (size_t)error < KA_N(names) ? names[error] : NULL;
}
#endif

const char *ka_errno_name(int error)
{
	const char *name = errno_name(error);

	return name ? name : "unknown errno";
}

const char *ka_option_name(int level, int option, char *buf, size_t size)
{
	static const struct {
		int level, option;
		const char *name;
	} names[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE" },
		{ SOL_SOCKET, SO_ERROR, "SO_ERROR" },
		{ IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE" },
		{ IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL" },
		{ IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT" },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT" },
		{ IPPROTO_TCP, TCP_LINGER2, "TCP_LINGER2" },
		{ IPPROTO_TCP, KA_TCP_RTO_MAX_MS, "TCP_RTO_MAX_MS" },
		{ IPPROTO_IP, IP_RECVERR, "IP_RECVERR" },
		{ IPPROTO_IPV6, IPV6_RECVERR, "IPV6_RECVERR" },
	};

	for (size_t i = 0; i < KA_N(names); i++)
		if (names[i].level == level && names[i].option == option)
			return names[i].name;
	snprintf(buf, size, "option %d of level %d", option, level);
	return buf;
}

const char *ka_timer_name(int timer)
{
	static const char *const names[] = { "no timer",
					     "the retransmission timer",
					     "the keepalive timer",
					     "the TIME_WAIT timer",
					     "the zero-window timer",
					     "the delayed-ACK timer" };

	return timer >= 0 && (size_t)timer < KA_N(names) ? names[timer] : "a timer";
}

const char *ka_icmp_name(int family, int code)
{
	static const char *const v4[] = { "net unreachable", "host unreachable",
					  "protocol unreachable", "port unreachable" };
	static const char *const v6[] = { "no route", "administratively prohibited", "beyond scope",
					  "address unreachable", "port unreachable" };

	if (family == AF_INET && code == ICMP_PKT_FILTERED)
		return "administratively prohibited";
	if (family == AF_INET)
		return code >= 0 && code < 4 ? v4[code] : "unreachable";
	return code >= 0 && code < 5 ? v6[code] : "unreachable";
}

const char *ka_mask_text(uint32_t mask, char *buf, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} bits[] = {
		{ EPOLLIN, "IN" },         { EPOLLPRI, "PRI" },       { EPOLLOUT, "OUT" },
		{ EPOLLRDNORM, "RDNORM" }, { EPOLLWRNORM, "WRNORM" }, { EPOLLRDHUP, "RDHUP" },
		{ EPOLLERR, "ERR" },       { EPOLLHUP, "HUP" },
	};
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < KA_N(bits) && used < size; i++)
		if (mask & bits[i].bit)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? "|" : "",
						 bits[i].name);
	return buf;
}
