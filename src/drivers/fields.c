/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"

static const double longest_s = 86400;

/* Reports the first error only. */
static int32_t fields_fail(const struct fields *f, const char *fmt, ...) _printf_(2, 3);
static int32_t fields_fail(const struct fields *f, const char *fmt, ...)
{
	va_list ap;

	if (!f->err || !f->err->size || *f->err->at)
		return f->code;
	va_start(ap, fmt);
	vsnprintf(f->err->at, f->err->size, fmt, ap);
	va_end(ap);
	return f->code;
}

int32_t fields_wrong(const struct fields *f, const char *key, const char *must)
{
	return fields_fail(f, "%s: '%s' must be %s", f->where, key, must);
}

json_t *fields_parse(const char *text, const char *where, struct dvs_text *err)
{
	const struct fields f = {.where = where, .err = err};
	json_error_t fault;
	json_t *j;

	if (!text || !*text)
		return json_object();
	j = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
	if (j && json_is_object(j))
		return j;
	if (j)
		fields_fail(&f, "%s: must be a JSON object", where);
	else
		fields_fail(&f, "%s: not JSON: %s (line %d, column %d)", where, fault.text,
			    fault.line, fault.column);
	json_decref(j);
	return NULL;
}

static bool drivers_fields_is_listed(const char *const *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

int32_t fields_only(const struct fields *f, const char *const *known)
{
	const char *key, *near;
	json_t *value;
	size_t n = 0;

	while (known[n])
		n++;
	json_object_foreach(f->from, key, value)
	{
		(void)value;
		if (drivers_fields_is_listed(known, n, key))
			continue;
		near = str_suggest(key, known, n);
		return fields_fail(f, "%s: unknown key '%.60s'%s%s%s", f->where, key,
				   near ? "; did you mean '" : "", near ? near : "",
				   near ? "'?" : "");
	}
	return 0;
}

int32_t fields_typed(const struct fields *f, const char *key, json_type type, json_t **ret)
{
	static const char *const names[] = {"an object", "a list",  "a text",	  "a whole number",
					    "a number",	 "a truth", "a falsehood"};
	json_t *v = json_object_get(f->from, key);

	*ret = v;
	return v && json_typeof(v) != type ? fields_wrong(f, key, names[type]) : 0;
}

int32_t fields_text(const struct fields *f, const char *key, const char **ret)
{
	json_t *v;
	int32_t code = fields_typed(f, key, JSON_STRING, &v);

	if (!code && v)
		*ret = json_string_value(v);
	return code;
}

int32_t fields_int(const struct fields *f, const char *key, int64_t least, int64_t most,
		   int64_t *ret)
{
	json_t *v = json_object_get(f->from, key);
	json_int_t i = json_integer_value(v);

	if (!v)
		return 0;
	if (!json_is_integer(v) || i < least || i > most)
		return fields_fail(f, "%s: '%s' must be a whole number from %lld to %lld", f->where,
				   key, (long long)least, (long long)most);
	*ret = i;
	return 0;
}

int32_t fields_real(const struct fields *f, const char *key, double *ret)
{
	json_t *v = json_object_get(f->from, key);

	if (!v)
		return 0;
	if (!json_is_number(v) || json_number_value(v) < 0)
		return fields_wrong(f, key, "a number, 0 or more");
	*ret = json_number_value(v);
	return 0;
}

int32_t fields_size(const struct fields *f, const char *key, uint64_t *ret)
{
	json_t *v = json_object_get(f->from, key);

	if (!v)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= 0)
		*ret = (uint64_t)json_integer_value(v);
	else if (!json_is_string(v) || !units_size(json_string_value(v), ret))
		return fields_wrong(f, key, "a size, such as \"16M\"");
	return 0;
}

int32_t fields_time(const struct fields *f, const char *key, double least_s, uint64_t *ret_ns)
{
	json_t *v = json_object_get(f->from, key);
	double s = json_number_value(v);

	if (!v)
		return 0;
	if (json_is_string(v) && !duration_parse(json_string_value(v), &s))
		s = -1;
	if ((json_is_string(v) || json_is_number(v)) && s >= least_s && s <= longest_s) {
		*ret_ns = (uint64_t)(s * 1e9 + 0.5);
		return 0;
	}
	return fields_fail(f, "%s: '%s' must be a duration from %gms to a day, such as \"10s\"",
			   f->where, key, least_s * 1e3);
}

int fields_error(const struct fields *f, int32_t code, struct error *err)
{
	return code == 0 ? 0 : error_plain(err, "%s", f->err->at);
}

bool fields_has_number(json_t *value, int64_t number)
{
	json_t *item;
	size_t i;

	if (!json_is_array(value))
		return json_is_integer(value) && json_integer_value(value) == number;
	json_array_foreach(value, i, item)
	{
		if (json_is_integer(item) && json_integer_value(item) == number)
			return true;
	}
	return false;
}
