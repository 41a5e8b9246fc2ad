# SPDX-License-Identifier: Apache-2.0
"""Stories of the other commands, and of bad input."""

import json
import os
import re
import shlex
import subprocess

from harness import SOURCE, Story

GOOD = """{
  flow: jobs
  name: demo
  jobs: [
    { name: "build", argv: ["true"], tags: ["quick"] }
    { name: "test.{mode}.{n}", argv: ["true", "{mode}"], needs: ["build"], sweep: { mode: ["a", "b"], n: "1..3" } }
    { name: "report", argv: ["true"], needs_any: ["test.*"] }
  ]
}"""


def errors(run):
    """The lines with errors, without the rest of each message."""
    return [line for line in run.err.splitlines() if ": error:" in line]


class Refusals(Story):
    """Several mistakes are reported at once, each with its place."""

    def test_syntax_is_checked_behind_the_first_error(self):
        self.write("a.hjson", """{
  flow: jobs
  jobs: [
    { name: "a", command: make }
    { name: "b", command: "true" }
    { name: "c", command: "\\d+" }
    {
      name "d"
      command: "true"
    }
  ]
}""")
        run = self.dvsched("plan", "a.hjson")
        self.assertEqual(run.code, 2)
        self.assertEqual(errors(run), [
            "a.hjson:4:32: error: this '}' is inside the quoteless string 'make }', so it does not close the object",
            "a.hjson:6:28: error: '\\d' is no escape",
            "a.hjson:8:7: error: key 'name' has no ':' behind it"])
        self.assertIn("hint: quote the string: \"make\", or put the '}' on the next line", run.err)

    def test_values_needs_cycles_patterns_and_resources_are_checked_in_one_go(self):
        self.write("a.hjson", """{
  flow: jobs
  jobs: [
    { name: "a", argv: ["true"], needs: ["nobody", "nothing.*"], timeout: "soon" }
    { name: "b", argv: ["true"], needs: ["c"], pass_patterns: ["("] }
    { name: "c", argv: ["true"], needs: ["b"] }
    { name: "d", argv: ["true"], resources: { LIC: 5 } }
  ]
  resources: { LIC: 2 }
}""")
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 2)
        self.assertEqual([line.split(": error: ")[0] for line in errors(run)],
                         ["a.hjson:4:75", "a.hjson:4:42", "a.hjson:4:52", "a.hjson:5:64", "a.hjson:5:13", "a.hjson:7:52"])
        self.assertIn("in a cycle: b -> c -> b", run.err)
        self.assertIn("job 'd' asks for 5 of LIC, of which this run has 2", run.err)
        more = self.dvsched("run", "a.hjson", "-R", "LIC=5")
        self.assertNotIn("LIC", more.err)
        self.assert_left_nothing()

    def test_jobs_have_no_error_for_a_resource_that_has_one(self):
        for limit in '"5-3"', '"a"', "-1", "[1]":
            self.write("a.hjson", """{
  flow: jobs
  resources: { PORT: %s }
  jobs: [ { name: "a", command: "true", resources: { PORT: 1 } } ]
}""" % limit)
            run = self.dvsched("run", "a.hjson")
            self.assertEqual((run.code, len(errors(run))), (2, 1), run.err)
            self.assertIn("resource 'PORT' must be a", run.err)

    def test_a_wrong_list_of_units_says_what_is_wrong(self):
        self.write("a.hjson", '{ flow: "jobs", resources: { PORT: "5-3" }, jobs: [ { name: "a", command: "true" } ] }')
        self.assertIn("resource 'PORT' must be a number of units, or their numbers: 5-3 begins with the larger number",
                      self.dvsched("run", "a.hjson").err)
        self.write("a.hjson", '{ flow: "jobs", jobs: [ { name: "a", command: "true" } ] }')
        for value, why in (("5-3", ": 5-3 begins with the larger number"), ("1,1", ": 1 is listed twice"), ("x", "")):
            run = self.dvsched("run", "a.hjson", "-R", f"PORT={value}")
            self.assertEqual(run.code, 2, run)
            self.assertIn(f"'--resource' must be NAME=N, not 'PORT={value}'{why}\n", run.err)

    def test_a_cycle_is_reported_with_a_wrong_pattern(self):
        self.write("a.hjson", """{
  flow: jobs
  jobs: [
    { name: "a", argv: ["true"], needs: ["b"], pass_patterns: ["("] }
    { name: "b", argv: ["true"], needs: ["a"] }
  ]
}""")
        for command in "plan", "run":
            run = self.dvsched(command, "a.hjson")
            self.assertEqual((run.code, len(errors(run))), (2, 2), run.err)
            self.assertIn("a cycle: a -> b -> a", run.err)


