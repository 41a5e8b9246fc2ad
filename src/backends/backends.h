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
#include "config/fields.h"
#include "scheduler/backend.h"

/* Callbacks about the user's terminal, for the views and messages that also write to it. taken(): a
 * job is about to get the terminal (true), or has given it back (false). Nobody else writes to it
 * in between. NULL: nobody else writes to it at all. */
struct backend_terminal {
	void (*taken)(void *ctx, bool is_taken);
	/* Ctrl-Z stopped the job that has the terminal. Must suspend the run and its whole process
	 * group before it returns. NULL: the run cannot be suspended, and the job is continued. */
	void (*suspend)(void *ctx);
	/* Called when standard output is a pipe whose reader has gone. NULL: the job goes on, and
	 * its output is dropped. */
	void (*unread)(void *ctx);
	void *ctx;
};

/* Arguments of a constructor. All pointers are borrowed and outlive the backend. */
struct backend_env {
	const char *name;	       /* its name in the configuration: the type's, or another */
	struct backend *const *others; /* backends that were created before */
	unsigned n_others;
	struct ev_loop *loop; /* NULL: the caller steps it (tests, benchmarks) */
	const struct clock *clock;
	const char *scratch_root;
	uint32_t max_parallel; /* an explicit -j; 0: the backend's own default */
	double grace_s;
	uint64_t job_nofile;	/* soft limit of open files for jobs; 0: our own */
	const char *cgroup_dir; /* for cgroups of commands (exec/cgroup_run.h); NULL: none */
	struct backend_terminal terminal;
	/* Words for the commands of a batch system that the user's environment asks for, over
	 * the settings; NULL-terminated; NULL: none. */
	const char *const *(*options_of_user)(const char *backend, struct arena *mem);
	/* How many seconds a job with this id took in earlier runs of the configuration; 0:
	 * unknown. NULL: nothing is known of any job. */
	double (*usual_s)(void *ctx, const char *id);
	void *usual_ctx;
	void (*warn)(const char *text); /* shows a warning at once; NULL: drops it */
	/* The settings of this backend, backends: { NAME: {…} }, or NULL. Read them with
	 * config/fields.h. */
	struct cfg_fields *settings; /* the caller of create() calls cfg_fields_end() */
};

struct backend_type {
	const char *name;
	const char *help; /* one line */
	/* Reads all settings and reports what is wrong with them, without a look at the machine: it
	 * is also called for backends that the run does not use. name: as in backend_env. */
	void (*check_settings)(const char *name, struct cfg_fields *settings);
	/* For a backend in use. check_settings() was called before, except in DVSim's flows. NULL
	 * after errors were added to diags. */
	struct backend *(*create)(const struct backend_env *env, struct diags *diags);
};

extern const struct backend_type *const backend_types[]; /* NULL-terminated */
extern const char *const backend_names[];		 /* their names, in the same order */
extern const struct job_key backend_job_keys[]; /* of job_keys.h; the last one has no key */
/* check_settings() of the type with this number. */
void backend_check_settings(uint32_t type, const char *name, struct cfg_fields *settings);
/* Adds an error if k belongs to another backend that has keys in job_keys.h. For backends that run
 * only commands: they must not ignore such a key. name: of the calling backend. */
void backend_check_foreign_key(const struct backend_key *k, const char *name, struct diags *diags);

#define BACKEND(name, help)                                                                  \
	void backend_##name##_check_settings(const char *name, struct cfg_fields *settings); \
	struct backend *backend_##name##_create(const struct backend_env *env, struct diags *diags);
#include "backends/list.h"
#undef BACKEND

#endif
