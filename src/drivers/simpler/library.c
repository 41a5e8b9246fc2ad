/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/sha256.h"
#include "base/str.h"

enum { LEAST_RUN_SIZE = 1024, LARGEST_RUN_SIZE = 16 << 20, LARGEST_RUN_ALIGN = 4096 };

/* State that the loaded modules refer to until the process ends. */
static struct {
	struct simpler_log_state log;
	void *context;
} process;

static int32_t bind_log(int (*bind)(struct simpler_log_state *), int32_t threshold,
			const char *path, struct dvs_text *err)
{
	process.log = (struct simpler_log_state){SIMPLER_LOG_ABI, sizeof(process.log), threshold,
						 -1};
	if (bind(&process.log) == 0)
		return 0;
	return simpler_fail(err, SIMPLER_E_ABI,
			    "%s refuses the log's state (version %d, %zu bytes): it is of another "
			    "version",
			    path, SIMPLER_LOG_ABI, sizeof(process.log));
}

static void *library_load(const char *path, int scope, struct dvs_text *err)
{
	void *handle = dlopen(path, RTLD_NOW | scope);

	if (!handle)
		simpler_fail(err, 0, "cannot load: %s", dlerror());
	return handle;
}

/* Loads the context library. Its symbols are global, because kernels need them, too. It is loaded
 * once and never closed. */
static int32_t load_context(const char *path, int32_t threshold, struct dvs_text *err)
{
	int (*bind)(struct simpler_log_state *) = NULL;
	void *context;
	int32_t c;

	if (process.context)
		return 0;
	context = library_load(path, RTLD_GLOBAL, err);
	if (!context)
		return SIMPLER_E_LIBRARY;
	*(void **)&bind = dlsym(context, "simpler_host_log_bind_state");
	if (!bind)
		return simpler_fail(err, SIMPLER_E_ABI, "%s has no simpler_host_log_bind_state",
				    path);
	c = bind_log(bind, threshold, path, err);
	process.context = c ? NULL : context;
	return c;
}

