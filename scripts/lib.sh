# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the scripts in this directory: the root of the tree, quiet steps, and the Debian
# packages that are needed. A built dvsched does not need this file.

ROOT=$(cd "$(dirname "$0")/.." && pwd)

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$(basename "$0"): $*"
	exit 1
}

# One line per package: set, package, and a command, a pkg-config module or a header. If that
# exists, the package is not needed.
PACKAGES='
build gcc                 command cc
build libc6-dev           header  stdio.h
build meson               command meson
build ninja-build         command ninja
build pkg-config          command pkg-config
build libev-dev           header  ev.h
build libjansson-dev      module  jansson
build libpcre2-dev        module  libpcre2-8
build libncurses-dev      module  ncursesw
test  libcmocka-dev       module  cmocka
test  python3             command python3
test  tmux                command tmux
test  make                command make
test  verilator           command verilator
test  rsync               command rsync
test  g++                 command g++
test  git                 command git
check clang-14            command clang-14
check libclang-rt-14-dev  file    /usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.asan-*.a
check clang-format-14     command clang-format-14
check shellcheck          command shellcheck
check codespell           command codespell
check scdoc               command scdoc
bench make                command make
bench parallel            command parallel
bench findutils           command xargs
bench python3             command python3
bench python3-venv        python  ensurepip
slurm slurmctld           file    /usr/sbin/slurmctld
slurm slurmd              file    /usr/sbin/slurmd
slurm slurm-client        command sbatch
mutate python3-clang-14   file    /usr/lib/python3/dist-packages/clang/cindex.py
mutate ccache             command ccache
'

# is_there KIND WHAT
is_there() {
	case $1 in
	command) command -v "$2" >/dev/null ;;
	module) pkg-config --exists "$2" 2>/dev/null ;;
	header) printf '#include <%s>\n' "$2" | cc -E - >/dev/null 2>&1 ;;
	file)
		# shellcheck disable=SC2086 # a glob
		set -- $2
		[ -e "$1" ]
		;;
	python) python3 -c "import $2" 2>/dev/null ;;
	esac
}

# missing_packages SET…: prints the packages of these sets that must be installed, on one line.
missing_packages() {
	printf '%s' "$PACKAGES" | while read -r set package kind what; do
		case " $* " in
		*" $set "*) is_there "$kind" "$what" || printf '%s ' "$package" ;;
		esac
	done
}

# quietly TEXT COMMAND…: runs COMMAND, and shows its output only if it fails.
quietly() {
	_text=$1
	shift
	_log=$(mktemp)
	if "$@" >"$_log" 2>&1; then
		rm -f "$_log"
		return 0
	fi
	say "$(basename "$0"): $_text failed: $*"
	cat "$_log" >&2
	rm -f "$_log"
	return 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=120 "$@"
}

# On a new machine, the package lists are empty or old. They are fetched only if the installation fails.
apt_install() {
	apt install --no-install-recommends "$@" || {
		apt update && apt install --no-install-recommends "$@"
	}
}

# need SET…: installs the missing packages of these sets, or ends the script.
need() {
	_missing=$(missing_packages "$@")
	[ -z "$_missing" ] && return 0
	if ! command -v apt-get >/dev/null; then
		die "please install what your system calls: $_missing"
	fi
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		die "not root and no sudo: please install: $_missing"
	fi
	say "installing: $_missing"
	# shellcheck disable=SC2086 # a list of words
	quietly "the installation" apt_install $_missing || die "please install: $_missing"
	_missing=$(missing_packages "$@")
	[ -z "$_missing" ] || die "still missing after the installation: $_missing"
}

# configure DIR OPTION…: runs meson setup unless the build directory is already configured.
configure() {
	_dir=$1
	shift
	[ -f "$_dir/build.ninja" ] && [ -f "$_dir/meson-private/coredata.dat" ] && return 0
	rm -rf "$_dir/meson-private" "$_dir/meson-info"
	quietly "meson" meson setup "$@" "$_dir" "$ROOT"
}

# build DIR [TARGET…]
build() {
	_dir=$1
	shift
	quietly "the build" ninja -C "$_dir" "$@"
}
