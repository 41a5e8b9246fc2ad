/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/str.h"

char *disk_text(const char *path)
{
	struct str text = {0};
	struct error err = {0};

	if (fs_read_file(path, 64 << 20, &text, &err) < 0) {
		error_done(&err);
		str_done(&text);
		return NULL;
	}
	return str_take(&text);
}

char *disk_log(const char *path)
{
	static const char header[] = "[Executing]:\nthe command\n\n";
	char *text = disk_text(path);

	assert_non_null(text);
	assert_memory_equal(text, header, sizeof(header) - 1);
	memmove(text, text + sizeof(header) - 1, strlen(text) - sizeof(header) + 2);
	return text;
}

unsigned disk_count(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}
