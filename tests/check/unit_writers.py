#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Only unit.c and unit_*.c write to the units of the chips backend."""
import pathlib
import re
import unittest

CHIPS = pathlib.Path(__file__).resolve().parents[2] / "src" / "backends" / "chips"
# What a `struct unit` is called there: u, r->unit, d->unit, c->units[i], units[i].
UNIT = r"(?:\bu|\bunit|\bunits\[\w+\])(?:->|\.)"
MEMBER = r"\w+(?:(?:->|\.)\w+|\[\w+\])*"
WRITES = re.compile(rf"{UNIT}{MEMBER}(?:\s*(?:[-+|&*/]|<<|>>)?=(?!=)|\+\+|--)|(?:\+\+|--){UNIT}")
# Functions of device/health/health.h that change what they get.
HEALTH = re.compile(rf"\bhealth_(?:mark|unmark|passed|probed|probe_now|suspect|dead|set_aside)\(\s*&\S*{UNIT}health\b")
POINTER = re.compile(rf"(?:snprintf|memcpy|memset)\(\s*&?\S*{UNIT}")


def writers(text):
    return [text[:m.start()].count("\n") + 1 for pattern in (WRITES, HEALTH, POINTER) for m in pattern.finditer(text)]


class UnitWriters(unittest.TestCase):
    def test_nobody_else_writes_to_units(self):
        others = [p for p in sorted(CHIPS.glob("*.c")) if not re.match(r"unit(_\w+)?\.c$", p.name)]
        self.assertGreater(len(others), 10)
        found = [f"{p.name}:{line}" for p in others for line in writers(p.read_text(encoding="utf-8"))]
        self.assertEqual(found, [], "only unit.c and unit_*.c write to units")

    def test_each_kind_of_write_is_seen(self):
        for line in ("u->streak = 0;", "r->unit->n_runs++;", "c->units[i].health.state = X;", "++u->n;", "u->n += 2;",
                     "u->broken_by[0] = 0;", "health_mark(&u->health, 1)", "health_suspect(&c->units[i].health, t)",
                     "snprintf(u->broken_by, 3)"):
            self.assertEqual(writers(line), [1], line)
        for line in ("if (u->streak == 0)", "x = u->streak;", "units[next] = true;", "health_is_usable(&u->health)",
                     "u->n >= 3", "snprintf(text, n, u->locked_by)", "ret[i] = all[i].unit;"):
            self.assertEqual(writers(line), [], line)


if __name__ == "__main__":
    unittest.main()
