/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/command/options.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"

/* The host waits 20 s for a probe, a person for less. */
static const double usual_timeout_s = 15, least_timeout_s = 0.01, most_timeout_s = 3600;

/* `index, uuid, name, pci.bus_id, memory.total` as CSV; what is missing at the end is not known. */
static const char usual_line[] = "^\\s*(?<id>\\d+)"
				 "(?:\\s*,(?<name>[^,\\n]*)"
				 "(?:,(?<model>[^,\\n]*)"
				 "(?:,(?<pci>[^,\\n]*)"
				 "(?:,(?<memory>[^,\\n]*))?)?)?)?\\s*$";

static const char *const groups[] = {"id",     "name", "model",	 "pci", "memory",
				     "domain", "numa", "health", NULL};

struct smi_reader {
	const json_t *from;
	struct smi_options *o;
	struct error *err;
};

/* ---- commands ---- */

static const char *skip_word(const char *text)
{
	text += strcspn(text, " \t\r\n");
	return text + strspn(text, " \t\r\n");
}

/* The first word that is no variable: "LANG=C /opt/x-smi -l" is /opt/x-smi. */
static const char *program_of(struct arena *mem, const char *command)
{
	const char *at = command + strspn(command, " \t\r\n");

	while (*at && memchr(at, '=', strcspn(at, " \t\r\n")))
		at = skip_word(at);
	return arena_strndup(mem, at, strcspn(at, " \t\r\n;|&<>()"));
}

static int read_command(const struct smi_reader *r, const char *key, const char **ret)
{
	const json_t *v = json_object_get(r->from, key);
	const char *program;

	if (!v)
		return 0;
	if (!json_is_string(v))
		return error_plain(r->err, "%s must be a command, as a text", key);
	*ret = arena_strdup(r->o->mem, json_string_value(v));
	program = program_of(r->o->mem, *ret);
	if (str_starts(program, "./") || str_starts(program, "../"))
		return error_plain(r->err,
				   "%s: '%s' must be an absolute path, or a name in PATH: the "
				   "commands start in /",
				   key, program);
	return (*ret)[strspn(*ret, " \t\r\n")] ? 0 : error_plain(r->err, "%s is empty", key);
}

static int read_commands(const struct smi_reader *r)
{
	struct smi_options *o = r->o;

	if (read_command(r, "probe", &o->probe) < 0 || read_command(r, "health", &o->health) < 0 ||
	    read_command(r, "open_check", &o->open_check) < 0)
		return -1;
	if (!o->probe)
		return error_plain(r->err, "options: 'probe' is missing, the command that lists "
					   "devices, such as \"nvidia-smi --query-gpu=index,uuid,"
					   "name,pci.bus_id,memory.total --format=csv,noheader\"");
	return 0;
}

/* ---- the rest ---- */

static int read_pattern(const struct smi_reader *r, const char *key, const char *usual,
			const char *const *names, struct smi_pattern **ret)
{
	json_t *v = json_object_get(r->from, key);
	const char *text = v ? json_string_value(v) : usual;

	if (v && !text)
		return error_plain(r->err, "%s must be a pattern, as a text", key);
	if (!text)
		return 0;
	*ret = smi_pattern_new(text, names, r->err);
	if (*ret)
		return 0;
	error_wrap(r->err, "%s", key);
	return -1;
}

static int read_patterns(const struct smi_reader *r)
{
	struct smi_options *o = r->o;

	if (read_pattern(r, "line", usual_line, groups, &o->line) < 0 ||
	    read_pattern(r, "good", NULL, NULL, &o->good) < 0 ||
	    read_pattern(r, "suspect", NULL, NULL, &o->suspect) < 0 ||
	    read_pattern(r, "bad", NULL, NULL, &o->bad) < 0)
		return -1;
	if (!smi_pattern_has(o->line, "id"))
		return error_plain(r->err, "line: it has no group (?<id>...), the number of the "
					   "device");
	return 0;
}

