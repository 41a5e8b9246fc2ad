/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/read.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"

json_t *simpler_read_json(const char *text, const char *where, struct dvs_text *err)
{
	json_error_t fault;
	json_t *j;

	if (!text || !*text)
		return json_object();
	j = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
	if (j && json_is_object(j))
		return j;
	simpler_fail(err, 0, "%s: %s", where, j ? "must be a JSON object" : fault.text);
	json_decref(j);
	return NULL;
}

int32_t simpler_read_only(const struct simpler_reader *r, const char *const *known)
{
	const char *key, *near;
	json_t *value;
	size_t n = 0;

	while (known[n])
		n++;
	json_object_foreach(r->from, key, value)
	{
		bool is_known = false;

		(void)value;
		for (size_t i = 0; i < n; i++)
			is_known |= strcmp(known[i], key) == 0;
		if (is_known)
			continue;
		near = str_suggest(key, known, n);
		return simpler_fail(r->err, r->code, "%s: unknown key '%.60s'%s%s%s", r->where, key,
				    near ? ", did you mean '" : "", near ? near : "",
				    near ? "'?" : "");
	}
	return 0;
}

static int32_t wrong(const struct simpler_reader *r, const char *key, const char *must)
{
	return simpler_fail(r->err, r->code, "%s: '%s' must be %s", r->where, key, must);
}

int32_t simpler_read_typed(const struct simpler_reader *r, const char *key, json_type type,
			   json_t **ret)
{
	static const char *const names[] = {"an object", "a list",  "a text",	  "a whole number",
					    "a number",	 "a truth", "a falsehood"};
	json_t *v = json_object_get(r->from, key);

	*ret = v;
	if (v && json_typeof(v) != type)
		return wrong(r, key, names[type]);
	return 0;
}

int32_t simpler_read_text(const struct simpler_reader *r, const char *key, const char **ret)
{
	json_t *v;
	int32_t code = simpler_read_typed(r, key, JSON_STRING, &v);

	if (!code && v)
		*ret = json_string_value(v);
	return code;
}

int32_t simpler_read_int(const struct simpler_reader *r, const char *key, int64_t least,
			 int64_t most, int64_t *ret)
{
	json_t *v = json_object_get(r->from, key);
	json_int_t i = json_integer_value(v);

	if (!v)
		return 0;
	if (!json_is_integer(v) || i < least || i > most)
		return simpler_fail(r->err, r->code,
				    "%s: '%s' must be a whole number from %lld to %lld", r->where,
				    key, (long long)least, (long long)most);
	*ret = i;
	return 0;
}

int32_t simpler_read_size(const struct simpler_reader *r, const char *key, uint64_t *ret)
{
	json_t *v = json_object_get(r->from, key);

	if (!v)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= 0)
		*ret = (uint64_t)json_integer_value(v);
	else if (!json_is_string(v) || !units_size(json_string_value(v), ret))
		return wrong(r, key, "a size, such as \"16M\"");
	return 0;
}

int32_t simpler_read_duration(const struct simpler_reader *r, const char *key, uint64_t *ret_ms)
{
	json_t *v = json_object_get(r->from, key);
	double s = json_number_value(v);

	if (!v)
		return 0;
	if (json_is_string(v) && !duration_parse(json_string_value(v), &s))
		s = -1;
	if (!(json_is_string(v) || json_is_number(v)) || !(s >= 0.001 && s <= 86400))
		return wrong(r, key, "a duration between 1ms and one day, such as \"10s\"");
	*ret_ms = (uint64_t)(s * 1000 + 0.5);
	return 0;
}
