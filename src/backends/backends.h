/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of backends. A new backend is one file (or folder), one line in list.h, one line in
 * meson.build. How to write one: docs/internals/backends.md.
 */
#ifndef BACKENDS_BACKENDS_H
#define BACKENDS_BACKENDS_H

#include <ev.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/str.h"
#include "config/fields.h"
#include "scheduler/backend.h"

/* Told when a job is about to have the user's terminal, and when it is free again: whoever else
 * writes there waits. taken: NULL: nobody does. */
struct backend_terminal {
	void (*taken)(void *ctx, bool is_taken);
	/* The job that has it was stopped by Ctrl-Z: suspend the run, and all of its process group,
	 * before this returns. NULL: nobody can. */
	void (*suspend)(void *ctx);
	/* Nobody reads what its job prints any more. NULL: then it goes on unseen. */
	void (*unread)(void *ctx);
	void *ctx;
};

/* What a constructor is given. All borrowed, all outlive the backend. */
struct backend_env {
	const char *name; /* as the configuration calls it: the type's name, or another */
	struct backend *const *others; /* made before it, n_others of them */
	unsigned n_others;
	struct ev_loop *loop; /* NULL: it is driven by hand (tests, benchmarks) */
	const struct clock *clock;
	const char *scratch_root;
	uint32_t max_parallel; /* an explicit -j; 0: the backend's own default */
	double grace_s;
	uint64_t job_nofile; /* soft limit of open files that jobs get back; 0: ours */
	struct backend_terminal terminal;
	void (*warn)(const char *text); /* what people should know at once; NULL: nobody does */
	/* What backends: { NAME: {…} } says of this one, or NULL. Read it with config/fields.h. */
	struct cfg_fields *settings; /* whoever made env calls cfg_fields_end() on it */
};

struct backend_type {
	const char *name;
	const char *help; /* one line */
	/* NULL after errors were added to diags. */
	struct backend *(*create)(const struct backend_env *env, struct diags *diags);
};

extern const struct backend_type *const backend_types[]; /* NULL-terminated */
extern const char *const backend_names[];		 /* their names, in the same order */
extern const struct job_key backend_job_keys[];		 /* job_keys.h; ends in one without a key */
/* Their names, for messages: "local, chips, fake". */
void backend_add_names(struct str *out);
/* e says that there is no backend of this name: the one that was meant, or all. */
void backend_hint(struct diag *e, const char *name);
const struct backend_type *backend_type_find(const char *name);
bool backend_type_exists(const char *name);
/* A backend that gives jobs nothing but a command refuses a key of another backend that it must not
 * ignore: one of job_keys.h, or of a type that has some there. name: of the backend that refuses.
 */
void backend_check_foreign_key(const struct backend_key *k, const char *name, struct diags *diags);

#define BACKEND(name, help) \
	struct backend *backend_##name##_create(const struct backend_env *env, struct diags *diags);
#include "backends/list.h"
#undef BACKEND

#endif
