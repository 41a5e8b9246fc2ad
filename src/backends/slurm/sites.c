/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/slurm/sites.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

/* -e: a line per kind of node, so that no number is a minimum ("8+"). %P marks the default. */
const char *const sites_command[] = {"sinfo", "-a", "-h", "-e", "-o", "%P|%c|%m", NULL};

static struct site *sites_add(struct arena *mem, struct sites *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->at[i].name) == n && strncmp(s->at[i].name, name, n) == 0)
			return &s->at[i];
	vec_push_in(mem, s, (struct site){.name = arena_strndup(mem, name, n)});
	return &s->at[s->n - 1];
}

static void sites_read_line(struct arena *mem, const char *line, struct sites *ret)
{
	size_t n = strcspn(line, "|*\n");
	bool is_default = line[n] == '*';
	uint64_t cpus, mib;
	struct site *s;

	if (n == 0 || sscanf(line + n + is_default, "|%" SCNu64 "|%" SCNu64, &cpus, &mib) != 2)
		return;
	s = sites_add(mem, ret, line, n);
	s->is_default |= is_default;
	if (cpus > s->most_cpus)
		s->most_cpus = cpus;
	if (mib > s->most_mib)
		s->most_mib = mib;
}

void sites_read(struct arena *mem, const char *text, struct sites *ret)
{
	*ret = (struct sites){0};
	while (text && *text) {
		sites_read_line(mem, text, ret);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

const struct site *sites_find(const struct sites *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (name ? strcmp(s->at[i].name, name) == 0 : s->at[i].is_default)
			return &s->at[i];
	return NULL;
}
