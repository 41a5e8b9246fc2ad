#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden plans anew, of those commands for which DVSim and dvsched plan the same jobs.

    remake.py --python VENV/bin/python --dvsched build/src/cli/dvsched [NAME.plan …]

VENV has dvsim==1.57.0. A file that is to be new needs its first line only. Exit 1 if DVSim differs, without writing that plan.
"""
import argparse
import pathlib
import sys
import tempfile

import plans

sys.path.insert(0, str(plans.HERE.parent / "conformance"))
import compare_plan  # noqa: E402


def remake(args, path, tree, work):
    words = plans.words_of(path.read_text(encoding="utf-8"))
    faults, n_theirs = compare_plan.compare(args.python, args.dvsched, tree, work, words)
    if faults:
        print("\n".join(faults[:10]))
        return f"{path.name}: {len(faults)} differences, not written"
    text = plans.render(words, plans.plan_json(args.dvsched, tree, work / "scratch", words))
    path.write_text(text, encoding="utf-8")
    print(f"{path.name}: {n_theirs} jobs as DVSim has them, {len(text)} bytes")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, type=lambda text: pathlib.Path(text).absolute())
    parser.add_argument("--dvsched", required=True, type=lambda text: pathlib.Path(text).absolute())
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory(prefix="dvsched-golden-") as name:
        work = pathlib.Path(name)
        tree = plans.unpack(work)
        compare_plan.make_repository(tree)
        for path in [plans.HERE / name for name in args.names] or plans.files():
            place = work / path.stem
            place.mkdir()
            wrong.append(remake(args, path, tree, place))
    print("\n".join(filter(None, wrong)))
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
