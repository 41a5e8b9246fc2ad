#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of rules and tests (RULES.md, faults/ROWS.md) have every section of their pages, and name existing tests.

Of config.md and drivers.md they have every row of a table, every default, and a quotation of every sentence that states a rule or a
number (STATES_A_RULE, STATES_A_NUMBER).
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
REFERENCE = ROOT / "docs" / "reference"
DEVICES, CONFIG, DRIVERS = (TESTS / name / "RULES.md" for name in ("chips", "config", "drivers"))
FAULTS, N_FAULTS = TESTS / "faults" / "ROWS.md", 58
# From here on the page explains only.
LAST_OF_DEVICES = "Results"
# Sections of drivers.md that list what was not tested.
EXPLAINS = ("What is tested, and what is not", "Not tested for lack of a device")
STATES_A_RULE = re.compile(r"\b(?:must|never|always|at most|at least|errors?|refused|cannot|required)\b")

# Beside code. `one` and `two` count things that the sentence lists itself.
STATES_A_NUMBER = re.compile(r"(?<![\w.])\d|\b(?:three|four|five|six|seven|eight|nine|ten|half|twice|eighth|once a second|first MiB)\b")
NO_DEFAULT = ("none", "required", "see below", "see above", "")


def headings(path):
    return re.findall(r"(?m)^## (.*)$", path.read_text(encoding="utf-8"))


def rows(path):
    text = path.read_text(encoding="utf-8")
    return [row for row in re.findall(r"(?m)^\| (.*?) \| (.*) \|$", text) if row[1] != "tests" and row[0] != "---"]


def sections(text):
    """Heading of any level -> its text up to the next one, without examples."""
    found = {}
    for part in re.split(r"(?m)^##+ ", re.sub(r"(?ms)^```.*?^```\n?", "", text))[1:]:
        heading, _, found_text = part.partition("\n")
        found[heading] = found.get(heading, "") + found_text
    return found


def first_cells(text):
    """What the rows of the tables of a section begin with, without the heads of the tables."""
    found = []
    for table in re.findall(r"(?m)(?:^\|.*\n?)+", text):
        found += [re.split(r" (?<!\\)\| ", line[2:])[0] for line in table.strip().split("\n")[2:]]
    return found


def split_beside_code(pattern, text):
    masked, begin = re.sub(r"(``?).*?\1", lambda code: "`" * len(code[0]), text), 0
    for found in re.finditer(pattern, masked):
        yield text[begin:found.start()]
        begin = found.end()
    yield text[begin:]


def sentences(text):
    """Those beside the tables."""
    for block in re.split(r"\n\s*\n|\n(?=- |\d+\. )", re.sub(r"(?m)^\|.*\n?", "\n", text)):
        yield from split_beside_code(r"(?<=[.;:])\s+(?=[A-Z`*\[])", " ".join(block.split()))


def tables(text):
    """The tables of a section, as lists of rows of cells; the first one is the head."""
    for table in re.findall(r"(?m)(?:^\|.*\n?)+", text):
        lines = [re.split(r" (?<!\\)\| ?", line[2:].rstrip("|")) for line in table.strip().split("\n")]
        yield [[cell.strip() for cell in line] for line in [lines[0]] + lines[2:]]


def defaults(text):
    """(key, default) of each row whose table has a column for defaults."""
    for head, *lines in tables(text):
        if "default" in head:
            at = head.index("default")
            yield from ((line[0], line[at]) for line in lines if line[at] not in NO_DEFAULT)


def sentences_of_cells(text):
    """Those of the cells that are neither keys nor defaults."""
    for head, *lines in tables(text):
        for line in lines:
            for at, cell in enumerate(line[1:], 1):
                if at >= len(head) or head[at] != "default":
                    yield from split_beside_code(r"(?<=[.;])\s+", cell)


def states_a_rule(sentence):
    without_code = re.sub(r"(``?).*?\1|\[[^]]*\]\([^)]*\)|^\d+\.", "", sentence)
    return STATES_A_RULE.search(sentence) or STATES_A_NUMBER.search(without_code)


