#!/usr/bin/env bash
# Installs autoscaler on this host: builds it and puts the same files to the same places as the Debian package does,
# and, where there is none, an example config. Idempotent: run it again to upgrade. Starts nothing that was not
# running: the timer is yours to enable, and in the example each project is disabled.
set -euo pipefail

die() { printf 'install.sh: %s\n' "$1" >&2; [ $# -lt 2 ] || printf '%s\n' "$2" >&2; exit 1; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=${DESTDIR:-}

[ "$(id -u)" = 0 ] || die "must be run as root" "Run: sudo scripts/install.sh"
if [ -z "$root" ] && dpkg-query -W -f '${db:Status-Status}' autoscaler 2> /dev/null | grep -qx installed; then
  die "autoscaler is installed as a Debian package already" "Upgrade that one, or first: apt-get remove autoscaler"
fi
node=$(command -v node) || die "Node.js 20 or later is needed, none found" "Install it, then run this again."
node=$(readlink -f "$node")
major=$("$node" -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || die "Node.js 20 or later is needed, $node is $("$node" --version)"
case $node in
  /root/*|/home/*) printf 'install.sh: note: Node.js is at %s: keep it there, the timer uses it\n' "$node" >&2 ;;
esac

if [ ! -f "$here/dist/main.js" ] || [ -d "$here/src" ]; then
  printf 'Building …\n'
  (cd "$here" && scripts/install/node-deps.sh && npm run --silent build)
fi

[ -n "$root" ] || [ -x /usr/bin/perl ] || die "/usr/bin/perl is needed: it keeps the ACLs of files that are edited" "Run: apt-get install perl-base"

staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
"$here/scripts/install/lay-out.sh" "$staged" "$node"

live=
if [ -z "$root" ] && [ -d /run/systemd/system ]; then live=1; fi
timer=
# no run may be under way while the files that it loads late are exchanged; the stop lets it finish or undo its change
if [ -n "$live" ]; then
  if systemctl --quiet is-active autoscaler.timer; then timer=1; fi
  # a run may be under way without the timer; at first there is neither
  systemctl stop autoscaler.timer autoscaler.service 2> /dev/null || true
fi
rm -rf "$root/usr/lib/autoscaler"
# what is there already keeps its mode and stays a symlink, where it is one
tar -C "$staged" -cf - . | tar -C "${root:-/}" -xf - --no-same-owner --no-overwrite-dir --keep-directory-symlink
install -d -m 0750 "$root/var/lib/autoscaler" "$root/var/backups/autoscaler"
# what a removal has noted; from here on the program says it
rm -f "$root/var/backups/autoscaler/still-changed"
hint=$("$here/scripts/deb/first-config.sh" "$root")
if [ -n "$live" ]; then systemctl daemon-reload; fi
if [ -n "$timer" ]; then systemctl start autoscaler.timer; fi

printf 'autoscaler %s is installed.\n' "$("$root/usr/bin/autoscaler" --version)"
if [ -n "$hint" ]; then
  printf '%s\n' "$hint"
else
  printf '/etc/autoscaler/config.json was left as it is. Next:\n'
fi
cat <<'TXT'
  sudo autoscaler check                          what is wrong or missing, and what to do about it
  sudo autoscaler run --dry-run                  what would be done, and why
  sudo systemctl enable --now autoscaler.timer   every 2 minutes from now on
TXT
