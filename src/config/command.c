/* SPDX-License-Identifier: Apache-2.0 */
/* {eval_cmd}: the rest of the text is a shell command. */
#include "config/frame.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/eval.h"

enum { EVAL_COST = 64 * 1024 };

/* Returns the name of the next {NAME} in text from *at on, and moves *at behind it. NULL: none. */
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
		else if (!ascii_is_name(c))
			open = NULL;
	}
	return NULL;
}

/* The last 20 lines of text; NULL: text is empty. */
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
	frame_fail(f, SUBST_EVAL, "eval_cmd", 8, "{eval_cmd} %s: %.1000s", v->why, v->cmd);
	f->work->err->status = v->status;
	f->work->err->detail = last_lines(&v->out);
	return -1;
}

static int command_run_all(struct frame *f, const char *cmd)
{
	const struct subst *s = f->work->s;
	const struct eval *v = evals_find(s->evals, cmd);

	if (!v) {
		evals_want(s->evals, cmd);
		if (s->collect)
			return frame_fail(f, SUBST_BLOCKED, "eval_cmd", 8, "waits for a command");
		evals_run(s->evals);
		v = evals_find(s->evals, cmd);
	}
	if (v->why)
		return fail_eval(f, v);
	f->in += f->in_len;
	f->in_len = 0;
	if (frame_spend(f, EVAL_COST + v->out.len) < 0)
		return -1;
	return frame_splice(f, v->out.s, v->out.len);
}

/* The command contains names that get their values later: leaves {eval_cmd} in the text, with the
 * command expanded as far as possible. */
static int command_defer(struct frame *f, const struct str *cmd)
{
	size_t at = 0, len;
	const char *name;

	while (!f->work->s->rules->options.is_lenient && (name = next_wildcard(cmd, &at, &len)))
		if (!frame_is_ignored(f, name, len))
			return frame_fail(
				f, SUBST_EVAL, "eval_cmd", 8,
				"{eval_cmd} cannot run: its command still has the wildcard "
				"'{%.*s}'",
				frame_shown(len), name);
	str_add(f->out, "{eval_cmd}");
	str_addn(f->out, cmd->s, cmd->len);
	f->in += f->in_len;
	f->in_len = 0;
	f->deferred = true;
	return 0;
}

/* Expands everything after {eval_cmd} and runs it as a command. */
int frame_eval(struct frame *f)
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

	frame_truncate(f, f->open);
	str_add(&cmd, "");
	if (frame_expand(&inner) < 0)
		return -1;
	if (next_wildcard(&cmd, &at, &len))
		return command_defer(f, &cmd);
	return command_run_all(f, cmd.s);
}
