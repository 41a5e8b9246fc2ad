/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/outputs.h"

#include <math.h>

#include "base/attr.h"

static double number_at(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool is_filled_with(const json_t *arg, const json_t *expect)
{
	const json_t *is = json_object_get(arg, "fill"), *wanted = json_object_get(expect, "fill");
	double want = json_number_value(wanted);

	if (!json_is_number(is) || !json_is_number(wanted))
		return is && wanted && json_equal(is, wanted);
	return fabs(json_number_value(is) - want) <=
	       number_at(expect, "atol") + number_at(expect, "rtol") * fabs(want);
}

static bool is_made_of(const json_t *arg, const json_t *expect)
{
	const json_t *is = json_object_get(arg, "file"), *wanted = json_object_get(expect, "file");

	return is && wanted && json_equal(is, wanted);
}

void chips_warn_of_outputs(const json_t *args, struct src_pos pos, struct diags *diags)
{
	size_t n_out = 0, n_expected = 0, i;
	json_t *arg;

	if (!json_is_array(args))
		return;
	json_array_foreach((json_t *)args, i, arg)
	{
		const json_t *expect = json_object_get(arg, "expect");

		n_out += json_is_true(json_object_get(arg, "out"));
		n_expected += expect != NULL;
		if (expect && (is_filled_with(arg, expect) || is_made_of(arg, expect)))
			diag_hint(
				diag_warning(diags, pos,
					     "args[%zu] already has the value that is expected at "
					     "the end: a kernel that does nothing passes",
					     i),
				"leave out '%s', or give another value",
				json_object_get(arg, "file") ? "file" : "fill");
	}
	if (n_out && !n_expected)
		diag_hint(diag_warning(diags, pos,
				       "no output has an 'expect': the job passes whatever its "
				       "kernel writes"),
			  "{ f32: [64], out: true, expect: { fill: 42, rtol: 1e-5 } }");
}
