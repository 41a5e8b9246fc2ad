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

void backend_check_settings(uint32_t type, const char *name, struct cfg_fields *settings)
{
	backend_types[type]->check_settings(name, settings);
}
