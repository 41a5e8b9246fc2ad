/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/slurm/request.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "base/vec.h"

enum request_kind { REQUEST_TEXT, REQUEST_COUNT, REQUEST_SIZE, REQUEST_DURATION };

static const struct request_row {
	const char *key, *option;
	enum request_kind kind;
} request_rows[REQUEST_KEYS] = {
	[REQUEST_PARTITION] = {"partition", "--partition=", REQUEST_TEXT},
	[REQUEST_ACCOUNT] = {"account", "--account=", REQUEST_TEXT},
	[REQUEST_QOS] = {"qos", "--qos=", REQUEST_TEXT},
	[REQUEST_CONSTRAINT] = {"constraint", "--constraint=", REQUEST_TEXT},
	[REQUEST_LICENCES] = {"licences", "--licenses=", REQUEST_TEXT},
	[REQUEST_GPUS] = {"gpus", "--gpus=", REQUEST_TEXT},
	[REQUEST_CPUS] = {"cpus", "--cpus-per-task=", REQUEST_COUNT},
	[REQUEST_MEMORY] = {"memory", "--mem=", REQUEST_SIZE},
	[REQUEST_TIME] = {"time", "--time=", REQUEST_DURATION},
};

static const char options_key[] = "options", mode_key[] = "mode";

/* Names of all keys of jobs, for suggestions. */
static const char *const request_names[] = {"partition", "account", "qos",  "constraint",
					    "licences",	 "gpus",    "cpus", "memory",
					    "time",	 "options", "mode"};

/* Options that dvsched sets itself, or that break the way in which it runs jobs. */
static const char *const reserved_options[] = {
	"-a",	    "--array", "-J",	    "--job-name",   "-o",	"--output",    "-e",
	"--error",  "-W",      "--wait",    "-i",	    "--input",	"--wrap",      "--parsable",
	"-Q",	    "--quiet", "--requeue", "--no-requeue", "--export", "--test-only", "-n",
	"--ntasks", "-H",      "--hold",    "-N",	    "--nodes"};

static const double seconds_per_minute = 60;
static const double time_most_s = 3600.0 * 24 * 3650;
enum { CPUS_MOST = 65535, MIB = 1 << 20 };

/* ---- values ---- */

/* Returns NULL, or what the value must be. */
static const char *request_set(struct arena *mem, enum request_key key, const char *text,
			       struct src_pos pos, struct slurm_request *ret)
{
	const struct request_row *row = &request_rows[key];
	struct request_value *v = &ret->at[key];
	char *end;
	double s;

	*v = (struct request_value){.text = arena_strdup(mem, text), .pos = pos};
	switch (row->kind) {
	case REQUEST_TEXT:
		if (!*text)
			return "a text that is not empty";
		v->option = arena_printf(mem, "%s%s", row->option, text);
		return NULL;
	case REQUEST_COUNT:
		v->number = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || v->number < 1 || v->number > CPUS_MOST)
			return "a whole number from 1 to 65535";
		break;
	case REQUEST_SIZE:
		if (!units_size(text, &v->number) || v->number < MIB)
			return "a size of at least 1M, like \"4G\"";
		v->number = (v->number + MIB - 1) / MIB;
		v->option = arena_printf(mem, "%s%" PRIu64 "M", row->option, v->number);
		return NULL;
	case REQUEST_DURATION:
		if (!duration_parse(text, &s) || s <= 0 || s > time_most_s)
			return "a duration, like \"30m\" or \"2h\"";
		v->number = (uint64_t)ceil(s / seconds_per_minute);
		break;
	}
	v->option = arena_printf(mem, "%s%" PRIu64, row->option, v->number);
	return NULL;
}

/* "--output=x" is "--output", "-ofile" is "-o". */
static const char *request_reserved(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(reserved_options); i++) {
		const char *r = reserved_options[i];
		size_t n = strlen(r);

		if (strncmp(word, r, n) == 0 && (r[1] != '-' || word[n] == '\0' || word[n] == '='))
			return r;
	}
	return NULL;
}

