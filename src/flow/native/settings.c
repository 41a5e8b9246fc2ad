/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/setting_objects.h"

#include <string.h>

#include "flow/native/words/words.h"

const struct settings settings_default = {
	.grace_s = -1,
	.cpus = 1,
	.max_odirs = 5,
};

static struct arena *native_settings_mem_of(const struct cfg_fields *f)
{
	return cfg_mem(cfg_fields_cfg(f));
}

struct text settings_text(struct cfg_fields *f, const char *key, struct text otherwise)
{
	struct text t = {.s = cfg_fields_string(f, key, NULL)};

	if (!t.s)
		return otherwise;
	t.at = hjson_get(cfg_fields_object(f), key);
	if (*t.s)
		return t;
	cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), t.at, "'%s' must not be empty", key);
	return otherwise;
}

struct text_list settings_texts(struct cfg_fields *f, const char *key, struct text_list otherwise)
{
	struct hjson_node **nodes;
	const char *const *texts = cfg_fields_strings(f, key, &nodes);
	struct map seen = {0};
	struct text *list;
	uint32_t n = 0;

	if (!texts)
		return otherwise;
	while (texts[n])
		n++;
	list = arena_array(native_settings_mem_of(f), n + 1, sizeof(*list));
	for (uint32_t i = 0; i < n; i++) {
		struct hjson_node *first = map_set(&seen, texts[i], nodes[i]);

		list[i] = (struct text){texts[i], nodes[i]};
		if (!*texts[i])
			cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), nodes[i],
				  "'%s' must not hold an empty string", key);
		else if (first)
			diag_note(cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), nodes[i],
					    "\"%s\" is in '%s' twice",
					    text_printable(native_settings_mem_of(f), texts[i]),
					    key),
				  cfg_pos(cfg_fields_cfg(f), first->pos), "first here");
	}
	map_done(&seen);
	return (struct text_list){list, n};
}

static void read_backend(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->backend = settings_text(f, key, s->backend);
}

static void read_cwd(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->cwd = settings_text(f, key, s->cwd);
}

static void read_target(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->target = settings_text(f, key, s->target);
}

/* Digits of any length, as a number or as a string (which may hold {words}). */
static void native_settings_read_seed(struct cfg_fields *f, const char *key, struct settings *s)
{
	struct hjson_node *node = cfg_fields_node(f, key);

	if (!node)
		return;
	if (node->type == HJSON_STRING || node->type == HJSON_INT)
		s->seed = (struct text){cfg_scalar_text(cfg_fields_cfg(f), node), node};
	else
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node,
			  "'%s' must be a whole number, or a string such as \"{seed}\"", key);
}

static void read_timeout(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->timeout_s = cfg_fields_duration(f, key, s->timeout_s);
}

static void read_grace(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->grace_s = cfg_fields_duration(f, key, s->grace_s);
}

static void read_weight(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->weight = (int32_t)cfg_fields_int(f, key, INT32_MIN, INT32_MAX, s->weight);
}

static void read_cpus(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->cpus = (uint32_t)cfg_fields_int(f, key, 1, 65536, s->cpus);
}

static void read_max_odirs(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->max_odirs = (uint32_t)cfg_fields_int(f, key, 0, 1000000, s->max_odirs);
}

static void settings_refuse_value(struct cfg_fields *f, const char *key, const char *what)
{
	cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), hjson_get(cfg_fields_object(f), key),
		  "'%s' %s", key, what);
}

static void read_max_log(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->max_log_bytes = cfg_fields_size(f, key, s->max_log_bytes);
}

/* A bare "4" was meant as gigabytes: no program runs in 4 bytes. */
static void read_memory(struct cfg_fields *f, const char *key, struct settings *s)
{
	uint64_t *bytes = &s->limits.memory_bytes;

	*bytes = cfg_fields_size(f, key, *bytes);
	if (*bytes && *bytes < TREE_MEMORY_LEAST)
		settings_refuse_value(f, key, "must be at least 1M, or 0 for no limit");
}

static void read_max_processes(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->limits.n_processes = (uint32_t)cfg_fields_int(f, key, 0, TREE_PROCESSES_MOST,
							 s->limits.n_processes);
}

static void read_max_cpu_time(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->limits.cpu_s = cfg_fields_duration(f, key, s->limits.cpu_s);
}

static void read_max_files(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->limits.n_files = (uint32_t)cfg_fields_int(f, key, 0, TREE_FILES_MOST, s->limits.n_files);
}

