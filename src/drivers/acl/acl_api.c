/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/acl_api.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"

#define LIBRARY "libascendcl.so"

enum need { ALWAYS, KERNEL, MAYBE };

static const struct entry {
	const char *name;
	size_t slot; /* offset in struct acl_api */
	enum need need;
} entries[] = {
#define FN(need, type, name, arguments) {#name, offsetof(struct acl_api, name), need},
	ACL_FUNCTIONS(FN)
#undef FN
};

static void *open_in(const char *dir, struct str *tried)
{
	_cleanup_(str_done) struct str path = {0};
	const char *why;
	void *lib;

	if (dir)
		str_printf(&path, "%s/", dir);
	str_add(&path, LIBRARY);
	dlerror();
	lib = dlopen(path.s, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (lib)
		return lib;
	why = dlerror();
	str_printf(tried, "%s%s", tried->len ? "; " : "", why ? why : path.s);
	return NULL;
}

static void *acl_api_open_library(const char *libdir, struct error *err)
{
	const char *home = getenv("ASCEND_HOME_PATH");
	_cleanup_(str_done) struct str tried = {0}, lib64 = {0};
	void *lib = NULL;

	if (libdir) {
		lib = open_in(libdir, &tried);
	} else {
		if (home && *home) {
			str_printf(&lib64, "%s/lib64", home);
			lib = open_in(lib64.s, &tried);
		}
		if (!lib)
			lib = open_in(NULL, &tried);
	}
	if (!lib)
		error_plain(err,
			    "no AscendCL on this machine: %s; set libdir, or ASCEND_HOME_PATH by "
			    "the toolkit's set_env.sh",
			    tried.s);
	return lib;
}

int acl_api_open(const char *libdir, struct acl_api *ret, struct error *err)
{
	void *lib = acl_api_open_library(libdir, err);

	memset(ret, 0, sizeof(*ret));
	if (!lib)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		const struct entry *e = &entries[i];
		void *at = dlsym(lib, e->name);

		memcpy((char *)ret + e->slot, &at, sizeof(at));
		if (at || e->need == MAYBE)
			continue;
		if (e->need == ALWAYS)
			return error_plain(err, LIBRARY " has no %s: too old, or not AscendCL",
					   e->name);
		if (!ret->no_kernels)
			ret->no_kernels = e->name;
	}
	return 0;
}
