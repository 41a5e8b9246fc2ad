/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dv/remake.h"

#include "report/dv/dashboard.h"
#include "report/dv/oneshot/html.h"
#include "report/dv/sim/files.h"
#include "report/dv/sim/read.h"

/* Adds err to diags. Call it before the memory of the position is freed. */
static int remake_complain(struct error *err, struct diags *diags)
{
	struct diag *e;

	if (!error_is_set(err))
		return 0;
	e = diag_error(diags, err->pos, "%s", err->msg);
	if (err->pos.file)
		diag_hint(e, "wanted: the reports/index.json of a run, and the blocks' files "
			     "beside it, as dvsched and DVSim write them");
	error_done(err);
	return -1;
}

/* Takes ownership of in. */
static int remake_simulations(const struct json_in *in, const char *dir, struct str *shown,
			      struct diags *diags)
{
	struct sim_index *x = sim_read_index(in);
	int rc;

	if (x && sim_read_blocks(x, in->path, in->err) == 0 &&
	    sim_files_write(&x->summary, dir, in->err) == 0 && x->summary.top)
		sim_files_show(&x->summary, dir, shown);
	rc = remake_complain(in->err, diags);
	sim_index_free(x);
	return rc;
}

int remake_reports(const char *json, const char *dir, struct str *shown, struct diags *diags)
{
	struct error err = {0};
	struct json_in in;
	int rc;

	if (json_in_open(&in, json, &err) == 0 && !oneshot_html_is_index(&in))
		return remake_simulations(&in, dir, shown, diags);
	if (!error_is_set(&err))
		oneshot_html_write(&in, dir, &err);
	rc = remake_complain(&err, diags);
	json_in_close(&in);
	return rc;
}

int remake_dashboard(const char *json, const char *dir, const char *base_url, struct diags *diags)
{
	struct sim_index *x = NULL;
	struct error err = {0};
	struct json_in in;
	int rc;

	if (json_in_open(&in, json, &err) < 0) {
		json_in_close(&in);
		return remake_complain(&err, diags);
	}
	if (oneshot_html_is_index(&in))
		json_in_fault(
			&in, hjson_get(in.root, "flow"),
			"a dashboard needs results of simulations; these are of another flow");
	x = sim_read_index(&in);
	if (x)
		dashboard_write(x, json, dir, base_url, &err);
	rc = remake_complain(&err, diags);
	sim_index_free(x);
	return rc;
}
