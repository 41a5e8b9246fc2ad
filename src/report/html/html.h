/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages in one file each: no script, nothing fetched from anywhere, all text escaped.
 *
 * In report/html/: text and JSON as parts of a page. Entries: those of this header,
 * json_html.h.
 */
#ifndef REPORT_HTML_HTML_H
#define REPORT_HTML_HTML_H

#include "base/str.h"

void html_begin(struct str *out, const char *title); /* up to the heading */
void html_begin_with(struct str *out, const char *title, const char *more_style);
void html_end(struct str *out);
/* Text as it is to be seen; NULL is nothing. */
void html_text(struct str *out, const char *text);
/* <TAG>text</TAG> and a line end. */
void html_line(struct str *out, const char *tag, const char *text);
/* A link; only to http, https and paths, anything else is shown as text. */
void html_link(struct str *out, const char *to, const char *text);
/* A cell with a share of 0 to 100 and a bar under it; not known: "--". */
void html_percent(struct str *out, bool is_known, double percent);

#endif
