#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every member of a job's spec has a class in src/resume/members.c: what a change of it means for resume."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = {"job_spec": "job/job_spec.h", "job_rules": "job/job_spec.h", "job_steps": "job/job_steps.h",
           "tree_limits": "job/tree_limits.h"}


def members(struct, text):
    body = re.search(r"(?ms)^struct %s \{\n(.*?)^\};" % struct, text).group(1)
    body = re.sub(r"(?s)/\*.*?\*/", "", body)
    found = []
    for declaration in body.split(";"):
        for part in declaration.strip().split(","):
            name = re.search(r"(\w+)(?:\s*:\s*\d+)?\s*$", part)
            if name:
                found.append(name.group(1))
    return found


def rows(struct, text):
    return re.findall(r"(?:DIGESTED|COMPARED|LEFT_OUT)\(%s, (\w+)" % struct, text)


class Members(unittest.TestCase):
    def test_each_has_one_row(self):
        table = (ROOT / "src/resume/members.c").read_text(encoding="utf-8")
        for struct, header in HEADERS.items():
            with self.subTest(struct):
                text = (ROOT / "src" / header).read_text(encoding="utf-8")
                self.assertEqual(sorted(rows(struct, table)), sorted(members(struct, text)))

    def test_a_new_one_is_seen(self):
        text = "struct job_spec {\n\tint a, *b; /* c; */\n\tbool d;\n};\n"
        self.assertEqual(members("job_spec", text), ["a", "b", "d"])
