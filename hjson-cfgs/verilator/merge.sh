#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# merge.sh TO DIR…: all coverage.dat below the directories into TO/merged.dat.
set -e
to=$1
shift
mkdir -p "$to"
# shellcheck disable=SC2046 # paths without blanks
verilator_coverage --write "$to/merged.dat" $(find "$@" -name coverage.dat | sort)
