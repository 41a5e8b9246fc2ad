/* SPDX-License-Identifier: Apache-2.0 */
/* The console text of DVSim's one-shot flows, and the summaries that DVSim computes but does not
 * show. */
#include <string.h>

#include "report/dv/oneshot/data.h"
#include "report/dv/sim/results.h"
#include "report/md_table.h"

static void add_head(const struct oneshot_report *r, const struct dv_block *dv, const char *more,
		     struct str *out)
{
	str_add(out, "## ");
	os_add_title(r, dv, out);
	str_printf(out, "%s\n\n### ", more);
	sim_add_time(r->plan->dv->timestamp, "%A %B %d %Y %H:%M:%S UTC", out);
	str_addc(out, '\n');
	if (dv->revision.revision && *dv->revision.revision)
		str_printf(out, "### %s\n", dv->revision.revision);
	str_printf(out, "### Branch: %s\n", dv->revision.branch);
}

/* Appends at most `most` messages (all if < 0), as DVSim does, which shows one more than it
 * says. */
static void oneshot_add_messages(const char *title, const struct os_bucket *b, long most,
				 struct str *out)
{
	if (b->n == 0)
		return;
	str_printf(out, "#### %s\n```\n", title);
	for (size_t i = 0; i < b->n; i++) {
		if (most >= 0 && i > (size_t)most) {
			str_printf(out,
				   "Note: %ld more messages have been suppressed (max_msg_count = "
				   "%ld) \n\n",
				   (long)b->n - most, most);
			break;
		}
		str_printf(out, "%s\n\n", b->messages.at[i]);
	}
	str_add(out, "```\n");
}

/* ---- lint, cdc, rdc ---- */

static size_t n_shown(const struct os_mode *sum)
{
	size_t n = 0;

	for (size_t i = 0; i < sum->buckets.n && n + 1 < MD_COLUMNS; i++)
		n += sum->buckets.at[i].is_shown;
	return n;
}

static void add_labels(struct md_table *t, const struct os_mode *sum, const char *first)
{
	t->n_columns = n_shown(sum) + 1;
	md_text(t, first);
	for (size_t i = 0, n = 1; i < sum->buckets.n && n < t->n_columns; i++)
		if (sum->buckets.at[i].is_shown) {
			md_text(t, sum->buckets.at[i].label);
			n++;
		}
}

static const struct os_bucket *oneshot_find(const struct os_mode *mode, const char *key)
{
	for (size_t i = 0; i < mode->buckets.n; i++)
		if (strcmp(mode->buckets.at[i].key, key) == 0)
			return &mode->buckets.at[i];
	return NULL;
}

static void oneshot_add_counts(struct md_table *t, const struct os_mode *sum,
			       const struct os_mode *mode)
{
	for (size_t i = 0, n = 1; i < sum->buckets.n && n < t->n_columns; i++) {
		const struct os_bucket *b = oneshot_find(mode, sum->buckets.at[i].key);

		if (!sum->buckets.at[i].is_shown)
			continue;
		if (b)
			str_printf(md_cell(t), "%zu %c", b->n, os_severity_letter(b->severity));
		else
			md_text(t, "--");
		n++;
	}
}

static void lint_block(const struct os_block *b, struct str *out)
{
	struct md_table t = {0};

	str_add(out, "### Tool: ");
	str_add_upper(out, b->dv->tool);
	str_add(out, "\n\n");
	add_labels(&t, &b->sum, "Build Mode");
	for (size_t i = 0; i < b->n_modes; i++) {
		md_text(&t, b->modes[i].spec->name);
		oneshot_add_counts(&t, &b->sum, &b->modes[i]);
	}
	md_table_done(&t, out);
	str_addc(out, '\n');
	for (size_t i = 0; i < b->n_modes; i++) {
		const struct os_mode *mode = &b->modes[i];

		str_printf(out, "\n### Messages for Build Mode `'%s'`\n", mode->spec->name);
		for (size_t k = 0; k < mode->buckets.n; k++)
			if (mode->buckets.at[k].is_shown)
				oneshot_add_messages(mode->buckets.at[k].label,
						     &mode->buckets.at[k], b->dv->max_msg_count,
						     out);
	}
}

/* ---- syn ---- */

