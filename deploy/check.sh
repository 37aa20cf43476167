#!/bin/sh
# Runs every check of the repository and ends with a line of its own: "N passed, N failed". The type check and the lint count
# as one each; tests, with those of the rule packs, count by assertion. The exit code is 0 only when nothing failed.
#
#   sh deploy/check.sh all      everything (npm test)
#   sh deploy/check.sh quick    without the test files whose first line starts with "// slow: " (npm run verify)
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
# Some hundred processes load the same modules: compiled once, they take half the time to start.
NODE_COMPILE_CACHE="$PWD/node_modules/.cache/node"
export PATH NODE_COMPILE_CACHE

what=${1:-all}
case "$what" in all | quick) ;; *) echo "usage: sh deploy/check.sh all|quick" >&2; exit 2 ;; esac

passed=0
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# A check that counts as one: its output is shown only when it fails.
check() {
  title=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $title"
  else
    failed=$((failed + 1))
    cat "$work/output"
    echo "FAILED  $title"
  fi
}

# Whoever sees only the end of a log sees what failed: each failed assertion with its file and the first lines of what was wrong.
failures() {
  [ -f "$work/tap" ] || return 0
  awk '
    /^# Subtest: / { file = $3; told = 0 }
    /^ *not ok/ && !/# time=/ { sub(/^ */, ""); print "FAILED  " file ": " $0; told = 1; left = 14; next }
    /^not ok/ && !told { print "FAILED  " $0 }
    /^ *source:/ || /^ *\.\.\.$/ { left = 0 }
    left > 0 && !/^ *---$/ { print; left -= 1 }
  ' "$work/tap" | cut -c 1-1500 | head -n 60
}

# The number after a name in tap's closing line, such as "# { total: 38, pass: 37, fail: 1 }".
count() { sed -n "s/^# { .*$1: \([0-9]*\).*/\1/p" "$work/tap" | tail -n 1; }

run_tests() {
  find test -name '*.test.ts' | sort >"$work/files"
  if [ "$what" = quick ]; then
    while read -r file; do
      head -n 1 "$file" | grep -q '^// slow: ' || echo "$file"
    done <"$work/files" >"$work/quick"
    mv "$work/quick" "$work/files"
  fi
  # shellcheck disable=SC2046
  tap run --reporter=terse --output-file="$work/tap" $(cat "$work/files")
  code=$?
  # Without a terminal the reporter shows nothing; whoever reads a log needs to see what failed.
  if [ "$code" -ne 0 ] && [ ! -t 1 ]; then grep -A 30 '^ *not ok' "$work/tap" | head -n 300; fi
  ok=$(count pass)
  bad=$(count fail)
  passed=$((passed + ${ok:-0}))
  # A runner that dies tells no counts, or counts no failure: that is one.
  if [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi
  if [ -z "$ok" ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi
  failed=$((failed + ${bad:-0}))
}

check 'types (tsc)' tsc --noEmit
check 'lint and format (biome)' biome ci .
run_tests

echo
[ "$failed" -eq 0 ] || failures
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
