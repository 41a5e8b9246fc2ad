/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"

/* The task scheduler on the device must time out before the operation, and the operation before the
 * wait of the host, because the inner limits report more. */
enum { SYNC_MARGIN_MS = 1500 };

static const struct platform {
	const char *name, *arch;
	bool is_sim;
} platforms[] = {
	{"a2a3sim", "a2a3", true},
	{"a5sim", "a5", true},
	{"a2a3", "a2a3", false},
	{"a5", "a5", false},
};

static const struct runtime {
	const char *name;
	unsigned n_rings; /* number of its heaps, of those whose size a run may set */
} runtimes[] = {
	{"host_build_graph", 1},
	{"tensormap_and_ringbuffer", SIMPLER_RINGS},
};

/* state_dir: the host passes it to all drivers; this one stores no state. */
static const char *const keys[] = {
	"libdir",     "platform",      "runtime",   "paths",   "preload",
	"rendezvous", "log_threshold", "n_devices", "ring",    "inner_watch",
	"op_timeout", "sync_timeout",  "state_dir", "scratch", NULL,
};

unsigned simpler_runtime_rings(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(runtimes); i++)
		if (strcmp(runtimes[i].name, name) == 0)
			return runtimes[i].n_rings;
	return 0;
}

static int32_t read_platform(const struct fields *r, struct simpler_options *ret)
{
	int32_t c = fields_text(r, "platform", &ret->platform);

	if (c)
		return c;
	for (unsigned i = 0; i < ARRAY_LEN(platforms); i++) {
		if (strcmp(platforms[i].name, ret->platform) != 0)
			continue;
		ret->arch = platforms[i].arch;
		ret->is_sim = platforms[i].is_sim;
		return 0;
	}
	return simpler_fail(r->err, r->code,
			    "'platform' is a2a3sim, a5sim, a2a3 or a5, not '%.60s'", ret->platform);
}

static int32_t read_ms(const struct fields *r, const char *key, uint64_t *ret_ms)
{
	uint64_t ns = *ret_ms * 1000000;
	int32_t c = fields_time(r, key, 0.001, &ns);

	*ret_ms = (ns + 500000) / 1000000;
	return c;
}

static int32_t simpler_options_read_clocks(const struct fields *r, struct simpler_options *ret)
{
	int32_t c;

	if ((c = read_ms(r, "inner_watch", &ret->scheduler_ms)) ||
	    (c = read_ms(r, "op_timeout", &ret->op_ms)) ||
	    (c = read_ms(r, "sync_timeout", &ret->sync_ms)))
		return c;
	if (ret->scheduler_ms >= ret->op_ms || ret->op_ms >= ret->sync_ms ||
	    ret->sync_ms <= ret->scheduler_ms + SYNC_MARGIN_MS)
		return simpler_fail(r->err, r->code,
				    "inner_watch (%" PRIu64 " ms) < op_timeout (%" PRIu64
				    " ms) < sync_timeout (%" PRIu64
				    " ms) must hold, the last one more than %d ms above the first",
				    ret->scheduler_ms, ret->op_ms, ret->sync_ms, SYNC_MARGIN_MS);
	return 0;
}

static int32_t read_paths(const struct fields *options, struct simpler_options *ret)
{
	static const char *const known[] = {"host",   "context",    "aicpu",
					    "aicore", "dispatcher", NULL};
	struct fields r = {NULL, "paths", options->code, options->err};
	int32_t c = fields_typed(options, "paths", JSON_OBJECT, &r.from);

	if (c || !r.from)
		return c;
	if ((c = fields_only(&r, known)) || (c = fields_text(&r, "host", &ret->host)) ||
	    (c = fields_text(&r, "context", &ret->context)) ||
	    (c = fields_text(&r, "aicpu", &ret->aicpu)) ||
	    (c = fields_text(&r, "aicore", &ret->aicore)))
		return c;
	return fields_text(&r, "dispatcher", &ret->dispatcher);
}

static int32_t read_preload(const struct fields *r, struct simpler_options *ret)
{
	json_t *list, *one;
	size_t i;
	int32_t c = fields_typed(r, "preload", JSON_ARRAY, &list);

	if (c)
		return c;
	ret->preload = arena_array(ret->mem, json_array_size(list) + 1, sizeof(*ret->preload));
	json_array_foreach(list, i, one)
	{
		if (!json_is_string(one))
			return simpler_fail(r->err, r->code, "'preload' is a list of paths");
		ret->preload[ret->n_preload++] = json_string_value(one);
	}
	return 0;
}

static int32_t read_numbers(const struct fields *r, struct simpler_options *ret)
{
	int64_t threshold = ret->log_threshold, devices = ret->n_devices;
	int32_t c;

	if ((c = fields_int(r, "log_threshold", 10, 60, &threshold)) ||
	    (c = fields_int(r, "n_devices", 1, 4096, &devices)))
		return c;
	ret->log_threshold = (int32_t)threshold;
	ret->n_devices = (int32_t)devices;
	return simpler_ring_read(json_object_get(r->from, "ring"), r->code, &ret->ring, r->err);
}

static int32_t read_scratch(const struct fields *r, struct simpler_options *ret)
{
	const char *scratch = "clear";
	int32_t c = fields_text(r, "scratch", &scratch);

	ret->keeps_scratch = strcmp(scratch, "keep") == 0;
	if (c || ret->keeps_scratch || strcmp(scratch, "clear") == 0)
		return c;
	return simpler_fail(r->err, r->code, "'scratch' is clear or keep, not '%.60s'", scratch);
}

