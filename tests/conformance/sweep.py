#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans and fakes every configuration of a tree with DVSim and with dvsched as dvsim, and compares.

    sweep.py --python VENV/bin/python --dvsched build/src/cli/dvsched --tree TREE [--only GLOB]

VENV has dvsim==1.57.0. TREE is copied into a git work tree of its own. For each configuration: the exit codes, every
field of every job specification in deploy_*.json (from DVSim under three PYTHONHASHSEEDs, see dumps.py; under more
if the three and dvsched differ), and where DVSim fails, that dvsched loads it or reports a position. For some of them: the
reports of a run whose outcomes are forced on both sides. Prints one TAP line per case; the differences of docs/reference/dvsim-differences.md
are removed here, each with its reason. Nothing is random: the same programs give the same lines.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import dumps

HASH_SEEDS = 3
# Enough hash seeds that a value that is equal under all of them is not equal by chance.
MORE_HASH_SEEDS = 12
STAMP = re.compile(r"\d{8}_\d{6}")
HERE = pathlib.Path(__file__).resolve().parent
PLACE = re.compile(r"[^\s:]+:\d+:\d+: error: ")
# As in oracle.py.
FAKE = 'backends: { fake: { time: "virtual", duration: 0, outcomes: { "*[13579].*.*": "fail", "*.*csr*.*": "fail" } } }'

SIM = ["-i", "all", "--cov", "--fixed-seed", "7"]
# Configuration -> more command lines than the one that all get.
MORE = {
    "hw/ip/uart/dv/uart_sim_cfg.hjson": [
        ["-i", "smoke", "--fixed-seed", "7"],
        ["-i", "V2", "-w", "fsdb", "--fixed-seed", "7", "--build-seed", "3"],
        ["-t", "xcelium", "-i", "all", "--cov", "--fixed-seed", "7"],
        ["-i", "uart_*", "--fixed-seed", "7", "--reseed", "3", "--build-unique"],
        ["--cov-unr"],
        ["--cov-analyze"],
        ["-i", "nosuch"],
        ["-i", "smoke", "--fixed-seed", str(2**256 - 1), "-bo", "+define+X", "-ro", "+y=1", "--run-timeout-mins", "7"],
        ["-t", "verilator", "-i", "smoke"],
        ["-i", "smoke", "--run-only", "--fixed-seed", "7"],
        ["-i", "smoke", "--build-only"],
        ["-i", "smoke", "--fixed-seed", "7", "--dry-run"],
        ["-i", "all", "--gui", "--cov", "--fixed-seed", "7"],
        ["-t", "xcelium", "-i", "uart_smoke", "--gui-debug", "--fixed-seed", "7"],
        ["-i", "smoke", "--gui-debug", "--fixed-seed", "7"],
    ],
    "hw/ip/kmac/dv/kmac_masked_sim_cfg.hjson": [["-i", "nightly", "--cov", "--reseed-multiplier", "0.3", "--fixed-seed", "7"]],
    "hw/subset_sim_cfgs.hjson": [
        ["-i", "smoke", "--select-cfgs", "uart", "kmac", "--cov", "--fixed-seed", "7"],
        ["-i", "nosuch"],
    ],
    "hw/top_earlgrey/lint/top_earlgrey_dv_lint_cfgs.hjson": [
        ["-t", "verilator", "--build-timeout-mins", "7"], ["-t", "ascentlint", "--select-cfgs", "aes"],
        ["-t", "verilator", "--select-cfgs", "aes", "--gui"], []],
    "hw/top_earlgrey/formal/top_earlgrey_fpv_prim_cfgs.hjson": [["--gui"]],
}


def git(tree, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words], cwd=tree, check=True,
                   stdout=subprocess.DEVNULL)


def candidates(tree):
    """Every file with the name of a configuration that can be run."""
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*_cfg*.hjson")
                  if not path.name.startswith("common_") and "tools" not in path.parts)


def words_of(cfg):
    if "sim_cfg" in cfg:
        return SIM
    return ["-t", "veriblelint"] if "lint" in cfg else []


