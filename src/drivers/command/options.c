/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/command/options.h"

#include <string.h>

#include "base/fs.h"
#include "drivers/fields.h"

/* The usual limit and the most for probe are below the host's 20 s for a probe. */
static const double usual_timeout_s = 15, least_timeout_s = 0.01, probe_most_s = 18;

/* `index, uuid, name, pci.bus_id, memory.total` as CSV; columns at the end may be missing. */
static const char usual_line[] = "^\\s*(?<id>\\d+)"
				 "(?:\\s*,(?<name>[^,\\n]*)"
				 "(?:,(?<model>[^,\\n]*)"
				 "(?:,(?<pci>[^,\\n]*)"
				 "(?:,(?<memory>[^,\\n]*))?)?)?)?\\s*$";

static const char *const groups[] = {"id",     "name", "model",	 "pci", "memory",
				     "domain", "numa", "health", NULL};

struct smi_reader {
	const struct fields *f;
	struct smi_options *o;
	struct error *err;
};

/* ---- commands ---- */

static const char *skip_word(const char *text)
{
	text += strcspn(text, " \t\r\n");
	return text + strspn(text, " \t\r\n");
}

/* The first word that sets no variable: that of "LANG=C /opt/x-smi -l" is /opt/x-smi. */
static const char *program_of(struct arena *mem, const char *command)
{
	const char *at = command + strspn(command, " \t\r\n");

	while (*at && memchr(at, '=', strcspn(at, " \t\r\n")))
		at = skip_word(at);
	return arena_strndup(mem, at, strcspn(at, " \t\r\n;|&<>()"));
}

static int command_options_read_command(const struct smi_reader *r, const char *key,
					const char **ret)
{
	const char *program, *text = NULL;

	if (fields_error(r->f, fields_text(r->f, key, &text), r->err) < 0)
		return -1;
	if (!text)
		return 0;
	*ret = arena_strdup(r->o->mem, text);
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

	if (command_options_read_command(r, "probe", &o->probe) < 0 ||
	    command_options_read_command(r, "health", &o->health) < 0 ||
	    command_options_read_command(r, "open_check", &o->open_check) < 0)
		return -1;
	if (!o->probe)
		return error_plain(r->err, "options: 'probe' is missing, the command that lists "
					   "devices, such as \"nvidia-smi --query-gpu=index,uuid,"
					   "name,pci.bus_id,memory.total --format=csv,noheader\"");
	return 0;
}

/* ---- the rest ---- */

static int read_pattern(const struct smi_reader *r, const char *key, const char *usual,
			const char *const *names, struct text_pattern **ret)
{
	const char *text = usual;

	if (fields_error(r->f, fields_text(r->f, key, &text), r->err) < 0)
		return -1;
	if (!text)
		return 0;
	*ret = text_pattern_new(text, names, r->err);
	if (*ret)
		return 0;
	error_wrap(r->err, "%s", key);
	return -1;
}

static int command_options_read_patterns(const struct smi_reader *r)
{
	struct smi_options *o = r->o;

	if (read_pattern(r, "line", usual_line, groups, &o->line) < 0 ||
	    read_pattern(r, "good", NULL, NULL, &o->good) < 0 ||
	    read_pattern(r, "suspect", NULL, NULL, &o->suspect) < 0 ||
	    read_pattern(r, "bad", NULL, NULL, &o->bad) < 0)
		return -1;
	if (!text_pattern_has(o->line, "id"))
		return error_plain(r->err, "line: it has no group (?<id>...), the number of the "
					   "device");
	return 0;
}

static int command_options_read_timeout(const struct smi_reader *r)
{
	uint64_t ns = (uint64_t)(usual_timeout_s * 1e9);
	int32_t code = fields_time(r->f, "timeout", least_timeout_s, &ns);

	r->o->timeout_s = (double)ns * 1e-9;
	return fields_error(r->f, code, r->err);
}

/* nvidia-smi -> nvidia, npu-smi -> npu: the family that other drivers of such devices use. */
static const char *usual_family(const struct smi_options *o)
{
	const char *base = path_base(program_of(o->mem, o->probe));

	return str_ends(base, "-smi") && strlen(base) > 4
		       ? arena_strndup(o->mem, base, strlen(base) - 4)
		       : base;
}

static int read_family(const struct smi_reader *r)
{
	const json_t *v = json_object_get(r->f->from, "family");
	const char *text = json_string_value(v);

	if (v && (!text || !*text || strlen(text) > 31))
		return error_plain(r->err, "family must be a word of at most 31 bytes");
	r->o->family = text ? arena_strdup(r->o->mem, text) : usual_family(r->o);
	return 0;
}

static int read_lend(const struct smi_reader *r)
{
	const json_t *v = json_object_get(r->f->from, "lend");

	if (v && !str_eq(json_string_value(v), "id") && !str_eq(json_string_value(v), "name"))
		return error_plain(r->err, "lend must be \"id\" or \"name\"");
	r->o->lends_name = v && str_eq(json_string_value(v), "name");
	if (r->o->lends_name && !text_pattern_has(r->o->line, "name"))
		return error_plain(r->err, "lend: 'line' has no group (?<name>...)");
	return 0;
}

/* state_dir: the host passes it to all drivers; this one stores no state. */
static const char *const known[] = {"probe",  "line", "health",	   "open_check",
				    "good",   "bad",  "suspect",   "timeout",
				    "family", "lend", "state_dir", NULL};

int smi_options_read(const char *json, struct smi_options *ret, struct error *err)
{
	char words[FIELDS_WORDS] = "";
	struct dvs_text text = {words, sizeof(words)};
	const struct fields f = {fields_parse(json, "options", &text), "options", -1, &text};
	struct smi_reader r = {.f = &f, .o = ret, .err = err};
	int rc;

	*ret = (struct smi_options){.mem = arena_new()};
	rc = fields_error(&f, f.from ? fields_only(&f, known) : f.code, err);
	if (rc == 0 &&
	    (read_commands(&r) < 0 || command_options_read_patterns(&r) < 0 ||
	     command_options_read_timeout(&r) < 0 || read_family(&r) < 0 || read_lend(&r) < 0))
		rc = -1;
	json_decref(f.from);
	return rc;
}

double smi_options_probe_s(const struct smi_options *o)
{
	return o->timeout_s < probe_most_s ? o->timeout_s : probe_most_s;
}

void smi_options_done(struct smi_options *o)
{
	text_pattern_free(o->line);
	text_pattern_free(o->good);
	text_pattern_free(o->suspect);
	text_pattern_free(o->bad);
	arena_free(o->mem);
	*o = (struct smi_options){0};
}