static int read_timeout(const struct smi_reader *r)
{
	const json_t *v = json_object_get(r->from, "timeout");
	double s = json_number_value(v);

	r->o->timeout_s = usual_timeout_s;
	if (!v)
		return 0;
	if (!json_is_number(v) && !(json_is_string(v) && duration_parse(json_string_value(v), &s)))
		return error_plain(r->err, "timeout must be a time, such as \"15s\"");
	if (s < least_timeout_s || s > most_timeout_s)
		return error_plain(r->err, "timeout must be from 10ms to 1h");
	r->o->timeout_s = s;
	return 0;
}

/* nvidia-smi -> nvidia, npu-smi -> npu: what other drivers of such devices call them. */
static const char *usual_family(const struct smi_options *o)
{
	const char *base = path_base(program_of(o->mem, o->probe));

	return str_ends(base, "-smi") && strlen(base) > 4
		       ? arena_strndup(o->mem, base, strlen(base) - 4)
		       : base;
}

static int read_family(const struct smi_reader *r)
{
	const json_t *v = json_object_get(r->from, "family");
	const char *text = json_string_value(v);

	if (v && (!text || !*text || strlen(text) > 31))
		return error_plain(r->err, "family must be a word of at most 31 bytes");
	r->o->family = text ? arena_strdup(r->o->mem, text) : usual_family(r->o);
	return 0;
}

static int read_lend(const struct smi_reader *r)
{
	const json_t *v = json_object_get(r->from, "lend");

	if (v && !str_eq(json_string_value(v), "id") && !str_eq(json_string_value(v), "name"))
		return error_plain(r->err, "lend must be \"id\" or \"name\"");
	r->o->lends_name = v && str_eq(json_string_value(v), "name");
	if (r->o->lends_name && !smi_pattern_has(r->o->line, "name"))
		return error_plain(r->err, "lend: 'line' has no group (?<name>...)");
	return 0;
}

static int only_known_options(const struct smi_reader *r)
{
	/* state_dir: the host's, for drivers that keep a state; this one has none. */
	static const char *const known[] = {"probe",  "line", "health",	  "open_check",
					    "good",   "bad",  "suspect",  "timeout",
					    "family", "lend", "state_dir"};
	const char *key, *near;
	json_t *v;

	json_object_foreach((json_t *)r->from, key, v)
	{
		size_t i = 0;

		while (i < ARRAY_LEN(known) && strcmp(known[i], key) != 0)
			i++;
		if (i < ARRAY_LEN(known))
			continue;
		near = str_suggest(key, known, ARRAY_LEN(known));
		return error_plain(r->err, "unknown option '%s'%s%s%s", key,
				   near ? "; did you mean '" : "", near ? near : "",
				   near ? "'?" : "");
	}
	return 0;
}

int smi_options_read(const char *json, struct smi_options *ret, struct error *err)
{
	json_t *from = json && *json ? json_loads(json, JSON_REJECT_DUPLICATES, NULL)
				     : json_object();
	struct smi_reader r = {.from = from, .o = ret, .err = err};
	int rc;

	*ret = (struct smi_options){.mem = arena_new()};
	if (!json_is_object(from))
		rc = error_plain(err, "options are not a JSON object");
	else if (only_known_options(&r) < 0 || read_commands(&r) < 0 || read_patterns(&r) < 0 ||
		 read_timeout(&r) < 0 || read_family(&r) < 0 || read_lend(&r) < 0)
		rc = -1;
	else
		rc = 0;
	json_decref(from);
	return rc;
}

void smi_options_done(struct smi_options *o)
{
	smi_pattern_free(o->line);
	smi_pattern_free(o->good);
	smi_pattern_free(o->suspect);
	smi_pattern_free(o->bad);
	arena_free(o->mem);
	*o = (struct smi_options){0};
}
