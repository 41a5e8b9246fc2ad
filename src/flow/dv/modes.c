/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/modes.h"

#include <string.h>
#include "base/vec.h"

#define B BIT(MODE_BUILD)
#define R BIT(MODE_RUN)
#define T BIT(MODE_TEST)
#define G BIT(MODE_REGRESSION)

struct key {
	const char *name;
	unsigned kinds;
};

static const struct key list_keys[N_MODE_LISTS] = {
	[LIST_PRE_BUILD_CMDS] = {"pre_build_cmds", B | G},
	[LIST_POST_BUILD_CMDS] = {"post_build_cmds", B | G},
	[LIST_BUILD_OPTS] = {"build_opts", B | G},
	[LIST_POST_BUILD_OPTS] = {"post_build_opts", B | G},
	[LIST_PRE_RUN_CMDS] = {"pre_run_cmds", B | R | T | G},
	[LIST_POST_RUN_CMDS] = {"post_run_cmds", B | R | T | G},
	[LIST_RUN_OPTS] = {"run_opts", B | R | T | G},
	[LIST_SW_IMAGES] = {"sw_images", B | R | T},
	[LIST_SW_BUILD_OPTS] = {"sw_build_opts", B | R | T},
	[LIST_EN_BUILD_MODES] = {"en_build_modes", B},
	[LIST_EN_RUN_MODES] = {"en_run_modes", R | T | G},
	[LIST_EN_SIM_MODES] = {"en_sim_modes", G},
	[LIST_TESTS] = {"tests", G},
	[LIST_REGRESSIONS] = {"regressions", G},
	[LIST_EXCL_TESTS] = {"excl_tests", G},
	[LIST_TEST_NAMES] = {"test_names", G},
};

static const struct key value_keys[N_MODE_VALUES] = {
	[VALUE_IS_SIM_MODE] = {"is_sim_mode", B},
	[VALUE_BUILD_TIMEOUT] = {"build_timeout_mins", B},
	[VALUE_RESEED] = {"reseed", R | T | G},
	[VALUE_UVM_TEST] = {"uvm_test", R | T},
	[VALUE_UVM_TEST_SEQ] = {"uvm_test_seq", R | T},
	[VALUE_BUILD_MODE] = {"build_mode", R | T},
	[VALUE_RUN_TIMEOUT] = {"run_timeout_mins", R | T},
	[VALUE_RUN_TIMEOUT_MULTIPLIER] = {"run_timeout_multiplier", R | T},
	[VALUE_SW_BUILD_DEVICE] = {"sw_build_device", R | T},
};

static const char *const kind_names[] = {"build mode", "run mode", "test", "regression"};

const char *mode_list_key(enum mode_list list)
{
	return list_keys[list].name;
}

const char *mode_value_key(enum mode_value value)
{
	return value_keys[value].name;
}

static int mode_find_key(const struct key *keys, int n, const char *name, size_t len)
{
	for (int i = 0; i < n; i++)
		if (*keys[i].name == *name && strncmp(keys[i].name, name, len) == 0 &&
		    keys[i].name[len] == '\0')
			return i;
	return -1;
}

int mode_find_list(const char *name, size_t len)
{
	return mode_find_key(list_keys, N_MODE_LISTS, name, len);
}

int mode_find_value(const char *name, size_t len)
{
	return mode_find_key(value_keys, N_MODE_VALUES, name, len);
}

/* ---- lists ---- */

void node_list_add(struct mode_reader *r, struct node_list *l, struct hjson_node *node)
{
	vec_push_in(r->mem, l, node);
}

void node_list_extend(struct mode_reader *r, struct node_list *to, const struct node_list *from)
{
	uint32_t n = from->n; /* to may be from */

	for (uint32_t i = 0; i < n; i++)
		node_list_add(r, to, from->at[i]);
}

void mode_lists_extend(struct mode_reader *r, struct node_list *to, const struct node_list *from,
		       enum mode_list first, enum mode_list last)
{
	for (int i = (int)first; i <= (int)last; i++)
		node_list_extend(r, &to[i], &from[i]);
}

static bool is_text(const struct hjson_node *n, const char *text)
{
	size_t len = strlen(text);

	return n->type == HJSON_STRING && n->n == len && memcmp(n->str, text, len) == 0;
}

