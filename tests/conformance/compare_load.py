#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads every configuration of a project with DVSim's own loader and with ours, and compares.

    compare_load.py --cfg-json build/tests/conformance/cfg-json --python VENV/bin/python \
        [--expand] PROJECT

VENV has dvsim==1.57.0. Every .hjson file below PROJECT is tried, once per tool; the merged trees
must be equal, the order of keys and elements included. A file that DVSim does not load must be
refused by us too. With --expand the trees are compared after overrides and expansion with themselves
as table, as DVSim does for a primary configuration; PROJECT must then be a git work tree with a commit.
"""
import argparse
import json
import pathlib
import subprocess
import sys

# Runs inside of VENV: one JSON line per request line.
ORACLE = r"""
import json, logging, sys
from pathlib import Path
logging.disable(logging.CRITICAL)
from dvsim.flow.hjson import load_hjson
from dvsim.utils import find_and_substitute_wildcards
for line in sys.stdin:
    path, initial, ignored = json.loads(line)
    try:
        tree = load_hjson(path, initial)
        if ignored is not None:
            for item in tree.get("overrides", []):
                tree[item["name"]] = item["value"]
            tree = find_and_substitute_wildcards(tree, tree, ignored, ignore_error=True)
        tree = {"tree": list(tree.items())}
    except (Exception, SystemExit) as error:
        tree = {"error": repr(error)}
    print(json.dumps(tree, default=str), flush=True)
"""


# What DVSim's simulation flow leaves to its jobs.
IGNORED = ("build_mode index test seed svseed uvm_test uvm_test_seq cov_db_dirs sw_images "
           "sw_build_device sw_build_cmd sw_build_opts").split()


def pairs(text):
    """Our JSON, with the order of the root's members kept."""
    return json.loads(text, object_pairs_hook=lambda members: members)


def ordered(value):
    """DVSim's tree in the same form."""
    if isinstance(value, dict):
        return [(key, ordered(member)) for key, member in value.items()]
    if isinstance(value, list):
        return [ordered(element) for element in value]
    return value


def start_oracle(python):
    return subprocess.Popen([python, "-c", ORACLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)


def ask_oracle(oracle, path, initial, ignored):
    oracle.stdin.write(json.dumps([str(path), initial, ignored]) + "\n")
    oracle.stdin.flush()
    answer = json.loads(oracle.stdout.readline())
    if "error" in answer:
        return None, answer["error"]
    return [(key, ordered(value)) for key, value in answer["tree"]], None


def ask_us(cfg_json, path, initial, ignored):
    options = [] if ignored is None else ["--lenient"]
    options += [f"--ignore={name}" for name in ignored or []]
    given = [f"{name}={value}" for name, value in initial.items() if name != "self_dir"]
    done = subprocess.run([cfg_json, *options, str(path), *given], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr
    return pairs(done.stdout), None


def flat(tree):
    return json.loads(json.dumps(tree))


def compare(oracle, cfg_json, path, initial, ignored):
    """None if equal, else what differs."""
    theirs, why_not_they = ask_oracle(oracle, path, initial, ignored)
    ours, why_not_we = ask_us(cfg_json, path, initial, ignored)
    if theirs is None and ours is None:
        return "refused"
    if theirs is None:
        return f"DIFFERS: only DVSim refuses it: {why_not_they}"
    if ours is None:
        return f"DIFFERS: only we refuse it: {why_not_we}"
    if flat(theirs) == flat(ours):
        return "equal"
    for them, us in zip(flat(theirs), flat(ours)):
        if them != us:
            return f"DIFFERS:\n  DVSim {them}\n  we    {us}"
    return "DIFFERS: in length"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cfg-json", required=True)
    parser.add_argument("--python", required=True, help="a Python that has dvsim")
    parser.add_argument("--tools", nargs="+", default=["", "vcs", "xcelium", "verilator"])
    parser.add_argument("--expand", action="store_true", help="compare expanded trees")
    parser.add_argument("project", type=pathlib.Path)
    args = parser.parse_args()
    project = args.project.resolve()
    oracle = start_oracle(args.python)
    counts = {}
    for path in sorted(project.rglob("*.hjson")):
        for tool in args.tools:
            initial = {"proj_root": str(project), "self_dir": str(path.parent)}
            if tool:
                initial["tool"] = tool
            initial["branch"] = "default"
            ignored = IGNORED if args.expand else None
            if args.expand:
                initial["scratch_root"] = "/scratch"
                initial["job_prefix"] = initial["rel_path"] = ""
            result = compare(oracle, args.cfg_json, path, initial, ignored)
            word = result.split(":")[0]
            counts[word] = counts.get(word, 0) + 1
            if word == "DIFFERS":
                print(f"{path.relative_to(project)} tool={tool or '-'}: {result}")
    oracle.stdin.close()
    oracle.wait()
    print(", ".join(f"{n} {word}" for word, n in sorted(counts.items())))
    return 1 if "DIFFERS" in counts or not counts.get("equal") else 0


if __name__ == "__main__":
    sys.exit(main())
