/* SPDX-License-Identifier: Apache-2.0 */
#include "config/cfg.h"

struct hjson_node *cfg_root(const struct cfg *c)
{
	return c->root;
}

struct hjson_doc *cfg_doc(const struct cfg *c)
{
	return c->doc;
}

const char *cfg_string(const struct cfg *c, const struct hjson_node *n)
{
	return hjson_cstr(c->doc, (struct hjson_node *)n); /* it may copy the text to end it */
}

struct arena *cfg_mem(const struct cfg *c)
{
	return c->mem;
}

const char *cfg_path(const struct cfg *c)
{
	return c->path;
}

const char *cfg_dir(const struct cfg *c)
{
	return c->dir;
}

int cfg_eval_status(const struct cfg *c)
{
	return c->eval_status;
}

void cfg_index(const struct cfg *c, struct map *ret)
{
	struct hjson_node *m;

	*ret = (struct map){0};
	hjson_for_each (m, c->root)
		if (!m->shadowed)
			map_set_n(ret, m->key, m->key_len, m);
}

void cfg_note_status(struct cfg *c, int status)
{
	for (; c && status; c = c->parent)
		if (!c->eval_status)
			c->eval_status = status;
}
