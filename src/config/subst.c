/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass from left to right. The text is in two halves: `out` is the result so far, `in` is still
 * to be scanned. A value is inserted before `in` and scanned again, so that names can be computed
 * ({{build_mode}_opts}); if it can no longer be part of a name, it is appended to `out` directly.
 *
 * Before that, the value itself is expanded in a frame of its own. A name that occurs twice in the
 * chain of frames is circular. The chain has at most FRAME_DEPTH_MOST frames. A budget limits texts
 * that grow forever in other ways.
 */
#include "base/ascii.h"
#include "config/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { WILDCARD_COST = 256 };

const struct hjson_node subst_blocked;

void subst_error_done(struct subst_error *err)
{
	free(err->msg);
	free(err->name);
	free(err->detail);
	free(err->written);
	*err = (struct subst_error){0};
}

static bool name_is(const char *name, size_t len, const char *word)
{
	return *word == *name && strncmp(name, word, len) == 0 && !word[len];
}

bool frame_is_ignored(const struct frame *f, const char *name, size_t len)
{
	const struct cfg_expand_options *o = &f->work->s->rules->options;

	for (const char *const *p = o->ignored; p && *p; p++)
		if (name_is(name, len, *p))
			return true;
	return false;
}

static bool is_value_of(const struct frame *f, const char *name, size_t len)
{
	return f->name && f->name_len == len && memcmp(f->name, name, len) == 0;
}

/* The frame in the chain of f that expands the same name; NULL: none. */
static const struct frame *find_circle(const struct frame *f, const char *name, size_t len)
{
	while (f && !is_value_of(f, name, len))
		f = f->outer;
	return f;
}

/* "a -> b -> a". */
static void subst_add_chain(struct str *out, const struct frame *from, const struct frame *f)
{
	const struct frame *names[FRAME_DEPTH_MOST + 1];
	size_t n = 0;

	for (; f != from; f = f->outer)
		if (f->name)
			names[n++] = f;
	str_printf(out, "%.*s", frame_shown(from->name_len), from->name);
	while (n--)
		str_printf(out, " -> %.*s", frame_shown(names[n]->name_len), names[n]->name);
	str_printf(out, " -> %.*s", frame_shown(from->name_len), from->name);
}

static int fail_circular(struct frame *f, const struct frame *from)
{
	_cleanup_(str_done) struct str chain = {0};

	subst_add_chain(&chain, from, f);
	return frame_fail(f, SUBST_CIRCULAR, from->name, from->name_len,
			  "circular expansion of wildcard '{%.*s}': %s",
			  frame_shown(from->name_len), from->name, chain.s);
}

/* Leaves the wildcard in out unchanged, with its '}'. */
static int subst_leave(struct frame *f)
{
	str_addc(f->out, '}');
	frame_settle(f);
	return 0;
}

static int fail_type(struct frame *f, const struct hjson_node *value, const char *name, size_t len)
{
	return frame_fail(f, SUBST_BAD_TYPE, name, len,
			  "wildcard '{%.*s}' has a value (%s) that is not of a supported type",
			  frame_shown(len), name,
			  value->type == HJSON_ARRAY ? "a list with such an element in it"
						     : hjson_type_name(value->type));
}

/* Expands the text of a value. node: the string whose text it is; NULL: the text was made from
 * another value. */
static int on_value(struct frame *f, const struct str *text, const struct hjson_node *node)
{
	const char *name = f->out->s + f->open + 1;
	_cleanup_(str_done) struct str value = {0};
	struct frame inner = {
		.work = f->work,
		.outer = f,
		.depth = f->depth + 1,
		.name = name,
		.name_len = f->out->len - f->open - 1,
		.in = text->s,
		.in_len = text->len,
		.out = &value,
		.is_written = node != NULL,
		.node = node,
		.written_len = text->len,
		.unread = text->len,
	};

	if (frame_spend(f, WILDCARD_COST + text->len) < 0)
		return -1;
	if (text->len == 0 || !memchr(text->s, '{', text->len)) {
		frame_truncate(f, f->open);
		return frame_splice(f, text->s, text->len);
	}
	str_add(&value, "");
	if (frame_expand(&inner) < 0)
		return -1;
	frame_truncate(f, f->open);
	if (!inner.deferred)
		return frame_splice(f, value.s, value.len);
	str_addn(f->out, value.s, value.len);
	frame_settle(f);
	f->deferred = true;
	return frame_check_size(f, 0);
}

static int on_node(struct frame *f, const struct hjson_node *node)
{
	const char *name = f->out->s + f->open + 1;
	_cleanup_(str_done) struct str text = {0};
	struct str as_is;

	if (node->type == HJSON_STRING) {
		as_is = (struct str){.s = (char *)node->str, .len = node->n};
		return on_value(f, &as_is, node);
	}
	if (!subst_add_value(f->work->s->doc, node, &text))
		return fail_type(f, node, name, f->out->len - f->open - 1);
	return on_value(f, &text, NULL);
}

