/* SPDX-License-Identifier: Apache-2.0 */
/* Makes pages of the one-shot flows from the JSON beside them, after a run or at any later time. */
#ifndef REPORT_DV_ONESHOT_HTML_H
#define REPORT_DV_ONESHOT_HTML_H

#include "report/json_in.h"

/* Whether in is an index of a one-shot flow: it has `flow`, and an index of simulations does
 * not. */
bool oneshot_html_is_index(const struct json_in *in);
/* in: an open index. Reads the blocks beside it, and writes pages of all and copies of the files to
 * dir. 0, or -1 with err, which is in->err. */
int oneshot_html_write(struct json_in *in, const char *dir, struct error *err);

#endif
