/* SPDX-License-Identifier: Apache-2.0 */
#include "clerk/links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

enum { TICK_EVERY = 1000 };

struct link_state {
	char *key; /* base '\n' name */
	size_t base_len;
	char *stands, *wanted; /* groups; NULL: none */
	char *target;
	bool is_pending;
	bool is_new; /* not made or removed by this process yet */
};

static struct link_state *find_or_add(struct links *l, const char *base, const char *name)
{
	char *key = xasprintf("%s\n%s", base, name);
	struct link_state *s = map_get(&l->by_name, key);

	if (s) {
		free(key);
		return s;
	}
	s = xcalloc(1, sizeof(*s));
	s->key = key;
	s->base_len = strlen(base);
	s->is_new = true;
	map_set(&l->by_name, key, s);
	return s;
}

static void links_replace(char **at, const char *with)
{
	free(*at);
	*at = with ? xstrdup(with) : NULL;
}

void links_add_group(struct links *l, const char *group)
{
	vec_push(&l->groups, xstrdup(group));
}

void links_set(struct links *l, const char *base, const char *group, const char *name,
	       const char *target)
{
	struct link_state *s;

	if (!path_is_safe_name(name) || (group && !path_is_safe_name(group)))
		return;
	s = find_or_add(l, base, name);
	links_replace(&s->wanted, group);
	links_replace(&s->target, target);
	if (s->is_pending)
		return;
	s->is_pending = true;
	vec_push(&l->pending, s);
}

static const char *links_name_of(const struct link_state *s)
{
	return s->key + s->base_len + 1;
}

static char *links_dir_of(const struct link_state *s, const char *group)
{
	return xasprintf("%.*s/%s", (int)s->base_len, s->key, group);
}

static int links_make(struct link_state *s, struct confine *confine, struct error *err)
{
	_cleanup_(freep) char *dir = links_dir_of(s, s->wanted);
	_cleanup_(closep) int fd = -1;

	if (strchr(links_name_of(s), '/'))
		return error_plain(err, "a link cannot be called %s", links_name_of(s));
	fd = confine_make_dir(confine, dir, err);
	if (fd < 0)
		return -1;
	if (fs_set_link_at(s->target, fd, links_name_of(s)) == 0)
		return 0;
	return error_sys(err, errno, "the link %s/%s cannot be made", dir, links_name_of(s));
}

static void links_remove(const struct link_state *s, const char *group, struct confine *confine)
{
	_cleanup_(freep) char *dir = links_dir_of(s, group);
	struct error err = {0};
	_cleanup_(closep) int fd = confine_open_dir(confine, dir, &err);

	error_done(&err);
	if (fd >= 0)
		unlinkat(fd, links_name_of(s), 0);
}

static bool links_is_wanted_in(const struct link_state *s, const char *group)
{
	return s->wanted && strcmp(s->wanted, group) == 0;
}

static void links_remove_earlier(const struct links *l, struct link_state *s,
				 struct confine *confine)
{
	for (size_t i = 0; s->is_new && i < l->groups.n; i++)
		if (!links_is_wanted_in(s, l->groups.at[i]))
			links_remove(s, l->groups.at[i], confine);
	s->is_new = false;
}

static void links_update_dir(const struct links *l, struct link_state *s, struct confine *confine,
			     links_problem *problem, void *ctx)
{
	struct error err = {0};

	s->is_pending = false;
	if (s->wanted && links_make(s, confine, &err) < 0) {
		_cleanup_(freep) char *dir = links_dir_of(s, s->wanted);

		problem(ctx, dir, &err);
		error_done(&err);
		return;
	}
	/* The new link was made before the old one is removed: the job has a link at any time. */
	if (s->stands && !links_is_wanted_in(s, s->stands))
		links_remove(s, s->stands, confine);
	links_remove_earlier(l, s, confine);
	links_replace(&s->stands, s->wanted);
}

void links_flush(struct links *l, struct confine *confine, links_problem *problem, void *ctx,
		 void (*tick)(void *ctx))
{
	for (size_t i = 0; i < l->pending.n; i++) {
		links_update_dir(l, l->pending.at[i], confine, problem, ctx);
		if (tick && i % TICK_EVERY == TICK_EVERY - 1)
			tick(ctx);
	}
	l->pending.n = 0;
}

void links_forget(struct links *l, const char *dir)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&l->by_name, &at)) != NULL) {
		struct link_state *s = e->value;
		_cleanup_(freep) char *stands = s->stands ? links_dir_of(s, s->stands) : NULL;

		if (stands && strcmp(stands, dir) == 0)
			links_replace(&s->stands, NULL);
	}
}
