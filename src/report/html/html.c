/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html/html.h"

#include "base/utf8.h"

static const char style[] =
	":root{color-scheme:light dark;--line:#8885;--ok:#2a8a4a;--bad:#c0392b}"
	"body{font:15px/1.45 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
	"table{border-collapse:collapse;margin:1em 0}"
	"th,td{padding:.25em .7em;border-bottom:1px solid var(--line);text-align:left}"
	"td.n{text-align:right;font-variant-numeric:tabular-nums}"
	"tr.sum td{font-weight:600}"
	"code,pre{font:13px/1.4 ui-monospace,monospace}"
	"pre{overflow-x:auto;padding:.6em;border:1px solid var(--line);border-radius:4px}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em "
	"1em}dt{opacity:.7}dd{margin:0}"
	"i.b{display:block;height:3px;background:var(--bad)}i.b>i{display:block;height:3px;"
	"background:var(--ok)}"
	"details{margin:.4em 0}summary{cursor:pointer}";

void html_text(struct str *out, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	while (n) {
		size_t k = utf8_valid_len(text, n);

		if (k == 0 || (utf8_is_control(text, k) && *text != '\n' && *text != '\t'))
			str_add(out, "\xef\xbf\xbd");
		else if (*text == '<')
			str_add(out, "&lt;");
		else if (*text == '>')
			str_add(out, "&gt;");
		else if (*text == '&')
			str_add(out, "&amp;");
		else if (*text == '"')
			str_add(out, "&quot;");
		else if (*text == '\'')
			str_add(out, "&#39;");
		else
			str_addn(out, text, k);
		k = k ? k : 1;
		text += k;
		n -= k;
	}
}

void html_line(struct str *out, const char *tag, const char *text)
{
	str_printf(out, "<%s>", tag);
	html_text(out, text);
	str_printf(out, "</%s>\n", tag);
}

void html_fact(struct str *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	html_line(out, "dt", name);
	html_line(out, "dd", value);
}

void html_begin(struct str *out, const char *title)
{
	html_begin_with(out, title, "");
}

void html_begin_with(struct str *out, const char *title, const char *more_style)
{
	str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width\">\n");
	html_line(out, "title", title);
	str_printf(out, "<style>%s%s</style>\n</head>\n<body>\n", style, more_style);
	html_line(out, "h1", title);
}

void html_end(struct str *out)
{
	str_add(out, "</body>\n</html>\n");
}

static bool is_safe_link(const char *to)
{
	size_t n = strcspn(to, "/?#:");

	return to[n] != ':' || str_starts(to, "https://") || str_starts(to, "http://");
}

void html_link(struct str *out, const char *to, const char *text)
{
	if (!to || !is_safe_link(to)) {
		html_text(out, text);
		return;
	}
	str_add(out, "<a href=\"");
	html_text(out, to);
	str_add(out, "\">");
	html_text(out, text);
	str_add(out, "</a>");
}

void html_percent(struct str *out, bool is_known, double percent)
{
	if (!is_known) {
		str_add(out, "<td class=\"n\">--</td>");
		return;
	}
	str_printf(out,
		   "<td class=\"n\">%.2f %%<i class=\"b\"><i style=\"width:%.0f%%\"></i></i></td>",
		   percent,
		   percent < 0	   ? 0
		   : percent > 100 ? 100
				   : percent);
}