class Reading(Story):
    def test_list_prints_names(self):
        self.write("a.hjson", GOOD)
        run = self.dvsched("list", "a.hjson", "-i", "test.a.*")
        self.assertEqual(run.out.split(), ["build", "test.a.1", "test.a.2", "test.a.3"])
        run = self.dvsched("list", "a.hjson", "-0", "-i", "build")
        self.assertEqual(run.out, "build\0")
        listed = json.loads(self.dvsched("list", "a.hjson", "--json").out)
        self.assertEqual(len(listed), 8)
        self.assertEqual(listed[0], {"id": "build", "target": "build", "tags": ["quick"]})
        self.assert_left_nothing()

    def test_define_changes_the_values_of_a_sweep(self):
        self.write("a.hjson", GOOD)
        run = self.dvsched("list", "a.hjson", "-D", "n=7..8", "-D", "mode=x")
        self.assertEqual(run.out.split(), ["build", "test.x.7", "test.x.8", "report"])

    def test_plan_prints_the_graph_in_three_forms(self):
        self.write("a.hjson", GOOD)
        text = self.dvsched("plan", "a.hjson").out
        self.assertIn("needs build", text)
        self.assertIn("8 jobs, 12 dependencies", text)
        plan = json.loads(self.dvsched("plan", "a.hjson", "--json").out)
        self.assertEqual(len(plan["jobs"]), 8)
        self.assertEqual(plan["jobs"][1]["needs"], ["build"])
        self.assertEqual(len(plan["jobs"][7]["needs_any"]), 6)
        dot = self.dvsched("plan", "a.hjson", "--format", "dot").out
        self.assertIn('"build" -> "test.a.1";', dot)
        self.assertIn('"test.b.3" -> "report" [style=dashed];', dot)
        self.assert_left_nothing()

    def test_config_dump_prints_a_file_as_json(self):
        self.write("b.hjson", "[1, 2.50, abc\n 123456789012345678901234567890, {a: 'x'}]")
        run = self.dvsched("config", "dump", "b.hjson")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(json.loads(run.out), [1, 2.5, "abc", 123456789012345678901234567890, {"a": "x"}])
        self.assertIn("123456789012345678901234567890", run.out)

    def test_config_dump_shows_a_nul(self):
        self.write("b.hjson", '{ a: "x\\u0000y" }')
        run = self.dvsched("config", "dump", "b.hjson")
        self.assertEqual(json.loads(run.out), {"a": "x\0y"})
        run = self.dvsched("plan", "b.hjson")
        self.assertEqual(run.code, 2)
        self.assertIn("b.hjson:1:8: error: this string holds \\u0000", run.err)

    def test_config_show_tells_the_place_of_each_value(self):
        self.write("base.hjson", "{ flow: jobs\n  vars: { x: 1 }\n  jobs: [ { name: \"b\", argv: [\"true\"] } ]\n}")
        self.write("top.hjson", "{ name: top\n  import_cfgs: [\"{self_dir}/base.hjson\"]\n"
                   "  jobs: [ { name: \"{eval_cmd} echo j\", argv: [\"true\"] } ]\n}")
        run = self.dvsched("config", "show", "top.hjson")
        self.assertEqual(run.code, 0, run.err)
        self.assertRegex(run.out, r'(?m)^name = "top"\s+# top\.hjson:1:9$')
        self.assertRegex(run.out, r'(?m)^vars\.x = 1\s+# base\.hjson:2:14$')
        self.assertRegex(run.out, r'(?m)^jobs\[0\]\.name = "{eval_cmd} echo j"\s+# top\.hjson:3:19$')
        self.assertRegex(run.out, r'(?m)^jobs\[1\]\.name = "b"')

    def test_config_show_shows_what_a_native_flow_will_use(self):
        self.write("a.hjson", """{
  flow: jobs
  vars: { x: 1 }
  jobs: [ { name: "a{x}", argv: ["{HOME}", "{eval_cmd} touch ran", "{x}"] } ]
}""")
        run = self.dvsched("config", "show", "a.hjson")
        self.assertEqual(run.code, 0, run.err)
        for text in ("a{x}", "{HOME}", "{eval_cmd} touch ran"):
            self.assertIn(f'= "{text}"', run.out)
        self.assertIn("holds {eval_cmd}, which this flow does not run", run.err)
        self.assertNotIn("{eval_cmd}", self.dvsched("config", "show", "a.hjson", "--raw").err)
        self.assertFalse(self.path("ran").exists())

    def test_config_show_expands_what_a_flow_of_dvsim_expands(self):
        self.write("a.hjson", "{ flow: sim\n name: a\n x: \"{eval_cmd} echo j\"\n y: \"{HOME}\"\n}")
        run = self.dvsched("config", "show", "a.hjson", env={"HOME": "/here"})
        self.assertIn('x = "j"', run.out)
        self.assertIn('y = "/here"', run.out)
        self.assertIn("{eval_cmd} echo j", self.dvsched("config", "show", "a.hjson", "--raw").out)

    def test_config_keys_are_the_documented_ones(self):
        run = self.dvsched("config", "keys")
        for key in ("needs_any", "fail_patterns", "finally", "vars"):
            self.assertIn(key, run.out)

    def test_help_and_version(self):
        self.assertIn("Commands:", self.dvsched("--help").out)
        self.assertRegex(self.dvsched("--version").out, r"^dvsched \d")
        for command in ("run", "list", "plan", "config", "report", "dashboard", "chips"):
            run = self.dvsched(command, "--help")
            self.assertEqual(run.code, 0)
            self.assertIn(f"usage: dvsched {command}", run.out)
            self.assertLess(max(map(len, run.out.splitlines())), 101)

    def test_help_takes_a_command(self):
        self.assertEqual(self.dvsched("help", "run").out, self.dvsched("run", "--help").out)
        run = self.dvsched("help", "rn")
        self.assertEqual(run.code, 2, run)
        self.assertIn("dvsched run", run.err)

    COMMANDS = ("run", "resume", "list", "plan", "config", "report", "dashboard", "chips", "backends", "events", "ls", "show", "log")

    def options(self, *words):
        """The long names that a page of help describes."""
        shown = self.dvsched(*words).out
        self.assertLess(max(map(len, shown.splitlines())), 101)
        return re.findall(r"(?m)^  (?:-\w+, )*--([\w-]+)", shown)

    def test_the_help_of_run_has_what_most_people_need(self):
        most, every = self.options("run", "--help"), self.options("run", "--help", "all")
        self.assertEqual(len(most), 20, most)
        self.assertEqual(self.options("help", "run", "all"), every)
        for page in (most, self.options("run", "--help", "dvsim"), self.options("run", "--help", "chips")):
            self.assertLessEqual(set(page), set(every))
        self.assertIn("seeds", self.options("run", "--help", "dvsim"))
        self.assertIn("pools", self.options("run", "--help", "chips"))

    def test_an_option_is_a_line_with_its_default(self):
        for page in [(c, "--help", "all") for c in self.COMMANDS] + [("run", "--help")]:
            lines = self.dvsched(*page).out.splitlines() + [""]
            for i, line in enumerate(lines):
                [name, text] = (re.findall(r"^  (-\S.*?)(?:  +(\S.*))?$", line) or [(None, None)])[0]
                if name is None:
                    continue
                if not text:  # the name takes a line of its own
                    i += 1
                    text = lines[i].strip()
                self.assertFalse(lines[i + 1].startswith(" " * 10), (page, lines[i + 1]))
                if re.search(r"--[\w-]+ \S", name):
                    self.assertIn("(default", text, (page, name))

    def test_the_first_run_of_the_help_works(self):
        [command] = re.findall(r"A first run: dvsched (.*)$", self.dvsched("--help").out, re.M)
        self.assertEqual(self.dvsched(*command.split()).code, 0, command)

    def test_help_and_man_page_have_every_option(self):
        [table] = SOURCE.joinpath("src", "cli").rglob("option_table.c")
        known = set(re.findall(r'\[OPT_\w+\] =\s*\{"([\w-]+)"', table.read_text(encoding="utf-8")))
        self.assertGreater(len(known), 80)
        described = {name for c in self.COMMANDS for name in self.options(c, "--help", "all")}
        self.assertEqual(described, known)
        page = (SOURCE / "docs/man/dvsched.1.scd").read_text(encoding="utf-8")
        named = set(re.findall(r"\*--([\w-]+)\*", "\n".join(re.findall(r"(?m)^(?:\*-|\*--).*$", page))))
        self.assertEqual(named, known)

    def test_the_page_of_options_is_that_of_the_help(self):
        made = subprocess.run([SOURCE / "scripts/options-page", os.environ["DVSCHED"]], capture_output=True, text=True, check=True).stdout
        page = (SOURCE / "docs/reference/options.md").read_text(encoding="utf-8")
        self.assertEqual(made, page, "run scripts/options-page > docs/reference/options.md")
        self.assertEqual(set(re.findall(r"(?m)^\| `(?:-\w+, )*--([\w-]+)", page)),
                         {name for c in self.COMMANDS for name in self.options(c, "--help", "all")})

    def test_each_example_of_the_man_page_is_a_line_of_its_own(self):
        page = (SOURCE / "docs/man/dvsched.1.scd").read_text(encoding="utf-8")
        for i, part in enumerate(page.partition("# EXAMPLES")[2].split("```")):
            lines = [line for line in part.splitlines() if "dvsched" in line]
            self.assertEqual(bool(lines), i % 2 == 1, part)  # in literal blocks, which keep lines and quotes
            for line in lines:
                words = shlex.split(line)
                self.assertEqual((words[0], words.count("dvsched")), ("dvsched", 1), line)
                self.assertIn(words[1], ("run", "chips"), line)


