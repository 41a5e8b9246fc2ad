# SPDX-License-Identifier: Apache-2.0
"""The examples of README, docs and hjson-cfgs/ work below a path with blanks."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import unittest

from harness import SOURCE, Done, Story

PAGES = ["README.md", *sorted(str(p.relative_to(SOURCE)) for p in (SOURCE / "docs").rglob("*.md"))]
# Programs that the examples of the pages run.
STAND_INS = {
    "sim": "#!/bin/sh\necho \"$@\"\n",
    "rtl/Makefile": "all:\n\t@echo built\n",
}
# FAILS fails intentionally. LEFT_OUT needs a path without blanks, because Verilator builds only there.
FAILS, LEFT_OUT = "finally.hjson", "verilator/"


def fenced(page):
    """The blocks between ``` of a page."""
    return re.findall(r"^```\w*\n(.*?)^```", (SOURCE / page).read_text(encoding="utf-8"), re.M | re.S)


def configurations():
    """Configurations of `flow: jobs` that the pages show in full."""
    for page in PAGES:
        for text in fenced(page):
            if text.startswith("{\n") and "flow: jobs" in text and "acl" not in text:
                yield page, text


def fragments():
    """Configurations of `flow: jobs` of which the pages show a part, completed; each with its page."""
    for page in PAGES:
        for text in re.findall(r"(?ms)^```hjson\n(.*?)^```", (SOURCE / page).read_text(encoding="utf-8")):
            if re.search(r"flow: \"?\w|overrides:|case\.hjson", text):
                continue  # whole, or about merging
            if text.startswith("{ name:"):
                text = f'jobs: [ {{ name: "test.1", command: "true" }}, {text} ]'
            elif text.startswith("{"):
                text = text.strip()[1:-1]
            jobs = "" if "jobs:" in text else 'jobs: [ { name: "j", command: "true" } ]'
            yield page, f"{{ flow: jobs\nname: part\n{text}\n{jobs}\n}}"


def commands():
    """Command lines that the pages and the examples' comments show: in blocks, in `…`, after #."""
    for page in PAGES:
        text = (SOURCE / page).read_text(encoding="utf-8")
        for block in fenced(page):
            yield from ((page, line) for line in re.findall(r"^(?:\$ )?(dvsched .*)$", block, re.M))
        prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        yield from ((page, line) for line in re.findall(r"`(dvsched [^`]+)`", prose))
    for path in sorted((SOURCE / "hjson-cfgs").rglob("*.hjson")):
        name = str(path.relative_to(SOURCE))
        for line in re.findall(r"#\s+(?:Try: )?(dvsched .*)$", path.read_text(encoding="utf-8"), re.M):
            yield name, re.split(r"\s{2,}", line)[0]


def is_quoted(command, at):
    """Position `at` of a command line is between quotes."""
    quote = None
    for c in command[:at]:
        if c == quote:
            quote = None
        elif not quote and c in "'\"":
            quote = c
    return quote is not None


class Quotes(unittest.TestCase):
    """Also in examples that cannot be run here."""

    PATHS = re.compile(r"\{(odir|scratch|log|needs|cfg_dir|out|isa|pto_isa|runtime_dir|proj_root|self_dir)\}")

    def test_paths_in_command_lines_are_quoted(self):
        files = PAGES + [str(p.relative_to(SOURCE)) for p in (SOURCE / "hjson-cfgs").rglob("*.hjson")]
        seen = 0
        for name in files:
            for line in (SOURCE / name).read_text(encoding="utf-8").splitlines():
                if LEFT_OUT in name or "description:" in line:
                    continue
                for text in re.findall(r'"((?:[^"\\]|\\.)*)"', line):
                    command = text.replace('\\"', '"')
                    if " " not in command or self.PATHS.match(command):
                        continue  # a path by itself
                    for path in self.PATHS.finditer(command):
                        seen += 1
                        self.assertTrue(is_quoted(command, path.start()), f"{name}: {command}")
        self.assertGreater(seen, 10)


class BelowBlanks(Story):
    def setUp(self):
        super().setUp()
        self.project = self.path("a b", "50 % off")
        for name in ("hjson-cfgs", "include"):
            shutil.copytree(SOURCE / name, self.project / name, ignore=shutil.ignore_patterns("scratch"))
        for name, text in STAND_INS.items():
            path = self.project / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)

    def run_in(self, where, *words):
        done = subprocess.run([self.binary, *map(str, words)], cwd=where, env=self.environ(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=120)
        return Done(words, done.returncode, done.stdout, done.stderr)

    def test_examples(self):
        names = sorted(p for p in (self.project / "hjson-cfgs").glob("*.hjson"))
        self.assertGreater(len(names), 8)
        for path in names:
            with self.subTest(path.name):
                done = self.run_in(self.project, "run", path, "--view", "none")
                self.assertEqual(done.code, int(path.name == FAILS), done)

    def test_a_fault_of_one_example_is_none_of_another(self):
        done = self.run_in(self.project, "run", "hjson-cfgs/chips.hjson", "--view", "none")
        self.assertIn("is suspect", done.out, done)
        for name in ("gang.hjson", "cases/cases.hjson"):
            done = self.run_in(self.project, "chips", f"hjson-cfgs/{name}")
            self.assertIn("/0", done.out, done)
            self.assertNotIn("suspect", done.out, done)

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_the_batch_of_cases(self):
        done = self.run_in(self.project, "run", "hjson-cfgs/cases/cases.hjson", "--view", "none")
        self.assertEqual(done.code, 0, done)

    @unittest.skipUnless(shutil.which("make"), "no make")
    def test_configurations_of_the_pages(self):
        seen = 0
        for page, text in configurations():
            seen += 1
            with self.subTest(page):
                (self.project / "demo.hjson").write_text(text, encoding="utf-8")
                more = ["-D", "seed=1..3"] if re.search(r"sweep: \{[^}]*seed:", text) else []
                done = self.run_in(self.project, "run", "demo.hjson", "--view", "none", *more)
                self.assertEqual(done.code, 0, done)
        self.assertGreater(seen, 6)

    # A part may need a device, a driver or a job that does not exist here. Any other error is a failure.
    MISSING = re.compile(r"driver .*(no such file|cannot|no AscendCL)|no device|has no device|does not list|probe")

    def test_parts_of_configurations_on_the_pages(self):
        seen = 0
        for page, text in fragments():
            seen += 1
            with self.subTest(page, text=text):
                (self.project / "part.hjson").write_text(text, encoding="utf-8")
                done = self.run_in(self.project, "list", "part.hjson")
                errors = [line for line in done.err.splitlines() if "error:" in line and not self.MISSING.search(line)]
                self.assertEqual(errors, [], done)
        self.assertGreater(seen, 7)

    def test_commands_of_the_pages(self):
        _, text = next(configurations())
        (self.project / "demo.hjson").write_text(text, encoding="utf-8")
        seen = set()
        for page, line in commands():
            words = shlex.split(line)
            files = [w for w in words if w.endswith(".hjson")]
            where = self.project if page.endswith(".md") else (self.project / page).parent
            if (line in seen or LEFT_OUT in line or not files
                    or not all(pathlib.Path(where, f).exists() or pathlib.Path(self.project, f).exists() for f in files)):
                continue
            seen.add(line)
            if not pathlib.Path(where, files[0]).exists():
                where = self.project
            with self.subTest(f"{page}: {line}"):
                is_shown = words[1] == "run" and re.search("demo|quickstart", line)
                # One of them really runs, so that there is a run for --failed.
                more = ["-n"] if is_shown and words[2:] != ["hjson-cfgs/quickstart.hjson"] else []
                done = self.run_in(where, *words[1:], *more)
                self.assertEqual(done.code, 0, done)
        self.assertGreater(len(seen), 8, seen)
        self.assertEqual(os.listdir(self.path("a b")), ["50 % off"])
