#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every link of a page leads to a file of the tree, and to a heading in it; every docs/… that the tree names exists; code blocks have no links."""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Files of other projects.
OTHERS = ("subprojects/packagefiles",)


def tracked():
    done = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        return [p for p in ROOT.rglob("*") if p.is_file() and not set(p.relative_to(ROOT).parts[:1]) & {"build", ".git", ".ci-work"}]
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def pages():
    return [p for p in tracked() if p.suffix == ".md" and not str(p.relative_to(ROOT)).startswith(OTHERS)]


FENCED = re.compile(r"(?ms)^ *```.*?^ *```$")


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))


def anchors(text):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"(?m)^#+ (.*)$", FENCED.sub("", text)):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        n = 0
        while (f"{name}-{n}" if n else name) in found:
            n += 1
        found.add(f"{name}-{n}" if n else name)
    return found


def links(page):
    """(path, anchor) of each link to a file."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path if path else page), anchor


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        seen = 0
        for page in pages():
            for target, anchor in links(page):
                seen += 1
                with self.subTest(page=page.name, link=f"{target.name}#{anchor}"):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target.read_text(encoding="utf-8")))
        self.assertGreater(seen, 40)

    def test_every_page_that_the_tree_names_exists(self):
        seen = 0
        for path in tracked():
            if path.suffix in (".c", ".h", ".py", ".md", ".scd", ".hjson", "") and not str(path.relative_to(ROOT)).startswith(OTHERS):
                for name in re.findall(r"\bdocs/[\w/.-]+\.(?:md|scd|svg|c)(?![a-z])", path.read_text(encoding="utf-8", errors="replace")):
                    seen += 1
                    self.assertTrue((ROOT / name).exists(), f"{path.relative_to(ROOT)}: {name}")
        self.assertGreater(seen, 40)

    def test_code_blocks_have_no_links(self):
        for page in pages():
            for block in FENCED.findall(page.read_text(encoding="utf-8")):
                self.assertNotRegex(block, r"\]\([\w./-]+\.md", f"{page.relative_to(ROOT)}: shown as it is written")

    def test_every_page_can_be_found(self):
        known = {target.resolve() for page in pages() for target, _ in links(page)}
        for page in (ROOT / "docs").rglob("*.md"):
            self.assertIn(page.resolve(), known, "no page has a link to it")


if __name__ == "__main__":
    unittest.main()