static void syn_messages(const struct os_mode *mode, struct str *out)
{
	struct md_table t = {.n_columns = 9, .left = 1};

	md_text(&t, "Build Mode");
	for (size_t i = 0; i < 8; i++)
		md_text(&t, mode->buckets.at[i].label);
	md_text(&t, mode->spec->name);
	for (size_t i = 0; i < 8; i++) {
		const struct os_bucket *b = &mode->buckets.at[i];

		if (b->is_known)
			str_printf(md_cell(&t), "%zu %c", b->n, os_severity_letter(b->severity));
		else
			md_text(&t, "--");
	}
	md_table_done(&t, out);
	str_add(out, "\n\n");
}

static void syn_block(struct oneshot_report *r, const struct os_block *b, struct str *out)
{
	str_add(out, "### Synthesis Tool: ");
	str_add_upper(out, b->dv->tool);
	str_add(out, "\n\n");
	for (size_t i = 0; i < b->n_modes; i++) {
		const struct os_mode *mode = &b->modes[i];
		size_t n = 0;

		syn_messages(mode, out);
		os_console_syn(r->mem, mode, out);
		for (size_t k = 0; k < mode->buckets.n; k++)
			n += mode->buckets.at[k].n;
		if (n)
			str_printf(out, "\n### Errors and Warnings for Build Mode `'%s'`\n",
				   mode->spec->name);
		for (size_t k = 0; k < mode->buckets.n; k++)
			oneshot_add_messages(mode->buckets.at[k].label, &mode->buckets.at[k],
					     b->dv->max_msg_count, out);
	}
}

/* ---- formal ---- */

static const char *oneshot_member(struct oneshot_report *r, const struct os_mode *mode,
				  const char *object, const char *key)
{
	struct hjson_node *n = mode->root ? hjson_get(mode->root, object) : NULL;
	const char *text = n ? os_text(r->mem, mode->doc, hjson_get(n, key)) : NULL;

	return text ? text : "N/A";
}

static bool oneshot_has(const struct os_mode *mode, const char *object)
{
	struct hjson_node *n = mode->root ? hjson_get(mode->root, object) : NULL;

	return n && n->type == HJSON_OBJECT;
}

static const char *const coverages[] = {"formal", "stimuli", "checker"};

static void formal_summary(struct oneshot_report *r, const struct os_block *b,
			   const struct os_mode *mode, struct str *out)
{
	static const char *const keys[] = {"errors",	  "warnings",	  "proven",
					   "cex",	  "undetermined", "covered",
					   "unreachable", "pass_rate",	  "cov_rate"};
	static const char letters[] = "EWGEWGE";
	struct md_table t = {.n_columns = 10};

	if (!oneshot_has(mode, "summary")) {
		str_add(out, "No summary information found\n");
		return;
	}
	md_text(&t, "name");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		md_text(&t, keys[i]);
	md_text(&t, b->dv->name);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct str *cell = md_cell(&t);

		str_add(cell, oneshot_member(r, mode, "summary", keys[i]));
		if (i < sizeof(letters) - 1)
			str_printf(cell, " %c", letters[i]);
	}
	md_table_done(&t, out);
}

