/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/read.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"
#include "drivers/sim/codes.h"

/* A day is longer than any simulated device needs; it keeps sums of times far from overflow. */
static const double longest_s = 86400;

json_t *sim_read_object(const char *text, const char *where, struct dvs_text *err)
{
	json_error_t fault;
	json_t *j;

	if (!text || !*text)
		return json_object();
	j = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
	if (!j) {
		sim_fail(err, 0, "%s is not JSON: %s (line %d, column %d)", where, fault.text,
			 fault.line, fault.column);
		return NULL;
	}
	if (!json_is_object(j)) {
		sim_fail(err, 0, "%s must be a JSON object", where);
		json_decref(j);
		return NULL;
	}
	return j;
}

int32_t sim_read_keys(const struct sim_reader *r, json_t *object, const char *const *known)
{
	const char *key, *near;
	json_t *value;
	size_t n = 0;

	while (known[n])
		n++;
	json_object_foreach(object, key, value)
	{
		bool is_known = false;

		(void)value;
		for (size_t i = 0; i < n && !is_known; i++)
			is_known = strcmp(known[i], key) == 0;
		if (is_known)
			continue;
		near = str_suggest(key, known, n);
		return sim_fail(r->err, SIM_BAD_JOB, "%s: there is no key '%.60s'%s%s%s", r->where,
				key, near ? "; did you mean '" : "", near ? near : "",
				near ? "'?" : "");
	}
	return 0;
}

static int32_t wrong(const struct sim_reader *r, const char *key, const char *must)
{
	return sim_fail(r->err, SIM_BAD_JOB, "%s: '%s' must be %s", r->where, key, must);
}

int32_t sim_read_int(const struct sim_reader *r, json_t *object, const char *key, int64_t least,
		     int64_t most, int64_t *ret)
{
	json_t *v = json_object_get(object, key);
	json_int_t i;

	if (!v)
		return 0;
	i = json_integer_value(v);
	if (!json_is_integer(v) || i < least || i > most)
		return sim_fail(r->err, SIM_BAD_JOB,
				"%s: '%s' must be a whole number, %lld to %lld", r->where, key,
				(long long)least, (long long)most);
	*ret = i;
	return 0;
}

int32_t sim_read_real(const struct sim_reader *r, json_t *object, const char *key, double *ret)
{
	json_t *v = json_object_get(object, key);

	if (!v)
		return 0;
	if (!json_is_number(v) || json_number_value(v) < 0)
		return wrong(r, key, "a number, 0 or more");
	*ret = json_number_value(v);
	return 0;
}

int32_t sim_read_text(const struct sim_reader *r, json_t *object, const char *key, const char **ret)
{
	json_t *v = json_object_get(object, key);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong(r, key, "a text");
	*ret = json_string_value(v);
	return 0;
}

int32_t sim_read_time(const struct sim_reader *r, json_t *object, const char *key, uint64_t *ret_ns)
{
	json_t *v = json_object_get(object, key);
	double s = json_number_value(v);

	if (!v)
		return 0;
	if (!json_is_number(v) && !(json_is_string(v) && duration_parse(json_string_value(v), &s)))
		return wrong(r, key, "a duration, like \"20ms\" or \"2s\"");
	if (!(s >= 0 && s <= longest_s))
		return wrong(r, key, "between 0 and a day");
	*ret_ns = (uint64_t)(s * 1e9);
	return 0;
}

int32_t sim_read_size(const struct sim_reader *r, json_t *object, const char *key,
		      uint64_t *ret_bytes)
{
	json_t *v = json_object_get(object, key);

	if (!v)
		return 0;
	if (json_is_string(v) && units_size(json_string_value(v), ret_bytes))
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return wrong(r, key, "a size, like \"4K\" or \"16M\"");
	*ret_bytes = (uint64_t)json_integer_value(v);
	return 0;
}

bool sim_has_number(json_t *value, int64_t number)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value))
		return json_is_integer(value) && json_integer_value(value) == number;
	json_array_foreach(value, i, item) if (json_is_integer(item) &&
					       json_integer_value(item) == number) return true;
	return false;
}
