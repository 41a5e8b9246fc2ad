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
    r"convict\w*|innocent|guilty|accus\w+": "end, fail, cause",
    r"\w*(?:un|is[ _]|_)charged": "does not count, counts",
    r"half a case": "incomplete",
    r"stands? twice|is there twice": "is listed twice",
    r"says? it over": "overrides",
    r"for want of": "without, for lack of",
    r"the first sketch|the first design": "docs say what is",
}
WORDS = re.compile(r"\b(?:" + "|".join(f"(?:{word})" for word in INSTEAD) + r")\b", re.I)
CODE = (".c", ".h", ".py", ".sh", ".md", ".scd", ".hjson", ".build", "")
# This file, what was, and what DVSim or a driver's interface calls so.
EXEMPT = ("tests/check/words.py", "CHANGELOG.md", "subprojects/packagefiles")


def files():
    done = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    for name in names:
        path = ROOT / name
        if name and path.suffix in CODE and not name.startswith(EXEMPT) and path.is_file():
            yield name, path


class Words(unittest.TestCase):
    def test_the_list_finds_what_it_is_for(self):
        for text in ("what another room has", "an arrow", "who is convicted", "the face of it", "slip of the pen", "is_uncharged", "n_uncharged"):
            self.assertTrue(WORDS.search(text), text)
        for text in ("there is no room for it", "interface", "surface", "the capacity"):
            self.assertFalse(WORDS.search(text), text)

    def test_no_page_comment_or_message_has_a_word_of_the_list(self):
        found, seen = [], 0
        for name, path in files():
            seen += 1
            for n, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                hit = WORDS.search(line)
                if hit:
                    found.append(f"{name}:{n}: '{hit[0]}'")
        self.assertEqual(found, [])
        if not seen:
            self.skipTest("no git history here")


if __name__ == "__main__":
    unittest.main()