static void formal_coverage(struct oneshot_report *r, const struct os_mode *mode, struct str *out)
{
	struct md_table t = {.n_columns = ARRAY_LEN(coverages)};

	str_printf(out,
		   "\n\n## Coverage Results\n### Coverage html file dir: "
		   "%s/default/formal-icarus\n\n",
		   mode->spec->block->scratch_path);
	if (!oneshot_has(mode, "coverage")) {
		str_add(out, "No coverage information found\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(coverages); i++)
		md_text(&t, coverages[i]);
	for (size_t i = 0; i < ARRAY_LEN(coverages); i++)
		md_text(&t, oneshot_member(r, mode, "coverage", coverages[i]));
	md_table_done(&t, out);
}

static void formal_block(struct oneshot_report *r, const struct os_block *b, struct str *out)
{
	const struct os_mode *mode = &b->modes[0];

	str_add(out, "### Tool: ");
	str_add_upper(out, b->dv->tool);
	str_add(out, "\n\n\n## Formal ");
	str_add_upper(out, b->dv->sub_flow ? b->dv->sub_flow : "");
	str_add(out, " Results\n");
	formal_summary(r, b, mode, out);
	if (b->dv->has_cov)
		formal_coverage(r, mode, out);
	if (mode->status != JOB_PASSED)
		str_printf(out, "\n## List of Failures\n%s", mode->message ? mode->message : "");
	for (size_t i = 0; i < mode->buckets.n; i++) {
		const struct os_bucket *k = &mode->buckets.at[i];

		if (k->n == 0)
			continue;
		str_printf(out, "\n%s:\n```\n", k->key);
		for (size_t m = 0; m < k->n; m++)
			str_printf(out, "%s\n", k->messages.at[m]);
		str_add(out, "```\n");
	}
}

void os_console_block(struct oneshot_report *r, const struct os_block *b, struct str *out)
{
	add_head(r, b->dv, "", out);
	if (b->n_modes == 0)
		str_add(out, "\nNo results to display.\n");
	else if (os_is_lint(r))
		lint_block(b, out);
	else if (r->kind == DV_SYN)
		syn_block(r, b, out);
	else
		formal_block(r, b, out);
	if (out->len && out->s[out->len - 1] != '\n')
		str_addc(out, '\n');
}

/* ---- all blocks ---- */

static void lint_summary(struct oneshot_report *r, struct str *out)
{
	struct os_mode all = {0};
	struct md_table t = {0};

	for (size_t i = 0; i < r->n_blocks; i++)
		for (size_t k = 0; k < r->blocks[i].sum.buckets.n; k++) {
			const struct os_bucket *from = &r->blocks[i].sum.buckets.at[k];
			struct os_bucket *to = os_bucket_of(r->mem, &all, from->key);

			to->label = from->label;
			to->is_shown = from->is_shown;
		}
	add_labels(&t, &all, "Name");
	for (size_t i = 0; i < r->n_blocks; i++) {
		str_add_upper(md_cell(&t), r->blocks[i].dv->name);
		oneshot_add_counts(&t, &all, &r->blocks[i].sum);
	}
	md_table_done(&t, out);
}

static void formal_table(struct oneshot_report *r, struct str *out)
{
	static const char *const heads[] = {"name", "pass_rate", "formal_cov", "stimuli_cov",
					    "checker_cov"};
	struct md_table t = {.n_columns = ARRAY_LEN(heads)};

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		md_text(&t, heads[i]);
	for (size_t i = 0; i < r->n_blocks; i++) {
		const struct os_block *b = &r->blocks[i];

		md_text(&t, b->dv->name);
		md_text(&t, b->n_modes && oneshot_has(b->modes, "summary")
				    ? oneshot_member(r, b->modes, "summary", "pass_rate")
				    : "N/A");
		for (size_t k = 0; k < ARRAY_LEN(coverages); k++)
			md_text(&t, b->n_modes && b->dv->has_cov
					    ? oneshot_member(r, b->modes, "coverage", coverages[k])
					    : "N/A");
	}
	md_table_done(&t, out);
}

/* Messages of each synthesis; DVSim has no such table. */
static void syn_table(struct oneshot_report *r, struct str *out)
{
	struct md_table t = {.n_columns = 3};

	md_text(&t, "Name");
	md_text(&t, "Warnings");
	md_text(&t, "Errors");
	for (size_t i = 0; i < r->n_blocks; i++) {
		const struct os_block *b = &r->blocks[i];
		size_t n[2] = {0, 0};

		for (size_t k = 0; k < b->sum.buckets.n; k++)
			n[b->sum.buckets.at[k].is_failure] += b->sum.buckets.at[k].n;
		str_add_upper(md_cell(&t), b->dv->name);
		str_printf(md_cell(&t), "%zu W", n[0]);
		str_printf(md_cell(&t), "%zu E", n[1]);
	}
	md_table_done(&t, out);
}

void os_console_summary(struct oneshot_report *r, struct str *out)
{
	add_head(r, r->plan->dv->top, " (Summary)", out);
	str_addc(out, '\n');
	if (os_is_lint(r))
		lint_summary(r, out);
	else if (r->kind == DV_SYN)
		syn_table(r, out);
	else
		formal_table(r, out);
	str_addc(out, '\n');
}