bool node_list_has(struct mode_reader *r, const struct node_list *l, const char *text)
{
	(void)r;
	for (uint32_t i = 0; i < l->n; i++)
		if (is_text(l->at[i], text))
			return true;
	return false;
}

/* ---- equality, as in Python ---- */

static bool is_equal(const struct hjson_node *a, const struct hjson_node *b)
{
	bool a_number = a->type == HJSON_INT || a->type == HJSON_BOOL;
	bool b_number = b->type == HJSON_INT || b->type == HJSON_BOOL;

	if (a_number && b_number)
		return !a->big && !b->big && a->i == b->i;
	if (a->type != b->type)
		return false;
	if (a->type == HJSON_STRING)
		return a->n == b->n && memcmp(a->str, b->str, a->n) == 0;
	if (a->type == HJSON_REAL)
		return a->d == b->d;
	return a->type == HJSON_NULL;
}

static bool lists_are_equal(const struct node_list *a, const struct node_list *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!is_equal(a->at[i], b->at[i]))
			return false;
	return true;
}

/* ---- reading one ---- */

static bool has_key(const struct key *k, enum mode_kind kind, const struct hjson_node *m)
{
	return (k->kinds & BIT(kind)) && hjson_key_is(m, k->name);
}

static void read_list(struct mode_reader *r, struct mode *mode, enum mode_list which,
		      struct hjson_node *m)
{
	struct node_list *l = &mode->lists[which];
	struct hjson_node *e;

	if (which == LIST_TESTS && m->type == HJSON_NULL)
		return;
	if (m->type != HJSON_ARRAY) {
		cfg_error(r->cfg, r->diags, m, "'%s' must be a list", list_keys[which].name);
		return;
	}
	if (which == LIST_TESTS)
		mode->is_all_tests = false;
	hjson_for_each (e, m) {
		if (e->type != HJSON_STRING)
			cfg_error(r->cfg, r->diags, e, "'%s' is a list of strings",
				  list_keys[which].name);
		else if ((which == LIST_EN_BUILD_MODES || which == LIST_EN_RUN_MODES) &&
			 node_list_has(r, l, cfg_string(r->cfg, e)))
			continue;
		else
			node_list_add(r, l, e);
	}
}

static void hint_at_keys(struct mode_reader *r, struct diag *e, enum mode_kind kind,
			 struct hjson_node *m)
{
	const char *names[N_MODE_LISTS + N_MODE_VALUES + 1], *near;
	size_t n = 0;

	names[n++] = "name";
	for (int i = 0; i < N_MODE_LISTS; i++)
		if (list_keys[i].kinds & BIT(kind))
			names[n++] = list_keys[i].name;
	for (int i = 0; i < N_MODE_VALUES; i++)
		if (value_keys[i].kinds & BIT(kind))
			names[n++] = value_keys[i].name;
	near = str_suggest(hjson_key_cstr(cfg_doc(r->cfg), m), names, n);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static void read_member(struct mode_reader *r, struct mode *mode, struct hjson_node *m)
{
	struct diag *e;

	if (hjson_key_is(m, "name"))
		return;
	for (int i = 0; i < N_MODE_LISTS; i++)
		if (has_key(&list_keys[i], mode->kind, m)) {
			read_list(r, mode, (enum mode_list)i, m);
			return;
		}
	for (int i = 0; i < N_MODE_VALUES; i++)
		if (has_key(&value_keys[i], mode->kind, m)) {
			if (m->type == HJSON_ARRAY || m->type == HJSON_OBJECT)
				cfg_error(r->cfg, r->diags, m, "'%s' must be one value",
					  value_keys[i].name);
			else if (m->type != HJSON_NULL)
				mode->values[i] = m;
			return;
		}
	e = cfg_key_error(r->cfg, r->diags, m, "a %s has no key '%s'", kind_names[mode->kind],
			  hjson_key_cstr(cfg_doc(r->cfg), m));
	hint_at_keys(r, e, mode->kind, m);
}

static struct mode *new_mode(struct mode_reader *r, const char *name, enum mode_kind kind)
{
	struct mode *mode = arena_zalloc(r->mem, sizeof(*mode));

	mode->name = name;
	mode->kind = kind;
	mode->is_all_tests = kind == MODE_REGRESSION;
	return mode;
}

static struct mode *modes_read_one(struct mode_reader *r, enum mode_kind kind,
				   struct hjson_node *node)
{
	struct hjson_node *name = hjson_get(node, "name"), *m;
	struct mode *mode;

