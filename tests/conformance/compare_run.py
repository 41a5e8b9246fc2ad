#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a small project for real with DVSim and with dvsched under the name dvsim, and compares exit
codes, the files that are left, the links of states, the reports' JSON and the tables of the console.
The differences listed in docs/reference/dvsim-differences.md are removed before the comparison.

    compare_run.py --dvsim VENV/bin/dvsim --dvsched build/src/cli/dvsched

VENV has dvsim==1.57.0. Seeds are given; times, versions and paths of the output are masked.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from compare_cli import FILES, LEAF, Side

PLAN = """{
  name: "one"
  kind: ["good", "bad"]
  testpoints: [
    { name: "late", desc: "d", stage: "V2", tests: ["silent", "unwritten"] }
    { name: "both", desc: "d", stage: "V1", tests: ["{kind}"] }
    { name: "none", desc: "d", stage: "V2", tests: [] }
    { name: "apart", desc: "d", stage: "V3", tests: ["N/A"] }
  ]
}
"""
TAGGED = """{
  name: "tagged"
  a: ["good", "bad"], b: ["x", "y"]
  testpoints: [
    { name: "both", desc: "d", stage: "V1", tests: ["{a}_{b}", "{a}", "gone{unknown}"], tags: ["k2"] }
    { name: "not", desc: "d", stage: "V2S", tests: ["good"], tags: ["k1", "k2"] }
    { name: "na", desc: "d", stage: "N.A.", tests: ["silent"], tags: ["k2"] }
  ]
}
"""
MORE_FILES = {
    "plan.hjson": PLAN,
    "planned.hjson": LEAF % ("planned", 'testplan: "{proj_root}/plan.hjson"'),
    "tags.hjson": LEAF % ("tags", 'testplan: "{proj_root}/tagged.hjson:k2:-k1"'),
    "tagged.hjson": TAGGED,
    "nested.hjson": LEAF % ("nested", 'regressions: [{ name: "inner", tests: ["bad"], run_opts: ["-no"] }\n'
                            '{ name: "outer", regressions: ["inner", "smoke"], tests: ["silent"], reseed: 2, run_opts: ["-o"] }]'),
    "set.hjson": LEAF % ("set", 'build_seed: 7, map_full_testplan: true, testplan: "{proj_root}/plan.hjson", verbosity: "m"\n'
                         'build_modes: [{ name: "waves", is_sim_mode: 1, run_opts: ["-w {waves} {max_waves} {verbosity}"] }]\n'
                         'run_timeout_mins: 3, exports: [{ Q: true, N: 7 }, { N: 8.5, S: "{scratch_path}" }]'),
    "deep.hjson": '{ flow: "sim", name: "deep", rel_path: "x", scratch_base_path: "{scratch_root}/{branch}"\n'
                  '  overrides: [{ name: "scratch_base_path", value: "{scratch_root}/deep" }]\n'
                  '  use_cfgs: ["{proj_root}/one.hjson", "{proj_root}/planned.hjson"] }\n',
    "late.hjson": LEAF % ("late", 'run_timeout_mins: 0.02\n'
                          'overrides: [{ name: "run_cmd", value: "echo waiting; exec sleep 100; true" }]'),
    "ask.sh": 'tty -s && echo "$RUN_INTERACTIVE $DVSIM_RUN_INTERACTIVE"; read x; echo "TEST $x"\n',
    "asks.hjson": LEAF % ("asks", 'overrides: [{ name: "run_cmd", value: "sh {proj_root}/ask.sh" }]'),
    "all.hjson": '{ flow: "sim", name: "all", rel_path: "x", scratch_base_path: "{scratch_root}/{branch}"\n'
                 '  use_cfgs: ["{proj_root}/one.hjson", "{proj_root}/two.hjson"] }\n',
    "held.hjson": LEAF % ("held", 'overrides: [{ name: "run_cmd", value: "sh {proj_root}/wait.sh" }]'),
    "ends.hjson": LEAF % ("ends", 'nothing: [], uvm_test: " t "\n'
                          'build_opts: ["", "-a"]\n'
                          'overrides: [{ name: "pre_build_cmds", value: ["true #", ""] }, { name: "post_run_cmds", value: [" true #", "", ""] }\n'
                          '{ name: "build_cmd", value: " echo building " }, { name: "run_opts", value: ["", " {test}  ", "{seed}", ""] }\n'
                          '{ name: "cov_report_opts", value: ["{cov_report_txt}", "{nothing}"] }\n'
                          '{ name: "cov_merge_opts", value: ["\\u00a0", "{cov_db_dirs}"] }]'),
    "unnamed.hjson": '{ import_cfgs: ["{proj_root}/common.hjson"], more: ["x{name}y"], run_opts: ["{more}"], overrides: [{ name: "scratch_path"\n'
                     '  value: "{scratch_base_path}/no-{name}-name" }] }\n',
    "unlisted.hjson": '{ flow: "sim", rel_path: "x", scratch_base_path: "{scratch_root}/{branch}"\n'
                      '  use_cfgs: ["{proj_root}/unnamed.hjson", "{proj_root}/two.hjson"] }\n',
    "modes.hjson": LEAF % ("modes", 'run_modes: [{ name: "a", en_run_modes: ["b"], run_opts: ["-a"] }\n'
                           '{ name: "b", en_run_modes: ["c"], run_opts: ["-b"], sw_images: ["i"] }, { name: "c", run_opts: ["-c"], uvm_test: "u" }\n'
                           '{ name: "d", en_run_modes: ["a"], run_opts: ["-d"], pre_run_cmds: ["true"] }\n'
                           '{ name: "e", en_run_modes: ["d"], run_opts: ["-e"] }, { name: "g", en_run_modes: ["h"] }\n'
                           '{ name: "h", en_run_modes: ["k"], run_opts: ["-h"] }, { name: "k", run_opts: ["-k"] }]\n'
                           'build_modes: [{ name: "x", en_build_modes: ["y"], build_opts: ["-x"], run_opts: ["+x"] }\n'
                           '{ name: "y", en_build_modes: ["z"], build_opts: ["-y"] }, { name: "z", build_opts: ["-z"], run_opts: ["+z"] }]\n'
                           'tests: [{ name: "t1", en_run_modes: ["a"], build_mode: "x" }, { name: "t2", en_run_modes: ["e"] }\n'
                           '{ name: "t3", en_run_modes: ["g"], build_mode: "y" }, { name: "t4", en_run_modes: ["b"], run_opts: ["-t"] }]\n'
                           'regressions: [{ name: "every", tests: ["t1", "t2", "t3", "t4"] }]'),
    "talk.sh": 'case $1 in\n'
               "blank) printf 'UVM_ERROR @ 1 ps: a\\n\\n\\nx\\n\\ny\\n' ;;\n"
               "tab) printf '\\tUVM_ERROR\\ttab\\t\\tsep   blanks  \\n\\tindented\\n   three  \\n' ;;\n"
               "crlf) printf 'UVM_ERROR @ 12.5 ns: 0x12\\r\\nnext\\r\\n\\r\\nthird\\r\\n' ;;\n"
               "open) printf 'UVM_ERROR no end\\nlast line' ;;\n"
               "wide) printf 'UVM_ERROR caf\\303\\251\\302\\240 <b>&amp; `x` | _y_ *\\302\\240\\nnext\\n' ;;\n"
               "early) printf '\\n\\nTEST PASSED\\n'; exit 1 ;;\n"
               "esac\n",
    "logs.hjson": LEAF % ("logs", 'overrides: [{ name: "run_cmd", value: "sh {proj_root}/talk.sh" }\n'
                          '{ name: "run_fail_patterns", value: ["UVM_ERROR"] }]\n'
                          'tests: [{ name: "blank" }, { name: "tab" }, { name: "crlf" }, { name: "open" }, { name: "wide" }, { name: "early" }]'),
    "broken.hjson": LEAF % ("broken", 'overrides: [{ name: "build_cmd", value: "echo Error-9; false" }]'),
}
LINES = [
    "one.hjson -i good --fixed-seed 5",
    "one.hjson -i all --fixed-seed 5",
    "one.hjson -i good bad --seeds 11 12 13 14 --reseed 2",
    "one.hjson -i silent --seeds 115792089237316195423570985008687907853269984665640564039457584007913129639935",
    "planned.hjson -i all --fixed-seed 5",
    "planned.hjson -i V1 --fixed-seed 5 --map-full-testplan",
    "broken.hjson -i all --fixed-seed 5",
    "late.hjson -i good --fixed-seed 5",
    "held.hjson -i all --cov -mp 1 --fixed-seed 5",
    "all.hjson -i all --fixed-seed 5",
    "all.hjson --select-cfgs two -i extra --fixed-seed 5",
    "tags.hjson -i all --fixed-seed 5 --map-full-testplan",
    "nested.hjson -i outer --fixed-seed 5",
    "nested.hjson -i inner outer --fixed-seed 5",
    "set.hjson -i good --fixed-seed 5",
    "set.hjson -i all --fixed-seed 5 -r 0 -t xcelium -w vpd -v h -ro=-x -bo '+a b' --build-timeout-mins 3 --run-timeout-multiplier 2",
    "deep.hjson --select-cfgs planned -i V1 --fixed-seed 5",
    "unnamed.hjson -i good --cov --fixed-seed 5",
    "unlisted.hjson -i good bad --fixed-seed 5",
    "modes.hjson -i t1 t2 t3 t4 --fixed-seed 5",
    "modes.hjson -i t1 --fixed-seed 5 -bm y -rm d",
    "logs.hjson -i blank tab crlf open wide early --fixed-seed 5",
    "one.hjson -i all --fixed-seed 5 --log-file log",
    "all.hjson -i good --fixed-seed 5 --log-file log",
    "one.hjson -i bad --fixed-seed 5 --log-file log --log-level WARNING",
    "ends.hjson -i good --cov --fixed-seed 5",
    "one.hjson -i good --seeds 1_1 0_12 +13 -r 0_3",
    "asks.hjson -i good --fixed-seed 5 --reseed 3 --interactive --run-only",
    "one.hjson -i good silent --fixed-seed 5 --interactive",
]
# Keys whose values are times or versions of programs, not results.
MASKED = {"timestamp", "max_time", "sim_time", "version", "commit", "commit_short"}
SKIPPED_FILES = (".dvsched", "deploy_", "css", "js", ".html")


