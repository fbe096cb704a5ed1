#!/usr/bin/env bash
# Shows autoscaler at work in about a minute: a throwaway host with a real systemd, a Gunicorn and a
# Celery service, load that comes and goes. As root on Debian with Node.js 20 or later; elsewhere a
# dry run on sample units. Leaves nothing behind but the packages that it needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=lab
if [ "$(id -u)" != 0 ]; then
  printf 'No root: a host of its own cannot be booted (sudo scripts/demo.sh shows it).\n'
  mode=dry-run
elif ! command -v apt-get > /dev/null; then
  printf 'No apt-get: what the demo host needs cannot be installed here.\n'
  mode=dry-run
elif ! scripts/install/test-deps.sh; then
  printf 'What the demo host needs could not be installed.\n'
  mode=dry-run
fi
scripts/install/node-deps.sh
npm run --silent build
# no cache of the compiler is left in /tmp
TSX_DISABLE_CACHE=1 exec node --import tsx scripts/demo/demo.ts "$mode"