class Case:
    def __init__(self, work, number, cfg, words):
        self.cfg, self.words = cfg, words
        self.name = " ".join([cfg, *words])
        if len(self.name) > 140:
            self.name = self.name[:140] + "…"
        self.dir = work / str(number)
        self.is_forced = False

    def task(self, side, tree):
        where = self.dir / side
        where.mkdir(parents=True)
        return {"words": [self.cfg, *self.words, "--fake", "-sr", str(where / "scratch")], "cwd": str(tree),
                "err": str(where / "err"), "outcomes": self.is_forced}

    def text(self, side):
        return (self.dir / side / "err").read_text(errors="replace")

    def jobs(self, side):
        """The dump, by name; None: there is none."""
        written = list((self.dir / side / "scratch").glob("deploy_*.json"))
        if len(written) != 1:
            return None
        text = written[0].read_text().replace(str(self.dir / side / "scratch"), "SCRATCH")
        jobs = json.loads(STAMP.sub("STAMP", text))
        for job in jobs:  # in the order written with us, by chance with DVSim
            job["dependencies"].sort()
        return {job["full_name"]: job for job in jobs}

    def reports(self, side):
        found = {}
        for path in (self.dir / side / "scratch").rglob("reports/*.json"):
            text = path.read_text().replace(str(self.dir / side / "scratch"), "SCRATCH")
            found[path.name] = strip_report(json.loads(text))
        return found


def strip_report(value):
    """Without values that a fake run invents (coverage, which dvsched's fake backend does not have) and times."""
    if isinstance(value, dict):
        failed = value.get("buckets")
        if failed is not None:  # the texts of the fake backends differ; the failed jobs must be the same
            return {"buckets": sorted(f["qual_name"] for bucket in failed.values() for f in bucket)}
        return {key: strip_report(v) for key, v in value.items()
                if key not in ("timestamp", "coverage", "version", "max_time", "sim_time", "vplan_coverage")}
    return [strip_report(v) for v in value] if isinstance(value, list) else value


def ask_oracle(python, tasks, hash_seed):
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run([python, HERE / "oracle.py"], input=json.dumps(tasks), capture_output=True, text=True,
                          env=env, check=False)
    if done.returncode != 0:
        sys.exit("the oracle ended:\n" + done.stderr[-2000:])
    return [result["code"] for result in json.loads(done.stdout)]


def ask_us(dvsim, tasks):
    def one(task):
        with open(task["err"], "w", encoding="utf-8") as err:
            return subprocess.run([dvsim, *task["words"]], cwd=task["cwd"], stdout=err, stderr=err,
                                  stdin=subprocess.DEVNULL, check=False).returncode
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, tasks))


def compare_values(path, theirs, ours):
    """Place -> what differs there."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        faults = {}
        for key in theirs.keys() | ours.keys():
            faults.update(compare_values(f"{path}.{key}", theirs.get(key, "nothing"), ours.get(key, "nothing")))
        return faults
    return {} if theirs == ours else {path: f"{path}\n  DVSim:   {theirs!r}\n  dvsched: {ours!r}"}


def compare_reports(case, sides):
    """What differs from DVSim's reports under each hash seed."""
    faults = [compare_values("reports", case.reports(side), case.reports("ours")) for side in sides]
    places = set.intersection(*(set(found) for found in faults))
    return [faults[0][place] for place in sorted(places)]


def judge(case, their_codes, our_code, sides):
    """Faults of one case, and a text about it."""
    ours = case.jobs("ours")
    theirs = [dump for dump in map(case.jobs, sides) if dump is not None]
    if not theirs and ours is not None:
        return [], f"DVSim refuses, dvsched loads {len(ours)} jobs"
    if not theirs:
        if not PLACE.search(case.text("ours")) and "dvsched: error: " not in case.text("ours"):
            return ["both refuse, dvsched without a word:\n" + case.text("ours")[-500:]], ""
        return ([] if our_code else ["dvsched refuses with exit code 0"]), "both refuse"
    if ours is None:
        return ["DVSim loads it, at least at times, dvsched does not:\n" + case.text("ours")[-1000:]], ""
    faults, n_chance = dumps.compare(theirs, ours)
    said = f"{len(ours)} jobs" + (f", {n_chance} differences within DVSim" if n_chance else "")
    if case.is_forced:
        faults += compare_reports(case, sides)
        said += ", reports"
    # Without forced outcomes DVSim's runs fail at random; of other flows none is run.
    is_sure = case.is_forced or not any(job["target"] == "run" for job in ours.values())
    if is_sure and our_code not in their_codes:
        faults.append(f"exit code {our_code}, DVSim's {their_codes}")
    return faults, said


