/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML pages in one file each: no scripts, no external resources, all text escaped.
 *
 * In report/html/: parts of a page for text and JSON. Entry points: this header, json_html.h.
 */
#ifndef REPORT_HTML_HTML_H
#define REPORT_HTML_HTML_H

#include "base/str.h"

void html_begin(struct str *out, const char *title); /* begins the page, with its heading */
void html_begin_with(struct str *out, const char *title, const char *more_style);
void html_end(struct str *out);
/* Appends text, escaped; NULL: nothing. */
void html_text(struct str *out, const char *text);
/* <TAG>text</TAG> and a line end. */
void html_line(struct str *out, const char *tag, const char *text);
/* Appends a name and its value for a list <dl>, unless the value is NULL or empty. */
void html_fact(struct str *out, const char *name, const char *value);
/* Appends a link to http, https or a path. Any other target becomes text. */
void html_link(struct str *out, const char *to, const char *text);
/* Appends a cell with a share of 0 to 100 and a bar; "--" if not known. */
void html_percent(struct str *out, bool is_known, double percent);

#endif
