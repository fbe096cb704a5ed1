#!/usr/bin/env bash
# Runs the tests: scripts/test.sh [fast|e2e|all]. fast: without the real systemd; e2e: only with it.
# Installs what they need, builds, and ends with the summary of Node's test runner. A run without a
# test, or with a skipped one, is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

real=(-path './test/e2e/*' -o -path './test/lab/*')
case ${1:-all} in
  fast) which=(! '(' "${real[@]}" ')') ;;
  e2e) which=('(' "${real[@]}" ')') ;;
  all) which=() ;;
  *) printf 'usage: scripts/test.sh [fast|e2e|all]\n' >&2; exit 64 ;;
esac

if [ "${1:-all}" = fast ]; then
  scripts/install/node-deps.sh
elif [ "$(id -u)" != 0 ]; then
  printf 'The tests boot a real systemd in a container, which needs root. Without: scripts/test.sh fast\n' >&2
  exit 77
else
  scripts/install/test-deps.sh
fi
npm run --silent build

# First the one that watches the processors of the whole machine, beside others that leave it calm; those that only
# compute come last, where they fill what waiting ones leave.
mapfile -t files < <(find ./test -name '*.test.ts' "${which[@]}" | sort |
  awk '{ print /main-job/ ? 0 : /test\/bounded\/|act\/crash|init\/reach|properties/ ? 2 : 1, $0 }' | sort -s -k1,1n | cut -d' ' -f2-)
if [ ${#files[@]} -eq 0 ]; then
  printf 'There are no test files.\n' >&2
  exit 1
fi
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
node --import tsx scripts/test/run.mjs "${files[@]}" < /dev/null | tee "$output" || status=$?
if grep -q '^ℹ tests 0$' "$output" || ! grep -q '^ℹ skipped 0$' "$output" || ! grep -q '^ℹ todo 0$' "$output"; then
  printf 'No test was run, or one was skipped or left to do: that counts as a failure.\n' >&2
  [ $status -ne 0 ] || status=1
fi
exit $status
