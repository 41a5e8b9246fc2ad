/* SPDX-License-Identifier: Apache-2.0 */
#include "config/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

enum { TEXT_MOST = 16 * 1024 * 1024, BUDGET = 256 * 1024 * 1024 };

int frame_shown(size_t len)
{
	return len < 100 ? (int)len : 100;
}

_printf_(5, 6) int frame_fail(struct frame *f, enum subst_problem problem, const char *name,
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

int frame_too_large(struct frame *f, const char *what)
{
	return frame_fail(f, SUBST_TOO_LARGE, "", 0, "%s", what);
}

int frame_spend(struct frame *f, size_t cost)
{
	f->work->spent += cost;
	if (f->work->spent > BUDGET)
		return frame_too_large(f, "the expansion does not come to an end");
	return 0;
}

int frame_check_size(struct frame *f, size_t more)
{
	if (f->out->len + f->in_len + more > TEXT_MOST)
		return frame_too_large(f, "expands to more than 16 MiB");
	return 0;
}

void frame_pass(struct frame *f, size_t n)
{
	str_addn(f->out, f->in, n);
	f->in += n;
	f->in_len -= n;
}

void frame_truncate(struct frame *f, size_t len)
{
	f->out->len = len;
	f->out->s[len] = '\0';
}

static void frame_make_room(struct frame *f, size_t len)
{
	size_t cap = 2 * (len + f->in_len) + 64;
	char *room = xmalloc(cap);
	char *in = room + cap - f->in_len;

	memcpy(in, f->in, f->in_len);
	free(f->room);
	f->room = room;
	f->in = in;
}

/* Inserts text before in. */
static void frame_put_back(struct frame *f, const char *text, size_t len)
{
	if (f->in_len < f->unread)
		f->unread = f->in_len;
	if (!f->room || (size_t)(f->in - f->room) < len)
		frame_make_room(f, len);
	f->in -= len;
	f->in_len += len;
	if (len)
		memcpy((char *)f->in, text, len); /* the text of an empty list is NULL */
}

void frame_settle(struct frame *f)
{
	f->floor = f->out->len;
	f->open = FRAME_NOWHERE;
}

/* Finds the '{' that is still open at the end of out. */
static int find_open(struct frame *f)
{
	const char *s = f->out->s;
	size_t i = f->out->len;

	while (i > f->floor && ascii_is_name(s[i - 1]))
		i--;
	f->open = i > f->floor && s[i - 1] == '{' ? i - 1 : FRAME_NOWHERE;
	f->is_at_it = false;
	return frame_spend(f, f->out->len - i);
}

int frame_splice(struct frame *f, const char *text, size_t len)
{
	if (frame_check_size(f, len) < 0 || find_open(f) < 0)
		return -1;
	if (f->open == FRAME_NOWHERE && (len == 0 || !memchr(text, '{', len)))
		str_addn(f->out, text, len);
	else
		frame_put_back(f, text, len);
	return 0;
}
