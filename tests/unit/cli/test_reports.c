/* SPDX-License-Identifier: Apache-2.0 */
/* The reports that flows name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/flow.h"
#include "report/reports.h"

static void every_report_that_a_flow_names_exists(void **state)
{
	(void)state;
	for (size_t i = 0; flow_types[i]; i++)
		if (flow_types[i]->report)
			assert_true(report_is_known(flow_types[i]->report));
	assert_false(report_is_known("simulation"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_that_a_flow_names_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
