/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/backends.h"

#define BACKEND(name, help)                                                        \
	&(const struct backend_type){#name, help, backend_##name##_check_settings, \
				     backend_##name##_create},
const struct backend_type *const backend_types[] = {
#include "backends/list.h"
	NULL,
};
#undef BACKEND

#define BACKEND(name, help) #name,
const char *const backend_names[] = {
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

void backend_check_settings(uint32_t type, const char *name, struct cfg_fields *settings)
{
	backend_types[type]->check_settings(name, settings);
}

void backend_add_names(struct str *out)
{
	for (size_t i = 0; backend_types[i]; i++)
		str_printf(out, "%s%s", i ? ", " : "", backend_types[i]->name);
}

void backend_hint(struct diag *e, const char *name)
{
	_cleanup_(str_done) struct str names = {0};
	const char *near = str_suggest(name, backend_names, ARRAY_LEN(backend_names) - 1);

	if (near) {
		diag_hint(e, "did you mean '%s'?", near);
		return;
	}
	backend_add_names(&names);
	diag_hint(e, "there are: %s", names.s);
}

bool backend_type_exists(const char *name)
{
	return backend_type_find(name) != NULL;
}
