# SPDX-License-Identifier: Apache-2.0
"""scripts/count-tests and tap.py count crashes and missing cases as failures."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_script(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


COUNT = load_script("count-tests")


def outcomes(protocol, result, stdout="", code=0):
    entry = {"name": "t", "result": result, "stdout": stdout, "returncode": code}
    return [c.outcome for c in COUNT.cases_of(entry, protocol)]


class Counts(unittest.TestCase):
    def test_a_program_without_tap_is_one_case(self):
        self.assertEqual(outcomes("exitcode", "OK"), ["passed"])
        self.assertEqual(outcomes("exitcode", "FAIL", code=1), ["failed"])
        self.assertEqual(outcomes("exitcode", "TIMEOUT"), ["failed"])
        self.assertEqual(outcomes("exitcode", "SKIP", code=77), ["skipped"])
        self.assertEqual(outcomes("exitcode", "OK", "ok 1 - only looks like it\n"), ["passed"])

    def test_each_line_of_tap_is_one_case(self):
        text = "1..4\nok 1 - a\nnot ok 2 - b\n# not ok, says a comment\nok 3 - c # SKIP no tool\nok 4\n"
        self.assertEqual(outcomes("tap", "FAIL", text),
                         ["passed", "failed", "skipped", "passed"])

    def test_a_crash_after_the_last_ok_is_a_failure(self):
        self.assertEqual(outcomes("tap", "ERROR", "1..1\nok 1 - a\n", -11), ["passed", "failed"])

    def test_no_tap_at_all_is_a_failure(self):
        self.assertEqual(outcomes("tap", "ERROR", "", 1), ["failed"])

    def test_skipping_all_says_why(self):
        entry = {"name": "t", "result": "SKIP", "stdout": "1..0 # SKIP no terminal\n"}
        self.assertEqual(COUNT.cases_of(entry, "tap"),
                         [COUNT.Case("t", "all", "skipped", "no terminal")])


STORIES = """
import unittest
class A(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): self.fail('because')
    def test_not_now(self): self.skipTest('no tool')
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
class B(unittest.TestCase):
    def setUp(self): self.addCleanup(self.fail, 'left over')
    def test_cleanup(self): pass
"""


class Tap(unittest.TestCase):
    def test_every_case_has_one_line(self):
        with tempfile.TemporaryDirectory() as root:
            path = pathlib.Path(root, "stories.py")
            path.write_text(STORIES, encoding="utf-8")
            done = subprocess.run([sys.executable, ROOT / "tests" / "e2e" / "tap.py", path],
                                  text=True, check=False, stdout=subprocess.PIPE)
        lines = [l for l in done.stdout.splitlines() if not l.startswith("#")]
        self.assertEqual(lines, ["TAP version 13", "1..5", "not ok 1 - bad", "ok 2 - good",
                                 "ok 3 - not now # SKIP no tool", "not ok 4 - sub",
                                 "not ok 5 - cleanup"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("because", done.stdout)
