#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs hjson-cfgs/verilator with Verilator, under DVSim and under dvsched as dvsim, and compares.

    compare_verilator.py --dvsim VENV/bin/dvsim --dvsched build/src/cli/dvsched

The same jobs must pass and fail, at the same simulated times, with the same coverage to the digit.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "hjson-cfgs" / "verilator"
LINE = ["hjson-cfgs/verilator/fifo_sim_cfg.hjson", "-i", "all", "--cov", "--map-full-testplan", "--reseed-multiplier", "0.8",
        "--seeds", *(str(seed) for seed in range(1, 9))]


def git(tree, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words], cwd=tree, check=True,
                   stdout=subprocess.DEVNULL)


def without_times(value):
    """Run times differ; the simulated time beside a run time is that of the slowest run, which is random."""
    if isinstance(value, dict):
        return {key: without_times(v) for key, v in value.items() if key not in ("max_time", "sim_time")}
    return value


def seedless(name):
    """The seed of a test that never began is random."""
    return name.rpartition(".")[0] if "fifo_broken" in name else name


def observe(program, tree, scratch):
    done = subprocess.run([program, *LINE, "-sr", scratch], cwd=tree, capture_output=True, text=True, check=False)
    block, = scratch.glob("*/fifo-sim-verilator")
    report = json.loads((block.parent / "reports" / "fifo.json").read_text())
    return {
        "exit code": done.returncode,
        # Only DVSim makes links for jobs that never ran (docs/reference/dvsim-differences.md).
        "jobs": {seedless(link.name): link.parent.name for state in ("passed", "failed", "killed")
                 for link in (block / state).iterdir() if link.exists()},
        "simulated times": {str(log.relative_to(block)): [line for line in log.read_text().splitlines() if line.startswith("Time: ")]
                            for log in block.glob("*/latest/run.log")},
        "coverage": report["coverage"],
        "stages": without_times(report["stages"]),
        "counts": [report["passed"], report["total"]],
        "summary": (block / "cov_report" / "summary.txt").read_text(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsim", required=True, type=pathlib.Path)
    parser.add_argument("--dvsched", required=True, type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dvsched-verilator-") as name:
        work = pathlib.Path(name)
        tree = work / "tree"
        shutil.copytree(SOURCE, tree / "hjson-cfgs" / "verilator")
        git(tree, "init", "-q")
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", "tree")
        (work / "dvsim").symlink_to(args.dvsched.absolute())
        theirs = observe(args.dvsim.absolute(), tree, work / "theirs")
        ours = observe(work / "dvsim", tree, work / "ours")
    faults = [f"{key}\n  DVSim:   {value}\n  dvsched: {ours[key]}" for key, value in theirs.items() if ours[key] != value]
    print("\n".join(faults))
    print(f"{len(ours['jobs'])} jobs, {ours['counts'][0]} of {ours['counts'][1]} runs passed, {len(faults)} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