def shown(folder, value):
    """Without the place of this side's output."""
    return value.replace(str(folder), "PLACE") if isinstance(value, str) else value


def same_words(text):
    """What docs/reference/dvsim-differences.md lists as different on purpose: a cancelled job says what it waited for."""
    return re.sub(r"Job cancelled because (one|all) of its dependencies failed or (was|were) killed\.|needs '[^']*', which (did not pass|\w+( \w+)?)|"
                  r"needs any of \*? ?(\d+ )?jobs, and none passed", "CANCELLED", text)


def masked(folder, value, key=""):
    if isinstance(value, dict):
        return {same_words(shown(folder, k)): masked(folder, v, k) for k, v in value.items()}
    if isinstance(value, list):
        if value[:1] == ["[Executing]:\n"]:  # the header is no output
            value = value[3:]
        if value and isinstance(value[0], dict) and "qual_name" in value[0]:
            value = sorted(value, key=lambda failure: failure["qual_name"])  # as they ended
        return [masked(folder, v) for v in value]
    return "MASKED" if key in MASKED else shown(folder, value)


def reports(folder, out):
    return {path.name: masked(folder, json.loads(path.read_text(encoding="utf-8")))
            for path in out.glob("*/reports/*.json")}


def is_skipped(name):
    return any(part.startswith(SKIPPED_FILES[:4]) or part.endswith(SKIPPED_FILES[4]) for part in name.split("/"))


