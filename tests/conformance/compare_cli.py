#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs command lines with DVSim and with dvsched under the name dvsim, and compares exit codes, the
last line of argparse's errors, and the output of --list.

    compare_cli.py --dvsim VENV/bin/dvsim --dvsched build/src/cli/dvsched [--only TEXT]

VENV has dvsim==1.57.0. Each command line runs in a new small project, for each program.
"""
import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from sim_project import COMMON, MAKEFILE, SIMULATOR  # noqa: E402

# Required by DVSim only. With an empty directory DVSim would remove its own.
COMMON = COMMON.replace('flow: "sim",', 'flow: "sim", cov_db_test_dir: "{cov_db_dir}/{test}", uvm_test: "", uvm_test_seq: "",', 1)
LEAF = '{ name: "%s", import_cfgs: ["{proj_root}/common.hjson"]\n%s}\n'
LIST = '{ flow: "sim", name: "all", rel_path: "x", use_cfgs: ["{proj_root}/one.hjson", "{proj_root}/two.hjson"] }\n'
FILES = {
    "sim.mk": MAKEFILE,
    "sim.sh": SIMULATOR,
    "wait.sh": 'echo started > "$STARTED"\nexec sleep 100\n',
    "common.hjson": COMMON,
    "one.hjson": LEAF % ("one", ""),
    "two.hjson": LEAF % ("two", 'regressions: [{ name: "extra", tests: ["bad"] }]'),
    "all.hjson": LIST,
    "five.hjson": LEAF % ("five", 'extra: "{eval_cmd}exit 5"'),
    "wrong.hjson": "{ name: wrong",
    "unknown.hjson": LEAF % ("unknown", 'extra: "{nobody_knows}"'),
    "slow.hjson": LEAF % ("slow", 'overrides: [{ name: "run_cmd", value: "sh {proj_root}/wait.sh" }]'),
}
RUNS = [
    "one.hjson", "one.hjson -i good", "one.hjson -i bad", "one.hjson -i silent", "one.hjson -i all",
    "one.hjson -i nowhere", "one.hjson -i", "-i good -- one.hjson", "--cov one.hjson -i good",
    "one.hjson --item good --fix 7", "one.hjson -i good -r2", "one.hjson -i good -rx 2 -mp=3",
    "one.hjson -i good -fs 5 -n", "one.hjson -i good --bu",
    "one.hjson -i good -bu", "one.hjson -i good --build-seed 5", "one.hjson -i good -w vpd",
    "one.hjson -i good -R VCS=1", "one.hjson -i good -R vcs=inf --on-missing-resource fatal",
    "one.hjson -i good --on-missing-resource fatal", "one.hjson -i good --purge",
    "one.hjson -i good --run-opts=-x", "one.hjson -i good -ro '-x -y'", "one.hjson -i good -v h --verbose",
    "one.hjson -i good --log-level ERROR --log-file log", "one.hjson -i good --map-full-testplan",
    "one.hjson -i good -bm nowhere", "all.hjson -i good", "all.hjson -i bad", "all.hjson --select-cfgs two -i extra",
    "one.hjson --select-cfgs one", "five.hjson -i good", "wrong.hjson", "unknown.hjson -i good", "nofile.hjson",
    "one.hjson --interactive --remote", "one.hjson -i good --dvsim-config nofile", "one.hjson -i good -br a/b",
    "one.hjson -i good --fusesoc-mapping =x", "one.hjson -i good --max-waves 3 -mo 2",
    "one.hjson -i good -bu -ru", "all.hjson -i good --run-only --build-only", "one.hjson -i good -ru",
    "one.hjson -i good -r 1_0", "one.hjson -i good -r ' +2 ' -mp ' 1_0 ' -rx ' 1_0.5 ' -fs=-1_0 -mo 0_2 --max-waves ' 5'",
    "one.hjson -i good -R 'vcs=1_0' --build-timeout-mins 1_0 --run-timeout-mins ' 2 ' --run-timeout-multiplier 1_0.0",
    "one.hjson -i good -pi ' 1_0 ' --build-seed 1_0",
]
LISTS = ["one.hjson --list", "one.hjson -l tests", "one.hjson -l regressions build_modes", "all.hjson --list"]
REFUSED = [
    "", "-i good one.hjson", "one.hjson two.hjson", "one.hjson --nosuch", "one.hjson --ver", "one.hjson --run",
    "one.hjson -m 4", "one.hjson -mp4", "one.hjson -mp 0", "one.hjson -r x", "one.hjson -r", "one.hjson -rx -1",
    "one.hjson -w gif", "one.hjson -w", "one.hjson -bo", "one.hjson --cov=1", "one.hjson -nc=5", "one.hjson -cov",
    "one.hjson -l nothing", "one.hjson -v x", "one.hjson -p disk", "one.hjson -R a", "one.hjson -R a=x",
    "one.hjson -fs five", "one.hjson --print-interval often", "one.hjson --verbose=loud", "one.hjson --log-level info",
    "one.hjson --instrument", "one.hjson --instrument none", "one.hjson --on-missing-resource no",
    "one.hjson --build-timeout-mins 1.5", "one.hjson -- --cov", "one.hjson -b", "one.hjson -r 1__0",
    "one.hjson -r _1", "one.hjson -mp 1_", "one.hjson -mp=-1_0", "one.hjson -fs '1 0'", "one.hjson -rx 1_.5", "one.hjson -R a=0_0",
    "one.hjson -rx nan(1)", "one.hjson -r 0x10", "one.hjson -r ''", "one.hjson -fs -1_0", "one.hjson -r 1e3", "one.hjson --map --cov-",
]


class Side:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def project(self, is_git=True):
        shutil.rmtree(self.folder, ignore_errors=True)
        tree = self.folder / "tree"
        tree.mkdir(parents=True)
        for name, text in FILES.items():
            tree.joinpath(name).write_text(text, encoding="utf-8")
        if is_git:
            for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "tree"]):
                subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words], cwd=tree,
                               check=True)
        return tree

    def environ(self, **more):
        env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG")}
        env.update({"HOME": str(self.folder), "TERM": "dumb", **more})
        return env

    def run(self, line, is_git=True):
        tree = self.project(is_git)
        # The scratch root is first: an option with many values must not take it.
        words = ["-sr", str(self.folder / "out"), *shlex.split(line)] if line else []
        return subprocess.run([self.program, *words], cwd=tree, env=self.environ(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=300)

    def run_on_terminal(self, line, typed):
        """With a terminal as standard input that has some input."""
        tree = self.project()
        master, slave = pty.openpty()
        os.write(master, typed.encode())
        try:
            return subprocess.run([self.program, "-sr", str(self.folder / "out"), *shlex.split(line)], cwd=tree,
                                  env=self.environ(), capture_output=True, text=True, stdin=slave, timeout=300,
                                  start_new_session=True, check=False,
                                  preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        finally:
            os.close(master)
            os.close(slave)

    def interrupt(self):
        """The exit code of a run that gets INT once its job has begun."""
        tree, fifo = self.project(), self.folder / "started"
        os.mkfifo(fifo)
        run = subprocess.Popen([self.program, "slow.hjson", "-i", "good", "-sr", self.folder / "out"], cwd=tree,
                               env=self.environ(STARTED=str(fifo)), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        if not has_begun(run, fifo):
            return f"{run.wait()} before its job began"
        run.send_signal(signal.SIGINT)
        return run.wait(300)


def has_begun(run, fifo):
    """Waits until the job writes into the fifo. A run may also end without a job."""
    started, end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), os.pidfd_open(run.pid)
    try:
        return started in select.select([started, end], [], [])[0]
    finally:
        os.close(started)
        os.close(end)


def last_line(text):
    lines = [line for line in text.splitlines() if line]
    return lines[-1] if lines else ""


def listed(text):
    """The lines of a list, without DVSim's prefix, colours and other messages."""
    plain = [re.sub(r"^\[\w [0-9]+ [0-9:]+ [^]]*\] ", "", re.sub("\033\\[[0-9;]*m", "", s)) for s in text.splitlines()]
    return [s for s in plain if s and not s.startswith(("[proj_root]", "[scratch_path]", "Using max_parallel"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsim", required=True)
    parser.add_argument("--dvsched", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    faults, n = [], 0

    def same(line, what, theirs, ours):
        nonlocal n
        n += 1
        if theirs != ours:
            faults.append(f"{line!r}: {what}: DVSim {theirs!r}, dvsched {ours!r}")
            print(faults[-1], flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        link = folder / "dvsim"
        link.symlink_to(pathlib.Path(options.dvsched).resolve())
        # Both programs use one directory: the lists have paths.
        sides = [Side(os.path.abspath(options.dvsim), folder / "side"), Side(str(link), folder / "side")]
        for line in [w for w in RUNS if options.only in w]:
            theirs, ours = (s.run(line) for s in sides)
            same(line, "exit code", theirs.returncode, ours.returncode)
        for line in [w for w in LISTS if options.only in w]:
            theirs, ours = (s.run(line) for s in sides)
            same(line, "exit code", theirs.returncode, ours.returncode)
            same(line, "list", listed(theirs.stderr), listed(ours.stderr))
        for line in [w for w in REFUSED if options.only in w]:
            theirs, ours = (s.run(line) for s in sides)
            same(line, "exit code", theirs.returncode, ours.returncode)
            same(line, "last line", last_line(theirs.stderr), last_line(ours.stderr))
        if not options.only:
            same("no git", "exit code", *(s.run("one.hjson", is_git=False).returncode for s in sides))
            same("INT", "exit code", *(s.interrupt() for s in sides))
    print(f"{n} comparisons, {len(faults)} differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
