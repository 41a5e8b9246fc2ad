/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the files of a corpus, and every prefix of each, as an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t len);

enum { INPUT_MAX = 1 << 20 };

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* A copy of exactly len bytes, so that a sanitizer detects a read beyond the end. */
static void run_one(const uint8_t *text, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, text, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int replay(const char *dir, const char *name)
{
	static uint8_t text[INPUT_MAX];
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return 0;
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	run_one(text, len);
	for (size_t n = 0; len <= 4096 && n < len; n++)
		run_one(text, n);
	return 1;
}

int main(int argc, char **argv)
{
	struct dirent **files;
	int n, failed = 0;

	if (argc != 2 || (n = scandir(argv[1], &files, is_visible, by_name)) < 0) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int good = replay(argv[1], files[i]->d_name);

		printf("%sok %d - %s\n", good ? "" : "not ", i + 1, files[i]->d_name);
		failed |= !good;
		free(files[i]);
	}
	free(files);
	return failed;
}
