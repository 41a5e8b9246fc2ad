/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/names.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/fs.h"

enum { NAME_MOST = 255 };

/* Directories of status links, beside the jobs' directories. */
static const char *const taken[] = {"passed", "failed", "killed", "running"};

/* The directory of a failed attempt of <name> is kept as <name>.attempt-N. */
static bool is_attempt_of_another(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *digits;

	if (!dot || strncmp(dot, ".attempt-", 9) != 0)
		return false;
	digits = dot + 9;
	return *digits && digits[strspn(digits, "0123456789")] == '\0';
}

/* `renew` moves an earlier directory of <name> to <name>.YYYYmmdd_HHMMSS. */
static bool is_earlier_directory_of_another(const char *name)
{
	const char *stamp = wall_find_stamp(name);

	return stamp && stamp > name && stamp[-1] == '.';
}

const char *name_cfg_fault(const char *name)
{
	if (!*name)
		return "is empty";
	if (strlen(name) > NAME_MOST)
		return "is longer than 255 bytes";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "means another directory";
	if (strchr(name, '/'))
		return "contains '/'";
	if (*name == '.')
		return "begins with '.'";
	return path_is_safe_name(name) ? NULL : "contains a control character or invalid UTF-8";
}

const char *name_dv_job_fault(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (strcmp(name, taken[i]) == 0)
			return "is a directory of status links";
	if (is_attempt_of_another(name))
		return "ends like the directory of a failed attempt";
	if (is_earlier_directory_of_another(name))
		return "ends like a directory that was moved aside";
	return *name ? NULL : "is empty";
}

const char *name_job_fault(const char *name)
{
	const char *fault = name_dv_job_fault(name);

	return fault ? fault : name_cfg_fault(name);
}
