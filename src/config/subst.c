/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass from left to right, with the text in two halves: `out` is done, `in` is still to be
 * looked at. A value is put in front of `in` and looked at again, so that names may be computed
 * ({{build_mode}_opts}); where nothing in it can matter any more it goes to `out` at once.
 *
 * A value is expanded by itself before that. The frames of these calls are the chain in which a
 * name that comes again is circular, and there are at most DEPTH_MOST. A budget ends texts that
 * grow without end in any other way.
 */
#include "config/subst.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "config/eval.h"

enum {
	DEPTH_MOST = 200,
	TEXT_MOST = 16 * 1024 * 1024,
	BUDGET = 256 * 1024 * 1024,
	WILDCARD_COST = 256,
	EVAL_COST = 64 * 1024,
};

#define NOWHERE SIZE_MAX

const struct hjson_node subst_blocked;

/* What all frames of one expansion share. */
struct work {
	const struct subst *s;
	struct subst_error *err;
	size_t spent;
};

/* One text: the whole, the value of a wildcard, or a command. */
struct frame {
	struct work *work;
	const struct frame *outer;
	unsigned depth;
	const char *name; /* the wildcard that this is the value of; NULL: none */
	size_t name_len;

	const char *in;
	size_t in_len;
	char *room; /* NULL, or what `in` stands at the end of, with space in front */
	struct str *out;
	size_t floor;  /* in out: what is before cannot become part of a wildcard */
	size_t open;   /* in out: the last '{', with nothing but a name behind it; or NOWHERE */
	bool deferred; /* a command waits for names that are ignored */

	/* Where in the text as written we are: its last `unread` bytes are not in out yet. */
	bool is_written; /* it is: node's text, or the given one if node is NULL */
	const struct hjson_node *node;
	size_t written_len, unread;
	size_t at;     /* the last '{', or the wildcard whose value it is in */
	bool is_at_it; /* the former */
};

