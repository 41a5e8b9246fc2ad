/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errors/CASE/input.hjson with errors/CASE/expected: all that is reported for it, word for word.
 * With a second argument "write", the files are written again; then check every change.
 */
#include "show.h"

#include <dirent.h>

static int is_case(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static struct shown run(const char *path)
{
	struct text input = text_read(path);
	struct shown s = {.doc = hjson_new()};

	text_say(&s.text, "");
	hjson_parse(s.doc, "input.hjson", input.s, input.len, show, &s);
	hjson_free(s.doc);
	free(input.s);
	return s;
}

static void write_file(const char *path, const struct text *t)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(t->s, 1, t->len, f) != t->len || fclose(f) != 0)
		abort();
}

static void compare(const char *dir, const char *name, bool write)
{
	char path[4096];
	struct shown s;
	struct text want;

	snprintf(path, sizeof(path), "%s/%s/input.hjson", dir, name);
	s = run(path);
	snprintf(path, sizeof(path), "%s/%s/expected", dir, name);
	if (write)
		write_file(path, &s.text);
	want = text_read(path);
	CHECK(want.len == s.text.len && memcmp(want.s, s.text.s, want.len) == 0);
	if (tap_checks_failed)
		fprintf(stderr, "%s: got\n%s", name, s.text.s);
	free(want.s);
	free(s.text.s);
}

int main(int argc, char **argv)
{
	struct dirent **cases;
	int n = argc > 1 ? scandir(argv[1], &cases, is_case, by_name) : -1;

	if (n < 0)
		return 2;
	for (int i = 0; i < n; i++) {
		compare(argv[1], cases[i]->d_name, argc > 2 && strcmp(argv[2], "write") == 0);
		tap_case(cases[i]->d_name);
		free(cases[i]);
	}
	free(cases);
	return tap_end();
}