static int32_t library_resolve(struct simpler_library *l, struct dvs_text *err)
{
	struct str missing = {0};
	int32_t c = 0;

#define FIND(member, result, symbol, parameters)              \
	*(void **)&l->api.member = dlsym(l->handle, #symbol); \
	if (!l->api.member)                                   \
		str_add(&missing, " " #symbol);
	SIMPLER_CALLED(FIND)
#undef FIND
#define LOOK(symbol)                    \
	if (!dlsym(l->handle, #symbol)) \
		str_add(&missing, " " #symbol);
	SIMPLER_UNCALLED(LOOK)
#undef LOOK
	if (missing.len)
		c = simpler_fail(err, SIMPLER_E_ABI, "%s has another version: it lacks%s", l->path,
				 missing.s);
	str_done(&missing);
	return c;
}

static bool library_has(const struct simpler_library *l, const char *symbol)
{
	return dlsym(l->handle, symbol) != NULL;
}

/* Finds the version from the functions that the library has. An unknown version is never called,
 * because the parameters of its simpler_init are unknown. */
static int32_t find_version(struct simpler_library *l, struct dvs_text *err)
{
	bool is_first = library_has(l, SIMPLER_FIRST_SYMBOL),
	     is_second = library_has(l, SIMPLER_SECOND_SYMBOL);
	bool has_modes = library_has(l, SIMPLER_KERNEL_MODES_SYMBOL);

	l->version = is_second ? SIMPLER_SECOND : SIMPLER_FIRST;
	if (is_second) {
		*(void **)&l->second_init = dlsym(l->handle, "simpler_init");
		l->api.init = NULL;
	}
	if (is_first != is_second && !(is_first && has_modes))
		return 0;
	return simpler_fail(err, SIMPLER_E_ABI,
			    "%s has an unknown version: it has %s" SIMPLER_FIRST_SYMBOL
			    ", %s" SIMPLER_SECOND_SYMBOL " and %s" SIMPLER_KERNEL_MODES_SYMBOL,
			    l->path, is_first ? "" : "no ", is_second ? "" : "no ",
			    has_modes ? "" : "no ");
}

static int32_t check_contract(struct simpler_library *l, struct dvs_text *err)
{
	const struct simpler_contract *c = l->api.contract();

	if (!c)
		return simpler_fail(err, SIMPLER_E_ABI, "%s has no pipeline contract", l->path);
	if (c->abi != SIMPLER_CONTRACT_ABI)
		return simpler_fail(err, SIMPLER_E_ABI,
				    "%s has pipeline contract %u, but dvsched supports %d", l->path,
				    c->abi, SIMPLER_CONTRACT_ABI);
	if (c->n_resources > SIMPLER_MAX_RESOURCES || c->depth < 1 || c->depth > 64)
		return simpler_fail(err, SIMPLER_E_ABI,
				    "%s has an implausible pipeline contract: %u resources, depth "
				    "%u",
				    l->path, c->n_resources, c->depth);
	l->depth = c->depth;
	return 0;
}

static int32_t check_storage(struct simpler_library *l, struct dvs_text *err)
{
	size_t size = l->api.run_size(), align = l->api.run_align();

	if (size < LEAST_RUN_SIZE || size > LARGEST_RUN_SIZE || align < sizeof(void *) ||
	    align > LARGEST_RUN_ALIGN || (align & (align - 1)))
		return simpler_fail(err, SIMPLER_E_ABI,
				    "%s wants %zu bytes for a run, aligned to %zu: implausible",
				    l->path, size, align);
	l->run_align = align;
	l->run_size = (size + align - 1) / align * align;
	return 0;
}

static void add_hex(const uint8_t *bytes, size_t n, char *at, size_t room)
{
	for (size_t i = 0; i < n && (i + 1) * 2 < room; i++)
		snprintf(at + i * 2, 3, "%02x", bytes[i]);
}

/* The build id among the notes of one segment. */
static bool find_in_notes(const char *at, size_t left, char *ret, size_t room)
{
	while (left >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t name = (note->n_namesz + 3u) & ~(size_t)3;
		size_t desc = (note->n_descsz + 3u) & ~(size_t)3;
		const char *text = at + sizeof(*note);

		if (name + desc > left - sizeof(*note))
			return false;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(text, "GNU", 4) == 0) {
			add_hex((const uint8_t *)text + name, note->n_descsz, ret, room);
			return true;
		}
		at = text + name + desc;
		left -= sizeof(*note) + name + desc;
	}
	return false;
}

struct build_id_search {
	uintptr_t base;
	char *ret;
	size_t room;
};

static int look_at_module(struct dl_phdr_info *module, size_t size, void *ctx)
{
	struct build_id_search *s = ctx;

	(void)size;
	if (module->dlpi_addr != s->base)
		return 0;
	for (unsigned i = 0; i < module->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &module->dlpi_phdr[i];

		if (p->p_type == PT_NOTE &&
		    find_in_notes((const char *)module->dlpi_addr + p->p_vaddr, p->p_memsz, s->ret,
				  s->room))
			return 1;
	}
	return -1;
}

/* Identifies the library in results, because it has no version number. */
static void name_build(struct simpler_library *l)
{
	struct link_map *map = NULL;
	struct build_id_search s = {0, l->build_id, sizeof(l->build_id)};
	struct str file = {0};
	struct error err = {0};
	uint8_t digest[SHA256_SIZE];

	if (dlinfo(l->handle, RTLD_DI_LINKMAP, &map) == 0) {
		s.base = map->l_addr;
		if (dl_iterate_phdr(look_at_module, &s) == 1)
			return;
	}
	if (fs_read_file(l->path, (size_t)1 << 30, &file, &err) == 0) {
		sha256_of(file.s ? file.s : "", file.len, digest);
		snprintf(l->build_id, sizeof(l->build_id), "sha256:");
		add_hex(digest, 16, l->build_id + 7, sizeof(l->build_id) - 7);
	}
	error_done(&err);
	str_done(&file);
}

static int32_t library_check(struct simpler_library *l, const struct simpler_options *o,
			     struct dvs_text *err)
{
	int32_t c;

	if ((c = library_resolve(l, err)) || (c = find_version(l, err)) ||
	    (c = bind_log(l->api.bind_log, o->log_threshold, l->path, err)) ||
	    (c = check_contract(l, err)))
		return c;
	return check_storage(l, err);
}

int32_t simpler_library_open(const struct simpler_options *o, const struct simpler_files *files,
			     struct simpler_library *ret, struct dvs_text *err)
{
	int32_t c;

	*ret = (struct simpler_library){0};
	snprintf(ret->path, sizeof(ret->path), "%s", files->host);
	simpler_options_export(o);
	for (size_t i = 0; i < o->n_preload; i++)
		if (!library_load(o->preload[i], RTLD_GLOBAL, err))
			return SIMPLER_E_LIBRARY;
	if (files->context && (c = load_context(files->context, o->log_threshold, err)))
		return c;
	ret->handle = library_load(files->host, RTLD_LOCAL, err);
	if (!ret->handle)
		return SIMPLER_E_LIBRARY;
	c = library_check(ret, o, err);
	if (c == 0)
		name_build(ret);
	else
		simpler_library_close(ret);
	return c;
}

void simpler_library_close(struct simpler_library *l)
{
	if (l->handle)
		dlclose(l->handle);
	l->handle = NULL;
}
