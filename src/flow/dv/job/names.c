/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/job/names.h"

#include <stdlib.h>
#include <string.h>

#include "job/file_name.h"

enum { SAFE_MOST = 100 }; /* longer names may become too long together with others */

static bool is_key(const char *key, const char *name, size_t len)
{
	return *key == *name && strncmp(key, name, len) == 0 && key[len] == '\0';
}

/* ---- the job's own names ---- */

/* Tests and modes can have any name, directories cannot (key_paths.c). */
static bool may_be_unsafe(const char *key)
{
	static const char *const names[] = {"name", "test", "build_mode", "qual_name"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}

static const struct hjson_node *new_text(struct job_names *n, const char *text)
{
	return hjson_new_string(cfg_doc(n->cfg->reader.cfg), text, strlen(text), 0);
}

static void add_own(struct job_names *n, struct own_name name)
{
	n->own[n->n_own++] = name;
}

void job_names_set(struct job_names *n, const char *key, const char *text)
{
	char room[JOB_FILE_NAME_ROOM];
	const char *fit = may_be_unsafe(key) ? job_file_name(text, room) : text;

	add_own(n,
		(struct own_name){key, new_text(n, text), fit != text ? new_text(n, fit) : NULL});
	n->has_unsafe_names |= fit != text || (may_be_unsafe(key) && strlen(text) > SAFE_MOST);
}

void job_names_set_number(struct job_names *n, const char *key, const char *digits)
{
	struct hjson_node *number = hjson_new_node(cfg_doc(n->cfg->reader.cfg), HJSON_INT, 0);

	number->i = strtoll(digits, NULL, 10);
	add_own(n, (struct own_name){key, number, NULL});
}

void job_names_begin(struct job_names *n, const struct mode *mode)
{
	if (mode != n->mode)
		map_done(&n->lists);
	n->mode = mode;
	n->n_own = 0;
	n->run_opts = NULL;
	n->has_unsafe_names = false;
	job_names_set(n, "flow", n->cfg->name);
	job_names_set(n, "name", mode ? mode->name : n->cfg->name);
}

/* ---- the mode's keys ---- */

static int find_list(const struct mode *mode, const char *name, size_t len)
{
	int list = mode ? mode_find_list(name, len) : -1;

	return list <= LIST_SW_BUILD_OPTS ? list : -1;
}

/* Tests and run modes have no lists for builds. */
static bool mode_has_list(const struct mode *mode, int list)
{
	return mode->kind == MODE_BUILD || list >= LIST_PRE_RUN_CMDS;
}

static const struct hjson_node *mode_value(const struct mode *mode, const char *name, size_t len)
{
	int value = mode ? mode_find_value(name, len) : -1;

	return value >= 0 && value != VALUE_BUILD_MODE ? mode->values[value] : NULL;
}

static const struct hjson_node *list_node(struct job_names *n, int list)
{
	struct hjson_doc *doc = cfg_doc(n->cfg->reader.cfg);
	const struct node_list *l = &n->mode->lists[list];
	const char *key = mode_list_key((enum mode_list)list);
	struct hjson_node *node = map_get(&n->lists, key);

	if (node)
		return node;
	node = hjson_new_node(doc, HJSON_ARRAY, 0);
	for (uint32_t i = 0; i < l->n; i++)
		hjson_append(doc, node, hjson_copy(doc, l->at[i]));
	map_set(&n->lists, key, node);
	return node;
}

const struct node_list *job_names_list(const struct job_names *n, const char *key)
{
	int list = find_list(n->mode, key, strlen(key));

	if (list < 0 || !mode_has_list(n->mode, list) || (list == LIST_RUN_OPTS && n->run_opts))
		return NULL;
	return &n->mode->lists[list];
}

/* ---- the configuration's ---- */

static const struct hjson_node *root_value(const struct job_names *n, const char *name, size_t len)
{
	const struct hjson_node *value = map_get_n(&n->cfg->root_keys, name, len);

	return value && value->type != HJSON_NULL ? value : NULL;
}

const struct hjson_node *job_names_root_value(const struct job_names *n, const char *key)
{
	return root_value(n, key, strlen(key));
}

/* ---- all ---- */

const struct hjson_node *job_names_lookup(void *ctx, const char *name, size_t len)
{
	struct job_names *n = ctx;
	const struct hjson_node *value;
	int list;

	for (size_t i = 0; i < n->n_own; i++)
		if (is_key(n->own[i].key, name, len))
			return n->in_path && n->own[i].in_path ? n->own[i].in_path
							       : n->own[i].value;
	list = find_list(n->mode, name, len);
	if (list == LIST_RUN_OPTS && n->run_opts)
		return n->run_opts;
	if (list >= 0 && mode_has_list(n->mode, list))
		return list_node(n, list);
	value = mode_value(n->mode, name, len);
	return value ? value : root_value(n, name, len);
}

const struct hjson_node *job_names_value(struct job_names *n, const char *key)
{
	return job_names_lookup(n, key, strlen(key));
}

void job_names_init(struct job_names *n, struct dv_cfg *s)
{
	struct hjson_node *member;

	*n = (struct job_names){.cfg = s};
	hjson_for_each (member, cfg_root(s->reader.cfg))
		if (!member->shadowed)
			map_set_n(&s->root_keys, member->key, member->key_len, member);
}

void job_names_done(struct job_names *n)
{
	map_done(&n->lists);
}
