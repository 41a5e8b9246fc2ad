/* SPDX-License-Identifier: Apache-2.0 */
/* Area, timing and power of a synthesis, in the units that DVSim shows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/dv/oneshot/data.h"
#include "report/md_table.h"

struct syn {
	struct arena *mem;
	struct hjson_doc *doc;
	struct hjson_node *root;
};

static struct hjson_node *syn_object(struct hjson_node *of, const char *key)
{
	struct hjson_node *n = of ? hjson_get(of, key) : NULL;

	return n && n->type == HJSON_OBJECT ? n : NULL;
}

/* NAN: missing, or no number. */
static double oneshot_number(const struct syn *s, struct hjson_node *of, const char *key)
{
	const char *text = of ? os_text(s->mem, s->doc, hjson_get(of, key)) : NULL;
	char *end;
	double d;

	if (!text || !*text)
		return NAN;
	d = strtod(text, &end);
	return *end ? NAN : d;
}

static void oneshot_add_value(struct str *cell, double value, double norm)
{
	double d = value / norm;

	if (isnan(d))
		str_add(cell, "--");
	else
		str_printf(cell, d < 1.0 ? "%2.2f" : "%2.1f", d);
}

/* Appends a number in its shortest form, as DVSim's tables show numbers in a column of numbers
 * only. */
static void oneshot_add_number(struct str *cell, double value, double norm)
{
	struct str text = {0};

	oneshot_add_value(&text, value, norm);
	if (isnan(value / norm))
		str_add(cell, text.s);
	else
		str_printf(cell, "%g", strtod(text.s, NULL));
	str_done(&text);
}

static void oneshot_add_share(struct str *cell, double value, double total, const char *sign)
{
	if (isnan(value) || isnan(total) || total <= 0)
		str_add(cell, "--");
	else
		str_printf(cell, "%2.1f %s", value / total * 100, sign);
}

static void add_instance(const struct syn *s, struct md_table *t, struct hjson_node *instance,
			 double kge, double *totals)
{
	static const char *const fields[] = {"comb", "buf", "reg", "logic", "macro", "total"};
	static const char *const shares[] = {"logic", "macro", "total"};
	double depth = oneshot_number(s, instance, "depth");
	bool is_top = depth <= 0 && depth >= 0;
	const char *mark = is_top ? "**" : "";

	str_printf(md_cell(t), "%s%s%s", mark, hjson_key_cstr(s->doc, instance), mark);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct str *cell = md_cell(t);

		str_add(cell, mark);
		oneshot_add_value(cell, oneshot_number(s, instance, fields[i]), kge);
		str_add(cell, mark);
	}
	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		double value = oneshot_number(s, instance, shares[i]);

		if (is_top) {
			totals[i] = value;
			md_text(t, "**--**");
		} else {
			oneshot_add_share(md_cell(t), value, totals[i], "%u");
		}
	}
}

static void syn_area(const struct syn *s, struct str *out)
{
	static const char *const heads[] = {"Instance",	 "Comb ",    "Buf/Inv", "Regs",
					    "Logic",	 "Macros",   "Total",	"Logic [%]",
					    "Macro [%]", "Total [%]"};
	struct hjson_node *a = syn_object(s->root, "area"), *list = syn_object(a, "instances"), *e;
	struct md_table t = {.n_columns = ARRAY_LEN(heads), .left = 1};
	double kge = oneshot_number(s, a, "ge") * 1000, totals[3] = {0};

	str_add(out, "### Circuit Complexity in [kGE]\n\n");
	if (a && isnan(kge))
		str_add(out, "Gate equivalent is not properly defined\n\n");
	if (isnan(kge) || !list || list->n == 0) {
		str_add(out, "No area report found\n\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		md_text(&t, heads[i]);
	hjson_for_each (e, list)
		if (e->type == HJSON_OBJECT && !e->shadowed)
			add_instance(s, &t, e, kge, totals);
	md_table_done(&t, out);
	str_add(out, "\n\n");
}

static void syn_timing(const struct syn *s, struct str *out)
{
	static const char *const heads[] = {"Path Group", "Period", "WNS", "TNS"};
	struct hjson_node *list = syn_object(s->root, "timing"), *e;
	double norm = 1.0e-09 / oneshot_number(s, syn_object(s->root, "units"), "time");
	struct md_table t = {.n_columns = ARRAY_LEN(heads), .left = 1};

	str_add(out, "### Timing in [ns]\n\n");
	if (!list || list->n == 0 || !syn_object(s->root, "units")) {
		str_add(out, "No timing report found\n\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		md_text(&t, heads[i]);
	hjson_for_each (e, list) {
		struct str *cell;

		if (e->type != HJSON_OBJECT || e->shadowed)
			continue;
		md_text(&t, hjson_key_cstr(s->doc, e));
		oneshot_add_number(md_cell(&t), oneshot_number(s, e, "period"), norm);
		cell = md_cell(&t);
		oneshot_add_value(cell, oneshot_number(s, e, "wns"), norm);
		str_add(cell, " EN");
		cell = md_cell(&t);
		oneshot_add_value(cell, oneshot_number(s, e, "tns"), norm);
		str_add(cell, " EN");
	}
	md_table_done(&t, out);
	str_add(out, "\n\n");
}

static void syn_power(const struct syn *s, struct str *out)
{
	static const char *const heads[] = {"Network", "Internal", "Leakage", "Total"};
	struct hjson_node *p = syn_object(s->root, "power"), *units = syn_object(s->root, "units");
	double dynamic = oneshot_number(s, units, "dynamic");
	double watts[3] = {oneshot_number(s, p, "net") * dynamic,
			   oneshot_number(s, p, "int") * dynamic,
			   oneshot_number(s, p, "leak") * oneshot_number(s, units, "static")};
	double total = watts[0] + watts[1] + watts[2];
	struct md_table t = {.n_columns = ARRAY_LEN(heads)};

	str_add(out, "### Power Estimates in [mW]\n\n");
	if (isnan(total)) {
		str_add(out, "No power report found\n\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		md_text(&t, heads[i]);
	for (size_t i = 0; i < ARRAY_LEN(watts); i++) {
		struct str *cell = md_cell(&t);

		oneshot_add_value(cell, watts[i], 1.0e-3);
		str_add(cell, " / ");
		oneshot_add_share(cell, watts[i], total, "%");
	}
	oneshot_add_number(md_cell(&t), total, 1.0e-3);
	md_table_done(&t, out);
	str_add(out, "\n\n");
}

void os_console_syn(struct arena *mem, const struct os_mode *mode, struct str *out)
{
	const struct syn s = {mem, mode->doc, mode->root};

	syn_area(&s, out);
	syn_timing(&s, out);
	syn_power(&s, out);
}
