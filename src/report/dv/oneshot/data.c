/* SPDX-License-Identifier: Apache-2.0 */
/* Accessors of the data, for all files that show it. */
#include "report/dv/oneshot/data.h"

#include <string.h>

#include "base/ascii.h"

struct os_bucket *os_bucket_of(struct arena *mem, struct os_mode *mode, const char *key)
{
	struct os_bucket *b;

	for (size_t i = 0; i < mode->buckets.n; i++)
		if (strcmp(mode->buckets.at[i].key, key) == 0)
			return &mode->buckets.at[i];
	b = vec_add_in(mem, &mode->buckets);
	*b = (struct os_bucket){.key = key, .label = key, .severity = "error", .is_shown = true};
	return b;
}

char os_severity_letter(const char *severity)
{
	static const char *const letters[] = {"Iinfo", "Wreview", "Wwarning", "Eerror", "Efatal"};

	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (strcmp(letters[i] + 1, severity) == 0)
			return letters[i][0];
	return '?';
}

const char *os_text(struct arena *mem, struct hjson_doc *doc, const struct hjson_node *n)
{
	const char *digits;
	size_t len;

	if (!n)
		return NULL;
	switch ((enum hjson_type)n->type) {
	case HJSON_STRING:
		return arena_strndup(mem, n->str, n->n);
	case HJSON_INT:
	case HJSON_REAL:
		digits = hjson_number(doc, n, &len);
		return arena_strndup(mem, digits, len);
	case HJSON_BOOL:
		return n->i ? "true" : "false";
	default:
		return NULL;
	}
}

size_t oneshot_report_errors(const struct oneshot_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_blocks; i++)
		n += r->blocks[i].n_errors;
	return n;
}

void os_add_title(const struct oneshot_report *r, const struct dv_block *dv, struct str *out)
{
	static const char *const words[] = {
		[DV_SIM] = "",	  [DV_LINT] = "Lint",	  [DV_CDC] = "CDC",
		[DV_RDC] = "RDC", [DV_SYN] = "Synthesis", [DV_FORMAL] = "Formal",
	};

	for (const char *p = dv->name; *p; p++)
		str_addc(out, ascii_upper(*p));
	str_printf(out, " %s%s", dv->is_style_lint ? "Style " : "", words[r->kind]);
	if (r->kind == DV_FORMAL) {
		str_addc(out, ' ');
		for (const char *p = dv->sub_flow ? dv->sub_flow : ""; *p; p++)
			str_addc(out, ascii_upper(*p));
	}
	str_add(out, " Results");
}
