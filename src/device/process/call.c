/* SPDX-License-Identifier: Apache-2.0 */
/* Around each call into the driver: it is written to the board, and a returned code gets a
 * class. */
#include <stdio.h>
#include <string.h>

#include "device/driver/loaded_images.h"
#include "device/process/process.h"

void call_begin(struct worker_process *p, enum driver_call call)
{
	atomic_store_explicit(&p->board->call_since_ns, board_now_ns(), memory_order_relaxed);
	atomic_store_explicit(&p->board->call, call, memory_order_release);
}

void call_end(struct worker_process *p)
{
	/* Only the calls before poll() load libraries, and poll() is frequent. */
	if (atomic_load_explicit(&p->board->call, memory_order_relaxed) < CALL_POLL)
		loaded_images_note(&p->n_loads);
	atomic_store_explicit(&p->board->call_returned_ns, board_now_ns(), memory_order_relaxed);
	atomic_store_explicit(&p->board->call, CALL_NONE, memory_order_release);
}

struct dvs_text call_err(struct worker_process *p)
{
	p->err[0] = p->err[ERR_ROOM - 1] = '\0';
	return (struct dvs_text){p->err, ERR_ROOM};
}

const char *call_words(struct worker_process *p)
{
	_cleanup_(str_done) struct str text = {0};
	size_t n;

	p->err[ERR_ROOM - 1] = '\0';
	n = strcspn(p->err, "\n");
	str_add_printable(&text, p->err, n);
	snprintf(p->err, ERR_ROOM, "%s", text.s ? text.s : "");
	return p->err;
}

/* If the driver classifies an error as DVS_OK, or with an unknown class, it is DVS_POISON: the
 * state of the process is not known. */
enum dvs_class call_class(struct worker_process *p, int32_t code, const char **ret_name,
			  const char **ret_hint)
{
	const struct dvs_driver *d = atomic_load(&p->driver);
	enum dvs_class class;

	*ret_name = *ret_hint = NULL;
	call_begin(p, CALL_CLASSIFY);
	class = d->classify(code, p->n_good == 0, ret_name, ret_hint);
	call_end(p);
	return class > DVS_OK && class < DVS_CLASS_COUNT ? class : DVS_POISON;
}

void call_add_code(struct str *to, int32_t code, const char *name, const char *hint)
{
	if (!code && !hint)
		return;
	str_add(to, " (");
	if (name) {
		str_add_printable(to, name, strlen(name));
		str_addc(to, ' ');
	}
	str_printf(to, "%s%d", name ? "" : "code ", code);
	if (hint) {
		str_add(to, "; ");
		str_add_printable(to, hint, strlen(hint));
	}
	str_addc(to, ')');
}
