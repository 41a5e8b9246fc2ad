/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/cfg_stream.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

/* The descriptor that word names; -1: word is a path. A descriptor from the shell is read from its
 * current offset, not opened again. */
static int descriptor_of(const char *word)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};

	if (strcmp(word, "-") == 0 || strcmp(word, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		const char *number = word + strlen(dirs[i]);
		unsigned long fd;
		char *end;

		if (!str_starts(word, dirs[i]) || !isdigit((unsigned char)*number))
			continue;
		fd = strtoul(number, &end, 10);
		if (!*end && fd < 1 << 20)
			return (int)fd;
	}
	return -1;
}

int cfg_stream_read(struct arena *mem, const char *word, const struct cfg_text **ret,
		    struct diags *diags)
{
	_cleanup_(str_done) struct str bytes = {0};
	int fd = descriptor_of(word);
	struct cfg_text *text;

	*ret = NULL;
	if (fd < 0)
		return 0;
	text = arena_zalloc(mem, sizeof(*text));
	text->shown = fd == STDIN_FILENO ? "<stdin>" : word;
	if (fs_read_stream(fd, HJSON_MAX_TEXT, &bytes) < 0) {
		diag_error(diags, (struct src_pos){.file = text->shown}, "cannot be read: %s",
			   strerror(errno));
		return -1;
	}
	text->bytes = arena_strndup(mem, bytes.s ? bytes.s : "", bytes.len);
	text->n = bytes.len;
	*ret = text;
	return 0;
}