/* CPU time is counted in steps: less could be a step that has not come yet. */
static void read_stall(struct cfg_fields *f, const char *key, struct settings *s)
{
	double *stall_s = &s->limits.stall_s;

	*stall_s = cfg_fields_duration(f, key, *stall_s);
	if (*stall_s > 0 && *stall_s < TREE_STALL_LEAST_S)
		settings_refuse_value(f, key, "must be at least 1s, or 0 for no limit");
}

static void read_pass_patterns(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->pass_patterns = settings_texts(f, key, s->pass_patterns);
}

static void read_fail_patterns(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->fail_patterns = settings_texts(f, key, s->fail_patterns);
}

static void read_tags(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->tags = settings_texts(f, key, s->tags);
	for (uint32_t i = 0; i < s->tags.n; i++)
		if (strpbrk(s->tags.at[i].s, "@, \t\n"))
			cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), s->tags.at[i].at,
				  "a tag must not hold '@', ',' or blanks");
}

static void read_keep(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->keep = settings_texts(f, key, s->keep);
}

static void read_leak(struct cfg_fields *f, const char *key, struct settings *s)
{
	static const char *const words[] = {[LEAK_KILL] = "kill", [LEAK_FAIL] = "fail", NULL};

	s->leak = (enum leak_rule)cfg_fields_word(f, key, words, (int)s->leak);
}

static void read_finally(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->is_finally = cfg_fields_bool(f, key, s->is_finally);
}

static void read_dump_env(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->dump_env = cfg_fields_bool(f, key, s->dump_env);
}

static void read_renew(struct cfg_fields *f, const char *key, struct settings *s)
{
	s->renew = cfg_fields_bool(f, key, s->renew);
}

/* Strings (files), or {files, env}. */
static void read_inputs(struct cfg_fields *f, const char *key, struct settings *s)
{
	static const struct text_list none;
	struct hjson_node *node = cfg_fields_node(f, key);
	struct cfg_fields *inner;

	if (!node)
		return;
	s->has_inputs = true;
	s->input_env = none;
	if (node->type != HJSON_OBJECT) {
		s->input_files = settings_texts(f, key, none);
		return;
	}
	inner = cfg_fields_new(cfg_fields_cfg(f), node, key, cfg_fields_diags(f));
	s->input_files = settings_texts(inner, "files", none);
	s->input_env = settings_texts(inner, "env", none);
	cfg_fields_end(inner);
}

static void read_reuse(struct cfg_fields *f, const char *key, struct settings *s)
{
	static const char *const words[] = {"unchanged", "never", NULL};

	s->is_never_reused = cfg_fields_word(f, key, words, s->is_never_reused) == 1;
}

/* For people who read the file; only its type is checked. */
static void read_description(struct cfg_fields *f, const char *key, struct settings *s)
{
	(void)s;
	cfg_fields_string(f, key, NULL);
}