class Sweep:
    """The answers of both sides to all cases."""

    def __init__(self, python, tree, cases):
        self.python, self.tree, self.cases = python, tree, cases
        self.theirs = {case: {} for case in cases}
        self.ours = {}

    def ask(self, cases, hash_seeds):
        def one(number):
            tasks = [case.task(f"seed{number}", self.tree) for case in cases]
            for case, code in zip(cases, ask_oracle(self.python, tasks, number)):
                self.theirs[case][f"seed{number}"] = code
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(one, hash_seeds))

    def judge(self, case):
        codes = self.theirs[case]
        return judge(case, list(codes.values()), self.ours[case], sorted(codes))

    def judge_all(self):
        doubtful = [case for case in self.cases if self.judge(case)[0]]
        if doubtful:
            self.ask(doubtful, range(HASH_SEEDS, MORE_HASH_SEEDS))
        return [(case, *self.judge(case)) for case in self.cases]


def make_cases(tree, work, only):
    cases = []
    for cfg in candidates(tree):
        if not fnmatch.fnmatch(cfg, only):
            continue
        lines = [words_of(cfg)] if cfg != "hw/subset_sim_cfgs.hjson" else [
            ["-i", "smoke", "--cov", "--fixed-seed", "7"]]
        for words in lines + MORE.get(cfg, []):
            cases.append(Case(work, len(cases), cfg, words))
    for name, words in ("forced.hjson", ["-i", "all", "--cov", "--fixed-seed", "7"]), (
            "forced.hjson", ["-i", "V1", "V2", "--map-full-testplan", "--fixed-seed", "7"]), (
            "forced_list.hjson", ["-i", "all", "--fixed-seed", "7", "--reseed", "2"]):
        if fnmatch.fnmatch(name, only):
            cases.append(Case(work, len(cases), name, words))
            cases[-1].is_forced = True
    return cases


def write_forced(tree):
    (tree / "forced.hjson").write_text(
        '{ import_cfgs: ["{proj_root}/hw/ip/uart/dv/uart_sim_cfg.hjson"]\n  rel_path: "hw/ip/uart/dv", %s }\n' % FAKE)
    (tree / "forced_list.hjson").write_text(
        '{ name: "forced", flow: "sim", rel_path: "forced", %s\n'
        '  import_cfgs: ["{proj_root}/hw/data/common_project_cfg.hjson"]\n'
        '  use_cfgs: ["{proj_root}/hw/ip/uart/dv/uart_sim_cfg.hjson"\n'
        '             "{proj_root}/hw/ip/kmac/dv/kmac_masked_sim_cfg.hjson"] }\n' % FAKE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, type=pathlib.Path)
    parser.add_argument("--dvsched", required=True, type=pathlib.Path)
    parser.add_argument("--tree", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="*")
    args = parser.parse_args()
    n_failed = 0
    with tempfile.TemporaryDirectory(prefix="dvsched-sweep-") as name:
        work = pathlib.Path(name)
        tree, dvsim = work / "tree", work / "dvsim"
        shutil.copytree(args.tree, tree)
        write_forced(tree)
        git(tree, "init", "-q")
        git(tree, "add", "-A", "-f")
        git(tree, "commit", "-qm", "tree")
        dvsim.symlink_to(args.dvsched.absolute())
        cases = make_cases(tree, work, args.only)
        sweep = Sweep(args.python.absolute(), tree, cases)
        sweep.ask(cases, range(HASH_SEEDS))
        sweep.ours = dict(zip(cases, ask_us(dvsim, [case.task("ours", tree) for case in cases])))
        print(f"1..{len(cases)}")
        for n, (case, faults, said) in enumerate(sweep.judge_all()):
            n_failed += bool(faults)
            print(f"{'not ok' if faults else 'ok'} {n + 1} - {case.name}: {said}")
            for fault in faults[:8]:
                print("# " + fault[:1500].replace("\n", "\n# "))
            if len(faults) > 8:
                print(f"# and {len(faults) - 8} more")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
