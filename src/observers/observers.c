/* SPDX-License-Identifier: Apache-2.0 */
#include "observers/observers.h"

#define OBSERVER(name, is_default, help) \
	&(const struct observer_type){#name, help, is_default, observer_##name##_create},
const struct observer_type *const observer_types[] = {
#include "observers/list.h"
	NULL,
};
#undef OBSERVER