def keys(path):
    """Section -> the keys that begin a row there."""
    found = {}
    for part in re.split(r"(?m)^## ", path.read_text(encoding="utf-8"))[1:]:
        found[part.partition("\n")[0]] = re.findall(r"(?m)^\| `(\w+)` \|", part)
    return found


def names_in(file):
    """The tests of a file, `test_x` or `module/test_x` or `x.py`: C ones are registered, Python ones are methods."""
    is_python = file.endswith(".py")
    found = [p for folder in (["e2e", "check", "terminal"] if is_python else ["unit"])
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
        page = sections((REFERENCE / "drivers.md").read_text(encoding="utf-8"))
        self.assertEqual(headings(DRIVERS), [heading for heading in page if heading not in EXPLAINS])

    def test_every_key_of_a_configuration_has_a_row(self):
        wanted, found = keys(REFERENCE / "config.md"), keys(CONFIG)
        self.assertGreater(sum(map(len, wanted.values())), 30)
        for section, names in wanted.items():
            self.assertEqual(found[section], names)

    def test_every_row_of_the_page_of_drivers_has_a_row(self):
        page, table, n = sections((REFERENCE / "drivers.md").read_text(encoding="utf-8")), sections(DRIVERS.read_text(encoding="utf-8")), 0
        for section, text in table.items():
            wanted = first_cells(page[section])
            found = [part for cell in first_cells(text) for part in cell.split(" · ")]
            n += len(wanted)
            self.assertEqual(sorted({cell for cell in wanted if cell not in found}), [], section)
            self.assertEqual(sorted({cell for cell in found if cell not in wanted and not re.match('"|default of ', cell)}), [], section)
        self.assertGreater(n, 100)

    def test_every_default_has_a_row(self):
        for name, table in ("drivers.md", DRIVERS), ("config.md", CONFIG):
            found = sections(table.read_text(encoding="utf-8"))
            for section, part in sections((REFERENCE / name).read_text(encoding="utf-8")).items():
                wanted = {f"default of {key}: {value}" for key, value in defaults(part)}
                parts = {p for cell in first_cells(found.get(section, "")) for p in cell.split(" · ") if p.startswith("default of ")}
                self.assertEqual(sorted(wanted ^ parts), [], section)

    def test_every_sentence_that_states_a_rule_is_quoted(self):
        """And what is quoted is in the page. Quotations of a page stand in the table of rules, in any section of config.md."""
        for name, table in ("drivers.md", DRIVERS), ("config.md", CONFIG):
            text = (REFERENCE / name).read_text(encoding="utf-8")
            page, missing, n = " ".join(text.split()), [], 0
            quotes = [part[1:-1] for rule, _ in rows(table) for part in rule.split(" · ") if part[0] == '"']
            for quote in quotes:
                self.assertIn(quote, page, "a rule that the page does not have")
            for section, part in sections(text).items():
                for sentence in [*sentences(part), *filter(STATES_A_NUMBER.search, sentences_of_cells(part))] if section not in EXPLAINS else ():
                    if states_a_rule(sentence):
                        n += 1
                        if not any(quote in sentence for quote in quotes):
                            missing.append(f"{section}: {sentence}")
            self.assertEqual(missing, [])
            self.assertGreater(n, 15)

    def test_every_fault_has_a_row(self):
        numbers = [row[0].partition(" ")[0] for row in rows(FAULTS)]
        self.assertEqual(numbers, [str(n) for n in range(1, N_FAULTS + 1)])

    def test_every_test_that_is_named_exists(self):
        known = {}
        for table, least in (DEVICES, 80), (CONFIG, 80), (DRIVERS, 80), (FAULTS, N_FAULTS):
            self.assertGreaterEqual(len(rows(table)), least)
            for rule, cell in rows(table):
                for part in cell.split(" · ") if cell != "explains" else ():
                    found = re.fullmatch(r"`([\w./]+)` (\w+(?:, \w+)*)", part)
                    self.assertTrue(found, f"{rule}: {part}")
                    if found[1] not in known:
                        known[found[1]] = names_in(found[1])
                    for name in found[2].split(", "):
                        self.assertIn(name, known[found[1]], f"{rule}: {found[1]} has no such test")


if __name__ == "__main__":
    unittest.main()
