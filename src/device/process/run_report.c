/* SPDX-License-Identifier: Apache-2.0 */
/* One run, in the driver thread: reports while it runs, and its first error. */
#include <string.h>

#include "device/process/run_parts.h"

void run_send(struct run *r, enum device_frame type)
{
	str_clear(&r->p->out);
	device_put_result(&r->p->out, type, &r->result);
	channel_send(&r->p->channel, &r->p->out);
}

void run_reach(struct run *r, enum run_phase phase)
{
	struct board *b = r->p->board;
	uint64_t now = board_now_ns();

	r->result.phase = phase;
	r->result.stamp_ns[phase] = now;
	atomic_store_explicit(&b->stamp_ns[phase], now, memory_order_relaxed);
	atomic_store_explicit(&b->phase, phase, memory_order_release);
	if (!r->is_gang || phase == PHASE_LOADED || phase > PHASE_LAUNCHED)
		return;
	str_clear(&r->p->out);
	device_put_phase(&r->p->out, r->ask.epoch, phase);
	channel_send(&r->p->channel, &r->p->out);
}

bool run_has_failed(const struct run *r)
{
	return r->result.class != DVS_OK;
}

int run_fail(struct run *r, enum dvs_class class, enum driver_call call, const char *text)
{
	r->has_wedged |= class == DVS_WEDGE;
	if (run_has_failed(r)) {
		str_printf(&r->notes, "; then %s", text);
		return -1;
	}
	r->result.class = class;
	r->result.call = call;
	str_add(&r->text, text);
	return -1;
}

int run_fail_code(struct run *r, enum driver_call call, int32_t code)
{
	_cleanup_(str_done) struct str text = {0};
	const char *name, *hint, *words = call_words(r->p);
	enum dvs_class class = call_class(r->p, code, &name, &hint);

	if (run_has_failed(r) && code == r->result.code && !*words)
		return -1; /* the same error again, without a text */
	if (run_has_failed(r)) {
		str_printf(&text, "%s() failed%s%s", board_call_name(call), *words ? ": " : "",
			   words);
		call_add_code(&text, code, name, hint);
		return run_fail(r, class, call, text.s);
	}
	r->result.code = code;
	r->result.code_name = name;
	r->result.hint = hint;
	if (*words)
		str_add(&text, words);
	else
		str_printf(&text, "%s() failed", board_call_name(call));
	return run_fail(r, class, call, text.s);
}

int run_fail_error(struct run *r, enum dvs_class class, enum driver_call call, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	str_add_printable(&text, err->msg, strlen(err->msg));
	error_done(err);
	return run_fail(r, class, call, text.s);
}

bool run_has_flooded(struct run *r)
{
	uint64_t most = r->rules->job.max_log_bytes;

	if (!r->ending.flood_bytes && job_log_is_over(&r->p->log, most))
		r->ending.flood_bytes = most;
	return r->ending.flood_bytes != 0;
}
