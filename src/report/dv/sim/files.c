/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the reports of simulations: JSON and HTML files, and the console. */
#include "report/dv/sim/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

static int sim_files_write_file(const char *dir, const char *stem, const char *suffix,
				const struct str *text, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s%s", dir, stem, suffix);

	return fs_write_atomic(path, text->s, text->len, err);
}

static int sim_files_write_block(const char *dir, const struct sim_block_results *b,
				 struct error *err)
{
	_cleanup_(str_done) struct str text = {0}, page = {0}, name = {0};

	sim_block_add_name(&b->block, "_", &name);
	for (size_t i = 0; i < name.len; i++)
		if (name.s[i] == '/')
			name.s[i] = '_';
	sim_json_block(b, &text);
	if (sim_files_write_file(dir, name.s, ".json", &text, err) < 0)
		return -1;
	sim_html_block(b, &page);
	return sim_files_write_file(dir, name.s, ".html", &page, err);
}

int sim_files_write(const struct sim_summary *s, const char *dir, struct error *err)
{
	_cleanup_(str_done) struct str text = {0}, page = {0};
	_cleanup_(freep) char *metrics = xasprintf("%s/metrics.html", dir);

	if (fs_mkdirs(dir, 0777) < 0)
		return error_set(err, (struct src_pos){0}, "%s: %s", dir, strerror(errno));
	for (size_t i = 0; i < s->n_blocks; i++)
		if (sim_files_write_block(dir, s->blocks[i], err) < 0)
			return -1;
	sim_json_summary(s, &text);
	if (sim_files_write_file(dir, "index", ".json", &text, err) < 0)
		return -1;
	sim_html_summary(s, fs_exists(metrics), &page);
	return sim_files_write_file(dir, "index", ".html", &page, err);
}

void sim_files_show(const struct sim_summary *s, const char *dir, struct str *out)
{
	_cleanup_(freep) char *here = path_cwd(), *there = dir ? realpath(dir, NULL) : NULL;
	struct sim_summary linked = *s;
	struct arena *mem = arena_new();

	if (here && there)
		linked.link_base = path_relative(mem, there, here);
	sim_console_summary(&linked, out);
	str_addc(out, '\n');
	arena_free(mem);
}
