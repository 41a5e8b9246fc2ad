/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/options.h"

#include <string.h>

#include "drivers/fields.h"

/* Least time of an option; usual and largest limit of the driver's own waits. */
static const double least_time_s = 0.001;
enum { SYNC_TIMEOUT_MS = 5000, SYNC_TIMEOUT_MOST_MS = 600 * 1000 };

static int32_t read_kept(const struct fields *f, const char *key, struct arena *mem,
			 const char **ret)
{
	int32_t code = fields_text(f, key, ret);

	if (code == 0 && *ret)
		*ret = arena_strdup(mem, *ret);
	return code;
}

static int32_t acl_options_read_ids(const struct fields *f, bool *ret_logical)
{
	const char *s = *ret_logical ? "logical" : "physical";
	int32_t code = fields_text(f, "ids", &s);

	if (code == 0 && strcmp(s, "physical") != 0 && strcmp(s, "logical") != 0)
		return fields_wrong(f, "ids", "\"physical\" or \"logical\"");
	*ret_logical = code == 0 && strcmp(s, "logical") == 0;
	return code;
}

static int32_t read_sync_timeout(const struct fields *f, uint32_t *ret_ms)
{
	uint64_t ns = (uint64_t)SYNC_TIMEOUT_MS * 1000000;
	int32_t code = fields_time(f, "sync_timeout", least_time_s, &ns);

	if (code == 0 && ns / 1000000 > SYNC_TIMEOUT_MOST_MS)
		return fields_wrong(f, "sync_timeout", "10m or less");
	*ret_ms = (uint32_t)(ns / 1000000);
	return code;
}

static int32_t read_all(const struct fields *f, struct acl_options *o)
{
	/* state_dir: the host passes it to all drivers; this one stores no state. runtime: not used
	 * here, but jobs with another runtime get another worker. */
	static const char *const known[] = {
		"libdir",	"dcmi",		"soc",	     "ids",	"op_timeout",
		"wait_timeout", "sync_timeout", "state_dir", "runtime", NULL};

	if (fields_only(f, known) != 0 || read_kept(f, "libdir", o->mem, &o->libdir) != 0 ||
	    read_kept(f, "dcmi", o->mem, &o->dcmi) != 0 ||
	    read_kept(f, "soc", o->mem, &o->soc) != 0 ||
	    acl_options_read_ids(f, &o->has_logical_ids) != 0 ||
	    fields_time(f, "op_timeout", least_time_s, &o->op_timeout_ns) != 0 ||
	    fields_time(f, "wait_timeout", least_time_s, &o->wait_timeout_ns) != 0)
		return f->code;
	return read_sync_timeout(f, &o->sync_timeout_ms);
}

int acl_options_read(const char *json, struct acl_options *ret, struct error *err)
{
	char words[FIELDS_WORDS] = "";
	struct dvs_text text = {words, sizeof(words)};
	struct fields f = {fields_parse(json, "options", &text), "options", -1, &text};
	int32_t code;

	*ret = (struct acl_options){.mem = arena_new()};
	code = f.from ? read_all(&f, ret) : f.code;
	json_decref(f.from);
	return fields_error(&f, code, err);
}

void acl_options_done(struct acl_options *o)
{
	arena_free(o->mem);
	o->mem = NULL;
}
