#!/usr/bin/env bash
# Runs end-to-end tests on a Debian 13 (Gunicorn 23, Celery 5.5, systemd 257), which is installed once
# into a folder outside of this repository (AUTOSCALER_DEBIAN13, default /var/cache/autoscaler-debian13;
# a minute, 600 MB) and never written to afterwards. Arguments are test files; default: those below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

root=${AUTOSCALER_DEBIAN13:-/var/cache/autoscaler-debian13}
files=("$@")
[ $# -gt 0 ] || files=(test/e2e/{main-job,package,act-gunicorn,act-celery,field,init,busy}.test.ts
  test/newcomer/first-hour.ts)

if [ "$(id -u)" != 0 ]; then
  printf 'A root file system can only be made and booted by root.\n' >&2
  exit 77
fi
scripts/install/test-deps.sh mmdebstrap debian-archive-keyring

packages=systemd,systemd-sysv,dbus,procps,util-linux,gunicorn,celery,python3-redis,python3-uvicorn,redis-server,wrk,curl,nodejs,npm,nginx-light,man-db,zsh,fish
made=$root/.made-of
if [ "$(cat "$made" 2> /dev/null)" != "$packages" ]; then
  case $root in /*/*) ;; *) printf 'AUTOSCALER_DEBIAN13 is %s: a folder of its own is needed.\n' "$root" >&2; exit 64 ;; esac
  if [ -e "$root" ] && [ ! -e "$made" ] && [ -n "$(ls -A "$root")" ]; then
    printf '%s is not empty and was not made by this script.\n' "$root" >&2
    exit 1
  fi
  printf 'Installing Debian 13 into %s …\n' "$root"
  rm -rf "$root" "$root.part"
  mmdebstrap --variant=minbase --include="$packages" trixie "$root.part" > "$root.part.log" 2>&1 < /dev/null ||
    { tail -n 20 "$root.part.log" >&2; rm -rf "$root.part"; exit 1; }
  rm -f "$root.part.log"
  printf '%s\n' "$packages" > "$root.part/.made-of"
  mv "$root.part" "$root"
fi
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' systemd gunicorn celery redis-server nodejs

npm run --silent build
AUTOSCALER_LAB_ROOT=$root node --import tsx --test --test-reporter=spec --test-concurrency=1 "${files[@]}" < /dev/null
