#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Docs, comments, messages and scripts use the terms of the field: no word of the list below is in the tree."""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What to write instead.
INSTEAD = {
    r"house": "architecture, design",
    r"rooms": "modules",
    r"(?:this|every|each|other|another|whose) room(?! (?:for|is|left|to))": "module",
    r"arrows?": "dependency",
    r"faces?|\w+_face|face_ops": "interface, view",
    r"slip of the pen": "typo",
    r"convict\w*|innocent|guilty|accus\w+|blam\w+|culprits?": "end, fail, cause",
    r"(?:un|is |n )charged|free of charge": "does not count, counts",
    r"(?:is|are|was|were|be|been|being) (?:not )?told": "reported, asked, distinguished",
    r"half a case": "incomplete",
    r"stands? twice|is there twice": "is listed twice",
    r"says? it over": "overrides",
    r"for want of": "without, for lack of",
    r"the first sketch|the first design": "docs say what is",
    r"remember(?:s|ed|ing)?": "store, keep, record",
    r"ow(?:ed|es)": "must follow",
    r"costs? (?:nobody|nothing|no one|no other|the (?:job|run|process))": "is not affected, does not count, takes no time",
    r"forgiv\w+|unkind|stumbl\w+": "say what the program does",
    r"(?:and|or) its kin": "and its variants",
    r"(?:came|comes) by|by the way": "happened",
    r"whatever (?:comes|came|goes)": "in any order, always",
    r"hall|lobby|seats?": "shared memory, header, slot",
    r"whoever|nobody's": "the process that, no process's",
    r"let go of": "release",
    r"own doing|at (?:its|whose) expense": "caused by, counts",
}
# A key of results.json.
KEY = re.compile(r"""[`'"\\]+blame[`'"\\]+""")
WORDS = re.compile(r"\b(?:" + "|".join(f"(?:{word})" for word in INSTEAD) + r")\b", re.I)
CODE = (".c", ".h", ".py", ".sh", ".md", ".scd", ".hjson", ".build", "")
# This file, what was, and what DVSim or a driver's interface calls so.
EXEMPT = ("tests/check/words.py", "CHANGELOG.md", "subprojects/packagefiles")


def hit(line):
    """A word of the list in a line. Names are read word by word: `is_room` and `isRoom` are `is room`."""
    return WORDS.search(re.sub(r"_+|(?<=[a-z])(?=[A-Z])", " ", KEY.sub("", line)))


def files():
    done = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    for name in names:
        path = ROOT / name
        if name and path.suffix in CODE and not name.startswith(EXEMPT) and path.is_file():
            yield name, path


# Directories whose docs, comments and names are read.
COVERED = ("docs", "hjson-cfgs", "include", "scripts", "src", "subprojects", "tests")


class Words(unittest.TestCase):
    def test_the_list_finds_what_it_is_for(self):
        for text in ("what another room has", "an arrow", "who is convicted", "the face of it", "slip of the pen", "is_uncharged", "n_charged", "a_convict_is_asked",
                     "test_the_guilty_rank", "struct view_face", "is_not_told_twice", "theGuiltyOne", "acl_blame(c)",
                     "is remembered of them", "a finish is owed", "costs nobody anything", "costs the job nothing", "is forgiving", "mkstemp() and its kin",
                     "a poll came by", "whatever comes", "struct sim_hall", "LOBBY", "seats have their room", "struct seat", "is_let_go_of", "whoever reads it"):
            self.assertTrue(hit(text), text)
        for text in ("there is no room for it", "interface", "surface", "the capacity", "has_room", '["details"]["blame"]', "shall", "allowed", "outcomes by glob", "nobody", "follows"):
            self.assertFalse(hit(text), text)

    def test_no_page_comment_or_message_has_a_word_of_the_list(self):
        found, seen = [], set()
        for name, path in files():
            seen.add(name.split("/")[0])
            text = path.read_text(encoding="utf-8", errors="replace")
            for n, line in enumerate(text.splitlines() if hit(text) else [], 1):
                word = hit(line)
                if word:
                    found.append(f"{name}:{n}: '{word[0]}'")
        self.assertEqual(found, [], "\n" + "\n".join(found))
        if not seen:
            self.skipTest("no git history here")
        self.assertLessEqual(set(COVERED), seen)


if __name__ == "__main__":
    unittest.main()