static int32_t simpler_options_read_all(const struct fields *r, struct simpler_options *ret)
{
	int32_t c;

	if ((c = fields_only(r, keys)) || (c = fields_text(r, "libdir", &ret->libdir)))
		return c;
	if (!ret->libdir || ret->libdir[0] != '/')
		return simpler_fail(r->err, r->code,
				    "'libdir' must be the absolute path of the libraries that "
				    "simpler's build leaves (build/lib there)");
	if ((c = read_platform(r, ret)) || (c = fields_text(r, "runtime", &ret->runtime)))
		return c;
	if (!simpler_runtime_rings(ret->runtime))
		return simpler_fail(r->err, r->code, "'runtime' is %s or %s, not '%.60s'",
				    runtimes[0].name, runtimes[1].name, ret->runtime);
	if ((c = read_paths(r, ret)) || (c = read_preload(r, ret)) ||
	    (c = simpler_options_read_clocks(r, ret)) || (c = read_scratch(r, ret)) ||
	    (c = fields_text(r, "rendezvous", &ret->rendezvous)))
		return c;
	return read_numbers(r, ret);
}

/* Copies the texts, because the JSON is freed. */
static void simpler_options_keep(struct simpler_options *o)
{
	const char **texts[] = {&o->libdir, &o->platform,   &o->runtime,
				&o->host,   &o->context,    &o->aicpu,
				&o->aicore, &o->dispatcher, &o->rendezvous};

	for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
		if (*texts[i])
			*texts[i] = arena_strdup(o->mem, *texts[i]);
	for (size_t i = 0; i < o->n_preload; i++)
		o->preload[i] = arena_strdup(o->mem, o->preload[i]);
}

int32_t simpler_options_read(const char *json, struct simpler_options *ret, struct dvs_text *err)
{
	struct fields r = {fields_parse(json, "options", err), "options", SIMPLER_E_OPTIONS, err};
	int32_t c;

	*ret = (struct simpler_options){
		.mem = arena_new(),
		.platform = "a2a3sim",
		.runtime = runtimes[0].name,
		.log_threshold = 30,
		.scheduler_ms = 10000,
		.op_ms = 45000,
		.sync_ms = 50000,
		.n_devices = SIMPLER_MAX_RANKS,
	};
	if (!r.from)
		return SIMPLER_E_OPTIONS;
	c = simpler_options_read_all(&r, ret);
	if (c == 0)
		simpler_options_keep(ret);
	json_decref(r.from);
	return c;
}

void simpler_options_done(struct simpler_options *o)
{
	arena_free(o->mem);
	o->mem = NULL;
}

/* The path below libdir, with %r replaced. */
static char *simpler_options_expand(const struct simpler_options *o, const char *path,
				    const char *runtime, struct arena *mem)
{
	const char *at = strstr(path, "%r");

	if (at)
		path = arena_printf(mem, "%.*s%s%s", (int)(at - path), path, runtime, at + 2);
	return path_join(mem, o->libdir, path);
}

static int32_t simpler_options_find(const struct simpler_options *o, const char *what,
				    const char *set, const char *usual, const char *runtime,
				    struct arena *mem, char **ret, struct dvs_text *err)
{
	*ret = simpler_options_expand(o, set ? set : usual, runtime, mem);
	if (access(*ret, R_OK) == 0)
		return 0;
	return simpler_fail(err, SIMPLER_E_LIBRARY,
			    "%s is not there or not readable: see 'libdir' and 'paths.%s'", *ret,
			    what);
}

int32_t simpler_files_find(const struct simpler_options *o, const char *runtime, struct arena *mem,
			   struct simpler_files *ret, struct dvs_text *err)
{
	const char *dir = arena_printf(mem, "%s/%s/%s", o->arch, o->is_sim ? "sim" : "onboard",
				       runtime);
	const char *host = arena_printf(mem, "%s/libhost_runtime.so", dir);
	const char *aicpu = arena_printf(mem, "%s/libaicpu_kernel.so", dir);
	const char *aicore = arena_printf(mem, "%s/%s", dir,
					  o->is_sim ? "libaicore_kernel.so" : "aicore_kernel.o");
	const char *dispatcher = arena_printf(mem, "%s/dispatcher/libsimpler_aicpu_dispatcher.so",
					      o->arch);
	int32_t c;

	*ret = (struct simpler_files){0};
	if ((c = simpler_options_find(o, "host", o->host, host, runtime, mem, &ret->host, err)) ||
	    (c = simpler_options_find(o, "aicpu", o->aicpu, aicpu, runtime, mem, &ret->aicpu,
				      err)) ||
	    (c = simpler_options_find(o, "aicore", o->aicore, aicore, runtime, mem, &ret->aicore,
				      err)))
		return c;
	if (o->is_sim)
		return simpler_options_find(o, "context", o->context, "libcpu_sim_context.so",
					    runtime, mem, &ret->context, err);
	return simpler_options_find(o, "dispatcher", o->dispatcher, dispatcher, runtime, mem,
				    &ret->dispatcher, err);
}

static void export_number(const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	setenv(name, text, 1);
}

void simpler_options_export(const struct simpler_options *o)
{
	export_number("SIMPLER_SCHEDULER_TIMEOUT_MS", o->scheduler_ms);
	export_number("SIMPLER_OP_EXECUTE_TIMEOUT_US", o->op_ms * 1000);
	export_number("SIMPLER_STREAM_SYNC_TIMEOUT_MS", o->sync_ms);
}
