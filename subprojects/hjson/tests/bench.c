/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hjson-bench FILE... : puts copies of the files into one array of 50 MB, and parses that. Without
 * a file it makes a configuration. Prints MB/s, the median of several rounds.
 */
#include "tap.h"

#include <time.h>

enum { ROUNDS = 7, SIZE = 50 * 1000 * 1000 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char made[] =
	"{\n"
	"  // Name of the sim cfg - typically same as the name of the DUT.\n"
	"  name: uart\n"
	"  fusesoc_core: lowrisc:dv:uart_sim:0.1\n"
	"  import_cfgs: [\"{proj_root}/hw/dv/tools/dvsim/common_sim_cfg.hjson\",\n"
	"                \"{proj_root}/hw/dv/tools/dvsim/tests/csr_tests.hjson\"]\n"
	"  reseed: 50\n"
	"  tests: [\n"
	"    {\n"
	"      name: uart_smoke\n"
	"      desc: '''Smoke test for the basic data path.\n"
	"               - configure the baud rate\n"
	"               - send and receive a few bytes\n"
	"            '''\n"
	"      uvm_test_seq: uart_smoke_vseq\n"
	"      run_opts: [\"+test_timeout_ns=1_000_000\", \"+en_scb=0\"]\n"
	"      en_run_modes: [\"stress\"], reseed: 5\n"
	"    }\n"
	"  ]\n"
	"}\n";

static struct text mix(int argc, char **argv)
{
	struct text all = {0};

	text_say(&all, "[\n");
	while (all.len < SIZE) {
		if (argc < 2)
			text_say(&all, made);
		for (int i = 1; i < argc && all.len < SIZE; i++) {
			struct text t = text_read(argv[i]);

			text_add(&all, t.s, t.len);
			text_say(&all, "\n");
			free(t.s);
		}
	}
	text_say(&all, "]\n");
	return all;
}

static size_t count_nodes(const struct hjson_node *n)
{
	const struct hjson_node *child;
	size_t sum = 1;

	if (n->type == HJSON_ARRAY || n->type == HJSON_OBJECT)
		hjson_for_each (child, n)
			sum += count_nodes(child);
	return sum;
}

static void say(void *ctx, const struct hjson_diag *d)
{
	struct hjson_place p;

	if (d->severity != HJSON_ERROR)
		return;
	p = hjson_where(ctx, d->pos);
	fprintf(stderr, "%u:%u: %s\n", p.line, p.col, d->message);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct text all = mix(argc, argv);
	double rates[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct hjson_doc *doc = hjson_new();
		double start = now_s();
		struct hjson_node *root = hjson_parse(doc, "bench", all.s, all.len, say, doc);

		rates[i] = (double)all.len / 1e6 / (now_s() - start);
		if (!root)
			return 1;
		if (i == 0) {
			size_t nodes = count_nodes(root);

			printf("%zu bytes, %zu nodes; memory %zu = text + %.1f bytes a node\n",
			       all.len, nodes, hjson_memory(doc),
			       (double)(hjson_memory(doc) - all.len) / (double)nodes);
		}
		hjson_free(doc);
	}
	qsort(rates, ROUNDS, sizeof(*rates), by_size);
	printf("%.0f MB/s (%.0f to %.0f)\n", rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
	free(all.s);
	return 0;
}