static void request_set_options(const char *const *words, struct src_pos pos,
				struct slurm_request *ret, struct diags *diags)
{
	for (size_t i = 0; words && words[i]; i++) {
		const char *reserved = request_reserved(words[i]);

		if (reserved)
			diag_error(diags, pos, "'options' may not have %s: dvsched sets it itself",
				   reserved);
		else if (i == 0 && words[i][0] != '-')
			diag_error(diags, pos, "'options' must be options of sbatch, not '%s'",
				   words[i]);
	}
	ret->options = words;
	ret->options_pos = pos;
}

/* ---- the settings of the backend ---- */

void request_read_settings(struct arena *mem, struct cfg_fields *f, struct slurm_request *ret)
{
	struct cfg *cfg = cfg_fields_cfg(f);
	struct diags *diags = cfg_fields_diags(f);
	struct hjson_node *node;

	*ret = (struct slurm_request){0};
	for (int i = 0; i < REQUEST_KEYS; i++) {
		const struct request_row *row = &request_rows[i];
		const char *text, *wanted;

		node = cfg_fields_node(f, row->key);
		if (!node)
			continue;
		text = cfg_scalar_text(cfg, node);
		wanted = text ? request_set(mem, (enum request_key)i, text, cfg_pos(cfg, node->pos),
					    ret)
			      : "a text or a number";
		if (wanted)
			cfg_error(cfg, diags, node, "'%s' must be %s", row->key, wanted);
	}
	node = cfg_fields_node(f, mode_key);
	if (node) {
		const char *mode = cfg_scalar_text(cfg, node);

		farm_mode_read(mode ? mode : "", cfg_pos(cfg, node->pos), &ret->farm.mode, diags);
	}
	node = cfg_fields_node(f, options_key);
	if (node)
		request_set_options(cfg_fields_strings(f, options_key, NULL),
				    cfg_pos(cfg, node->pos), ret, diags);
}

/* ---- the keys of a job ---- */

/* NULL: it is neither a text nor a list of texts. */
static const char *const *request_list(struct arena *mem, const struct backend_key *k)
{
	json_t *json = json_loads(k->json, JSON_DECODE_ANY, NULL), *item;
	VEC(const char *) words = {0};
	bool is_good = json_is_string(json) || json_is_array(json);
	size_t i;

	if (json_is_string(json))
		vec_push_in(mem, &words, arena_strdup(mem, json_string_value(json)));
	json_array_foreach(json, i, item)
	{
		is_good = is_good && json_is_string(item);
		if (is_good)
			vec_push_in(mem, &words, arena_strdup(mem, json_string_value(item)));
	}
	vec_push_in(mem, &words, NULL);
	json_decref(json);
	return is_good ? words.at : NULL;
}

static void request_read_options(struct arena *mem, const struct backend_key *k,
				 struct slurm_request *ret, struct diags *diags)
{
	const char *const *words = request_list(mem, k);

	if (words)
		request_set_options(words, k->pos, ret, diags);
	else
		diag_error(diags, k->pos, "'options' must be a text or a list of texts");
}

