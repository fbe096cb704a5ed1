#!/usr/bin/env bash
# Installs what the tests and the demo need on a Debian machine: a systemd that can be booted in a
# container, real Gunicorn, Celery and Redis, a load generator, and the Node packages. Quick when all
# is there. Starts no service, now or at the next boot. Arguments are further Debian packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

packages=(systemd systemd-container dbus procps jq bc gunicorn celery python3-redis redis-server rabbitmq-server wrk python3-uvicorn "$@"
  debhelper lintian po-debconf zsh fish)
packages+=(chromium)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    printf 'These Debian packages are needed: %s\nRun as root: apt-get install %s\n' "${missing[*]}" "${missing[*]}" >&2
    exit 77
  fi
  printf 'Installing %s …\n' "${missing[*]}"
  # Debian asks this file whether a package may start its service; 101 is "no"
  policy=/usr/sbin/policy-rc.d
  aside=
  [ ! -e $policy ] || { aside=$(mktemp -u $policy.XXXXXX) && mv $policy "$aside"; }
  restore() { rm -f $policy; [ -z "$aside" ] || mv "$aside" $policy; }
  trap restore EXIT
  printf '#!/bin/sh\nexit 101\n' > $policy
  chmod 0755 $policy
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  { apt-get update -q && apt-get install -qy --no-install-recommends "${missing[@]}"; } < /dev/null > "$log" 2>&1 ||
    { tail -n 30 "$log" >&2; printf 'apt-get failed; all that it said is in %s\n' "$log" >&2; exit 1; }
  rm -f "$log"
  case " ${missing[*]} " in *' redis-server '*) systemctl --quiet disable redis-server.service ;; esac
  case " ${missing[*]} " in *' rabbitmq-server '*) systemctl --quiet disable rabbitmq-server.service ;; esac
fi

scripts/install/node-deps.sh
