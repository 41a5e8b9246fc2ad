/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the files of a corpus, and every prefix of each, as an ordinary test. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

enum { INPUT_MOST = 1 << 20, PREFIXES_MOST = 4096 };

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void replay(const char *path)
{
	_cleanup_(str_done) struct str input = {0};
	_cleanup_(error_done) struct error err = {0};

	if (fs_read_file(path, INPUT_MOST, &input, &err) < 0) {
		fprintf(stderr, "%s: %s\n", path, err.msg);
		exit(1);
	}
	LLVMFuzzerTestOneInput((const unsigned char *)input.s, input.len);
	for (size_t n = 0; input.len <= PREFIXES_MOST && n < input.len; n++)
		LLVMFuzzerTestOneInput((const unsigned char *)input.s, n);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct dirent **files;
	int n = argc == 2 ? scandir(argv[1], &files, is_visible, alphasort) : -1;

	if (n <= 0) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		replay(path_join(a, argv[1], files[i]->d_name));
		printf("ok %d - %s\n", i + 1, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	arena_free(a);
	return 0;
}
