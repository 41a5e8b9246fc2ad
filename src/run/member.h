/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads members of objects in plan.json. A missing member is NULL, 0 or false; with member_need_x()
 * it is an error. All return 0, or -1 with an error that names the place in the file.
 */
#ifndef RUN_MEMBER_H
#define RUN_MEMBER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "job/job_spec.h"
#include "run/plan_expand.h"

/* A plan that is being read: its tables so far. */
struct plan_reader {
	struct plan *plan;
	struct arena *mem;
	const char **strings, **files;
	struct job_block *blocks;
	struct job_rules *rules;
	size_t n_strings, n_files, n_blocks, n_rules;
	struct plan_expander expander;
	int version;
	const char *table; /* for messages: the current table, such as "jobs", and element */
	size_t at;
	struct error *err;
};

/* Sets the error for a wrong member and returns -1. */
int member_bad(struct plan_reader *r, const char *key);
int member_get_text(struct plan_reader *r, const json_t *obj, const char *key, const char **ret);
int member_need_text(struct plan_reader *r, const json_t *obj, const char *key, const char **ret);
int member_get_int(struct plan_reader *r, const json_t *obj, const char *key, int64_t least,
		   int64_t most, int64_t *ret);
int member_get_u32(struct plan_reader *r, const json_t *obj, const char *key, uint32_t *ret);
/* An index into a table with n entries. */
int member_need_index(struct plan_reader *r, const json_t *obj, const char *key, size_t n,
		      size_t *ret);
int member_get_real(struct plan_reader *r, const json_t *obj, const char *key, double *ret);
int member_get_pos(struct plan_reader *r, const json_t *obj, struct src_pos *ret);
/* A list of words, as text or as indices into `strings`; null stands for command. */
int member_get_words(struct plan_reader *r, const json_t *obj, const char *key, const char *command,
		     const char *const **ret);

#endif
