#!/usr/bin/env bash
# ./dj.sh ARGS is `appsync ARGS`, with dependencies installed and the program built when that is due.
# ./dj.sh test [jest arguments] runs the tests; ./dj.sh check runs type checks, lint and format check.
# Works with bash 3.2 (macOS), from any directory, and when several run at once.
set -euo pipefail

fail() { # message, cause, hint, exit code
  printf 'error: %s\ncause: %s\nhint: %s\n' "$1" "$2" "$3" >&2
  exit "$4"
}

script=${BASH_SOURCE[0]}
while [ -L "$script" ]; do
  target=$(readlink "$script")
  case $target in
    /*) script=$target ;;
    *) script=$(dirname "$script")/$target ;;
  esac
done
root=$(cd "$(dirname "$script")" && pwd -P)
lock=$root/dist/.lock
built=$root/dist/.built
installed=$root/node_modules/.installed-lock.json
lock_is_mine=
step_log=

check_node() {
  local version major minor rest fix
  fix='install Node 22 or newer (https://nodejs.org/en/download, or: nvm install 22)'
  command -v node >/dev/null 2>&1 ||
    fail 'Node.js is not installed' 'there is no node on PATH' "$fix" 4
  version=$(node --version 2>&1) || fail 'Node.js does not run' "$version" "$fix" 4
  IFS=. read -r major minor rest <<<"${version#v}"
  if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
    fail "Node.js $version is too old" 'appsync needs 20.19 or newer' "$fix" 4
  fi
}

# What the build is made from, by content: neither a checkout, a copy nor a clock can mislead it.
sources() {
  cd "$root" && find src tsconfig.json package.json package-lock.json -type f -exec cksum {} +
}

has_dependencies() {
  cmp -s "$root/package-lock.json" "$installed" && return 0
  # Installed by hand with npm, after the last change.
  [ "$root/node_modules/.package-lock.json" -nt "$root/package-lock.json" ] &&
    cp "$root/package-lock.json" "$installed" 2>/dev/null
}

has_build() {
  [ -f "$built" ] && [ -f "$root/dist/cli/main.js" ] && [ "$(<"$built")" = "$(sources)" ]
}

now_ms() {
  if [ -n "${EPOCHREALTIME:-}" ]; then
    local micros=${EPOCHREALTIME//[!0-9]/}
    echo "${micros%???}"
  else
    echo "$(date +%s)000"
  fi
}

# Runs a command in the root, showing what it says only when it fails, and the time that it took.
step() { # what was done, what cannot be done, hint, command...
  local what=$1 problem=$2 hint=$3 began took
  shift 3
  began=$(now_ms)
  step_log=$(mktemp "${TMPDIR:-/tmp}/appsync-step.XXXXXX")
  if ! (cd "$root" && "$@") >"$step_log" 2>&1 </dev/null; then
    tail -n 40 "$step_log" >&2
    fail "$problem" "\`$*\` failed, see above" "$hint" 1
  fi
  rm -f "$step_log"
  took=$(($(now_ms) - began))
  printf '%s (%d.%d s)\n' "$what" $((took / 1000)) $((took % 1000 / 100)) >&2
}

install() {
  step 'dependencies installed' 'cannot install the dependencies' \
    'check the network and the npm registry (npm ping), then run the command again' \
    npm ci --ignore-scripts --prefer-offline --no-audit --no-fund
  cp "$root/package-lock.json" "$installed"
}

build() {
  local made_from
  made_from=$(sources)
  # Without its output, the compiler's memory of what it wrote is wrong.
  [ -f "$root/dist/cli/main.js" ] || rm -f "$root/dist/.tsbuildinfo"
  step 'appsync built' 'cannot build appsync' 'correct the errors above, then run the command again' \
    npm run build
  printf '%s\n' "$made_from" >"$built"
}

unlock() {
  [ -z "$step_log" ] || rm -f "$step_log"
  [ -z "$lock_is_mine" ] || rm -rf "$lock"
  lock_is_mine=
}

take_lock() {
  local holder said=
  mkdir -p "$root/dist" 2>/dev/null ||
    fail "cannot write to $root" 'it has to be installed or built first' \
      'run ./dj.sh once as the owner of the directory' 4
  until mkdir "$lock" 2>/dev/null; do
    holder=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      drop_stale_lock "$holder"
    elif [ -z "$holder" ] && [ -n "$(find "$lock" -maxdepth 0 -mmin +1 2>/dev/null)" ]; then
      drop_stale_lock ''
    else
      [ -n "$said" ] || echo "waiting for another dj.sh that installs or builds (pid ${holder:-?})" >&2
      said=yes
      sleep 0.2
    fi
  done
  lock_is_mine=yes
  trap unlock EXIT
  trap 'exit 130' INT TERM HUP
  echo $$ >"$lock/pid"
}

# Renaming is atomic; whoever renamed a lock that meanwhile is somebody else's puts it back.
drop_stale_lock() { # pid that is gone
  mv "$lock" "$lock.$$" 2>/dev/null || return 0
  if [ "$(cat "$lock.$$/pid" 2>/dev/null || true)" = "$1" ]; then
    rm -rf "$lock.$$"
  else
    mv "$lock.$$" "$lock" 2>/dev/null || rm -rf "$lock.$$"
  fi
}

prepare() { # build or nothing
  if has_dependencies && { [ "$1" != build ] || has_build; }; then return 0; fi
  take_lock
  has_dependencies || install
  [ "$1" != build ] || has_build || build
  unlock
  trap - EXIT INT TERM HUP
}

check_node
case ${1:-} in
  test | check)
    command=$1
    shift
    if [ "$command" = test ]; then prepare build; else prepare nothing; fi
    cd "$root"
    exec npm run --silent "$command" -- "$@"
    ;;
esac
prepare build
# How the person calls it, for hints that can be pasted.
case $0 in
  */*) printf -v APPSYNC_PROGRAM %q "$0" ;;
  *) printf -v APPSYNC_PROGRAM %q "./$0" ;;
esac
export APPSYNC_PROGRAM
exec node "$root/dist/cli/main.js" "$@"