/* The name has no key: uses the environment, or fails. */
static int on_unknown(struct frame *f, const char *name, size_t len)
{
	const char *env = f->work->s->rules->no_env ? NULL : getenv(name);
	struct str text = {.s = (char *)env, .len = env ? strlen(env) : 0};

	if (env && utf8_first_bad(env, text.len) != text.len)
		return frame_fail(f, SUBST_BAD_TYPE, name, len,
				  "wildcard '{%.*s}': the environment variable is not UTF-8",
				  frame_shown(len), name);
	if (env)
		return on_value(f, &text, NULL);
	if (f->work->s->rules->options.is_lenient)
		return subst_leave(f);
	return frame_fail(f, SUBST_UNKNOWN, name, len, "unknown wildcard, '{%.*s}'",
			  frame_shown(len), name);
}

/* out ends with "{NAME" and in starts with '}'. */
static int on_wildcard(struct frame *f)
{
	const struct cfg_subst *rules = f->work->s->rules;
	const char *name = f->out->s + f->open + 1;
	size_t len = f->out->len - f->open - 1;
	const struct hjson_node *value;
	const struct frame *circle;

	f->in++;
	f->in_len--;
	if (frame_is_ignored(f, name, len))
		return subst_leave(f);
	circle = find_circle(f, name, len);
	if (circle)
		return fail_circular(f, circle);
	if (!rules->no_eval && name_is(name, len, "eval_cmd"))
		return frame_eval(f);
	value = rules->lookup(rules->ctx, name, len);
	if (value == &subst_blocked)
		return frame_fail(f, SUBST_BLOCKED, name, len, "waits for a value");
	if (value && value->type != HJSON_NULL)
		return on_node(f, value);
	return on_unknown(f, name, len);
}

static void on_open(struct frame *f)
{
	f->is_at_it = f->is_written && f->in_len <= f->unread;
	if (f->is_at_it)
		f->at = f->written_len - f->in_len;
	f->open = f->out->len;
	frame_pass(f, 1);
}

/* No '{' is open: moves on to the next one. */
static void skip_plain(struct frame *f)
{
	const char *open = memchr(f->in, '{', f->in_len);

	frame_pass(f, open ? (size_t)(open - f->in) : f->in_len);
	if (open)
		on_open(f);
}

static size_t name_run(const struct frame *f)
{
	size_t n = 0;

	while (n < f->in_len && ascii_is_name(f->in[n]))
		n++;
	return n;
}

static int subst_scan(struct frame *f)
{
	size_t n;

	while (f->in_len) {
		if (f->open == FRAME_NOWHERE) {
			skip_plain(f);
		} else if ((n = name_run(f))) {
			frame_pass(f, n);
		} else if (*f->in == '{') {
			on_open(f);
		} else if (*f->in == '}' && f->out->len > f->open + 1) {
			if (on_wildcard(f) < 0)
				return -1;
		} else {
			f->open = FRAME_NOWHERE;
		}
	}
	return 0;
}

/* Recursive through subst_scan(), at most FRAME_DEPTH_MOST deep. */
int frame_expand(struct frame *f)
{
	int rc;

	if (f->depth > FRAME_DEPTH_MOST)
		return frame_too_large((struct frame *)f->outer,
				       "wildcards are more than 200 deep inside each other");
	f->open = FRAME_NOWHERE;
	rc = subst_scan(f);
	free(f->room);
	return rc;
}

int subst_expand(const struct subst *s, const char *text, size_t len, struct str *out,
		 struct subst_error *err)
{
	struct work work = {.s = s, .err = err};
	struct frame f = {
		.work = &work,
		.in = text,
		.in_len = len,
		.out = out,
		.floor = out->len,
		.is_written = true,
		.written_len = len,
		.unread = len,
	};

	str_add(out, "");
	return frame_expand(&f);
}

const char *cfg_subst_text(struct cfg *c, const struct cfg_subst *rules, const char *text,
			   struct error *err)
{
	struct subst s = {
		.rules = rules, .doc = c->doc, .evals = c->evals, .collect = rules->waits != NULL};
	_cleanup_(subst_error_done) struct subst_error fault = {0};
	const char *expanded = NULL;
	struct str room;

	if (!strchr(text, '{'))
		return arena_strdup(c->mem, text);
	room = c->room; /* meanwhile it has none */
	c->room = (struct str){0};
	str_clear(&room);
	if (subst_expand(&s, text, strlen(text), &room, &fault) == 0)
		expanded = arena_strndup(c->mem, room.s, room.len);
	str_done(&c->room);
	c->room = room;
	if (expanded)
		return expanded;
	if (fault.problem == SUBST_BLOCKED) {
		*rules->waits = true;
		return "";
	}
	cfg_note_status(c, fault.status);
	c->eval_output = arena_strdup_or_null(c->mem, fault.detail);
	error_plain(err, "%s", fault.msg);
	return NULL;
}
