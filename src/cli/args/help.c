/* SPDX-License-Identifier: Apache-2.0 */
/* --help and --version, from the tables. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fs.h"
#include "base/str.h"
#include "cli/args/options.h"
#include "cli/output/final_out.h"

enum { HELP_COLUMN = 30, HELP_WIDEST = 100 };

static unsigned terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 &&
	    size.ws_col < HELP_WIDEST)
		return size.ws_col;
	return HELP_WIDEST;
}

/* Adds text, with line breaks at blanks. Lines begin at column. */
static void add_wrapped(struct str *out, const char *text, unsigned column, unsigned width)
{
	unsigned at = column;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > column && at + n + 1 > width) {
			str_printf(out, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			str_addc(out, ' ');
			at++;
		}
		str_addn(out, text, n);
		at += (unsigned)n;
		text += n;
		text += strspn(text, " ");
	}
	str_addc(out, '\n');
}

/* A bit beside that of a command: the program was called as dvsim. */
enum { AS_DVSIM = 1 << 30 };

static void help_add_name(struct str *b, const struct option *o, bool has_shorts)
{
	const char *s = has_shorts ? o->shorts : NULL;

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
static unsigned help_columns(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void add_option(struct str *out, const struct option *o, unsigned command, unsigned width)
{
	const char *other = command & AS_DVSIM ? option_dvsim_help(o) : NULL;
	struct str name = {0};

	help_add_name(&name, o, !other);
	str_add(out, name.s);
	if (help_columns(name.s) + 2 > HELP_COLUMN)
		str_printf(out, "\n%*s", HELP_COLUMN, "");
	else
		str_printf(out, "%*s", (int)(HELP_COLUMN - help_columns(name.s)), "");
	add_wrapped(out, other ? other : option_help(o, command), HELP_COLUMN, width);
	str_done(&name);
}

/* Which options: those of a command that are on a page. */
struct help_choice {
	unsigned command;
	enum help_page page;
};

static bool is_shown(int i, struct help_choice choice, const char *group)
{
	const struct option *o = &option_table[i];

	return (o->commands & choice.command) && str_eq(o->group, group) &&
	       option_is_on_page(o, choice.page);
}

static bool is_first_of_group(int i, struct help_choice choice)
{
	for (int before = 0; before < i; before++)
		if (is_shown(before, choice, option_table[i].group))
			return false;
	return is_shown(i, choice, option_table[i].group);
}

static void add_group(struct str *out, const char *group, struct help_choice choice, unsigned width)
{
	str_printf(out, "\n%s:\n", group);
	for (int i = 0; i < OPT_COUNT; i++)
		if (is_shown(i, choice, group))
			add_option(out, &option_table[i], choice.command, width);
}

/* Groups in the order in which they first appear, except that of --help, which comes last. */
static void help_add_options(struct str *out, struct help_choice choice, unsigned width)
{
	const char *last = option_table[OPT_HELP].group;

	for (int i = 0; i < OPT_COUNT; i++)
		if (!str_eq(option_table[i].group, last) && is_first_of_group(i, choice))
			add_group(out, option_table[i].group, choice, width);
	for (int i = 0; i < OPT_COUNT; i++)
		if (str_eq(option_table[i].group, last) && is_first_of_group(i, choice))
			add_group(out, last, choice, width);
}

static enum help_page page_named(const struct command *c, const char *topic)
{
	static const char *const names[] = {
		[HELP_ALL] = "all", [HELP_DVSIM] = "dvsim", [HELP_CHIPS] = "chips"};

	if (!(c->bit & CMD_GRAPH))
		return HELP_ALL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (topic && names[i] && str_eq(names[i], topic))
			return (enum help_page)i;
	return HELP_MOST_USED;
}

static void add_command(struct str *out, const char *program, const struct command *c,
			const char *topic, unsigned width)
{
	struct help_choice choice = {c->bit, page_named(c, topic)};

	str_printf(out, "usage: %s %s %s\n", program, c->name, c->usage);
	if (choice.page < HELP_DVSIM) {
		str_addc(out, '\n');
		add_wrapped(out, c->more, 0, width);
	}
	help_add_options(out, choice, width);
	if (choice.page == HELP_MOST_USED)
		str_printf(out,
			   "\nMore options: %s %s --help all (every option), --help dvsim (DVSim's "
			   "flows)%s\n",
			   program, c->name, c->bit == CMD_RUN ? ",\n--help chips (devices)" : "");
}

static void add_program(struct str *out, unsigned width)
{
	str_add(out, "usage: dvsched COMMAND …\n\n");
	add_wrapped(out,
		    "Runs dependent jobs in parallel on this machine, and leaves a verdict, a log "
		    "and results for each. Reads DVSim's configurations, too.",
		    0, width);
	str_add(out, "\nCommands:\n");
	for (const struct command *c = commands; c->name; c++) {
		str_printf(out, "  %-10s", c->name);
		add_wrapped(out, c->help, 12, width);
	}
	str_add(out, "\n`dvsched COMMAND --help` describes a command. A first run: dvsched run -- "
		     "echo hello\n");
	if (fs_is_dir(DVSCHED_DOCDIR))
		str_add(out, "docs/ and examples (hjson-cfgs/): " DVSCHED_DOCDIR "\n");
}

void help_print(const char *program, const struct command *c, const char *topic)
{
	struct str out = {0};

	if (c)
		add_command(&out, program, c, topic, terminal_width());
	else
		add_program(&out, terminal_width());
	final_write(out.s, out.len);
	str_done(&out);
}

void version_print(void)
{
	static const char line[] = "dvsched " DVSCHED_VERSION "\n";

	final_write(line, strlen(line));
}

void help_print_dvsim(void)
{
	unsigned width = terminal_width();
	struct str out = {0};

	str_add(&out, "usage: dvsim <cfg-hjson-file> [-h] [options]\n\n");
	add_wrapped(&out,
		    "dvsched under the name of DVSim: runs a DVSim configuration with DVSim's "
		    "options and exit codes. Write the configuration first, or after `--`: "
		    "some options take all words that follow.",
		    0, width);
	help_add_options(&out, (struct help_choice){CMD_RUN | AS_DVSIM, HELP_ALL}, width);
	final_write(out.s, out.len);
	str_done(&out);
}

void help_print_admin(void)
{
	unsigned width = terminal_width();
	struct str out = {0};

	str_add(&out, "usage: dvsim-admin report gen INDEX.json DIR\n"
		      "       dvsim-admin report instrumentation METRICS.json DIR [--profile "
		      "normal|high|full]\n"
		      "       dvsim-admin dashboard gen INDEX.json DIR [--base-url URL]\n\n");
	add_wrapped(&out,
		    "dvsched under the name of DVSim's report tool: writes the pages of a run's "
		    "reports again, draws its metrics, and writes a dashboard of all blocks. "
		    "Reads files of dvsched and of DVSim.",
		    0, width);
	str_add(&out, "\n`dvsim-admin COMMAND --help` describes a command.\n");
	final_write(out.s, out.len);
	str_done(&out);
}
