/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes configurations: loads the input, and plans it if its flow is a native one. No program can
 * be started from this process, whatever the input says.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "config/config.h"
#include "flow/flow.h"

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

/* execve() and execveat() fail from now on. */
static void forbid_programs(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static bool is_done;
	const struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	if (is_done)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		abort();
	signal(SIGPIPE, SIG_IGN); /* the sanitizer's symbolizer is a program, too */
	is_done = true;
}

static void plan(struct cfg *c, struct diags *diags)
{
	const struct flow_options options = {.scratch_root = "/scratch"};
	struct hjson_node *flow = hjson_get(cfg_root(c), "flow");
	struct plan *p;

	if (!flow || !flow_is_native(c, flow))
		return;
	p = flow_plan(c, &options, diags);
	if (!p && !diags->n_errors)
		abort();
	plan_free(p);
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	const struct cfg_text text = {
		.shown = "fuzz.hjson", .bytes = (const char *)input, .n = len};
	const struct cfg_options options = {.text = &text, .proj_root = "/", .branch = "b"};
	struct diags diags;
	struct cfg *c;

	forbid_programs();
	diags_init(&diags);
	c = cfg_load("/fuzz.hjson", &options, &diags);
	if (!c && !diags.n_errors)
		abort();
	if (c)
		plan(c, &diags);
	cfg_free(c);
	diags_done(&diags);
	return 0;
}
