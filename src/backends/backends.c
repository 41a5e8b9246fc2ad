/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/backends.h"

#include "base/str.h"

#define BACKEND(name, help) &(const struct backend_type){#name, help, backend_##name##_create},
const struct backend_type *const backend_types[] = {
#include "backends/list.h"
	NULL,
};
#undef BACKEND

const struct backend_type *backend_type_find(const char *name)
{
	for (const struct backend_type *const *t = backend_types; *t; t++)
		if (str_eq((*t)->name, name))
			return *t;
	return NULL;
}

bool backend_type_exists(const char *name)
{
	return backend_type_find(name) != NULL;
}
