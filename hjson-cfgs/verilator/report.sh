#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# report.sh MERGED DIR: annotated sources, and a summary as `verilator_coverage --report summary` of newer Verilators
# writes it. A point counts as covered when it was hit at least once.
set -e
mkdir -p "$2"
verilator_coverage --annotate "$2/annotated" --annotate-min 1 "$1"
awk -v FS='\001' '
/^C / {
	kind = ""
	for (i = 1; i <= NF; i++)
		if ($i ~ /^page\002v_/) {
			kind = substr($i, 8)
			sub(/\/.*/, "", kind)
		}
	n = split($0, words, " ")
	total[kind]++
	covered[kind] += words[n] > 0
}
END {
	print "Coverage Summary:"
	split("line toggle branch expr user", order, " ")
	for (i = 1; i <= 5; i++) {
		k = order[i]
		printf "  %-8s: %.1f%% (%d/%d)\n", k, total[k] ? 100 * covered[k] / total[k] : 0, covered[k], total[k]
	}
}' "$1" | tee "$2/summary.txt"
