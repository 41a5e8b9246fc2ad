#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/chips/RULES.md has every section of docs/reference/drivers.md that makes rules, and names tests that exist."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
# From here on the page explains and describes drivers: those have tests of their own.
LAST = "Results"


def headings(path):
    return re.findall(r"(?m)^## (.*)$", path.read_text(encoding="utf-8"))


def rows():
    text = (TESTS / "chips" / "RULES.md").read_text(encoding="utf-8")
    return [row for row in re.findall(r"(?m)^\| (.*?) \| (.*) \|$", text) if row[0] not in ("rule", "---")]


def names_in(file):
    """The tests of a file: C ones are registered, Python ones are methods."""
    is_python = file.endswith(".py")
    found = [p for folder in (["e2e", "check"] if is_python else ["unit"])
             for p in (TESTS / folder).rglob(file if is_python else f"{file}.c")]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} files of tests are called {file}")
    text = found[0].read_text(encoding="utf-8")
    if is_python:
        return set(re.findall(r"(?m)^    def test_(\w+)\(self", text))
    main = text[text.index("int main("):]
    return set(re.findall(r"\w+\((\w+)[,)]", main))


class Rules(unittest.TestCase):
    def test_every_section_has_its_rules(self):
        page = headings(ROOT / "docs" / "reference" / "drivers.md")
        self.assertEqual(headings(TESTS / "chips" / "RULES.md"), page[:page.index(LAST) + 1])

    def test_every_test_that_is_named_exists(self):
        known = {}
        self.assertGreater(len(rows()), 80)
        for rule, cell in rows():
            for part in cell.split(" · "):
                found = re.fullmatch(r"`([\w.]+)` (\w+(?:, \w+)*)", part)
                self.assertTrue(found, f"{rule}: {part}")
                if found[1] not in known:
                    known[found[1]] = names_in(found[1])
                for name in found[2].split(", "):
                    self.assertIn(name, known[found[1]], f"{rule}: {found[1]} has no such test")


if __name__ == "__main__":
    unittest.main()