static void request_refuse_key(const struct backend_key *k, struct diags *diags)
{
	struct diag *e = diag_error(diags, k->pos, "unknown key '%s' in slurm", k->key);
	const char *near = str_suggest(k->key, request_names, ARRAY_LEN(request_names));

	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static void request_read_key(struct arena *mem, const struct backend_key *k,
			     struct slurm_request *ret, struct diags *diags)
{
	int key = 0;
	const char *wanted;

	if (str_eq(k->key, options_key)) {
		request_read_options(mem, k, ret, diags);
		return;
	}
	if (str_eq(k->key, mode_key)) {
		farm_mode_read(k->value, k->pos, &ret->farm.mode, diags);
		return;
	}
	while (key < REQUEST_KEYS && !str_eq(request_rows[key].key, k->key))
		key++;
	if (key == REQUEST_KEYS) {
		request_refuse_key(k, diags);
		return;
	}
	wanted = request_set(mem, (enum request_key)key, k->value, k->pos, ret);
	if (wanted)
		diag_error(diags, k->pos, "'%s' must be %s", k->key, wanted);
}

void request_read_job(struct arena *mem, const struct slurm_request *base,
		      const struct job_rules *rules, struct slurm_request *ret, struct diags *diags)
{
	const struct backend_key *own = NULL;

	*ret = *base;
	for (uint32_t i = 0; i < rules->n_backend_keys; i++) {
		const struct backend_key *k = &rules->backend_keys[i];

		if (!str_eq(k->backend, "slurm"))
			continue;
		request_read_key(mem, k, ret, diags);
		if (!str_eq(k->key, mode_key))
			own = k;
	}
	ret->has_own_keys = own != NULL;
	if (ret->farm.mode == FARM_PILOT && own)
		diag_hint(diag_error(diags, own->pos, "'%s' has no effect in a job of mode 'pilot'",
				     own->key),
			  "all jobs of a pilot share what the settings of the backend ask for");
}

/* ---- against the cluster ---- */

static void request_check_partition(const struct request_value *v, const struct sites *sites,
				    struct diags *diags)
{
	_cleanup_(str_done) struct str names = {0};

	for (size_t i = 0; i < sites->n; i++)
		str_printf(&names, "%s%s", i ? ", " : "", sites->at[i].name);
	diag_hint(diag_error(diags, v->pos, "Slurm has no partition '%s'", v->text),
		  "there are: %s", names.s);
}

/* "a,b" asks for one of several partitions; those are left to Slurm. */
void request_check_sites(const struct slurm_request *r, const struct sites *sites,
			 const struct job_spec *spec, struct diags *diags)
{
	const struct request_value *partition = &r->at[REQUEST_PARTITION];
	const struct request_value *cpus = &r->at[REQUEST_CPUS], *memory = &r->at[REQUEST_MEMORY];
	const struct site *site = sites_find(sites, partition->text);
	uint64_t n = cpus->option ? cpus->number : spec->rules->cpus;

	if (partition->text && strchr(partition->text, ','))
		return;
	if (!site && partition->text)
		request_check_partition(partition, sites, diags);
	if (!site)
		return;
	if (n > site->most_cpus)
		diag_error(diags, cpus->option ? cpus->pos : spec->pos,
			   "'%s' needs %" PRIu64
			   " CPUs, and no node of the partition '%s' has more "
			   "than %" PRIu64,
			   spec->id, n, site->name, site->most_cpus);
	if (memory->option && memory->number > site->most_mib)
		diag_error(diags, memory->pos,
			   "'%s' needs %" PRIu64 " MiB of memory, and no node of the partition "
			   "'%s' has more than %" PRIu64,
			   spec->id, memory->number, site->name, site->most_mib);
}

/* ---- sbatch ---- */

void request_add(const struct slurm_request *r, uint64_t cpus, uint64_t n,
		 struct command_words *words)
{
	const struct request_value *own = &r->at[REQUEST_CPUS], *memory = &r->at[REQUEST_MEMORY];

	for (int i = 0; i < REQUEST_KEYS; i++)
		if (r->at[i].option && i != REQUEST_CPUS && i != REQUEST_MEMORY)
			command_add(words, "%s", r->at[i].option);
	if (memory->option)
		command_add(words, "%s%" PRIu64 "M", request_rows[REQUEST_MEMORY].option,
			    memory->number * n);
	command_add(words, "%s%" PRIu64, request_rows[REQUEST_CPUS].option,
		    (own->option ? own->number : cpus) * n);
	for (size_t i = 0; r->options && r->options[i]; i++)
		command_add(words, "%s", r->options[i]);
}
