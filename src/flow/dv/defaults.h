/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there before the files of DVSim's flows speak, or beside them: the command line's words
 * and the defaults of DVSim's classes.
 */
#ifndef FLOW_DV_DEFAULTS_H
#define FLOW_DV_DEFAULTS_H

#include "flow/dv/cfg.h"

void dv_set_node(struct dv_cfg *s, const char *key, struct hjson_node *value);
struct hjson_node *dv_new_text(struct dv_cfg *s, const char *text);
void dv_set_missing_text(struct dv_cfg *s, const char *key, const char *text);
/* The command line's value stands first; the file's may agree with it or be empty. */
void dv_set_text(struct dv_cfg *s, const char *key, const char *text);
void dv_set_flag(struct dv_cfg *s, const char *key, bool on);
/* Options of the command line go before those of the files. */
void dv_put_first(struct dv_cfg *s, const char *key, const char *const *words);
/* Keys that are "" or [] unless a file says more; both lists end in NULL. */
void dv_set_empty(struct dv_cfg *s, const char *const *texts, const char *const *lists);
/* What all flows have. */
void dv_set_common(struct dv_cfg *s);
/* Options may stand in a configuration, too: build_unique, build_seed and the like. */
void dv_take_options(struct dv_cfg *s);

#endif
