/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all backends of batch systems have in common: settings, and those operations of a backend
 * that do not depend on the system. A job is one submission of its own (farm.h), or runs in a pilot
 * (pilots.h).
 */
#ifndef BACKENDS_FARM_FARM_BACKEND_H
#define BACKENDS_FARM_FARM_BACKEND_H

#include "backends/backends.h"
#include "backends/farm/farm.h"
#include "backends/farm/pilots.h"
#include "base/map.h"

/* How a job gets to a node. */
enum farm_mode {
	FARM_AUTO,  /* one of the others, by how long it takes */
	FARM_JOB,   /* a submission of its own */
	FARM_PILOT, /* in an allocation that it shares with others */
};

/* Of jobs with the same rules. */
struct farm_request {
	enum farm_mode mode;
	bool was_auto; /* mode was decided by farm_backend_set_request() */
};

/* Sets *ret. false, after an error at pos: there is no such mode. */
bool farm_mode_read(const char *text, struct src_pos pos, enum farm_mode *ret, struct diags *diags);

struct farm_settings {
	double look_s;	   /* between two looks into the queue */
	uint32_t n_most;   /* submissions at a time */
	uint32_t parallel; /* CPUs of the jobs at a time; 0: no limit */
	struct pilots_options pilot;
	const char *program; /* dvsched as the nodes see it; NULL: this program's own path */
};

/* Reads `look`, `jobs`, `parallel`, `pilot` and `program`. Strings are in mem. f may be NULL. */
void farm_settings_read(struct arena *mem, struct cfg_fields *f, struct farm_settings *ret);

struct farm_backend {
	struct backend base;
	struct backend_ops ops; /* of base: those of its type, with its own name */
	struct arena *mem;
	struct farm_settings settings;
	const struct farm_ops *farm_ops;
	struct map requests; /* rules -> struct farm_request, a part of the owner's request */
	double (*usual_s)(void *ctx, const char *id); /* as in backend_env */
	void *usual_ctx;
	struct farm *farm;
	struct pilots *pilots;
	void (*closed)(void *ctx, const char *trouble);
	void *closed_ctx;
};

/* Makes the farm; base.ops, settings and farm_ops are set. The ctx of farm_ops is b. site
 * is borrowed. unseen_s: see farm_options. Returns 0, or -1 with an error in diags. */
int farm_backend_start(struct farm_backend *b, const struct backend_env *env,
		       const struct node_site *site, double unseen_s, struct diags *diags);
/* The request of jobs with the rules of spec: decides if its mode is FARM_AUTO. needs_own: a pilot
 * cannot give them what they ask for. */
void farm_backend_set_request(struct farm_backend *b, const struct job_spec *spec, bool needs_own,
			      struct farm_request *r);
/* NULL: not set yet. */
struct farm_request *farm_backend_request(const struct farm_backend *b,
					  const struct job_rules *rules);
/* Frees all that b points to, also after an error. */
void farm_backend_done(struct farm_backend *b);

static inline struct farm_backend *farm_backend_of(struct backend *b)
{
	return container_of(b, struct farm_backend, base);
}

/* Operations of a backend. */
int farm_backend_end_leftovers(struct backend *b, const char *run_dir, struct error *err);
void farm_backend_begin(struct backend *b, const char *run_dir);
enum submit farm_backend_submit(struct backend *b, const struct job *job, uint32_t attempt,
				struct error *why);
void farm_backend_kill(struct backend *b, const struct job *job, enum kill_level level,
		       enum job_reason reason);
void farm_backend_tell(struct backend *b, struct str *notes, struct json_out *json);
void farm_backend_close(struct backend *b, void (*closed)(void *ctx, const char *trouble),
			void *ctx);

#endif
