/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of DVSim's configurations that do not come from files: values of the command line, and the
 * defaults of DVSim's classes.
 */
#ifndef FLOW_DV_DEFAULTS_H
#define FLOW_DV_DEFAULTS_H

#include "flow/dv/cfg.h"

void dv_set_node(struct dv_cfg *s, const char *key, struct hjson_node *value);
struct hjson_node *dv_new_text(struct dv_cfg *s, const char *text);
void dv_set_missing_text(struct dv_cfg *s, const char *key, const char *text);
/* Sets a value of the command line. A different value in the file is an error, unless one of the
 * two is empty. */
void dv_set_text(struct dv_cfg *s, const char *key, const char *text);
void dv_set_flag(struct dv_cfg *s, const char *key, bool on);
/* Puts options of the command line before those of the files. */
void dv_put_first(struct dv_cfg *s, const char *key, const char *const *words);
/* Sets missing keys to "" (texts) or [] (lists). Both lists of keys end in NULL. */
void dv_set_empty(struct dv_cfg *s, const char *const *texts, const char *const *lists);
/* Sets the keys that all flows have. */
void dv_set_common(struct dv_cfg *s);
/* Options can be keys of a configuration, too (build_unique, build_seed …): updates s->dv. */
void dv_take_options(struct dv_cfg *s);

#endif
