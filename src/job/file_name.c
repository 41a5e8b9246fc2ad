/* SPDX-License-Identifier: Apache-2.0 */
#include "job/file_name.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/utf8.h"

enum { NAME_MOST = 255, DIGEST_ROOM = 1 + 16 }; /* "-" and digits */
enum { KEPT_MOST = JOB_FILE_NAME_ROOM - DIGEST_ROOM - 1, ASIDE_MOST = NAME_MOST - JOB_ASIDE_ROOM };

bool job_name_is_fit(const char *name)
{
	return *name != '.' && path_is_safe_name(name);
}

/* FNV-1a. */
static uint64_t digest_of(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (*name)
		h = (h ^ (unsigned char)*name++) * UINT64_C(0x100000001b3);
	return h;
}

/* Length of the character at s if it can be in a file name; 0: its first byte becomes '_'. */
static size_t file_name_keepable(const char *s, size_t n, bool is_first)
{
	size_t k = utf8_valid_len(s, n);

	if (k == 0 || utf8_is_control(s, k) || *s == '/' || (is_first && *s == '.'))
		return 0;
	return k;
}

const char *job_file_name(const char *name, char room[JOB_FILE_NAME_ROOM])
{
	size_t len = strlen(name), at = 0, n = 0;

	if (job_name_is_fit(name))
		return name;
	while (at < len) {
		size_t k = file_name_keepable(name + at, len - at, n == 0), step = k ? k : 1;

		if (n + step > KEPT_MOST)
			break;
		if (k)
			memcpy(room + n, name + at, k);
		else
			room[n] = '_';
		n += step;
		at += step;
	}
	snprintf(room + n, JOB_FILE_NAME_ROOM - n, "-%016" PRIx64, digest_of(name));
	return room;
}

void job_add_aside(struct str *to, const char *path)
{
	const char *name = path_base(path);
	size_t n = strlen(name);

	if (n <= ASIDE_MOST) {
		str_add(to, path);
		return;
	}
	n = ASIDE_MOST - DIGEST_ROOM;
	while (n && ((unsigned char)name[n] & 0xc0) == 0x80)
		n--;
	str_addn(to, path, (size_t)(name - path) + n);
	str_printf(to, "-%016" PRIx64, digest_of(name));
}
