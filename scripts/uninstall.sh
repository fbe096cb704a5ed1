#!/usr/bin/env bash
# Removes what scripts/install.sh has installed: timer, units and program. Numbers that it wrote into units stay as
# they are, and are named; on a terminal it asks first whether they are to be rolled back. With --purge also config,
# history, log and the backups of all that is as it was before; those of what is still changed stay.
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
# shellcheck source=scripts/deb/backups.sh
. "$(dirname "${BASH_SOURCE[0]}")/deb/backups.sh"
# below another root the program would look at this host
if [ -z "$root" ] && [ -x /usr/bin/autoscaler ]; then
  note_changed
  if [ -n "$changed" ] && [ -n "$live" ] && [ -t 0 ] && [ -t 1 ]; then
    printf 'Roll them back now? Celery workers finish their running tasks first. [y/N] '
    read -r answer || answer=
    case $answer in
      [yY]*)
        autoscaler rollback || printf 'uninstall.sh: not everything was rolled back (see above); the removal goes on\n' >&2
        note_changed
        ;;
    esac
  fi
  [ -z "$live" ] || hand_over
fi
rm -f "$root"/usr/bin/autoscaler "$root"/usr/lib/systemd/system/autoscaler.{service,timer} \
  "$root"/etc/logrotate.d/autoscaler "$root"/usr/share/man/man8/autoscaler.8 \
  "$root"/usr/share/bash-completion/completions/autoscaler "$root"/usr/share/zsh/vendor-completions/_autoscaler \
  "$root"/usr/share/fish/vendor_completions.d/autoscaler.fish
rm -rf "$root/usr/lib/autoscaler" "$root/var/cache/autoscaler" "$root/usr/share/doc/autoscaler"
if [ -n "$live" ]; then systemctl daemon-reload; fi

if [ -n "$purge" ]; then
  purge_backups
  rm -rf "$root/etc/autoscaler" "$root/var/lib/autoscaler"
  rm -f "$root"/var/log/autoscaler.log "$root"/var/log/autoscaler.log.*
  # the interval that `autoscaler timer --every` has set
  rm -f "$root"/etc/systemd/system/autoscaler.timer.d/zz-autoscaler-every.conf*
  rmdir --ignore-fail-on-non-empty "$root"/etc/systemd/system/autoscaler.timer.d 2> /dev/null || true
  if [ -n "$live" ]; then systemctl daemon-reload; fi
  printf 'autoscaler is removed, with its config, history, log and all backups that nothing needs.\n'
else
  printf 'autoscaler is removed. Kept: /etc/autoscaler, /var/lib/autoscaler, /var/backups/autoscaler (uninstall.sh --purge removes them).\n'
fi
