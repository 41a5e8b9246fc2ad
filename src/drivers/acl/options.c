/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/options.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"

/* A wait that is bounded by us must end long before anybody's patience does. */
enum { SYNC_TIMEOUT_MS = 5000, SYNC_TIMEOUT_MOST_MS = 600 * 1000 };

static int read_text(const json_t *from, const char *key, struct arena *mem, const char **ret,
		     struct error *err)
{
	const json_t *v = json_object_get(from, key);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return error_plain(err, "%s must be a text", key);
	*ret = arena_strdup(mem, json_string_value(v));
	return 0;
}

static int read_time(const json_t *from, const char *key, uint64_t *ret_ns, struct error *err)
{
	const json_t *v = json_object_get(from, key);
	double s = json_number_value(v);

	if (!v)
		return 0;
	if (!json_is_number(v) && !(json_is_string(v) && duration_parse(json_string_value(v), &s)))
		return error_plain(err, "%s must be a time, such as \"45s\"", key);
	if (s < 0.001 || s > 1e6)
		return error_plain(err, "%s must be from 1ms to 11 days", key);
	*ret_ns = (uint64_t)(s * 1e9);
	return 0;
}

static int read_ids(const json_t *from, bool *ret_logical, struct error *err)
{
	const json_t *v = json_object_get(from, "ids");
	const char *s = json_string_value(v);

	if (!v)
		return 0;
	if (!s || (strcmp(s, "physical") != 0 && strcmp(s, "logical") != 0))
		return error_plain(err, "ids must be \"physical\" or \"logical\"");
	*ret_logical = strcmp(s, "logical") == 0;
	return 0;
}

static int read_sync_timeout(const json_t *from, uint32_t *ret_ms, struct error *err)
{
	uint64_t ns = (uint64_t)SYNC_TIMEOUT_MS * 1000000;

	if (read_time(from, "sync_timeout", &ns, err) < 0)
		return -1;
	if (ns / 1000000 > SYNC_TIMEOUT_MOST_MS)
		return error_plain(err, "sync_timeout must be 10m or less");
	*ret_ms = (uint32_t)(ns / 1000000);
	return 0;
}

static int only_known_keys(const json_t *from, struct error *err)
{
	/* state_dir: for drivers that keep a state; this one has none. runtime: only for that jobs
	 * of another one have another worker. */
	static const char *const known[] = {"libdir",	    "dcmi",	  "soc",
					    "ids",	    "op_timeout", "wait_timeout",
					    "sync_timeout", "state_dir",  "runtime"};
	const char *key, *near;
	json_t *v;

	json_object_foreach((json_t *)from, key, v)
	{
		size_t i = 0;

		while (i < ARRAY_LEN(known) && strcmp(known[i], key) != 0)
			i++;
		if (i < ARRAY_LEN(known))
			continue;
		near = str_suggest(key, known, ARRAY_LEN(known));
		return error_plain(err, "unknown option '%s'%s%s%s", key,
				   near ? "; did you mean '" : "", near ? near : "",
				   near ? "'?" : "");
	}
	return 0;
}

static int read_all(const json_t *from, struct acl_options *o, struct error *err)
{
	if (only_known_keys(from, err) < 0 ||
	    read_text(from, "libdir", o->mem, &o->libdir, err) < 0 ||
	    read_text(from, "dcmi", o->mem, &o->dcmi, err) < 0 ||
	    read_text(from, "soc", o->mem, &o->soc, err) < 0 ||
	    read_ids(from, &o->has_logical_ids, err) < 0 ||
	    read_time(from, "op_timeout", &o->op_timeout_ns, err) < 0 ||
	    read_time(from, "wait_timeout", &o->wait_timeout_ns, err) < 0)
		return -1;
	return read_sync_timeout(from, &o->sync_timeout_ms, err);
}

int acl_options_read(const char *json, struct acl_options *ret, struct error *err)
{
	json_error_t at;
	json_t *from = json && *json ? json_loads(json, JSON_REJECT_DUPLICATES, &at)
				     : json_object();
	int rc;

	*ret = (struct acl_options){.mem = arena_new()};
	if (!json_is_object(from)) {
		json_decref(from);
		return error_plain(err, "options are not a JSON object");
	}
	rc = read_all(from, ret, err);
	json_decref(from);
	return rc;
}

void acl_options_done(struct acl_options *o)
{
	arena_free(o->mem);
	o->mem = NULL;
}
