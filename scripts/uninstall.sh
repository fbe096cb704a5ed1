#!/usr/bin/env bash
# Removes autoscaler: timer, units and program. Numbers that it wrote into units stay as they are
# (first `autoscaler rollback`, if the old ones are wanted). With --purge also config, history,
# backups and log.
set -euo pipefail

root=${DESTDIR:-}
purge=
case ${1:-} in
  '') ;;
  --purge) purge=1 ;;
  *) printf 'usage: scripts/uninstall.sh [--purge]\n' >&2; exit 64 ;;
esac
[ "$(id -u)" = 0 ] || { printf 'uninstall.sh: must be run as root\n' >&2; exit 77; }

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl disable --now autoscaler.timer 2>/dev/null || true
  # a change in progress is finished or undone by the run itself
  systemctl stop autoscaler.service 2>/dev/null || true
fi
rm -f "$root/etc/systemd/system/autoscaler.service" "$root/etc/systemd/system/autoscaler.timer" "$root/usr/local/bin/autoscaler"
rm -rf "$root/usr/local/lib/autoscaler" "$root/usr/local/share/doc/autoscaler"
if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

if [ -n "$purge" ]; then
  rm -rf "$root/etc/autoscaler" "$root/var/lib/autoscaler" "$root/var/backups/autoscaler"
  rm -f "$root/var/log/autoscaler.log"
  printf 'autoscaler is removed, with its config, history, backups and log.\n'
else
  printf 'autoscaler is removed. Kept: /etc/autoscaler, /var/lib/autoscaler, /var/backups/autoscaler (uninstall.sh --purge removes them).\n'
fi
