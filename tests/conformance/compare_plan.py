#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans configurations with DVSim and with dvsched, and compares the jobs field by field.

    compare_plan.py --dvsim VENV/bin/dvsim --dvsched build/src/cli/dvsched --tree TREE CFG [OPTION ...]

VENV has dvsim==1.57.0. TREE, which holds the configuration, is copied into a git work tree of its own.
Seeds are fixed on both sides; timestamps are masked.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

STAMP = re.compile(r"\d{8}_\d{6}")


def git(tree, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words], cwd=tree, check=True,
                   stdout=subprocess.DEVNULL)


def copy_tree(tree, to):
    shutil.copytree(tree, to)
    git(to, "init", "-q")
    git(to, "add", "-A")
    git(to, "commit", "-qm", "tree")


def oracle_jobs(dvsim, tree, scratch, words):
    done = subprocess.run([dvsim, *words, "--fake", "-sr", scratch, "--fixed-seed", "7"], cwd=tree,
                          capture_output=True, text=True, check=False)
    dumps = list(scratch.glob("deploy_*.json"))
    if len(dumps) != 1:
        sys.exit("DVSim planned nothing:\n" + done.stderr[-2000:])
    return {job["full_name"]: {
        "command": job["cmd"],
        "odir": job["odir"],
        "log": job["log_path"],
        "weight": job["weight"],
        "target": job["target"],
        "timeout": 60 * (job["timeout_mins"] or 0),
        "needs": sorted(job["dependencies"]),
    } for job in json.loads(dumps[0].read_text())}


def our_jobs(dvsched, tree, scratch, words):
    done = subprocess.run([dvsched, "plan", *words, "-sr", scratch, "--fixed-seed", "7", "--json"], cwd=tree,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("dvsched planned nothing:\n" + done.stderr[-2000:])
    return {job["id"]: {
        "command": job["command"],
        "odir": job["odir"],
        "log": job["log"],
        "weight": job["weight"],
        "target": job["target"],
        "timeout": job["timeout_s"] or 0,
        "needs": sorted(job["needs"] + job["needs_any"]),
    } for job in json.loads(done.stdout)["jobs"]}


def masked(value):
    return STAMP.sub("STAMP", value) if isinstance(value, str) else value


def compare(theirs, ours):
    faults = [f"only DVSim has {name}" for name in sorted(theirs.keys() - ours.keys())]
    faults += [f"only dvsched has {name}" for name in sorted(ours.keys() - theirs.keys())]
    for name in sorted(theirs.keys() & ours.keys()):
        for field, value in theirs[name].items():
            if masked(value) != masked(ours[name][field]):
                faults.append(f"{name}: {field}\n  DVSim:   {value}\n  dvsched: {ours[name][field]}")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsim", required=True, type=pathlib.Path)
    parser.add_argument("--dvsched", required=True, type=pathlib.Path)
    parser.add_argument("--tree", required=True, type=pathlib.Path)
    args, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as work:
        tree, scratch = pathlib.Path(work, "tree"), pathlib.Path(work, "scratch")
        scratch.mkdir()
        copy_tree(args.tree, tree)
        theirs = oracle_jobs(args.dvsim.absolute(), tree, scratch, words)
        ours = our_jobs(args.dvsched.absolute(), tree, scratch, words)
    faults = compare(theirs, ours)
    print("\n".join(faults[:20]))
    print(f"{len(theirs)} jobs of DVSim, {len(ours)} of dvsched, {len(faults)} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
