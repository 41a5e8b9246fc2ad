#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares libhjson with hjson-py on mutated texts, and prints where they disagree.

    python3 -m venv venv && venv/bin/pip install hjson==3.1.0
    venv/bin/python tests/diff_hjson_py.py build/tests/hjson-json 100000 [SEED]

A disagreement that README.md lists is counted under its name; any other one is printed, and the exit
status is then 1. Each text is given a line end in front, because hjson-py mistakes the indentation of
''' on the first line.
"""
import decimal
import json
import random
import re
import subprocess
import sys

import hjson

PIECES = [
    "{", "}", "[", "]", ",", ":", "\n", "\r\n", "\r", " ", "\t", "'", '"', "'''", "\\", "#", "//", "/*", "*/",
    "a", "b", "key", "true", "false", "null", "tru", "1", "0", "-", "-0", "01", "1.5", "1.0", "1e3", "1e10",
    "9999999999.0", "10000000000.0", "1E-2", "0.5e1", "12345678901234567890123", "-9223372036854775808", ".5",
    "1.", "+", "e", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\u", "\\x", "é", "\u00a0", "\u2028", "\f", "\v",
    "\x1c", "\x85", "\x01", "\x7f", "{x}", "http://x", "a: b\n", "a: 1,", "x: '''\n  y\n  '''\n", "  ", "\n\n",
    '"q"', "'q'", "😀", "\u3000", "\ufeff", "1e400", "\n  ", "\n\t", "''", "''''",
]
SEEDS = [
    "{a: 1}", "{\n  a: x\n  b: [1, 2]\n}\n", "a: 1\nb: 2\n", "[1\n2]", '{"a": "x", \'b\': \'y\'}',
    "{\n  a: '''\n    x\n      y\n    '''\n}\n", "{a: {b: {c: [[], {}]}}}", "# c\n{ // d\n a: /* e */ true }",
    "{\n  desc: '''text\n        more\n  less'''\n  n: 1.5e3\n}\n", "x", "5", '"x"', "'''x'''", "[true, false, null]",
    "{a: 1, a: 2, b: 3, a: 4}", "{\n\tname: \"{x}_sim\"\n\topts: [\"-a {b}\"\n\t\"c\"]\n}\n",
]


def mutate(rnd, text):
    for _ in range(rnd.choice((1, 1, 1, 2, 3, 5))):
        at = rnd.randint(0, len(text))
        kind = rnd.random()
        if kind < 0.5:
            text = text[:at] + rnd.choice(PIECES) + text[at:]
        elif kind < 0.75:
            text = text[:at] + text[at + rnd.randint(1, 4):]
        elif kind < 0.9:
            text = text[:at] + rnd.choice(PIECES) + text[at + rnd.randint(1, 3):]
        else:
            other = rnd.choice(SEEDS)
            text = text[:at] + other[rnd.randint(0, len(other)):]
    return text


def make(rnd):
    while True:
        text = make_any(rnd)
        if not re.search(r"[eE][-+]?\d{5}", text):  # hjson-py works for hours on 1e999999999
            return text


def make_any(rnd):
    if rnd.random() < 0.3:
        return "".join(rnd.choice(PIECES) for _ in range(rnd.randint(1, 12)))
    return mutate(rnd, rnd.choice(SEEDS))


def python_answer(text):
    """The result for DVSim: (value, None), or (None, the exception's name)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return hjson.loads(text, use_decimal=True), None
    except Exception as e:  # hjson-py crashes in several ways
        return None, type(e).__name__


def our_answers(program, texts):
    sent = "\0".join(texts).encode("utf-8", "surrogatepass") + b"\0"
    run = subprocess.run([program, "-0"], input=sent, stdout=subprocess.PIPE, check=True)
    return run.stdout.decode("utf-8").split("\n")[:-1]


def plain(value):
    """A form in which equal values are equal objects: types, digits and the order of members."""
    if isinstance(value, dict):
        return ("object", [(k, plain(v)) for k, v in value.items()])
    if isinstance(value, list):
        return ("array", [plain(v) for v in value])
    return (type(value).__name__, value)


def known(text, theirs, crash, ours):
    """The name of the documented difference that explains this one, or None."""
    if crash == "IndexError":
        return "hjson-py crashes"
    if ours.startswith("!"):
        if "has no value" in ours and crash is None and not isinstance(theirs, (dict, list)):
            return "key without a value at the end"
        if "out of range" in ours and crash in (None, "InvalidOperation", "MemoryError"):
            return "number out of range"
        for words, name in (("surrogate", "lone surrogate"), ("four hex", "sloppy \\u")):
            if words in ours and crash in (None, "ValueError"):
                return name
    if text.startswith("\ufeff") and theirs is None and ours == "= {}":
        return "BOM and comments only"
    return None


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    tally = {}
    bad = 0
    while count > 0:
        texts = ["\n" + make(rnd) for _ in range(min(count, 5000))]
        count -= len(texts)
        for text, ours in zip(texts, our_answers(program, texts)):
            theirs, crash = python_answer(text)
            if ours.startswith("!"):
                same = crash == "HjsonDecodeError"
            else:
                same = crash is None and plain(json.loads(ours[2:], parse_float=decimal.Decimal)) == plain(theirs)
            name = "same" if same else known(text, theirs, crash, ours)
            tally[name] = tally.get(name, 0) + 1
            if name is None:
                bad += 1
                if bad <= 20:
                    print(f"{text!r}\n  libhjson: {ours}\n  hjson-py: {crash or theirs!r}")
    for name, n in sorted(tally.items(), key=lambda item: -item[1]):
        print(f"{n:8} {name or 'NOT EXPLAINED'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
