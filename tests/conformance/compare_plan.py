#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans a configuration with DVSim and with `dvsched plan --json`, and compares the jobs field by field.

    compare_plan.py --python VENV/bin/python --dvsched build/src/cli/dvsched --tree TREE CFG [OPTION ...]

VENV has dvsim==1.57.0. TREE, which holds the configuration, is copied into a git work tree of its own.
Seeds are fixed on both sides; timestamps are masked; random differences of DVSim are handled as in dumps.py.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import dumps
from sweep import MORE_HASH_SEEDS, STAMP, ask_oracle, git


def masked(text, scratch):
    return json.loads(STAMP.sub("STAMP", text.replace(str(scratch), "SCRATCH")))


def job_of(name, job, **more):
    return {"full_name": name, "name": name.partition(":")[2], "qual_name": name.partition(":")[2], "target": job["target"],
            "odir": job["odir"], "weight": job["weight"], **more}


def with_seed(words):
    """Seeds are fixed: by the words themselves, or by us."""
    return words if {"--fixed-seed", "-fs", "--seeds", "-s"} & set(words) else [*words, "--fixed-seed", "7"]


def oracle_jobs(python, tree, scratch, words, hash_seed):
    scratch.mkdir()
    ask_oracle(python, [{"words": [*words, "--fake", "-sr", str(scratch)], "cwd": str(tree),
                         "err": str(scratch / "err")}], hash_seed)
    written = list(scratch.glob("deploy_*.json"))
    if len(written) != 1:
        sys.exit("DVSim planned nothing:\n" + (scratch / "err").read_text(errors="replace")[-2000:])
    return {job["full_name"]: job_of(
        job["full_name"], job, command=job["cmd"], log=job["log_path"], timeout=60 * (job["timeout_mins"] or 0),
        dependencies=sorted(job["dependencies"])) for job in masked(written[0].read_text(), scratch)}


def our_jobs(dvsched, tree, scratch, words):
    done = subprocess.run([dvsched, "plan", *words, "-sr", scratch, "--json"], cwd=tree, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit("dvsched planned nothing:\n" + done.stderr[-2000:])
    return {job["id"]: job_of(
        job["id"], job, command=job["command"], log=job["log"], timeout=job["timeout_s"] or 0,
        dependencies=sorted(job["needs"] + job["needs_any"])) for job in masked(done.stdout, scratch)["jobs"]}


def make_repository(tree):
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "tree")


def compare(python, dvsched, tree, work, words):
    """What differs in the plans of both, and how many jobs DVSim has."""
    words = with_seed(words)
    ours = our_jobs(dvsched, tree, work / "ours", words)
    theirs, faults = [], None
    while faults != [] and len(theirs) < MORE_HASH_SEEDS:
        n = len(theirs)
        theirs.append(oracle_jobs(python, tree, work / f"seed{n}", words, n))
        faults, _ = dumps.compare(theirs, ours)
    return faults, len(theirs[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, type=pathlib.Path)
    parser.add_argument("--dvsched", required=True, type=pathlib.Path)
    parser.add_argument("--tree", required=True, type=pathlib.Path)
    args, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="dvsched-plan-") as name:
        work = pathlib.Path(name)
        tree = work / "tree"
        shutil.copytree(args.tree, tree)
        make_repository(tree)
        faults, n_theirs = compare(args.python.absolute(), args.dvsched.absolute(), tree, work, words)
    print("\n".join(faults[:20]))
    print(f"{n_theirs} jobs of DVSim, {len(faults)} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