def files(out):
    """Names below the scratch root, and the targets of links."""
    found = {}
    for base, folders, names in os.walk(out):
        for name in folders + names:
            path = pathlib.Path(base, name)
            relative = str(path.relative_to(out))
            if path.is_symlink() and not path.exists():
                continue  # DVSim links a job that never ran to a directory that does not exist
            if not is_skipped(relative) and name not in ("env_vars", "needs.jsonl"):
                found[relative] = os.path.relpath(os.readlink(path), out) if path.is_symlink() else ""
    return found


def tables(folder, text):
    """The Markdown of the results, from its first heading on, without times."""
    plain = re.sub("\033\\[[0-9;]*m", "", text)
    at = plain.find("[results]")
    lines = plain[at:].splitlines() if at >= 0 else []
    kept = []
    for line in lines:
        if re.match(r"\[\w [0-9]+ [0-9:]+ ", line) or line.startswith(("[results]", "error:")) or " UTC" in line or line.startswith("### Revision"):
            continue
        line = re.sub(r"\|\s*[0-9.]+s\s*\|\s*([0-9.]+us)?\s*\|", "| TIME |", line)
        kept.append(same_words(re.sub(r"[ -]+", " ", shown(folder, line)).rstrip()))
    # Of the context of a failure the header is no output; orders are those in which jobs ended.
    return sorted(line for line in kept if line and not line.startswith(
        (" [Executing]:", " make f ", "dvsched: error: Errors were", "dvsched: scratch path: ", "dvsched: report: ")))


