/* SPDX-License-Identifier: Apache-2.0 */
/* Shows values of unknown structure as tables. */
#ifndef REPORT_HTML_JSON_HTML_H
#define REPORT_HTML_JSON_HTML_H

#include "base/str.h"
#include "report/json_in.h"

void json_html_scalar(struct json_in *in, struct hjson_node *n, struct str *out);
/* A list of objects with the same keys is one table; any other object has a row for each member. */
void json_html_value(struct json_in *in, struct hjson_node *n, struct str *out);

#endif
