/* SPDX-License-Identifier: Apache-2.0 */
/* Strings with \u0000: Hjson allows them, but arguments, paths and names cannot contain a NUL. */
#ifndef CONFIG_NUL_H
#define CONFIG_NUL_H

#include "config/config.h"

/* Adds an error for each key and each string below root that contains a NUL, except for
 * descriptions. Returns 0, or -1 after errors. */
int nul_refuse(const struct cfg *c, const struct hjson_node *root, struct diags *diags);

#endif
