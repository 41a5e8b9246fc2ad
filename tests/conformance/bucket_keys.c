/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on standard input, their buckets' keys on standard output; each ends in NUL. */
#include <stdio.h>

#include "base/mem.h"
#include "report/buckets.h"

int main(void)
{
	struct bucketer *b = bucketer_new();
	_cleanup_(str_done) struct str key = {0};
	_cleanup_(freep) char *message = NULL;
	size_t cap = 0;

	while (getdelim(&message, &cap, '\0', stdin) > 0) {
		key.len = 0;
		str_add(&key, "");
		bucketer_key(b, message, &key);
		fwrite(key.s, 1, key.len, stdout);
		putchar('\0');
	}
	bucketer_free(b);
	return ferror(stdout) ? 1 : 0;
}
