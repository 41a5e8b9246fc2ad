#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timed.sh COMMAND…: runs it and says how long that took, in the words of newer Verilators.
start=$(date +%s%N)
"$@"
rc=$?
ms=$((($(date +%s%N) - start) / 1000000))
printf -- '- Verilator: Walltime %d.%03d s\n' $((ms / 1000)) $((ms % 1000))
exit $rc
