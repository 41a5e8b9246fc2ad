/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backends that jobs can name: each type under its own name, and the entries of `backends` in
 * the configuration (`npu: { type: "chips", … }`).
 *
 * A flow reads the roster when the values of the configuration are final, and writes the number of
 * an entry into the rules of each job that names one. `run` decides for all other jobs as the last
 * step of its planning (cli/run/assign.h), by options and by what a job borrows: jobs that share
 * rules may differ in it, so the number is then in the job_spec. After that only numbers identify
 * backends: no name is compared and no type is read again.
 *
 * plan->roster is the roster of a plan. Its memory is the arena given to roster_read() and that of
 * cfg; both outlive the plan.
 */
#ifndef FLOW_ROSTER_H
#define FLOW_ROSTER_H

#include "config/fields.h"

#define ROSTER_NO_TYPE UINT32_MAX

struct roster_entry {
	const char *name;
	uint32_t type; /* its number in roster.types; ROSTER_NO_TYPE: no type has this name */
	struct hjson_node *settings; /* its member of `backends`; NULL: none */
};

struct roster {
	struct cfg *cfg;	  /* NULL: none */
	const char *const *types; /* all types, in the order of their numbers; NULL-terminated */
	struct roster_entry *at;  /* first those of the configuration, in its order */
	uint32_t n;
};

/* The backend_no of jobs and rules that use e. e NULL: 0, the run's default. */
static inline uint32_t roster_no(const struct roster *r, const struct roster_entry *e)
{
	return e ? (uint32_t)(e - r->at) + 1 : 0;
}

/* Reads the settings of the entry `name` of a type, without any other effect. The caller reports
 * keys that it did not read. */
typedef void roster_check_settings(uint32_t type, const char *name, struct cfg_fields *settings);

/* cfg may be NULL. types is borrowed. Reports no errors: roster_check() does. */
struct roster *roster_read(struct arena *mem, struct cfg *cfg, const char *const *types);
/* Reports the errors in `backends`, each with its position. settings NULL: types only. */
void roster_check(const struct roster *r, roster_check_settings *settings, struct diags *diags);
/* Reports that e has no type. For a caller that needs the type and did not call roster_check(). */
void roster_refuse_type(const struct roster *r, const struct roster_entry *e, struct diags *diags);

struct roster_entry *roster_find(const struct roster *r, const char *name); /* NULL: none */
struct roster_entry *roster_find_n(const struct roster *r, const char *name, size_t len);
uint32_t roster_type(const struct roster *r, const char *type); /* its number, or ROSTER_NO_TYPE */
/* The next entry of this type in the configuration; after NULL: the first one. NULL: no more. */
const struct roster_entry *roster_next(const struct roster *r, uint32_t type,
				       const struct roster_entry *after);
/* The names of all backends: "local, chips, fake, npu". */
void roster_add_names(const struct roster *r, struct str *to);
/* Adds a hint to e, the error for an unknown backend: a similar name, or else all names. */
void roster_hint(const struct roster *r, const char *name, struct diag *e);

#endif
