#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Expands random trees with DVSim's own code and with ours, and compares.

    compare_subst.py --cfg-json build/tests/conformance/cfg-json --python VENV/bin/python

VENV has dvsim==1.57.0. Its one known error (the text before an {eval_cmd} is cut after an
ignored wildcard) is corrected before the comparison.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

# Runs inside of VENV: one JSON line per request line.
ORACLE = r"""
import inspect, json, logging, sys
logging.disable(logging.CRITICAL)
import dvsim.utils.wildcards as wildcards
source = inspect.getsource(wildcards._subst_wildcards)
cut = "var = var[: match.start()] + run_cmd(cmd)"
assert cut in source
exec(source.replace(cut, "var = var[: idx + match.start()] + run_cmd(cmd)"), wildcards.__dict__)
for line in sys.stdin:
    tree, ignored, lenient = json.loads(line)
    try:
        answer = {"tree": wildcards.find_and_substitute_wildcards(tree, tree, ignored,
                                                                  ignore_error=lenient)}
    except (Exception, SystemExit) as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
"""

NAMES = ["a", "b", "c", "d", "ab", "a_b", "cd", "none", "ENV_B"]
PIECES = ["{", "}", "_", " ", "a", "b", "cd", "-", "{}", "{ a }", "%", "x y", "{{", "}}"]
PIECES += ["{%s}" % name for name in NAMES] * 2
PIECES += ["{eval_cmd}", "{eval_cmd} echo ", "{eval_cmd} printf %s ", "{eval_cmd}echo b; false "]


def random_text(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 8))))


def random_value(rng, depth=0):
    kind = rng.random()
    if kind < 0.65 or depth > 2:
        return random_text(rng)
    if kind < 0.72:
        return rng.choice([0, -1, 7, 10**30])
    if kind < 0.78:
        return rng.choice([True, False, None])
    if kind < 0.93:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(NAMES): random_value(rng, depth + 1) for _ in range(rng.randrange(3))}


def random_case(rng):
    names = rng.sample(NAMES[:7], rng.randrange(1, 8))
    tree = {name: random_value(rng) for name in names}
    ignored = rng.sample(NAMES + ["eval_cmd"], rng.choice((0, 0, 1, 3)))
    return tree, ignored, rng.random() < 0.5


def ask_oracle(oracle, case):
    oracle.stdin.write(json.dumps(case) + "\n")
    oracle.stdin.flush()
    return json.loads(oracle.stdout.readline()).get("tree")


def ask_us(cfg_json, path, case, env):
    tree, ignored, lenient = case
    path.write_text(json.dumps(tree))
    options = ["--lenient" if lenient else "--expand"] + [f"--ignore={name}" for name in ignored]
    done = subprocess.run([cfg_json, *options, str(path)], capture_output=True, text=True, env=env)
    if done.returncode not in (0, 2):
        raise RuntimeError(f"{done.returncode}: {case} {done.stderr}")
    if done.returncode == 2:
        return None, done.stderr
    ours = json.loads(done.stdout)
    return {name: ours[name] for name in ours if name in tree}, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cfg-json", required=True)
    parser.add_argument("--python", required=True, help="a Python that has dvsim")
    parser.add_argument("-n", type=int, default=5000, help="number of trees")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    env = {**os.environ, "ENV_B": "e{b}"}
    oracle = subprocess.Popen([args.python, "-c", ORACLE], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, env=env)
    n_expanded = 0
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "case.hjson"
        for i in range(args.n):
            case = random_case(rng)
            theirs = ask_oracle(oracle, case)
            ours, why_not = ask_us(args.cfg_json, path, case, env)
            n_expanded += ours is not None
            if theirs != ours:
                print(f"case {i} of seed {args.seed}: {json.dumps(case)}\n  DVSim {theirs}\n"
                      f"  we    {ours}\n{why_not}")
                return 1
    print(f"{args.n} trees, {n_expanded} of them expanded, the others refused: all alike")
    return 0


if __name__ == "__main__":
    sys.exit(main())
