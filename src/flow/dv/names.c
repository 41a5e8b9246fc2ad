/* SPDX-License-Identifier: Apache-2.0 */
/* What a name means in a job: its own names first, its mode's keys, then the configuration's. */
#include <stdlib.h>
#include <string.h>

#include "flow/dv/job.h"

void maker_set_name(struct maker *m, const char *key, const char *text)
{
	struct hjson_doc *doc = cfg_doc(m->sim->reader.cfg);

	m->names[m->n_names] = (struct maker_name){
		key, hjson_new_string(doc, text, strlen(text), 0), NULL};
	maker_fit_name(m, &m->names[m->n_names++]);
}

static bool is_key(const char *key, const char *name, size_t len)
{
	return *key == *name && strncmp(key, name, len) == 0 && key[len] == '\0';
}

void maker_set_number(struct maker *m, const char *key, const char *digits)
{
	struct hjson_doc *doc = cfg_doc(m->sim->reader.cfg);
	struct hjson_node *n = hjson_new_node(doc, HJSON_INT, 0);

	n->i = strtoll(digits, NULL, 10);
	m->names[m->n_names++] = (struct maker_name){key, n, NULL};
}

void maker_set_export(struct maker *m, const char *name, const char *value)
{
	m->export_name = name;
	m->export_value = value;
}

static int find_list(const struct mode *mode, const char *name, size_t len)
{
	for (int i = 0; mode && i <= LIST_SW_BUILD_OPTS; i++)
		if (is_key(mode_list_key((enum mode_list)i), name, len))
			return i;
	return -1;
}

/* Tests and run modes have no build lists of their own; build modes have no sw_build_device. */
static bool mode_has_list(const struct mode *mode, int list)
{
	return mode->kind == MODE_BUILD || list >= LIST_PRE_RUN_CMDS;
}

static const struct hjson_node *mode_value(const struct mode *mode, const char *name, size_t len)
{
	for (int i = 0; mode && i < N_MODE_VALUES; i++)
		if (i != VALUE_BUILD_MODE && is_key(mode_value_key((enum mode_value)i), name, len))
			return mode->values[i];
	return NULL;
}

static const struct hjson_node *list_node(struct maker *m, int list)
{
	struct hjson_doc *doc = cfg_doc(m->sim->reader.cfg);
	const struct node_list *l = &m->mode->lists[list];
	const char *key = mode_list_key((enum mode_list)list);
	struct hjson_node *node = map_get(&m->lists, key);

	if (node)
		return node;
	node = hjson_new_node(doc, HJSON_ARRAY, 0);
	for (uint32_t i = 0; i < l->n; i++)
		hjson_append(doc, node, hjson_copy(doc, l->at[i]));
	map_set(&m->lists, key, node);
	return node;
}

static bool is_of_one_run(const char *key)
{
	return strcmp(key, "seed") == 0 || strcmp(key, "svseed") == 0 || strcmp(key, "index") == 0;
}

void maker_index_root(struct maker *m)
{
	struct map *keys = &m->sim->root_keys;
	struct hjson_node *n;

	hjson_for_each (n, cfg_root(m->sim->reader.cfg))
		if (!n->shadowed)
			map_set_n(keys, n->key, n->key_len, n);
}

static const struct hjson_node *root_value(const struct maker *m, const char *name, size_t len)
{
	const struct hjson_node *n = map_get_n(&m->sim->root_keys, name, len);

	return n && n->type != HJSON_NULL ? n : NULL;
}

const struct hjson_node *maker_root_value(const struct maker *m, const char *key)
{
	return root_value(m, key, strlen(key));
}

const struct hjson_node *maker_lookup(void *ctx, const char *name, size_t len)
{
	struct maker *m = ctx;
	const struct hjson_node *n;
	int list;

	for (size_t i = 0; i < m->n_names; i++)
		if (is_key(m->names[i].key, name, len)) {
			m->varies |= is_of_one_run(m->names[i].key);
			return m->in_path && m->names[i].in_path ? m->names[i].in_path
								 : m->names[i].value;
		}
	list = find_list(m->mode, name, len);
	if (list == LIST_RUN_OPTS && m->run_opts)
		return m->run_opts;
	if (list >= 0 && mode_has_list(m->mode, list))
		return list_node(m, list);
	n = mode_value(m->mode, name, len);
	if (n)
		return n;
	return root_value(m, name, len);
}

const struct hjson_node *maker_value(struct maker *m, const char *key)
{
	return maker_lookup(m, key, strlen(key));
}

const struct node_list *maker_list(const struct maker *m, const char *key)
{
	int list = find_list(m->mode, key, strlen(key));

	if (list < 0 || !mode_has_list(m->mode, list) || (list == LIST_RUN_OPTS && m->run_opts))
		return NULL;
	return &m->mode->lists[list];
}