static int expand(struct frame *f);

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool name_is(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

static bool is_ignored(const struct frame *f, const char *name, size_t len)
{
	const struct cfg_expand_options *o = &f->work->s->rules->options;

	for (const char *const *p = o->ignored; p && *p; p++)
		if (name_is(name, len, *p))
			return true;
	return false;
}

/* ---- errors ---- */

/* Names for people: a file may hold one of a megabyte. */
static int shown(size_t len)
{
	return len < 100 ? (int)len : 100;
}

static _printf_(5, 6) int fail(struct frame *f, enum subst_problem problem, const char *name,
			       size_t len, const char *fmt, ...)
{
	struct subst_error *err = f->work->err;
	const struct frame *place = f;
	va_list ap;

	*err = (struct subst_error){.problem = problem, .name = xstrndup(name, len)};
	for (; !place->is_written; place = place->outer) {
		name = place->name;
		len = place->name_len;
	}
	err->node = place->node;
	err->offset = place->at;
	err->written = place->is_at_it ? xstrndup(name, len) : NULL;
	va_start(ap, fmt);
	err->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return -1;
}

void subst_error_done(struct subst_error *err)
{
	free(err->msg);
	free(err->name);
	free(err->detail);
	free(err->written);
	*err = (struct subst_error){0};
}

static bool is_value_of(const struct frame *f, const char *name, size_t len)
{
	return f->name && f->name_len == len && memcmp(f->name, name, len) == 0;
}

/* The frame of the same name that f is part of; NULL: the name is new. */
static const struct frame *find_circle(const struct frame *f, const char *name, size_t len)
{
	while (f && !is_value_of(f, name, len))
		f = f->outer;
	return f;
}

/* "a -> b -> a". */
static void add_chain(struct str *out, const struct frame *from, const struct frame *f)
{
	const struct frame *names[DEPTH_MOST + 1];
	size_t n = 0;

	for (; f != from; f = f->outer)
		if (f->name)
			names[n++] = f;
	str_printf(out, "%.*s", shown(from->name_len), from->name);
	while (n--)
		str_printf(out, " -> %.*s", shown(names[n]->name_len), names[n]->name);
	str_printf(out, " -> %.*s", shown(from->name_len), from->name);
}

static int fail_circular(struct frame *f, const struct frame *from)
{
	_cleanup_(str_done) struct str chain = {0};

	add_chain(&chain, from, f);
	return fail(f, SUBST_CIRCULAR, from->name, from->name_len,
		    "circular expansion of wildcard '{%.*s}': %s", shown(from->name_len),
		    from->name, chain.s);
}

static int fail_too_large(struct frame *f, const char *what)
{
	return fail(f, SUBST_TOO_LARGE, "", 0, "%s", what);
}

/* ---- limits ---- */

static int spend(struct frame *f, size_t cost)
{
	f->work->spent += cost;
	if (f->work->spent > BUDGET)
		return fail_too_large(f, "the expansion does not come to an end");
	return 0;
}

static int check_size(struct frame *f, size_t more)
{
	if (f->out->len + f->in_len + more > TEXT_MOST)
		return fail_too_large(f, "expands to more than 16 MiB");
	return 0;
}

/* ---- the two halves ---- */

/* Moves n bytes from in to out. */
static void pass(struct frame *f, size_t n)
{
	str_addn(f->out, f->in, n);
	f->in += n;
	f->in_len -= n;
}

static void truncate_out(struct frame *f, size_t len)
{
	f->out->len = len;
	f->out->s[len] = '\0';
}

static void make_room(struct frame *f, size_t len)
{
	size_t cap = 2 * (len + f->in_len) + 64;
	char *room = xmalloc(cap);
	char *in = room + cap - f->in_len;

	memcpy(in, f->in, f->in_len);
	free(f->room);
	f->room = room;
	f->in = in;
}

/* Puts text in front of in. */
static void put_back(struct frame *f, const char *text, size_t len)
{
	if (f->in_len < f->unread)
		f->unread = f->in_len;
	if (!f->room || (size_t)(f->in - f->room) < len)
		make_room(f, len);
	f->in -= len;
	f->in_len += len;
	memcpy((char *)f->in, text, len);
}

/* What is in out cannot become part of a wildcard any more. */
static void settle(struct frame *f)
{
	f->floor = f->out->len;
	f->open = NOWHERE;
}

/* Looks back for a '{' that is still open where out ends now. */
static int find_open(struct frame *f)
{
	const char *s = f->out->s;
	size_t i = f->out->len;

	while (i > f->floor && is_name_char(s[i - 1]))
		i--;
	f->open = i > f->floor && s[i - 1] == '{' ? i - 1 : NOWHERE;
	f->is_at_it = false;
	return spend(f, f->out->len - i);
}

/* What came in place of the wildcard, which is out of both halves: to be looked at again. */
static int splice(struct frame *f, const char *text, size_t len)
{
	if (check_size(f, len) < 0 || find_open(f) < 0)
		return -1;
	if (f->open == NOWHERE && (len == 0 || !memchr(text, '{', len)))
		str_addn(f->out, text, len);
	else
		put_back(f, text, len);
	return 0;
}

/* ---- commands ---- */

/* The next {NAME} in text from *at on: its name, and *at behind it. NULL: none. */
static const char *next_wildcard(const struct str *text, size_t *at, size_t *ret_len)
{
	const char *open = NULL;

	for (size_t i = *at; i < text->len; i++) {
		char c = text->s[i];

		if (c == '}' && open && text->s + i > open + 1) {
			*at = i + 1;
			*ret_len = (size_t)(text->s + i - open - 1);
			return open + 1;
		}
		if (c == '{')
			open = text->s + i;
		else if (!is_name_char(c))
			open = NULL;
	}
	return NULL;
}

/* The last 20 lines of text; NULL: it has none. */
static char *last_lines(const struct str *text)
{
	size_t from = text->len;

	for (int n = 0; from > 0; from--)
		if (text->s[from - 1] == '\n' && ++n == 20)
			break;
	return text->len ? xstrndup(text->s + from, text->len - from) : NULL;
}

static int fail_eval(struct frame *f, const struct eval *v)
{
	fail(f, SUBST_EVAL, "eval_cmd", 8, "{eval_cmd} %s: %.1000s", v->why, v->cmd);
	f->work->err->status = v->status;
	f->work->err->detail = last_lines(&v->out);
	return -1;
}

static int run(struct frame *f, const char *cmd)
{
	const struct subst *s = f->work->s;
	const struct eval *v = evals_find(s->evals, cmd);

	if (!v) {
		evals_want(s->evals, cmd);
		if (s->collect)
			return fail(f, SUBST_BLOCKED, "eval_cmd", 8, "waits for a command");
		evals_run(s->evals);
		v = evals_find(s->evals, cmd);
	}
	if (v->why)
		return fail_eval(f, v);
	f->in += f->in_len;
	f->in_len = 0;
	if (spend(f, EVAL_COST + v->out.len) < 0)
		return -1;
	return splice(f, v->out.s, v->out.len);
}

/* The command has names that get their values later: it stays, expanded as far as it goes. */
static int defer(struct frame *f, const struct str *cmd)
{
	size_t at = 0, len;
	const char *name;

	while (!f->work->s->rules->options.is_lenient && (name = next_wildcard(cmd, &at, &len)))
		if (!is_ignored(f, name, len))
			return fail(f, SUBST_EVAL, "eval_cmd", 8,
				    "{eval_cmd} cannot run: its command still has the wildcard "
				    "'{%.*s}'",
				    shown(len), name);
	str_add(f->out, "{eval_cmd}");
	str_addn(f->out, cmd->s, cmd->len);
	f->in += f->in_len;
	f->in_len = 0;
	f->deferred = true;
	return 0;
}

/* Everything behind {eval_cmd} is the command. */
static int on_eval(struct frame *f)
{
	_cleanup_(str_done) struct str cmd = {0};
	size_t at = 0, len;
	struct frame inner = {
		.work = f->work,
		.outer = f,
		.depth = f->depth + 1,
		.in = f->in,
		.in_len = f->in_len,
		.out = &cmd,
		.is_written = f->is_written,
		.node = f->node,
		.written_len = f->written_len,
		.unread = f->in_len < f->unread ? f->in_len : f->unread,
		.at = f->at,
	};

	truncate_out(f, f->open);
	str_add(&cmd, "");
	if (expand(&inner) < 0)
		return -1;
	if (next_wildcard(&cmd, &at, &len))
		return defer(f, &cmd);
	return run(f, cmd.s);
}

/* ---- names ---- */

/* The name in out, with its '}' put behind it, stays as it is. */
static int leave(struct frame *f)
{
	str_addc(f->out, '}');
	settle(f);
	return 0;
}

static int fail_type(struct frame *f, const struct hjson_node *value, const char *name, size_t len)
{
	return fail(f, SUBST_BAD_TYPE, name, len,
		    "wildcard '{%.*s}' has a value (%s) that is not of a supported type",
		    shown(len), name,
		    value->type == HJSON_ARRAY ? "a list with such an element in it"
					       : hjson_type_name(value->type));
}

/* text is the value of name, or made of it; node: it is that string as written. */
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

	if (spend(f, WILDCARD_COST + text->len) < 0)
		return -1;
	if (text->len == 0 || !memchr(text->s, '{', text->len)) {
		truncate_out(f, f->open);
		return splice(f, text->s, text->len);
	}
	str_add(&value, "");
	if (expand(&inner) < 0)
		return -1;
	truncate_out(f, f->open);
	if (!inner.deferred)
		return splice(f, value.s, value.len);
	str_addn(f->out, value.s, value.len);
	settle(f);
	f->deferred = true;
	return check_size(f, 0);
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

/* No key has a value for it: the environment, or nobody. */
static int on_unknown(struct frame *f, const char *name, size_t len)
{
	const char *env = f->work->s->rules->no_env ? NULL : getenv(name);
	struct str text = {.s = (char *)env, .len = env ? strlen(env) : 0};

	if (env && utf8_first_bad(env, text.len) != text.len)
		return fail(f, SUBST_BAD_TYPE, name, len,
			    "wildcard '{%.*s}': the environment variable is not UTF-8", shown(len),
			    name);
	if (env)
		return on_value(f, &text, NULL);
	if (f->work->s->rules->options.is_lenient)
		return leave(f);
	return fail(f, SUBST_UNKNOWN, name, len, "unknown wildcard, '{%.*s}'", shown(len), name);
}

/* out ends with {NAME and in starts with }. */
static int on_wildcard(struct frame *f)
{
	const struct cfg_subst *rules = f->work->s->rules;
	const char *name = f->out->s + f->open + 1;
	size_t len = f->out->len - f->open - 1;
	const struct hjson_node *value;
	const struct frame *circle;

	f->in++;
	f->in_len--;
	if (is_ignored(f, name, len))
		return leave(f);
	circle = find_circle(f, name, len);
	if (circle)
		return fail_circular(f, circle);
	if (!rules->no_eval && name_is(name, len, "eval_cmd"))
		return on_eval(f);
	value = rules->lookup(rules->ctx, name, len);
	if (value == &subst_blocked)
		return fail(f, SUBST_BLOCKED, name, len, "waits for a value");
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
	pass(f, 1);
}

/* No '{' is open: goes on to the next. */
static void skip_plain(struct frame *f)
{
	const char *open = memchr(f->in, '{', f->in_len);

	pass(f, open ? (size_t)(open - f->in) : f->in_len);
	if (open)
		on_open(f);
}

static size_t name_run(const struct frame *f)
{
	size_t n = 0;

	while (n < f->in_len && is_name_char(f->in[n]))
		n++;
	return n;
}

static int scan(struct frame *f)
{
	size_t n;

	while (f->in_len) {
		if (f->open == NOWHERE) {
			skip_plain(f);
		} else if ((n = name_run(f))) {
			pass(f, n);
		} else if (*f->in == '{') {
			on_open(f);
		} else if (*f->in == '}' && f->out->len > f->open + 1) {
			if (on_wildcard(f) < 0)
				return -1;
		} else {
			f->open = NOWHERE;
		}
	}
	return 0;
}

/* Calls itself by way of scan(), at most DEPTH_MOST deep. */
static int expand(struct frame *f)
{
	int rc;

	if (f->depth > DEPTH_MOST)
		return fail_too_large((struct frame *)f->outer,
				      "wildcards are more than 200 deep inside each other");
	f->open = NOWHERE;
	rc = scan(f);
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
	return expand(&f);
}

const char *cfg_subst_text(struct cfg *c, const struct cfg_subst *rules, const char *text,
			   struct error *err)
{
	struct subst s = {.rules = rules, .doc = c->doc, .evals = c->evals};
	_cleanup_(subst_error_done) struct subst_error fault = {0};
	_cleanup_(str_done) struct str out = {0};

	if (!strchr(text, '{'))
		return arena_strdup(c->mem, text);
	if (subst_expand(&s, text, strlen(text), &out, &fault) == 0)
		return arena_strndup(c->mem, out.s, out.len);
	if (fault.status && !c->eval_status)
		c->eval_status = fault.status;
	error_plain(err, "%s%s%s", fault.msg, fault.detail ? ", it said: " : "",
		    fault.detail ? fault.detail : "");
	return NULL;
}
