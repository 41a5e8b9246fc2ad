/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the one-shot flows, made of the JSON beside them: after a run, and at any time later. */
#ifndef REPORT_DV_ONESHOT_HTML_H
#define REPORT_DV_ONESHOT_HTML_H

#include "report/json_in.h"

/* The index, or a block, has `flow`: that of simulations has none. */
bool oneshot_html_is_index(const struct json_in *in);
/* in: an open index. Reads the blocks beside it, writes pages of all and copies of the files to
 * dir. 0, or -1 with err, that of in. */
int oneshot_html_write(struct json_in *in, const char *dir, struct error *err);

#endif