	if (node->type != HJSON_OBJECT) {
		cfg_error(r->cfg, r->diags, node, "a %s is an object", kind_names[kind]);
		return NULL;
	}
	if (!name || name->type != HJSON_STRING) {
		cfg_error(r->cfg, r->diags, name ? name : node, "this %s has no 'name'",
			  kind_names[kind]);
		return NULL;
	}
	mode = new_mode(r, cfg_string(r->cfg, name), kind);
	mode->node = node;
	hjson_for_each (m, node)
		if (!m->shadowed)
			read_member(r, mode, m);
	return mode;
}

/* ---- merging ---- */

static bool is_default(const struct hjson_node *n)
{
	return (n->type == HJSON_STRING && n->n == 0) ||
	       (n->type == HJSON_INT && !n->big && n->i == -1);
}

static void report_conflict(struct mode_reader *r, const struct mode *to, const struct mode *from,
			    enum mode_value which)
{
	struct hjson_node *a = to->values[which], *b = from->values[which];
	const char *key = value_keys[which].name;
	struct diag *e;

	if (to->name == from->name || strcmp(to->name, from->name) == 0)
		e = cfg_error(r->cfg, r->diags, b, "%s '%s' has two different values of '%s'",
			      kind_names[to->kind], to->name, key);
	else
		e = cfg_error(r->cfg, r->diags, b,
			      "%s '%s' enables '%s', but both set '%s', to different values",
			      kind_names[to->kind], to->name, from->name, key);
	if (a->pos)
		diag_note(e, cfg_pos(r->cfg, a->pos), "the other value is here");
}

static void merge_value(struct mode_reader *r, struct mode *to, const struct mode *from,
			enum mode_value which)
{
	struct hjson_node *a = to->values[which], *b = from->values[which];

	if (!b || (a && is_equal(a, b)))
		return;
	if (!a) {
		to->values[which] = b;
		return;
	}
	if (a->type == b->type && is_default(b))
		return;
	if (a->type == b->type && is_default(a))
		to->values[which] = b;
	else
		report_conflict(r, to, from, which);
}

void mode_merge(struct mode_reader *r, struct mode *to, const struct mode *from)
{
	for (int i = 0; i < N_MODE_LISTS; i++) {
		if (i == LIST_TESTS && to->kind == MODE_REGRESSION &&
		    (from->is_all_tests || to->is_all_tests)) {
			if (!from->is_all_tests) {
				to->is_all_tests = false;
				node_list_extend(r, &to->lists[i], &from->lists[i]);
			}
			continue;
		}
		if (!lists_are_equal(&to->lists[i], &from->lists[i]))
			node_list_extend(r, &to->lists[i], &from->lists[i]);
	}
	for (int i = 0; i < N_MODE_VALUES; i++)
		merge_value(r, to, from, (enum mode_value)i);
}

/* ---- sets of them ---- */

struct mode *modes_find(const struct modes *all, const char *name)
{
	return map_get(&all->by_name, name);
}

static void modes_append(struct mode_reader *r, struct modes *all, struct mode *mode)
{
	vec_push_in(r->mem, all, mode);
	map_set(&all->by_name, mode->name, mode);
}

struct mode *modes_add(struct mode_reader *r, struct modes *all, const char *name,
		       enum mode_kind kind)
{
	struct mode *mode = new_mode(r, name, kind);

	modes_append(r, all, mode);
	return mode;
}

void modes_read(struct mode_reader *r, enum mode_kind kind, struct hjson_node *node,
		struct modes *ret)
{
	struct hjson_node *e;
	struct mode *mode, *same;