class TooMuchText(Story):
    """Text that is too long for a process is an error before anything is created."""

    def refused(self, job, top=""):
        self.config('{ flow: "jobs", name: "demo", %s jobs: [ %s\n{ name: "b", command: "true" } ] }' % (top, job))
        done = self.dvsched("run", "cfg.hjson")
        self.assertEqual(done.code, 2, done.err[:2000])
        self.assertRegex(done.err, r"cfg.hjson:1:\d+: error: 'a' has more text than a process can be given")
        self.assertEqual(done.err.count("error:"), 1)
        self.assert_left_nothing()

    def test_arguments(self):
        self.refused('{ name: "a", argv: ["true", %s] }' % ", ".join(['"{big}"'] * 70),
                     'vars: { big: "%s" },' % ("x" * 1000000))

    def test_a_command(self):
        self.refused('{ name: "a", command: "echo %s" }' % ("x" * 9000000))

    def test_an_environment(self):
        self.refused('{ name: "a", command: "true", env: { X: "%s" } }' % ("x" * 9000000))


class Documented(Story):
    """The examples of docs/reference/config.md: those of its tables and of its text. Code blocks: examples.py."""

    PAGE = SOURCE / "docs/reference/config.md"
    JOB = {"name": 'name: "a.{mode}.{seed}.{run}"', "command": 'command: "true"',
           "sweep": 'sweep: {mode: ["fast"], seed: ["1"], run: [1]}'}
    CONFIGURATION, OF_JOBS = "Keys of the configuration", ("Keys of a job", "Keys of a job or of `defaults`")

    def rows(self):
        """(section, key, example) of each row of the tables of keys; the example is None if there is none."""
        section = None
        for line in self.PAGE.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                section = line[3:]
            row = re.match(r"\| `(\w+)` \|.*?(?:Example: `(.*?)` )?\|$", line)
            if row:
                yield section, row[1], row[2] and row[2].replace("\\|", "|")

    def in_text(self):
        """(key, example) of each `key: value` outside of examples and code blocks, for keys of jobs."""
        keys = {key for section, key, _ in self.rows() if section in self.OF_JOBS}
        text = re.sub(r"(?ms)^```.*?^```|Example: `.*?` \|", "", self.PAGE.read_text(encoding="utf-8"))
        for example in re.findall(r"`(\w+: [^`\n]+)`", text):
            key = example.partition(":")[0]
            if key in keys:
                yield key, example

    def around(self, section, key, example):
        if section == self.CONFIGURATION:
            flow = "" if key == "flow" else "flow: jobs"
            name = "name: demo" if key == "overrides" else ""
            jobs = "" if key == "jobs" else 'jobs: [ {name: "j", command: "true"} ]'
            return f"{{ {flow}\n{name}\n{example}\n{jobs}\n}}"
        keys = dict(self.JOB)
        if key == "argv":
            del keys["command"]
        if key == "name":
            keys["sweep"] = "sweep: {seed: [7]}"
        if key == "sweep":
            axes = dict.fromkeys(re.findall(r"(\w+): (?!{)", example.partition(":")[2]))
            keys["name"] = 'name: "a.%s"' % ".".join(f"{{{axis}}}" for axis in axes)
        keys[key] = example
        others = "\n".join(f'{{name: "{name}", command: "true"}}' for name in ("build.fast", "test.1", "a[1]"))
        return f'{{ flow: jobs\n jobs: [ {others}\n{{{", ".join(keys.values())}}} ]\n}}'

    def loads(self, example, config):
        """The names of the jobs."""
        with self.subTest(example):
            self.write("t.hjson", config)
            run = self.dvsched("list", "t.hjson")
            self.assertEqual(run.code, 0, run)
            return run.out.splitlines()
        return []

    def test_every_example_of_the_tables_loads(self):
        self.write("common.hjson", '{ description: "x" }')
        examples = [row for row in self.rows() if row[2]]
        self.assertGreater(len(examples), 30)
        for section, key, example in examples:
            self.loads(example, self.around(section, key, example))

    def test_every_example_of_the_text_loads(self):
        n_jobs = {}
        for key, example in self.in_text():
            jobs = self.loads(example, self.around("Keys of a job", key, example))
            n_jobs.setdefault(key, []).append(len(jobs) - 3)
        self.assertEqual(n_jobs.pop("sweep"), [2000, 2, 2, 3])  # as the text says
        self.assertLessEqual({"retries", "needs"}, n_jobs.keys())

    def test_the_examples_of_config_keys_load(self):
        shown = self.dvsched("config", "keys").out
        found = re.findall(r"(?m)^  (\w+) .*\n +.*?(\{ \w+: [^;\n]*\})(?:;|$)", shown)
        self.assertGreater(len(found), 1, shown)
        for key, example in found:
            with self.subTest(f"{key}: {example}"):
                self.write("t.hjson", self.around(self.CONFIGURATION, key, f"{key}: {example}"))
                run = self.dvsched("list", "t.hjson")
                self.assertEqual(run.code, 0, run)
                # The innermost object is really read: another key in it is an error.
                inner = example.rindex("{") + 1
                if key == "backends":
                    wrong = f'{key}: {example[:inner]} not_a_key: "1s", {example[inner:]}'
                    self.write("t.hjson", self.around(self.CONFIGURATION, key, wrong))
                    self.assertIn("unknown key 'not_a_key'", self.dvsched("list", "t.hjson").err)


