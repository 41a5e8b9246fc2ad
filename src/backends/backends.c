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

const char *backend_of_job_key(const char *key)
{
	static const struct {
		const char *backend, *key;
	} rows[] = {
#define JOB_KEY(backend, key) {#backend, #key},
#include "backends/job_keys.h"
#undef JOB_KEY
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(rows[i].key, key))
			return rows[i].backend;
	return NULL;
}

bool backend_type_exists(const char *name)
{
	return backend_type_find(name) != NULL;
}
