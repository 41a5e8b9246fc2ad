/* SPDX-License-Identifier: Apache-2.0 */
#include "device/driver/join_context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"

static const struct dvs_buffer *find_given(const struct dvs_context *given, const char *name)
{
	for (uint32_t i = 0; i < given->n_buffers; i++)
		if (strcmp(given->buffers[i].name, name) == 0)
			return &given->buffers[i];
	return NULL;
}

static bool is_asked(const struct dvs_join *asked, const char *name)
{
	for (uint32_t i = 0; i < asked->n_buffers; i++)
		if (strcmp(asked->buffers[i].name, name) == 0)
			return true;
	return false;
}

static int join_check_name(const struct dvs_join *asked, const struct dvs_context *given,
			   uint32_t i, struct error *err)
{
	const struct dvs_buffer *b = &given->buffers[i];

	if (!memchr(b->name, '\0', sizeof(b->name)))
		return error_plain(err, "join() gave a name that is not terminated, for buffer %u",
				   i + 1);
	if (!is_asked(asked, b->name))
		return error_plain(err, "join() gave a buffer '%s' that was not asked for",
				   b->name);
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(given->buffers[k].name, b->name) == 0)
			return error_plain(err, "join() gave the buffer '%s' twice", b->name);
	return 0;
}

static int check_buffer(const struct dvs_buffer_want *want, const struct dvs_context *given,
			struct error *err)
{
	const struct dvs_buffer *b = find_given(given, want->name);

	if (!b)
		return error_plain(err, "join() gave no buffer '%s'", want->name);
	if (b->bytes < want->bytes)
		return error_plain(
			err, "join() gave %llu bytes for buffer '%s', %llu were asked for",
			(unsigned long long)b->bytes, want->name, (unsigned long long)want->bytes);
	if (want->align && b->address % want->align)
		return error_plain(err,
				   "join() put buffer '%s' at 0x%llx, which is not aligned to %u",
				   want->name, (unsigned long long)b->address, want->align);
	return 0;
}

/* The error for a buffer at a wrong place. */
static int join_refuse_place(const struct dvs_buffer *b, const char *what, const char *whose,
			     uint64_t at, uint64_t bytes, struct error *err)
{
	return error_plain(err,
			   "join() put buffer '%s' (%llu bytes at 0x%llx) %s%s (%llu bytes at "
			   "0x%llx)",
			   b->name, (unsigned long long)b->bytes, (unsigned long long)b->address,
			   what, whose, (unsigned long long)bytes, (unsigned long long)at);
}

/* Addresses may be anywhere in 64 bits, so nothing is added to one. */
static int check_place(const struct dvs_context *given, uint32_t i, struct error *err)
{
	const struct dvs_buffer *b = &given->buffers[i];
	uint64_t into = b->address - given->window_base;

	if (b->address < given->window_base || into > given->window_bytes ||
	    b->bytes > given->window_bytes - into)
		return join_refuse_place(b, "outside of the window", "", given->window_base,
					 given->window_bytes, err);
	for (uint32_t k = 0; k < i; k++) {
		const struct dvs_buffer *o = &given->buffers[k];
		const struct dvs_buffer *low = o->address < b->address ? o : b;
		const struct dvs_buffer *high = low == b ? o : b;

		if (high->address - low->address < low->bytes && high->bytes)
			return join_refuse_place(b, "over buffer ", o->name, o->address, o->bytes,
						 err);
	}
	return 0;
}

int join_context_check(const struct dvs_join *asked, const struct dvs_context *given,
		       struct error *err)
{
	if (given->n_buffers != asked->n_buffers)
		return error_plain(err, "join() gave %u buffers, %u were asked for",
				   given->n_buffers, asked->n_buffers);
	for (uint32_t i = 0; i < given->n_buffers; i++)
		if (join_check_name(asked, given, i, err) < 0)
			return -1;
	for (uint32_t i = 0; i < asked->n_buffers; i++)
		if (check_buffer(&asked->buffers[i], given, err) < 0)
			return -1;
	if (given->window_bytes < asked->window_bytes)
		return error_plain(err, "join() gave a window of %llu bytes, %llu were asked for",
				   (unsigned long long)given->window_bytes,
				   (unsigned long long)asked->window_bytes);
	for (uint32_t i = 0; i < given->n_buffers; i++)
		if (check_place(given, i, err) < 0)
			return -1;
	return 0;
}

static void key_address(struct json_out *j, const char *key, uint64_t address)
{
	_cleanup_(freep) char *text = xasprintf("0x%llx", (unsigned long long)address);

	jout_key_string(j, key, text);
}

static void write_buffers(struct json_out *j, const struct dvs_context *given)
{
	jout_key(j, "buffers");
	jout_object(j);
	for (uint32_t i = 0; i < given->n_buffers; i++) {
		jout_key(j, given->buffers[i].name);
		jout_object(j);
		key_address(j, "address", given->buffers[i].address);
		jout_key_int(j, "bytes", (int64_t)given->buffers[i].bytes);
		jout_object_end(j);
	}
	jout_object_end(j);
}

int join_context_write(const char *path, const struct join_rank *rank,
		       const struct dvs_context *given, struct error *err)
{
	int fd = fs_create_new_at(AT_FDCWD, path, 0666), errnum;
	struct json_out j;

	if (fd < 0)
		return error_sys(err, errno, "cannot write %s", path);
	jout_init(&j, fd, 2);
	jout_object(&j);
	jout_key_int(&j, "device", rank->device);
	jout_key_int(&j, "rank", rank->rank);
	jout_key_int(&j, "n_ranks", rank->n_ranks);
	key_address(&j, "communicator", given->communicator);
	jout_key(&j, "window");
	jout_object(&j);
	key_address(&j, "base", given->window_base);
	jout_key_int(&j, "bytes", (int64_t)given->window_bytes);
	jout_object_end(&j);
	write_buffers(&j, given);
	jout_object_end(&j);
	errnum = jout_done(&j);
	if (!errnum && fs_write_all(fd, "\n", 1) < 0)
		errnum = errno;
	close(fd);
	return errnum ? error_sys(err, errnum, "cannot write %s", path) : 0;
}
