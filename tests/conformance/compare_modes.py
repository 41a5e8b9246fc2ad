#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random run modes that enable one another, merged by DVSim's own code and planned by dvsched: options and images of each must be equal.

    VENV/bin/python compare_modes.py --dvsched build/src/cli/dvsched [-n N] [--seed S]

VENV has dvsim==1.57.0. DVSim merges the modes of one list in a random order (that of a set); here it uses
the written order, as dvsched does.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import dvsim.modes
from dvsim.modes import RunMode

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from sim_project import COMMON, MAKEFILE  # noqa: E402

dvsim.modes.set = dict.fromkeys


def random_modes(rng):
    """A graph without cycles, in any order, some of it without options of its own."""
    names = [f"m{i}" for i in range(rng.randint(2, 7))]
    modes = []
    for i, name in enumerate(names):
        later = names[i + 1:]
        mode = {"name": name}
        if later and rng.random() < 0.8:
            mode["en_run_modes"] = rng.sample(later, min(len(later), rng.choice([1, 1, 1, 2, 3])))
        if rng.random() < 0.8:
            mode["run_opts"] = [f"-{name}"] + (["-shared"] if rng.random() < 0.3 else [])
        if rng.random() < 0.3:
            mode["sw_images"] = [f"image_{rng.choice(names)}"]
        modes.append(mode)
    rng.shuffle(modes)
    if rng.random() < 0.3:  # of one name, in two places
        modes.append({"name": rng.choice(names), "run_opts": ["-again"]})
    return modes


def of_dvsim(modes):
    merged = RunMode.create_modes(json.loads(json.dumps(modes)))
    return {m.name: (" ".join(m.run_opts), " ".join(m.sw_images)) for m in merged}


def of_dvsched(program, folder, modes):
    tests = [{"name": f"t_{name}", "en_run_modes": [name]} for name in dict.fromkeys(m["name"] for m in modes)]
    folder.joinpath("cfg.hjson").write_text(
        '{ name: "x", import_cfgs: ["{proj_root}/common.hjson"]\noverrides: [{ name: "run_opts", value: [] }]\n'
        f'run_modes: {json.dumps(modes)}\ntests: {json.dumps(tests)} }}\n', encoding="utf-8")
    done = subprocess.run([program, "plan", "cfg.hjson", "--json", "-pr", ".", "-sr", "out", "--fixed-seed", "1", "-i", "t_*"],
                          cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr
    found = {}
    for job in json.loads(done.stdout)["jobs"]:
        if job["target"] == "run":
            values = dict(word.split("=", 1) for word in job["argv"] if "=" in word)
            found[job["id"].split(".")[1][2:]] = (values["run_opts"], values["sw_images"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsched", required=True, type=pathlib.Path)
    parser.add_argument("-n", type=int, default=300, help="number of configurations")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, faults, n_modes = random.Random(args.seed), 0, 0
    with tempfile.TemporaryDirectory(prefix="compare-modes-") as name:
        folder = pathlib.Path(name).resolve()
        folder.joinpath("common.hjson").write_text(COMMON, encoding="utf-8")
        folder.joinpath("sim.mk").write_text(MAKEFILE, encoding="utf-8")
        for _ in range(args.n):
            modes = random_modes(rng)
            theirs, ours = of_dvsim(modes), of_dvsched(args.dvsched.absolute(), folder, modes)
            n_modes += len(theirs)
            if theirs != ours:
                faults += 1
                if faults < 4:
                    print(f"{json.dumps(modes)}\n  DVSim:   {theirs}\n  dvsched: {ours}")
    print(f"{n_modes} modes of {args.n} configurations, {faults} differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