def jobs(folder, out):
    """The job specifications of the dump, by name."""
    found = {}
    for path in out.glob("deploy_*.json"):
        text = re.sub(r"\b\d{8}_\d{6}\b", "STAMP", path.read_text(encoding="utf-8"))
        for job in json.loads(text):
            job["dependencies"].sort()  # in the order written with us, by chance with DVSim
            found[job["full_name"]] = masked(folder, job)
    return found


def interrupted(side, line):
    """A run that gets INT once its first job has begun."""
    tree, fifo = side.project(), side.folder / "started"
    os.mkfifo(fifo)
    run = subprocess.Popen([side.program, "-sr", side.folder / "out", *shlex.split(line)], cwd=tree, text=True,
                           env=side.environ(STARTED=str(fifo)), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    with open(fifo, encoding="utf-8") as started:
        started.readline()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=300)
    return subprocess.CompletedProcess(line, run.returncode, None, err)


TYPED = "PASSED"  # the echo comes from the user's terminal, or from that of the job


def begin(side, line):
    if "--interactive" in line:
        return side.run_on_terminal(line, TYPED + "\n")
    return interrupted(side, line) if line.startswith("held") else side.run(line)


def status_rows(text):
    """The last row of each target, and the legend."""
    return dict(re.findall(r"\[\s+(\w+)\s+\]: (\[S: .*\](?: +\d+%)?)", re.sub("\033\\[[0-9;]*m", "", text)))


def log_file(side):
    path = side.folder / "tree" / "log"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return {"rows": status_rows(text), "tables": tables(side.folder, text),
            "ends in an error": "Errors were encountered in this run." in text[-200:]}


def observe(side, line):
    done = begin(side, line)
    out = side.folder / "out"
    return {
        "log file": log_file(side),
        "exit code": done.returncode,
        "files": files(out),
        "jobs": jobs(side.folder, out),
        "reports": reports(side.folder, out),
        "console": tables(side.folder, done.stderr),
        "summary": [shown(side.folder, text) for text in (done.stdout or "").splitlines()
                    if " UTC" not in text and "### Revision" not in text and text != TYPED
                    and not text.startswith("rerun ")],  # DVSim has no such line
    }


def difference(theirs, ours, at=""):
    """The first lines that differ, readable."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = [f"{at}: only DVSim has {k}" for k in theirs.keys() - ours.keys()]
        found += [f"{at}: only dvsched has {k}" for k in ours.keys() - theirs.keys()]
        for k in theirs.keys() & ours.keys():
            found += difference(theirs[k], ours[k], f"{at}/{k}")
        return found
    if theirs == ours:
        return []
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [d for i, pair in enumerate(zip(theirs, ours)) for d in difference(*pair, f"{at}[{i}]")]
    return [f"{at}\n  DVSim:   {theirs}\n  dvsched: {ours}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsim", required=True)
    parser.add_argument("--dvsched", required=True)
    parser.add_argument("--only", default="", help="command lines with this text in them")
    args = parser.parse_args()
    FILES.update(MORE_FILES)
    work = pathlib.Path(tempfile.mkdtemp(prefix="compare-run-"))
    link = work / "bin" / "dvsim"
    link.parent.mkdir()
    link.symlink_to(pathlib.Path(args.dvsched).resolve())
    sides = Side(args.dvsim, work / "theirs"), Side(str(link), work / "ours")
    n_runs = n_faults = 0
    try:
        for line in LINES:
            if args.only not in line:
                continue
            found = difference(*(observe(side, line) for side in sides))
            n_runs += 1
            n_faults += bool(found)
            for text in found[:20]:
                print(f"{line}: {text}")
    finally:
        shutil.rmtree(work)
    print(f"{n_runs} runs, {n_faults} differ")
    sys.exit(1 if n_faults else 0)


if __name__ == "__main__":
    main()
