/* SPDX-License-Identifier: Apache-2.0 */
#include "observers/observers.h"

#include "base/str.h"

#define OBSERVER(name, is_default, help) \
	&(const struct observer_type){#name, help, is_default, observer_##name##_create},
const struct observer_type *const observer_types[] = {
#include "observers/list.h"
	NULL,
};
#undef OBSERVER

const struct observer_type *observer_type_find(const char *name)
{
	for (const struct observer_type *const *t = observer_types; *t; t++)
		if (str_eq((*t)->name, name))
			return *t;
	return NULL;
}
