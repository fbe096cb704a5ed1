#!/usr/bin/env bash
# Removes what scripts/install.sh has installed: timer, units and program. Numbers that it wrote into units stay as
# they are (first `autoscaler rollback`, if the old ones are wanted). With --purge also config, history, backups and log.
set -euo pipefail

root=${DESTDIR:-}
purge=
case ${1:-} in
  '') ;;
  --purge) purge=1 ;;
  *) printf 'usage: scripts/uninstall.sh [--purge]\n' >&2; exit 64 ;;
esac
[ "$(id -u)" = 0 ] || { printf 'uninstall.sh: must be run as root\n' >&2; exit 77; }
if [ -z "$root" ] && dpkg-query -W -f '${db:Status-Status}' autoscaler 2> /dev/null | grep -qx installed; then
  printf 'uninstall.sh: autoscaler is installed as a Debian package\nRun: apt-get remove autoscaler (or: apt-get purge autoscaler)\n' >&2
  exit 1
fi

live=
if [ -z "$root" ] && [ -d /run/systemd/system ]; then live=1; fi
if [ -n "$live" ]; then
  systemctl disable --now --quiet autoscaler.timer 2> /dev/null || true
  # a change in progress is finished or undone by the run itself
  systemctl stop autoscaler.service 2> /dev/null || true
fi
rm -f "$root"/usr/bin/autoscaler "$root"/usr/lib/systemd/system/autoscaler.{service,timer} \
  "$root"/etc/logrotate.d/autoscaler "$root"/usr/share/man/man8/autoscaler.8 \
  "$root"/usr/share/bash-completion/completions/autoscaler "$root"/usr/share/zsh/vendor-completions/_autoscaler \
  "$root"/usr/share/fish/vendor_completions.d/autoscaler.fish
rm -rf "$root/usr/lib/autoscaler" "$root/var/cache/autoscaler" "$root/usr/share/doc/autoscaler"
if [ -n "$live" ]; then systemctl daemon-reload; fi

if [ -n "$purge" ]; then
  rm -rf "$root/etc/autoscaler" "$root/var/lib/autoscaler" "$root/var/backups/autoscaler"
  rm -f "$root"/var/log/autoscaler.log "$root"/var/log/autoscaler.log.*
  # the interval that `autoscaler timer --every` has set
  rm -f "$root"/etc/systemd/system/autoscaler.timer.d/zz-autoscaler-every.conf*
  rmdir --ignore-fail-on-non-empty "$root"/etc/systemd/system/autoscaler.timer.d 2> /dev/null || true
  if [ -n "$live" ]; then systemctl daemon-reload; fi
  printf 'autoscaler is removed, with its config, history, backups and log.\n'
else
  printf 'autoscaler is removed. Kept: /etc/autoscaler, /var/lib/autoscaler, /var/backups/autoscaler (uninstall.sh --purge removes them).\n'
fi
