/* SPDX-License-Identifier: Apache-2.0 */
/* Runs with a plan only, and members of their results, for the tests of those who write results. */
#ifndef TESTS_RUN_RESULTS_FIXTURE_H
#define TESTS_RUN_RESULTS_FIXTURE_H

#include "fixture.h"

#include <jansson.h>

#include "base/str.h"
#include "run/results.h"

static inline struct run_dir *make_run(struct plan *p)
{
	struct error err = {0};
	struct run_dir *r = run_dir_new(p, clock_real(), &err);

	if (!r || run_dir_publish(r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static inline json_t *load_results(const char *run_path)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	json_error_t where;
	json_t *json = json_load_file(path, 0, &where);

	if (!json)
		fail_msg("%s:%d: %s", path, where.line, where.text);
	return json;
}

static inline json_t *at(json_t *json, const char *path)
{
	char copy[200], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((key = strsep(&rest, ".")) != NULL) {
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(key))
					   : json_object_get(json, key);
		if (!json)
			fail_msg("%s: there is no %s", path, key);
	}
	return json;
}

static inline void is_text(json_t *json, const char *path, const char *expect)
{
	const json_t *v = at(json, path);

	if (expect ? !str_eq(json_string_value(v), expect) : !json_is_null(v))
		fail_msg("%s is '%s', not '%s'", path, json_string_value(v),
			 expect ? expect : "null");
}

static inline void is_int(json_t *json, const char *path, json_int_t expect)
{
	assert_true(json_is_integer(at(json, path)));
	if (json_integer_value(at(json, path)) != expect)
		fail_msg("%s is %lld, not %lld", path,
			 (long long)json_integer_value(at(json, path)), (long long)expect);
}

#endif
