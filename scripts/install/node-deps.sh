#!/usr/bin/env bash
# Installs the Node packages that package-lock.json names, unless they are there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

major=$(node -p 'process.versions.node.split(".")[0]' 2> /dev/null) || major=0
if [ "$major" -lt 20 ]; then
  printf 'Node.js 20 or later is needed, found: %s\n' "$(node --version 2> /dev/null || echo none)" >&2
  exit 1
fi
# npm writes its copy of the lock file when it is done
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  if [ -L node_modules ]; then
    # npm would empty the folder that it leads to, which others use
    real=$(readlink -f node_modules)
    printf 'node_modules is a link to %s, which is older than package-lock.json\nRun there: (cd %s && npm ci)\n' "$real" "$(dirname "$real")" >&2
    exit 1
  fi
  npm ci --no-update-notifier --no-fund --no-audit --loglevel=error < /dev/null
fi
