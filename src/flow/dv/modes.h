/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DVSim's modes: named collections of commands, options and settings. A build mode, a run mode, a
 * test and a regression are all one record; which keys it may have depends on its kind. Rules:
 * docs/guides/dvsim.md.
 */
#ifndef FLOW_DV_MODES_H
#define FLOW_DV_MODES_H

#include "base/map.h"
#include "config/config.h"

enum mode_kind { MODE_BUILD, MODE_RUN, MODE_TEST, MODE_REGRESSION };

enum mode_list {
	LIST_PRE_BUILD_CMDS,
	LIST_POST_BUILD_CMDS,
	LIST_BUILD_OPTS,
	LIST_POST_BUILD_OPTS,
	LIST_PRE_RUN_CMDS,
	LIST_POST_RUN_CMDS,
	LIST_RUN_OPTS,
	LIST_SW_IMAGES,
	LIST_SW_BUILD_OPTS,
	LIST_EN_BUILD_MODES,
	LIST_EN_RUN_MODES,
	LIST_EN_SIM_MODES,
	LIST_TESTS,
	LIST_REGRESSIONS,
	LIST_EXCL_TESTS,
	LIST_TEST_NAMES,
	N_MODE_LISTS
};

enum mode_value {
	VALUE_IS_SIM_MODE,
	VALUE_BUILD_TIMEOUT,
	VALUE_RESEED,
	VALUE_UVM_TEST,
	VALUE_UVM_TEST_SEQ,
	VALUE_BUILD_MODE,
	VALUE_RUN_TIMEOUT,
	VALUE_RUN_TIMEOUT_MULTIPLIER,
	VALUE_SW_BUILD_DEVICE,
	N_MODE_VALUES
};

/* Strings, borrowed from the configuration. */
struct node_list {
	struct hjson_node **at;
	uint32_t n, cap;
};

struct mode {
	const char *name;
	struct hjson_node *node; /* where it is defined first; NULL: the implicit default */
	enum mode_kind kind;
	bool is_all_tests; /* a regression without the key `tests` */
	bool is_resolved, is_resolving;
	struct node_list lists[N_MODE_LISTS];
	/* NULL: not set. */
	struct hjson_node *values[N_MODE_VALUES];
};

struct modes {
	struct mode **at; /* in the order of their first definition */
	size_t n, cap;
	size_t n_merged; /* merges so far, and elements of lists in them; limited */
	struct map by_name;
};

struct mode_reader {
	struct cfg *cfg;
	struct diags *diags;
	struct arena *mem;
};

const char *mode_list_key(enum mode_list list);
const char *mode_value_key(enum mode_value value);
/* An enum mode_list, an enum mode_value; -1: there is none of this name. */
int mode_find_list(const char *name, size_t len);
int mode_find_value(const char *name, size_t len);

/* Reads a list of objects; objects with the same name are merged. node NULL: none. */
void modes_read(struct mode_reader *r, enum mode_kind kind, struct hjson_node *node,
		struct modes *ret);
/* Merges into each mode the modes that it enables. */
void modes_resolve(struct mode_reader *r, struct modes *all);
struct mode *modes_find(const struct modes *all, const char *name);
struct mode *modes_add(struct mode_reader *r, struct modes *all, const char *name,
		       enum mode_kind kind);
/* Their names, NULL-terminated, in r->mem. */
const char *const *modes_names(struct mode_reader *r, const struct modes *all);
/* Adds a hint to e if one of them has a similar name. */
bool modes_hint(struct mode_reader *r, const struct modes *all, const char *name, struct diag *e);
void modes_done(struct modes *all);

void mode_merge(struct mode_reader *r, struct mode *to, const struct mode *from);
void node_list_add(struct mode_reader *r, struct node_list *l, struct hjson_node *node);
void node_list_extend(struct mode_reader *r, struct node_list *to, const struct node_list *from);
/* Extends the lists from first to last of `to` by those of `from`. */
void mode_lists_extend(struct mode_reader *r, struct node_list *to, const struct node_list *from,
		       enum mode_list first, enum mode_list last);
bool node_list_has(struct mode_reader *r, const struct node_list *l, const char *text);

#endif
