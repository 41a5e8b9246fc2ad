#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of rules and tests (RULES.md) have every section of their pages, and name existing tests."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
REFERENCE = ROOT / "docs" / "reference"
DEVICES, CONFIG = (TESTS / name / "RULES.md" for name in ("chips", "config"))
# From here on the page explains only.
LAST_OF_DEVICES = "Results"


def headings(path):
    return re.findall(r"(?m)^## (.*)$", path.read_text(encoding="utf-8"))


def rows(path):
    text = path.read_text(encoding="utf-8")
    return [row for row in re.findall(r"(?m)^\| (.*?) \| (.*) \|$", text) if row[0] not in ("rule", "---")]


def keys(path):
    """Section -> the keys that begin a row there."""
    found = {}
    for part in re.split(r"(?m)^## ", path.read_text(encoding="utf-8"))[1:]:
        found[part.partition("\n")[0]] = re.findall(r"(?m)^\| `(\w+)` \|", part)
    return found


def names_in(file):
    """The tests of a file, `test_x` or `module/test_x` or `x.py`: C ones are registered, Python ones are methods."""
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
        page = headings(REFERENCE / "devices.md")
        self.assertEqual(headings(DEVICES), page[:page.index(LAST_OF_DEVICES) + 1])
        self.assertEqual(headings(CONFIG), headings(REFERENCE / "config.md"))

    def test_every_key_of_a_configuration_has_a_row(self):
        wanted, found = keys(REFERENCE / "config.md"), keys(CONFIG)
        self.assertGreater(sum(map(len, wanted.values())), 30)
        for section, names in wanted.items():
            self.assertEqual(found[section], names)

    def test_every_test_that_is_named_exists(self):
        known = {}
        for table, least in (DEVICES, 80), (CONFIG, 80):
            self.assertGreater(len(rows(table)), least)
            for rule, cell in rows(table):
                for part in cell.split(" · "):
                    found = re.fullmatch(r"`([\w./]+)` (\w+(?:, \w+)*)", part)
                    self.assertTrue(found, f"{rule}: {part}")
                    if found[1] not in known:
                        known[found[1]] = names_in(found[1])
                    for name in found[2].split(", "):
                        self.assertIn(name, known[found[1]], f"{rule}: {found[1]} has no such test")


if __name__ == "__main__":
    unittest.main()
