/* SPDX-License-Identifier: Apache-2.0 */
/* TAP output for a test program in plain C. */
#ifndef HJSON_TAP_H
#define HJSON_TAP_H

#include "hjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned tap_n, tap_failed, tap_checks_failed;

#define CHECK(good)                                                         \
	do {                                                                \
		if (!(good)) {                                              \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #good); \
			tap_checks_failed++;                                \
		}                                                           \
	} while (0)

/* Ends a case: it is good if no CHECK() since the last one failed. */
__attribute__((unused)) static void tap_case(const char *name)
{
	printf("%sok %u - %s\n", tap_checks_failed ? "not " : "", ++tap_n, name);
	tap_failed += tap_checks_failed != 0;
	tap_checks_failed = 0;
	fflush(stdout);
}

#define RUN(test) (test(), tap_case(#test))

__attribute__((unused)) static int tap_end(void)
{
	printf("1..%u\n", tap_n);
	return tap_failed != 0;
}

struct text {
	char *s;
	size_t len, room;
};

__attribute__((unused)) static bool text_add(void *ctx, const char *bytes, size_t len)
{
	struct text *t = ctx;

	if (t->room - t->len < len + 1) {
		t->room = 2 * t->room + len + 1;
		t->s = realloc(t->s, t->room);
		if (!t->s)
			abort();
	}
	memcpy(t->s + t->len, bytes, len);
	t->len += len;
	t->s[t->len] = '\0';
	return true;
}

__attribute__((unused)) static void text_say(struct text *t, const char *words)
{
	text_add(t, words, strlen(words));
}

/* The whole of a file; an abort if there is none. */
__attribute__((unused)) static struct text text_read(const char *path)
{
	struct text t = {0};
	char block[65536];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		abort();
	}
	text_say(&t, "");
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		text_add(&t, block, n);
	fclose(f);
	return t;
}

#endif
