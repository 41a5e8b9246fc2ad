#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the buckets of random failure messages: DVSim's code with ours.

    VENV/bin/python compare_buckets.py --bucket-keys build/tests/conformance/bucket-keys [-n N] [--seed S]

VENV has dvsim==1.57.0. Messages are random sequences of pieces that match its rules. Digits and blanks of
other scripts are left out: Python accepts them as digits and blanks, but no tool writes them.
"""
import argparse
import random
import subprocess
import sys

from dvsim.sim_results import _bucketize

PIECES = [
    "UVM_ERROR ", " @ 12.5 ns: ", "[3 ps] ", "(time 3 PS) ", "(time 3.5 FS) ", "  ", "\t", " ", "uvm_test_top.a.b[3].c_d ",
    "tb_top.x.y", "Assertion tb.dut.foo[1].X_A ", " 0xdead", "0x beef", " 'h12ab", "'h ff", "1.5ns", "x3.25", "17", "(17)",
    " (17) ", " ( 3 ), ", "=ff", "]: 1a ", "a =ff,", "a : ff;", "b= dead.", "12ab ", "core0 ", "core0[1]", "core1=", "(3", ")4",
    "instance = a.b.c ", "instance=x", "é1", "_5_", "$", "\\", "foo.sv:123", "addr=0x100", "-5", "+7", "1.2.3", ":", ";", ",",
    "Job timed out after 60.0 minutes", "Error-[", "ps]", "top.", "top.a.", "atop.b.c.d.", "x\n", "\r",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bucket-keys", required=True)
    parser.add_argument("-n", type=int, default=20000, help="number of messages")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    messages = ["".join(rng.choices(PIECES, k=rng.randint(1, 9))) for _ in range(args.n)]
    text = subprocess.run([args.bucket_keys], input="".join(m + "\0" for m in messages).encode(), capture_output=True,
                          check=True).stdout.decode()
    keys = text.split("\0")[:-1]
    if len(keys) != len(messages):
        sys.exit(f"{len(messages)} messages, but {len(keys)} keys")
    faults = [(m, theirs, ours) for m, ours in zip(messages, keys) if (theirs := _bucketize(m)) != ours]
    for message, theirs, ours in faults[:10]:
        print(f"{message!r}\n  DVSim:   {theirs!r}\n  dvsched: {ours!r}")
    print(f"{len(messages)} messages in {len(set(keys))} buckets, {len(faults)} differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
