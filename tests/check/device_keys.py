#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reference/devices.md has a row for every key of a pool, of a job on devices and of a gang that the code reads, and no other."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHIPS = ROOT / "src" / "backends" / "chips"


def section(title):
    text = (ROOT / "docs" / "reference" / "devices.md").read_text(encoding="utf-8")
    return re.search(rf"(?ms)^#+ {re.escape(title)}\n(.*?)^#", text)[1]


def rows(text):
    """The keys in the first column of its table; a row may have several."""
    cells = re.findall(r"(?m)^\| (`[^|]*) \|", text)
    return [key for cell in cells for key in re.findall(r"`([\w.]+)`", cell)]


def source(name):
    return (CHIPS / name).read_text(encoding="utf-8")


def words_of(text, table):
    return re.findall(r'"(\w+)"', re.search(rf"{table}\[\w*\] = {{(.*?)}};", text, re.S)[1])


def pool_keys():
    text = source("settings.c")
    found = {"type", *words_of(text, "driver_keys"), *(f"budgets.{k}" for k in words_of(text, "clock_names"))}
    for body in re.split(r"\n}\n", text + source("device_list.c")):
        nested = re.search(r'cfg_fields_new\([^;]*"(\w+)",\s*r->diags\)', body)
        for keys_of, key in re.findall(r'cfg_fields_\w+\(\s*((?:\w+(?:->|\.))?f),\s*"(\w+)"', body):
            found.add(f"{nested[1]}.{key}" if nested and keys_of == "f" else key)
    return found - {"pool", "gang", "health", "budgets"}


class DeviceKeys(unittest.TestCase):
    def same(self, documented, read):
        self.assertEqual(sorted(documented), sorted(set(documented)), "a key has two rows")
        self.assertEqual(set(documented), set(read))

    def test_every_key_of_a_pool_has_a_row(self):
        self.assertGreater(len(pool_keys()), 35)
        self.same(rows(section("Keys of a pool")), pool_keys())

    def test_every_key_of_a_job_has_a_row(self):
        text = (CHIPS.parent / "job_keys.h").read_text(encoding="utf-8")
        self.same(rows(section("Keys of a job")), re.findall(r"(?m)^JOB_KEY\(chips, (\w+), ", text))

    def test_every_key_of_a_gang_has_a_row(self):
        gang = re.search(r"static void read_gang\(.*?\n}\n", source("request.c"), re.S)[0]
        self.same(rows(section("Gangs")), re.findall(r'"(\w+)"', re.search(r"keys\[\] = {(.*?)};", gang, re.S)[1]))


if __name__ == "__main__":
    unittest.main()
