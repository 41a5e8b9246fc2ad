# SPDX-License-Identifier: Apache-2.0
"""In each directory of the divided modules, one file describes the content: `In flow/native/: …`."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIVIDED = ["flow", "report", "cli", "device"]
# The file that describes a directory, if it is not DIRECTORY.h.
SPEAKERS = {
    "flow/dv": "flow.h",
    "report": "report_kind.h",
    "report/dv": "remake.h",
    "report/dv/oneshot": "data.h",
    "report/dv/sim": "results.h",
    "cli": "commands.h",
    "cli/args": "options.h",
    "cli/backends": "backends_cmd.h",
    "cli/chips": "chips_cmd.h",
    "cli/dvsim": "args.h",
    "cli/output": "final_out.h",
    "cli/resume": "resumed.h",
    "device": "device_class.h",
    "device/driver": "find.h",
}


def directories():
    for module in DIVIDED:
        for path in sorted([ROOT / "src" / module, *(ROOT / "src" / module).rglob("*/")]):
            if path.is_dir():
                yield path.relative_to(ROOT / "src").as_posix()


def first_comment(directory):
    name = SPEAKERS.get(directory, f"{pathlib.PurePosixPath(directory).name}.h")
    text = (ROOT / "src" / directory / name).read_text(encoding="utf-8")
    found = re.match(r"/\* SPDX[^\n]*\n/\*(.*?)\*/", text, re.S)
    return re.sub(r"\s*\n \* ?", " ", found[1]) if found else ""


class Directories(unittest.TestCase):
    def test_each_says_in_one_header_what_is_in_it(self):
        for directory in directories():
            with self.subTest(directory):
                said = re.search(rf" In {directory}/: (.*)", first_comment(directory))
                self.assertTrue(said and len(said[1]) > 30, f"no 'In {directory}/: …' in its first comment")
                for name in re.findall(r"\b([\w/]+\.[ch])\b", said[1]):
                    self.assertTrue((ROOT / "src" / directory / name).exists(), f"{name} is not there")

    def test_functions_that_are_named_exist(self):
        code = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.c"))
        for directory in directories():
            for name in re.findall(r"\b(\w+)\(\)", first_comment(directory).partition(f" In {directory}/: ")[2]):
                with self.subTest(directory, name=name):
                    self.assertTrue(re.search(rf"(?m)^\w[^\n;=]*\b{name}\(", code))

    def test_architecture_lists_them(self):
        page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
        for directory in directories():
            module, _, rest = directory.partition("/")
            block = re.search(rf"(?ms)^src/{module}/ .*?(?=^src/|^subprojects/)", page)[0]
            with self.subTest(directory):
                self.assertIn(f"{pathlib.PurePosixPath(rest or f'src/{module}').name}/", block)

    def test_the_table_has_no_row_too_many(self):
        self.assertLessEqual(set(SPEAKERS), set(directories()))


if __name__ == "__main__":
    unittest.main()