const struct setting_key setting_keys[] = {
	{{"description", "string", "none", "for people who read the file", FLOW_KEY_SETTING},
	 read_description},
	{{"target", "string", "the name up to its first {",
	  "row of the status table that counts the job; {words}", FLOW_KEY_SETTING},
	 read_target},
	{{"tags", "strings", "none", "for -i @TAG; {words}", FLOW_KEY_SETTING}, read_tags},
	{{"env", "object", "none", "environment variables to set; {words} in values",
	  FLOW_KEY_SETTING},
	 setting_read_env},
	{{"cwd", "string", "{cfg_dir}",
	  "working directory, from the configuration's directory; {words}", FLOW_KEY_SETTING},
	 read_cwd},
	{{"timeout", "duration", "none", "kill an attempt that runs longer", FLOW_KEY_SETTING},
	 read_timeout},
	{{"grace", "duration", "--grace", "between TERM and KILL", FLOW_KEY_SETTING}, read_grace},
	{{"retries", "number or object", "0",
	  "attempts after the first; { max, on, backoff, reuse }", FLOW_KEY_SETTING},
	 setting_read_retries},
	{{"pass_patterns", "strings", "none", "regular expressions that must be in the log",
	  FLOW_KEY_SETTING},
	 read_pass_patterns},
	{{"fail_patterns", "strings", "none", "regular expressions that must not be in the log",
	  FLOW_KEY_SETTING},
	 read_fail_patterns},
	{{"weight", "whole number", "0", "priority: larger starts first", FLOW_KEY_SETTING},
	 read_weight},
	{{"cpus", "whole number", "1", "CPUs that the job keeps busy", FLOW_KEY_SETTING},
	 read_cpus},
	{{"resources", "object", "none", "what the job holds while it runs: { VCS: 1 }",
	  FLOW_KEY_SETTING},
	 setting_read_resources},
	{{"backend", "string", "--backend", "backend that runs the job; {words} of vars",
	  FLOW_KEY_SETTING},
	 read_backend},
	{{"finally", "true or false", "false", "run at the end, whatever happened before",
	  FLOW_KEY_SETTING},
	 read_finally},
	{{"seed", "whole number or string", "the axis seed",
	  "recorded in results; digits of any length; {words}", FLOW_KEY_SETTING},
	 native_settings_read_seed},
	{{"leak", "kill or fail", "kill",
	  "processes that outlive the job are killed; with fail, the job fails, too",
	  FLOW_KEY_SETTING},
	 read_leak},
	{{"keep", "strings", "none", "globs of names of daemons that may outlive the job",
	  FLOW_KEY_SETTING},
	 read_keep},
	{{"max_log", "size", "none", "kill a job whose log grows larger", FLOW_KEY_SETTING},
	 read_max_log},
	{{"memory", "size", "none", "kill a job whose processes take more memory together",
	  FLOW_KEY_SETTING},
	 read_memory},
	{{"max_processes", "whole number", "none", "kill a job that has more processes at a time",
	  FLOW_KEY_SETTING},
	 read_max_processes},
	{{"max_cpu_time", "duration", "none",
	  "kill a job whose processes use more CPU time together", FLOW_KEY_SETTING},
	 read_max_cpu_time},
	{{"max_files", "whole number", "that of dvsched", "files that a process may have open",
	  FLOW_KEY_SETTING},
	 read_max_files},
	{{"stall", "duration", "none",
	  "kill a job that neither adds to its log nor uses CPU time for so long",
	  FLOW_KEY_SETTING},
	 read_stall},
	{{"inputs", "strings or object", "all sources",
	  "files and variables that the job reads, for resume; { files, env }; {words}",
	  FLOW_KEY_SETTING},
	 read_inputs},
	{{"reuse", "unchanged or never", "unchanged",
	  "whether resume and --skip-passed may use an earlier pass", FLOW_KEY_SETTING},
	 read_reuse},
	{{"dump_env", "true or false", "false", "write the environment to {odir}/env_vars",
	  FLOW_KEY_SETTING},
	 read_dump_env},
	{{"renew", "true or false", "false",
	  "move the directory of an earlier run aside instead of re-using it", FLOW_KEY_SETTING},
	 read_renew},
	{{"max_odirs", "whole number", "5",
	  "with renew: directories to keep, the new one included; 0: all", FLOW_KEY_SETTING},
	 read_max_odirs},
};
const size_t n_setting_keys = ARRAY_LEN(setting_keys);

static void refuse_backend(struct load *l, const struct text *backend)
{
	struct diag *e = cfg_error(l->cfg, l->diags, backend->at, "there is no backend '%s'",
				   text_printable(l->mem, backend->s));

	words_note(l, e, backend->at);
	roster_hint(l->roster, backend->s, e);
}

void settings_set_backend(struct load *l, struct text backend, struct settings *s)
{
	s->backend = backend;
	s->backend_no = l->roster ? roster_no(l->roster, roster_find(l->roster, backend.s)) : 0;
	if (l->roster && !s->backend_no)
		refuse_backend(l, &backend);
}

static void read_backend_key(struct load *l, struct cfg_fields *f, struct hjson_node *m,
			     struct settings *s)
{
	const char *key = hjson_key_cstr(cfg_doc(cfg_fields_cfg(f)), m);
	const struct job_key *k;

	if (roster_type(l->roster, key) != ROSTER_NO_TYPE) {
		setting_read_backend_keys(f, m, key, s);
		return;
	}
	k = setting_job_key(l->job_keys, key);
	if (k)
		setting_read_backend_key(f, m, k->backend, s);
}

void settings_read(struct load *l, struct cfg_fields *f, struct settings *s)
{
	struct text before = s->backend;
	struct hjson_node *m;

	for (size_t i = 0; i < n_setting_keys; i++)
		setting_keys[i].read(f, setting_keys[i].doc.key, s);
	if (s->backend.at != before.at)
		settings_set_backend(
			l, (struct text){words_text(l, "backend", &s->backend), s->backend.at}, s);
	if (!l->roster || !cfg_fields_object(f))
		return;
	hjson_for_each (m, cfg_fields_object(f))
		if (!m->shadowed)
			read_backend_key(l, f, m, s);
}
