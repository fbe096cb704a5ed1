#!/usr/bin/env bash
# Measures what autoscaler costs: scripts/bench.sh [--short]. As root on Debian; the table is explained in
# docs/performance.md. Fails where something has clearly become worse.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$(id -u)" != 0 ]; then
  printf 'The bench boots a real systemd in a container, which needs root.\n' >&2
  exit 77
fi
scripts/install/test-deps.sh
npm run --silent build
exec node --import tsx test/bench/bench.ts "$@"
