/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building netlink requests: bounded puts that remember an overflow until the send. */
#include "nl.h"

#include <string.h>

void nn_msg_start(struct nn_msg *msg, uint16_t type, uint16_t flags)
{
	msg->nlh = mnl_nlmsg_put_header(msg->buf);
	msg->nlh->nlmsg_type = type;
	msg->nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg->overflow = false;
}

void nn_msg_start_get(struct nn_msg *msg, uint16_t type)
{
	nn_msg_start(msg, type, 0);
	msg->nlh->nlmsg_flags = NLM_F_REQUEST;
}

void *nn_msg_extra(struct nn_msg *msg, size_t size)
{
	/* Always the first thing in a message, and small: it fits. */
	return mnl_nlmsg_put_extra_header(msg->nlh, size);
}

void nn_msg_put(struct nn_msg *msg, uint16_t type, const void *data, size_t len)
{
	if (!mnl_attr_put_check(msg->nlh, sizeof(msg->buf), type, len, data))
		msg->overflow = true;
}

void nn_msg_put_u8(struct nn_msg *msg, uint16_t type, uint8_t value)
{
	nn_msg_put(msg, type, &value, sizeof(value));
}

void nn_msg_put_u32(struct nn_msg *msg, uint16_t type, uint32_t value)
{
	nn_msg_put(msg, type, &value, sizeof(value));
}

void nn_msg_put_str(struct nn_msg *msg, uint16_t type, const char *text)
{
	nn_msg_put(msg, type, text, strlen(text) + 1);
}

struct nlattr *nn_msg_nest(struct nn_msg *msg, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start_check(msg->nlh, sizeof(msg->buf), type);

	if (!nest)
		msg->overflow = true;
	return nest;
}

void nn_msg_nest_end(struct nn_msg *msg, struct nlattr *nest)
{
	if (nest)
		mnl_attr_nest_end(msg->nlh, nest);
}

/* ---- several at once -------------------------------------------------------------------- */

void nn_msgs_init(struct nn_msgs *msgs)
{
	msgs->used = 0;
	msgs->n = 0;
	msgs->overflow = false;
}

void nn_msgs_add(struct nn_msgs *msgs, const char *what, const struct nn_msg *msg)
{
	size_t size = MNL_ALIGN(msg->nlh->nlmsg_len);

	if (msg->overflow || msgs->n == NN_MSGS_MAX || msgs->used + size > sizeof(msgs->buf)) {
		msgs->overflow = true;
		return;
	}
	memcpy(msgs->buf + msgs->used, msg->buf, size);
	msgs->used += size;
	msgs->what[msgs->n++] = what;
}
