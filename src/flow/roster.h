/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which backends jobs can go to: the types that there are, each under its own name, and what
 * `backends` of a configuration makes of them under other names (`npu: { type: "chips", … }`).
 *
 * A flow reads the roster when the values of the configuration are final, and writes the number of
 * an entry into the rules of each job that names one. `run` decides for all other jobs, once,
 * before anything is created (cli/run/assign.h). From then on a backend is its number: nobody
 * compares names or asks the configuration for a type again.
 *
 * plan->roster is the roster of a plan. It and its names live in the arena of roster_read() and in
 * cfg, which outlive the plan.
 */
#ifndef FLOW_ROSTER_H
#define FLOW_ROSTER_H

#include "config/config.h"

#define ROSTER_NO_TYPE UINT32_MAX

struct roster_entry {
	const char *name;
	uint32_t type; /* its number in roster.types; ROSTER_NO_TYPE: there is none of this name */
	struct hjson_node *settings; /* what the configuration says of it; NULL: nothing */
};

struct roster {
	struct cfg *cfg;	  /* NULL: none */
	const char *const *types; /* all types, in the order of their numbers; NULL-terminated */
	struct roster_entry *at;  /* first those of the configuration, in its order */
	uint32_t n;
};

/* A job's or a rule's backend_no. 0: the run's default. */
static inline uint32_t roster_no(const struct roster *r, const struct roster_entry *e)
{
	return e ? (uint32_t)(e - r->at) + 1 : 0;
}

/* cfg may be NULL. types is borrowed. What is wrong with `backends` is left for roster_check(). */
struct roster *roster_read(struct arena *mem, struct cfg *cfg, const char *const *types);
/* Errors about `backends`, each with its place. */
void roster_check(const struct roster *r, struct diags *diags);
/* The error that e has no type: for who is about to use it and did not check. */
void roster_refuse_type(const struct roster *r, const struct roster_entry *e, struct diags *diags);

struct roster_entry *roster_find(const struct roster *r, const char *name); /* NULL: none */
struct roster_entry *roster_find_n(const struct roster *r, const char *name, size_t len);
uint32_t roster_type(const struct roster *r, const char *type); /* its number, or ROSTER_NO_TYPE */
/* The entry of this type that the configuration has after this one, the first one for NULL; NULL:
 * there is none. */
const struct roster_entry *roster_next(const struct roster *r, uint32_t type,
				       const struct roster_entry *after);
/* e says that there is no backend of this name: the one that was meant, or the types. */
void roster_hint(const struct roster *r, const char *name, struct diag *e);

#endif
