/* SPDX-License-Identifier: Apache-2.0 */
/* --help and --version, from the tables. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/options.h"

enum { HELP_COLUMN = 30, HELP_WIDEST = 100 };

static unsigned terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 &&
	    size.ws_col < HELP_WIDEST)
		return size.ws_col;
	return HELP_WIDEST;
}

/* text, broken at blanks, from column on. */
static void print_wrapped(const char *text, unsigned column, unsigned width)
{
	unsigned at = column;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > column && at + n + 1 > width) {
			printf("\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		fwrite(text, 1, n, stdout);
		at += (unsigned)n;
		text += n;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void add_name(struct str *b, const struct option *o)
{
	const char *s = o->shorts;

	str_add(b, "  ");
	for (; s && *s; s += strcspn(s, " "), s += *s == ' ')
		str_printf(b, "-%.*s, ", (int)strcspn(s, " "), s);
	str_printf(b, "--%s", o->name);
	if (o->kind == OPT_MAYBE)
		str_printf(b, " [%s]", o->metavar);
	else if (o->kind == OPT_WORDS)
		str_printf(b, " %s …", o->metavar);
	else if (o->metavar)
		str_printf(b, " %s", o->metavar);
}

/* The table holds one character that is not ASCII: the ellipsis. */
static unsigned columns(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_option(const struct option *o, unsigned width)
{
	struct str name = {0};

	add_name(&name, o);
	fputs(name.s, stdout);
	if (columns(name.s) + 2 > HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", (int)(HELP_COLUMN - columns(name.s)), "");
	print_wrapped(o->help, HELP_COLUMN, width);
	str_done(&name);
}

static bool is_shown(int i, unsigned command, const char *group)
{
	return (option_table[i].commands & command) && str_eq(option_table[i].group, group);
}

static bool is_first_of_group(int i, unsigned command)
{
	for (int before = 0; before < i; before++)
		if (is_shown(before, command, option_table[i].group))
			return false;
	return (option_table[i].commands & command) != 0;
}

static void print_group(const char *group, unsigned command, unsigned width)
{
	printf("\n%s:\n", group);
	for (int i = 0; i < OPT_COUNT; i++)
		if (is_shown(i, command, group))
			print_option(&option_table[i], width);
}

/* The groups in the order in which they first appear; what is shown comes last, it is least asked
 * for. */
static void print_options(unsigned command, unsigned width)
{
	const char *last = option_table[OPT_HELP].group;

	for (int i = 0; i < OPT_COUNT; i++)
		if (!str_eq(option_table[i].group, last) && is_first_of_group(i, command))
			print_group(option_table[i].group, command, width);
	print_group(last, command, width);
}

static void print_command(const struct command *c, unsigned width)
{
	printf("usage: dvsched %s %s\n\n", c->name, c->usage);
	print_wrapped(c->more, 0, width);
	print_options(c->bit, width);
}

static void print_program(unsigned width)
{
	puts("usage: dvsched COMMAND …\n");
	print_wrapped("Runs the jobs of a configuration as a graph: in parallel, contained, with "
		      "results that "
		      "people and tools can read.",
		      0, width);
	puts("\nCommands:");
	for (const struct command *c = commands; c->name; c++) {
		printf("  %-10s", c->name);
		print_wrapped(c->help, 12, width);
	}
	puts("\n`dvsched COMMAND --help` says more. A first run: dvsched run "
	     "hjson-cfgs/quickstart.hjson");
}

void help_print(const struct command *c)
{
	if (c)
		print_command(c, terminal_width());
	else
		print_program(terminal_width());
}

void version_print(void)
{
	printf("dvsched %s\n", DVSCHED_VERSION);
}

void help_print_dvsim(void)
{
	unsigned width = terminal_width();

	puts("usage: dvsim <cfg-hjson-file> [-h] [options]\n");
	print_wrapped("dvsched under the name of DVSim: runs a DVSim configuration with DVSim's "
		      "options and exit codes. The configuration goes first, or after `--`: "
		      "options that take many words take all that follow.",
		      0, width);
	print_options(CMD_RUN, width);
}
