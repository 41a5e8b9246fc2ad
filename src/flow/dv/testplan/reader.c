/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/testplan/reader.h"

const char *testplan_text(struct cfg *c, struct hjson_node *n)
{
	return hjson_cstr(cfg_doc(c), n);
}

bool testplan_is_text_list(const struct hjson_node *list)
{
	struct hjson_node *e;

	if (list->type != HJSON_ARRAY)
		return false;
	hjson_for_each (e, list)
		if (e->type != HJSON_STRING)
			return false;
	return true;
}
