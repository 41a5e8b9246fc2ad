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


class Words(unittest.TestCase):
    def test_the_list_finds_what_it_is_for(self):
        for text in ("what another room has", "an arrow", "who is convicted", "the face of it", "slip of the pen", "is_uncharged", "n_charged", "a_convict_is_asked",
                     "test_the_guilty_rank", "struct view_face", "is_not_told_twice", "theGuiltyOne", "acl_blame(c)"):
            self.assertTrue(hit(text), text)
        for text in ("there is no room for it", "interface", "surface", "the capacity", "has_room", '["details"]["blame"]'):
            self.assertFalse(hit(text), text)

    def test_no_page_comment_or_message_has_a_word_of_the_list(self):
        found, seen = [], 0
        for name, path in files():
            seen += 1
            text = path.read_text(encoding="utf-8", errors="replace")
            for n, line in enumerate(text.splitlines() if hit(text) else [], 1):
                word = hit(line)
                if word:
                    found.append(f"{name}:{n}: '{word[0]}'")
        self.assertEqual(found, [])
        if not seen:
            self.skipTest("no git history here")


if __name__ == "__main__":
    unittest.main()
