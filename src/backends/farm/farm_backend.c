/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/farm_backend.h"

#include <unistd.h>

#include "backends/farm/leftovers.h"

static const double look_default_s = 2, look_least_s = 0.1, look_most_s = 600;
static const double pilot_idle_s = 30;
enum { JOBS_DEFAULT = 1000, JOBS_MOST = 1000000 };
enum { PILOT_SLOTS = 4, PILOT_SLOTS_MOST = 4096, PILOTS = 8, PILOTS_MOST = 10000 };

/* FARM_AUTO: from when on a job gets a submission of its own. A timeout says less than a duration:
 * most jobs end long before it. */
static const double own_usual_s = 300, own_timeout_s = 1800;

/* ---- settings ---- */

bool farm_mode_read(const char *text, struct src_pos pos, enum farm_mode *ret, struct diags *diags)
{
	static const char *const names[] = {
		[FARM_AUTO] = "auto", [FARM_JOB] = "job", [FARM_PILOT] = "pilot"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], text)) {
			*ret = (enum farm_mode)i;
			return true;
		}
	diag_hint(diag_error(diags, pos, "the backend has no mode '%s'", text),
		  "\"job\": one submission per job; \"pilot\": jobs share allocations; "
		  "\"auto\": long jobs get a submission each");
	return false;
}

static void farm_read_pilot(struct arena *mem, struct cfg_fields *settings,
			    struct pilots_options *ret)
{
	struct cfg_fields *f = cfg_fields_new(cfg_fields_cfg(settings),
					      cfg_fields_node(settings, "pilot"), "pilot",
					      cfg_fields_diags(settings));
	const char *host;

	ret->n_slots = (uint32_t)cfg_fields_int(f, "slots", 1, PILOT_SLOTS_MOST, PILOT_SLOTS);
	ret->n_most = (uint32_t)cfg_fields_int(f, "most", 1, PILOTS_MOST, PILOTS);
	ret->idle_s = cfg_fields_duration(f, "idle", pilot_idle_s);
	host = cfg_fields_string(f, "host", NULL);
	ret->host = host ? arena_strdup(mem, host) : NULL;
	cfg_fields_end(f);
}

static void farm_read_look(struct cfg_fields *f, struct farm_settings *ret)
{
	ret->look_s = cfg_fields_duration(f, "look", look_default_s);
	if (ret->look_s < look_least_s || ret->look_s > look_most_s)
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), cfg_fields_node(f, "look"),
			  "'look' must be between 0.1s and 10m");
}

void farm_settings_read(struct arena *mem, struct cfg_fields *f, struct farm_settings *ret)
{
	*ret = (struct farm_settings){
		.look_s = look_default_s,
		.n_most = JOBS_DEFAULT,
		.pilot = {.n_slots = PILOT_SLOTS, .n_most = PILOTS, .idle_s = pilot_idle_s},
	};
	if (!f)
		return;
	farm_read_look(f, ret);
	ret->n_most = (uint32_t)cfg_fields_int(f, "jobs", 1, JOBS_MOST, JOBS_DEFAULT);
	ret->parallel = (uint32_t)cfg_fields_int(f, "parallel", 1, JOBS_MOST, 0);
	farm_read_pilot(mem, f, &ret->pilot);
	ret->program = cfg_fields_string(f, "program", NULL);
	if (ret->program && *ret->program != '/')
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), cfg_fields_node(f, "program"),
			  "'program' must be an absolute path");
}

static int farm_find_program(struct farm_backend *b, struct diags *diags)
{
	char path[4096];
	ssize_t n;

	if (b->settings.program)
		return 0;
	n = readlink("/proc/self/exe", path, sizeof(path));
	if (n > 0 && n < (ssize_t)sizeof(path)) {
		b->settings.program = arena_strndup(b->mem, path, (size_t)n);
		return 0;
	}
	diag_error(diags, (struct src_pos){0}, "the path of dvsched cannot be read from /proc");
	return -1;
}

/* ---- the backend ---- */

void farm_backend_set_request(struct farm_backend *b, const struct job_spec *spec, bool needs_own,
			      struct farm_request *r)
{
	double usual_s;

