/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/slurm/queue.h"

#include <string.h>

#include "base/str.h"

static const struct queue_state {
	const char *name;
	enum farm_stage stage;
	enum job_reason reason;
} queue_states[] = {
	{"PENDING", FARM_WAITS, REASON_NONE},
	{"CONFIGURING", FARM_WAITS, REASON_NONE},
	{"REQUEUED", FARM_WAITS, REASON_NONE},
	{"REQUEUE_HOLD", FARM_WAITS, REASON_NONE},
	{"REQUEUE_FED", FARM_WAITS, REASON_NONE},
	{"SPECIAL_EXIT", FARM_WAITS, REASON_NONE},
	{"RESV_DEL_HOLD", FARM_WAITS, REASON_NONE},
	{"BOOT_FAIL", FARM_OVER, REASON_NODE_FAILURE},
	{"NODE_FAIL", FARM_OVER, REASON_NODE_FAILURE},
	{"CANCELLED", FARM_OVER, REASON_CANCELLED},
	{"COMPLETED", FARM_OVER, REASON_LOST},
	{"FAILED", FARM_OVER, REASON_LOST},
	{"REVOKED", FARM_OVER, REASON_LOST},
	{"DEADLINE", FARM_OVER, REASON_TIME_LIMIT},
	{"TIMEOUT", FARM_OVER, REASON_TIME_LIMIT},
	{"OUT_OF_MEMORY", FARM_OVER, REASON_MEMORY},
	{"PREEMPTED", FARM_OVER, REASON_PREEMPTED},
};

enum farm_stage queue_stage(const char *state, enum job_reason *ret_reason)
{
	for (size_t i = 0; i < ARRAY_LEN(queue_states); i++) {
		if (strcmp(queue_states[i].name, state) != 0)
			continue;
		*ret_reason = queue_states[i].reason;
		return queue_states[i].stage;
	}
	*ret_reason = REASON_NONE;
	return FARM_RUNS; /* RUNNING, COMPLETING, SUSPENDED, STOPPED … */
}

/* ---- sbatch ---- */

/* Errors after which the job may be in the queue, or may be accepted later. */
static const char *const queue_doubts[] = {
	"Unable to contact slurm controller",
	"Unable to contact Slurm controller",
	"Socket timed out",
	"Connection refused",
	"Connection reset",
	"Connection timed out",
	"Communication connection failure",
	"Communication shutdown failure",
	"Message receive failure",
	"Zero Bytes were transmitted or received",
	"Transport endpoint is not connected",
	"temporarily unable",
	"Resource temporarily unavailable",
	"Slurm backup controller in standby mode",
	"Unexpected message received",
	"Broken pipe",
};

static bool queue_is_doubt(const char *text)
{
	for (size_t i = 0; text && i < ARRAY_LEN(queue_doubts); i++)
		if (strstr(text, queue_doubts[i]))
			return true;
	return false;
}

/* "123" or "123;cluster" */
static size_t queue_id_length(const char *text)
{
	size_t n = text ? strspn(text, "0123456789") : 0;

	return n && strchr(";\n", text[n]) ? n : 0;
}

enum farm_answer queue_read_answer(const struct command_end *end, struct str *text)
{
	size_t n = end->exit_status == 0 ? queue_id_length(end->out.s) : 0;

	if (n) {
		str_addn(text, end->out.s, n);
		return FARM_ACCEPTED;
	}
	command_explain("sbatch", end, text);
	if (end->is_late || end->exit_status <= 0 || queue_is_doubt(end->err.s))
		return end->errnum ? FARM_REFUSED : FARM_UNKNOWN;
	return FARM_REFUSED;
}

/* ---- squeue ---- */

static char *queue_cut(char **at)
{
	char *word = *at, *bar = word ? strchr(word, '|') : NULL;

	*at = bar ? bar + 1 : NULL;
	if (bar)
		*bar = '\0';
	return word;
}

static void queue_read_line(char *line, farm_see *see, void *ctx)
{
	struct farm_sight s = {0};
	const char *state;

	s.id = queue_cut(&line);
	s.name = queue_cut(&line);
	state = queue_cut(&line);
	if (!state || !line)
		return;
	s.word = state;
	s.stage = queue_stage(state, &s.reason);
	s.why = s.stage == FARM_WAITS && strcmp(line, "None") != 0 ? line : NULL;
	see(ctx, &s);
}

void queue_read(char *text, farm_see *see, void *ctx)
{
	while (text && *text) {
		char *end = text + strcspn(text, "\n");
		bool has_more = *end == '\n';

		*end = '\0';
		queue_read_line(text, see, ctx);
		text = end + has_more;
	}
}
