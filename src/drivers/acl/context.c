/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/context.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "drivers/npu_codes.h"

enum { RECENT_MOST = 400 };

void acl_enter(struct acl_context *c, const char *entry)
{
	c->last_call = entry;
	atomic_store(&c->trace.since_ns, c->host->now_ns(c->host->user));
	atomic_store(&c->trace.call, entry);
}

int acl_left_anyhow(struct acl_context *c, int rc)
{
	atomic_store(&c->trace.call, NULL);
	return rc;
}

static void context_set_cause(struct acl_context *c, int32_t cause)
{
	c->cause = cause;
	atomic_store(&c->trace.cause, cause);
}

int acl_left(struct acl_context *c, int rc)
{
	const struct npu_code *row = npu_code_find(rc);

	acl_left_anyhow(c, rc);
	context_set_cause(c, npu_code_cause(c->cause, rc));
	if (row ? row->poisons : npu_classify(rc, 0, NULL, NULL) == DVS_POISON)
		c->is_spent = true;
	return rc;
}

static void add_code(struct str *b, int32_t code)
{
	const char *name, *hint;

	acl_classify(code, 0, &name, &hint);
	str_printf(b, name ? "%d, %s" : "%d", code, name);
}

/* Appends the runtime's own message, which may have many lines, as one line. */
static bool add_recent(struct acl_context *c, struct str *b)
{
	const char *s = c->api.aclGetRecentErrMsg ? c->api.aclGetRecentErrMsg() : NULL;
	_cleanup_(str_done) struct str line = {0};
	bool is_gap = false;

	for (; s && *s && line.len < RECENT_MOST; s++) {
		bool is_blank = (unsigned char)*s <= ' ';

		if (!is_blank && is_gap && line.len)
			str_addc(&line, ' ');
		if (!is_blank)
			str_addc(&line, *s);
		is_gap = is_blank;
	}
	if (line.len == 0)
		return false;
	str_add(b, ": ");
	str_add_printable(b, line.s, line.len);
	return true;
}

int32_t acl_failed(struct acl_context *c, struct dvs_text *err, int rc, const char *fmt, ...)
{
	_cleanup_(str_done) struct str text = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	str_printf(&text, ": %s", c->last_call);
	if (c->cause == 0)
		context_set_cause(c, rc);
	/* The reader of the text also sees the name of the returned code, the cause. So only a
	 * different code is named here. */
	if (c->cause != rc) {
		str_add(&text, " gave ");
		add_code(&text, rc);
	}
	if (!add_recent(c, &text) && c->cause == rc)
		str_add(&text, " failed");
	acl_fail(err, rc, "%s", text.s);
	return c->cause;
}

int32_t acl_context_fail(struct acl_context *c, struct dvs_text *err, int32_t code, const char *fmt,
			 ...)
{
	_cleanup_(str_done) struct str text = {0};
	const char *name, *hint;
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	acl_fail(err, code, "%s", text.s);
	if (c->cause == 0)
		context_set_cause(c, code);
	if (acl_classify(code, 0, &name, &hint) == DVS_POISON)
		c->is_spent = true;
	return c->cause;
}

int32_t acl_begin(struct acl_context *c, struct dvs_text *err)
{
	_cleanup_(str_done) struct str text = {0};

	if (!c->is_spent) {
		context_set_cause(c, 0);
		return 0;
	}
	str_add(&text, "this process can no longer use the device since ");
	add_code(&text, c->cause);
	return acl_fail(err, ACL_SPENT, "%s", text.s);
}

void acl_set_stage(struct acl_context *c, enum acl_stage stage)
{
	c->run.stage = stage;
	atomic_store(&c->trace.epoch, c->run.epoch);
	atomic_store(&c->trace.stage, stage);
}