	map_set_address(&b->requests, spec->rules, r);
	if (r->mode != FARM_AUTO)
		return;
	usual_s = b->usual_s ? b->usual_s(b->usual_ctx, spec->id) : 0;
	if (usual_s > 0)
		needs_own |= usual_s >= own_usual_s;
	else
		needs_own |= spec->rules->timeout_s >= own_timeout_s;
	r->mode = needs_own ? FARM_JOB : FARM_PILOT;
	r->was_auto = true;
}

struct farm_request *farm_backend_request(const struct farm_backend *b,
					  const struct job_rules *rules)
{
	return map_get_address(&b->requests, rules);
}

static bool farm_job_is_pilot(const struct farm_backend *b, const struct job *job)
{
	return farm_backend_request(b, job->spec->rules)->mode == FARM_PILOT;
}

/* No pilot has ever connected. Jobs whose mode was decided here do not depend on one. */
static bool farm_submit_instead(void *ctx, const struct job *job, uint32_t attempt)
{
	struct farm_backend *b = ctx;
	struct farm_request *r = farm_backend_request(b, job->spec->rules);
	_cleanup_(error_done) struct error why = {0};

	if (!r->was_auto)
		return false;
	r->mode = FARM_JOB;
	return farm_submit(b->farm, job, attempt, &why) == SUBMIT_ACCEPTED;
}

int farm_backend_start(struct farm_backend *b, const struct backend_env *env,
		       const struct node_site *site, double unseen_s, struct diags *diags)
{
	struct farm_options options = {
		.loop = env->loop,
		.clock = env->clock,
		.scratch_root = env->scratch_root,
		.grace_s = env->grace_s,
		.job_nofile = env->job_nofile,
		.look_s = b->settings.look_s,
		.unseen_s = unseen_s,
		.n_most = b->settings.n_most,
		.site = site,
		.warn = env->warn,
	};

	b->usual_s = env->usual_s;
	b->usual_ctx = env->usual_ctx;
	if (farm_find_program(b, diags) < 0)
		return -1;
	b->ops = *b->base.ops;
	b->ops.name = arena_strdup(b->mem, env->name);
	b->base.ops = &b->ops;
	options.program = b->settings.program;
	b->base.max_parallel = env->max_parallel ? env->max_parallel : b->settings.parallel;
	b->farm = farm_new(&options, b->farm_ops, b);
	b->settings.pilot.farm = b->farm;
	b->settings.pilot.instead = farm_submit_instead;
	b->settings.pilot.instead_ctx = b;
	b->pilots = pilots_new(&options, &b->settings.pilot);
	return 0;
}

void farm_backend_done(struct farm_backend *b)
{
	pilots_free(b->pilots);
	farm_free(b->farm);
	map_done(&b->requests);
	arena_free(b->mem);
}

int farm_backend_end_leftovers(struct backend *base, const char *run_dir, struct error *err)
{
	struct farm_backend *b = farm_backend_of(base);

	return leftovers_cancel(b->farm_ops, b, run_dir, err) < 0 ? -1 : 0;
}

void farm_backend_begin(struct backend *b, const char *run_dir)
{
	farm_begin(farm_backend_of(b)->farm, run_dir);
}

enum submit farm_backend_submit(struct backend *base, const struct job *job, uint32_t attempt,
				struct error *why)
{
	struct farm_backend *b = farm_backend_of(base);

	return farm_job_is_pilot(b, job) ? pilots_submit(b->pilots, job, attempt, why)
					 : farm_submit(b->farm, job, attempt, why);
}

void farm_backend_kill(struct backend *base, const struct job *job, enum kill_level level,
		       enum job_reason reason)
{
	struct farm_backend *b = farm_backend_of(base);

	if (farm_job_is_pilot(b, job))
		pilots_kill(b->pilots, job, level, reason);
	else
		farm_kill(b->farm, job, level, reason);
}

void farm_backend_tell(struct backend *b, struct str *notes, struct json_out *json)
{
	(void)notes;
	farm_tell(farm_backend_of(b)->farm, json);
	pilots_tell(farm_backend_of(b)->pilots, json);
}

static void on_farm_pilots_over(void *ctx)
{
	struct farm_backend *b = ctx;

	farm_close(b->farm, b->closed, b->closed_ctx);
}

void farm_backend_close(struct backend *base, void (*closed)(void *ctx, const char *trouble),
			void *ctx)
{
	struct farm_backend *b = farm_backend_of(base);

	b->closed = closed;
	b->closed_ctx = ctx;
	pilots_close(b->pilots, on_farm_pilots_over, b);
}