	if (!node)
		return;
	if (node->type != HJSON_ARRAY) {
		cfg_error(r->cfg, r->diags, node, "this must be a list of %ss", kind_names[kind]);
		return;
	}
	hjson_for_each (e, node) {
		mode = modes_read_one(r, kind, e);
		if (!mode)
			continue;
		same = modes_find(ret, mode->name);
		if (same) {
			mode_merge(r, same, mode);
			if (!same->node)
				same->node = mode->node;
		} else {
			modes_append(r, ret, mode);
		}
	}
}

static struct node_list *sub_modes(struct mode *mode)
{
	return &mode->lists[mode->kind == MODE_BUILD ? LIST_EN_BUILD_MODES : LIST_EN_RUN_MODES];
}

const char *const *modes_names(struct mode_reader *r, const struct modes *all)
{
	const char **names = arena_array(r->mem, all->n + 1, sizeof(*names));

	for (size_t i = 0; i < all->n; i++)
		names[i] = all->at[i]->name;
	return names;
}

bool modes_hint(struct mode_reader *r, const struct modes *all, const char *name, struct diag *e)
{
	const char *near = str_suggest(name, modes_names(r, all), all->n);

	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	return near;
}

static void report_unknown(struct mode_reader *r, const struct modes *all, const struct mode *mode,
			   struct hjson_node *sub)
{
	const char *name = cfg_string(r->cfg, sub);

	modes_hint(r, all, name,
		   cfg_error(r->cfg, r->diags, sub, "%s '%s' enables '%s', which is no %s",
			     kind_names[mode->kind], mode->name, name, kind_names[mode->kind]));
}

/* Limits of recursion and time, whatever the file contains. */
enum { MODES_DEEP = 500, MERGED_MOST = 1000000 };

static bool report_bad_sub(struct mode_reader *r, const struct modes *all, const struct mode *mode,
			   struct hjson_node *sub, const struct mode *found, unsigned depth)
{
	if (!found)
		report_unknown(r, all, mode, sub);
	else if (found->is_resolving)
		cfg_error(r->cfg, r->diags, sub, "%s '%s' enables '%s', which enables it in turn",
			  kind_names[mode->kind], mode->name, found->name);
	else if (depth == MODES_DEEP)
		cfg_error(r->cfg, r->diags, sub, "%ss enable one another more than %d deep",
			  kind_names[mode->kind], MODES_DEEP);
	else if (all->n_merged > MERGED_MOST)
		cfg_error(r->cfg, r->diags, sub,
			  "%ss enable one another so often that their options come to more than %d",
			  kind_names[mode->kind], MERGED_MOST);
	else
		return false;
	return true;
}

/* Removes repetitions and the mode itself from the list of modes that it enables. */
static void set_sub_modes(struct mode_reader *r, struct mode *mode)
{
	struct node_list was = *sub_modes(mode);

	*sub_modes(mode) = (struct node_list){0};
	for (uint32_t i = 0; i < was.n; i++) {
		const char *name = cfg_string(r->cfg, was.at[i]);

		if (strcmp(name, mode->name) != 0 && !node_list_has(r, sub_modes(mode), name))
			node_list_add(r, sub_modes(mode), was.at[i]);
	}
}

static size_t n_listed(const struct mode *mode)
{
	size_t n = 0;

	for (int i = 0; i < N_MODE_LISTS; i++)
		n += mode->lists[i].n;
	return n;
}

/*
 * Gives the same plans as DVSim 1.57: the modes that a mode enables are merged into it first, and
 * again each time that another mode enables it. What the first of them enables is added to the end
 * of the mode's own list and merged after the others. So options of a mode three levels down occur
 * two or three times. DVSim iterates over a set, dvsched over the list as it is written.
 */
static bool mode_resolve(struct mode_reader *r, struct modes *all, struct mode *mode,
			 unsigned depth)
{
	struct node_list subs = {0};
	bool is_first = true;

	node_list_extend(r, &subs, sub_modes(mode));
	mode->is_resolving = true;
	for (uint32_t i = 0; i < subs.n; i++) {
		struct mode *sub = modes_find(all, cfg_string(r->cfg, subs.at[i]));

		if (sub == mode)
			continue;
		if (report_bad_sub(r, all, mode, subs.at[i], sub, depth) ||
		    !mode_resolve(r, all, sub, depth + 1)) {
			mode->is_resolving = false;
			return false;
		}
		if (is_first && !lists_are_equal(sub_modes(mode), sub_modes(sub)))
			node_list_extend(r, &subs, sub_modes(sub));
		is_first = false;
		mode_merge(r, mode, sub);
		set_sub_modes(r, mode);
		all->n_merged += 1 + n_listed(sub);
	}
	mode->is_resolving = false;
	return true;
}

void modes_resolve(struct mode_reader *r, struct modes *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!mode_resolve(r, all, all->at[i], 0))
			return;
}

void modes_done(struct modes *all)
{
	map_done(&all->by_name);
}