class BadInput(Story):
    def fails(self, *args):
        run = self.dvsched(*args)
        self.assertEqual(run.code, 2, run.err)
        self.assertEqual(run.out, "")
        self.assert_left_nothing()
        return run.err

    def config(self, text, name="a.hjson"):
        self.write(name, text)
        return self.fails("run", name)

    def test_broken_hjson(self):
        err = self.config("{ flow: jobs\n  name: x }\n")
        self.assertRegex(err, r"a\.hjson:\d+:\d+: error: ")
        self.assertIn("hint:", err)
        self.assertIn("^", err)

    def test_all_errors_at_once(self):
        err = self.config("""{
          flow: jobs
          name: demo
          jobs: [
            { name: "a", argv: ["true"], neds: ["b"] }
            { name: "b", argv: ["true"], timeout: "5 parsecs" }
            { name: "c", argv: ["true"], cpus: "many" }
          ]
        }""")
        self.assertRegex(err, r"a\.hjson:5:\d+: error: .*'neds'")
        self.assertIn("needs", err)
        self.assertRegex(err, r"a\.hjson:6:\d+: error: .*timeout.*5 parsecs")
        self.assertRegex(err, r"a\.hjson:7:\d+: error: .*cpus")

    def test_a_cycle_is_a_path_with_positions(self):
        err = self.config("""{
          flow: jobs
          name: demo
          jobs: [
            { name: "a", argv: ["true"], needs: ["b"] }
            { name: "b", argv: ["true"], needs: ["c"] }
            { name: "c", argv: ["true"], needs: ["a"] }
          ]
        }""")
        self.assertIn("cycle", err)
        for line in (5, 6, 7):
            self.assertRegex(err, rf"a\.hjson:{line}:\d+: ")
        for command in ("list", "plan"):
            self.assertEqual(self.fails(command, "a.hjson"), err)

    def test_patterns_that_do_not_compile(self):
        err = self.config("""{
          flow: jobs
          name: demo
          jobs: [
            { name: "a", argv: ["true"], fail_patterns: ["(unclosed"] }
            { name: "b", argv: ["true"], pass_patterns: ["[z-a]"], backend: "fake" }
          ]
        }""")
        self.assertRegex(err, r"a\.hjson:5:\d+: error: ")
        self.assertRegex(err, r"a\.hjson:6:\d+: error: ")

    def test_hostile_names(self):
        for name in ("a/b", "..", "a\\nb", "x" * 300, "passed", ".dvsched"):
            with self.subTest(name[:20]):
                err = self.config('{ flow: jobs\n'
                                  '  jobs: [ { name: "%s", argv: ["true"] } ] }' % name)
                self.assertRegex(err, r"a\.hjson:2:\d+: error: ")

    def test_files_that_are_none(self):
        os.mkfifo(self.path("fifo.hjson"))
        os.mkdir(self.path("dir.hjson"))
        for name, what in (("fifo.hjson", "FIFO"), ("dir.hjson", "directory"), ("none.hjson", "No such file")):
            with self.subTest(name):
                err = self.fails("run", name)
                self.assertIn(name, err)
                self.assertIn(what, err)

    def test_an_unknown_flow_names_those_that_exist(self):
        err = self.config("{ flow: swimming\n name: x\n}")
        self.assertRegex(err, r"a\.hjson:1:\d+: error: .*swimming")
        self.assertIn("jobs", err)

    def test_wrong_options(self):
        self.write("a.hjson", GOOD)
        self.assertIn("--items", self.fails("run", "a.hjson", "--itmes", "x"))
        self.assertIn("max-parallel", self.fails("run", "a.hjson", "-j", "none"))
        self.assertIn("local", self.fails("run", "a.hjson", "--backend", "locla"))
        self.assertIn("curses", self.fails("run", "a.hjson", "--view", "cursed"))
        self.assertIn("NAME=N", self.fails("run", "a.hjson", "-R", "VCS"))
        self.assertIn("put the configuration first", self.fails("run", "-i", "build", "a.hjson"))
        self.assertIn("test.a.1", self.fails("run", "a.hjson", "-i", "test.a.l"))
        self.assertIn("dvsched run a.hjson", self.fails("a.hjson"))

    def test_more_of_a_resource_than_there_is(self):
        err = self.config("""{
          flow: jobs
          name: demo
          resources: { VCS: 2 }
          jobs: [ { name: "a", argv: ["true"], resources: { VCS: 3 } } ]
        }""")
        self.assertRegex(err, r"a\.hjson:5:\d+: error: .*VCS")

    def test_a_command_goes_with_run_only(self):
        self.write("a.hjson", GOOD)
        self.assertIn("'run' only", self.fails("plan", "a.hjson", "--", "true"))

    def test_a_backend_for_nobody_is_reported(self):
        self.write("a.hjson", GOOD)
        run = self.dvsched("run", "a.hjson", "--fake", "--backend-for", "zz*=local")
        self.assertEqual(run.code, 0, run)
        self.assertIn("zz*=local", run.err)

    def test_names_that_are_near_are_suggested(self):
        self.write("a.hjson", GOOD.replace("[\"build\"]", "[\"biuld*\"]").replace("\"test.*\"", "\"tset.*\""))
        err = self.fails("plan", "a.hjson")
        self.assertIn("no job matches 'biuld*'", err)
        self.assertIn("did you mean 'build*'?", err)
        self.assertIn("did you mean 'test.*'?", err)
        self.write("a.hjson", GOOD)
        for item, meant in (("biuld", "build"), ("tets", "test"), ("tets.a*", "test.a*"), ("@quik", "@quick")):
            self.assertIn(f"did you mean '{meant}'?", self.fails("list", "a.hjson", "-i", item))

    def test_a_resource_that_nobody_asks_for_is_a_warning(self):
        self.write("a.hjson", """{
          flow: jobs
          resources: { LIC: 2 }
          jobs: [ { name: "a", argv: ["true"], resources: { VCS: 3 } } ]
        }""")
        run = self.dvsched("run", "a.hjson", "--fake", "-R", "VSC=8", "-R", "LIC=9")
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("warning: -R VSC: no job of this run asks for it\n  hint: did you mean 'VCS'?", run.err)
        self.assertNotIn("LIC", run.err)

    def test_names_that_are_none_come_with_those_there_are(self):
        self.write("a.hjson", GOOD)
        there = "there are: local, chips, slurm, batch, fake"
        self.assertIn(there, self.fails("run", "a.hjson", "--backend", "lsf"))
        self.assertIn(there, self.fails("run", "a.hjson", "--backend-for", "a=lsf"))
        self.assertIn("did you mean 'local'?", self.fails("run", "a.hjson", "--backend", "locl"))
        self.assertIn("there are: journal", self.fails("run", "a.hjson", "--without", "nothing"))
        self.write("a.hjson", GOOD.replace("tags:", "backend: \"lsf\", tags:"))
        self.assertIn(there, self.fails("plan", "a.hjson"))
        self.write("a.hjson", GOOD.replace("flow:", "backends: { lsf: {} }\n flow:"))
        self.assertIn(there, self.fails("plan", "a.hjson"))
        self.write("a.hjson", GOOD.replace("flow:", "backends: { mine: { type: \"fakr\" } }\n flow:"))
        self.assertIn("there is no backend type 'fakr'", self.fails("plan", "a.hjson"))

    def test_options_name_backends_of_the_configuration(self):
        self.write("a.hjson", """{
          flow: jobs
          backends: { worse: { type: "fake", outcomes: { "*": "fail" } } }
          jobs: [ { name: "x", argv: ["false"] }, { name: "y", argv: ["true"] } ]
        }""")
        self.assertIn("did you mean 'worse'?", self.fails("run", "a.hjson", "--backend", "wurse"))
        self.assertIn("fake, worse\n", self.fails("run", "a.hjson", "--backend", "another"))
        run = self.dvsched("run", "a.hjson", "--backend", "worse", "--view", "none")
        self.assertEqual(self.statuses(), {"x": "FAILED", "y": "FAILED"}, run)
        self.dvsched("run", "a.hjson", "--backend", "fake", "--backend-for", "y=worse", "--view", "none")
        self.assertEqual(self.statuses(), {"x": "PASSED", "y": "FAILED"})

    def test_a_backend_has_the_name_that_the_configuration_gives_it(self):
        config = """{
          flow: jobs
          backends: { a: { type: "%s" }, b: { type: "fake", outcomes: { "*": "fail" } } }
          jobs: [ { name: "x", argv: ["true"], backend: "a" }, { name: "y", argv: ["true"], backend: "b" } ]
        }"""
        self.write("a.hjson", config % "local")
        self.assertIn("'a' cannot be another local backend", self.fails("run", "a.hjson"))
        self.write("a.hjson", config % "fake")
        run = self.dvsched("run", "a.hjson", "--view", "none")
        self.assertIn("2 jobs: 1 passed, 1 failed", run.out, run)

    def test_each_entry_of_backends_is_checked_also_one_that_no_job_uses(self):
        bad = {'fake: { mean: "1s" }': "unknown key 'mean' in backends.fake",
               'npu: {type: "chips", drver: "sim"}': "unknown key 'drver' in backends.npu",
               'npu: {type: "chips", driver: "sim", pool: {idl: 1} }': "unknown key 'idl' in pool",
               'local: { parallel: 0 }': "'parallel' must be a whole number from 1 to 65535, not 0"}
        for flow in ("jobs", "cases"):
            for entry, error in bad.items():
                jobs = 'jobs: [ {name: "a", command: "true"} ]' if flow == "jobs" else 'cases: {root: ".", glob: "*"}'
                self.write("a.hjson", f"{{ flow: {flow}\n backends: {{ {entry} }}\n {jobs} }}")
                for command in ("list", "plan", "run"):
                    with self.subTest(f"{flow} {command} {entry}"):
                        self.assertRegex(self.fails(command, "a.hjson"), rf"a\.hjson:2:\d+: error: {error}\n")
        self.assertIn("hint: did you mean 'driver'?", self.config(
            '{ flow: jobs\n backends: { npu: {type: "chips", drver: "sim"} }\n jobs: [ {name: "a", command: "true"} ] }'))

    def test_a_driver_that_is_elsewhere_is_no_error_before_it_is_used(self):
        self.write("a.hjson", '{ flow: jobs\n backends: { npu: {type: "chips", driver: "./none.so", devices: "0-7"} }\n'
                              ' jobs: [ {name: "a", command: "true"} ] }')
        run = self.dvsched("run", "a.hjson", "--strict")
        self.assertEqual(run.code, 0, run.err)

    def test_there_is_no_limit_to_the_backends_of_a_run(self):
        names = [f"f{i}" for i in range(40)]
        backends = "\n".join(f'{n}: {{ type: "fake", outcomes: {{ "*": "{"fail" if n == "f39" else "pass"}" }} }}' for n in names)
        jobs = "\n".join(f'{{ name: "j.{n}", command: "x", backend: "{n}" }}' for n in names)
        self.write("a.hjson", "{ flow: jobs\n backends: {\n" + backends + "\n}\n jobs: [\n" + jobs + "\n] }")
        run = self.dvsched("run", "a.hjson", "--view", "none")
        self.assertIn("40 jobs: 39 passed, 1 failed", run.out, run)
        self.assertEqual({job["name"]: job["backend"] for job in self.results()["jobs"]}, {f"j.{n}": n for n in names})

    def test_a_type_that_there_is_not_is_refused_where_a_run_would_use_it(self):
        self.write("pools.hjson", '{ backends: {\n old: { type: "chipz" }\n fake: { type: "fakr" } } }')
        job = ("--devices", "1", "--pools", "pools.hjson", "--", "true")
        done = self.dvsched("run", "--fake", *job)
        self.assertIn("pools.hjson:3:16: error: there is no backend type 'fakr'\n", done.err, done)
        self.assertIn("\n  hint: did you mean 'fake'?\n", done.err, done)
        self.assertEqual(done.err.count("error:"), 1, done)
        self.assertEqual(done.code, 2, done)

    def test_without_a_work_tree_the_project_is_asked_for(self):
        self.write("a.hjson", "{ flow: sim\n name: m\n import_cfgs: [\"{proj_root}/b.hjson\"]\n}")
        err = self.fails("plan", "a.hjson")
        self.assertIn("the current directory is in no git work tree", err)
        self.assertIn("-pr DIR", err)

    def test_strict_makes_warnings_errors(self):
        self.write("a.hjson", GOOD.replace("name: demo", "name: demo\n  name: demo"))
        self.assertEqual(self.dvsched("list", "a.hjson").code, 0)
        self.assertRegex(self.fails("list", "a.hjson", "--strict"), r"a\.hjson:4:\d+: error: .*name")

    def test_nothing_outside_the_scratch_root_is_touched(self):
        os.mkdir(self.path("precious"))
        self.write("precious/file", "x")
        os.makedirs(self.path("scratch/demo"))
        os.symlink(self.path("precious"), self.path("scratch/demo/build"))
        self.write("a.hjson", GOOD.replace('tags: ["quick"]', "renew: true"))
        self.dvsched("run", "a.hjson", "-i", "build")
        self.assertEqual(os.listdir(self.path("precious")), ["file"])
