#!/usr/bin/env bash
# Installs autoscaler on this host: builds it, puts the program, the units and, where there is none,
# an example config in their places. Idempotent: run it again to upgrade. Starts nothing that the
# config does not enable: in the example each project is disabled.
set -euo pipefail

die() { printf 'install.sh: %s\n' "$1" >&2; [ $# -lt 2 ] || printf '%s\n' "$2" >&2; exit 1; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=${DESTDIR:-}
lib=$root/usr/local/lib/autoscaler
doc=$root/usr/local/share/doc/autoscaler
units=$root/etc/systemd/system
etc=$root/etc/autoscaler

[ "$(id -u)" = 0 ] || die "must be run as root" "Run: sudo scripts/install.sh"
node=$(command -v node) || die "Node.js 20 or later is needed, none found" "Install it, then run this again."
node=$(readlink -f "$node")
major=$("$node" -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || die "Node.js 20 or later is needed, $node is $("$node" --version)"
case $node in
  /root/*|/home/*) printf 'install.sh: note: Node.js is at %s: keep it there, the timer uses it\n' "$node" >&2 ;;
esac

if [ ! -f "$here/dist/main.js" ] || [ -d "$here/src" ]; then
  printf 'Building …\n'
  (cd "$here" && scripts/install-node-deps.sh && npm run --silent build)
fi

install -d -m 0755 "$lib" "$doc" "$units" "$root/usr/local/bin" "$etc"
# the new program is laid beside the old one and swapped in by renames: a run in between finds one whole program
rm -rf "$lib/dist.new" "$lib/dist.old"
cp -r "$here/dist" "$lib/dist.new"
# systemd's PATH may not hold this node
sed -i "1s|^#!.*|#!$node|" "$lib/dist.new/main.js"
chmod 0755 "$lib/dist.new/main.js"
chown -R root:root "$lib/dist.new"
printf '{ "type": "module" }\n' > "$lib/package.json"
if [ -d "$lib/dist" ]; then mv "$lib/dist" "$lib/dist.old"; fi
mv "$lib/dist.new" "$lib/dist"
rm -rf "$lib/dist.old"
ln -sfn ../lib/autoscaler/dist/main.js "$root/usr/local/bin/autoscaler"
install -m 0644 "$here/README.md" "$here/config/autoscaler.example.jsonc" "$here/config/autoscaler.schema.json" "$doc/"
install -m 0644 "$here/systemd/autoscaler.service" "$here/systemd/autoscaler.timer" "$units/"
install -d -m 0750 "$root/var/lib/autoscaler" "$root/var/backups/autoscaler"

if [ ! -e "$etc/config.json" ]; then
  # every project disabled: nothing is touched before the user says so
  sed 's/"enabled": true/"enabled": false/' "$here/config/autoscaler.example.jsonc" > "$etc/config.json"
  chmod 0640 "$etc/config.json"
  fresh=1
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

printf 'autoscaler %s is installed.\n' "$("$root/usr/local/bin/autoscaler" --version)"
if [ -n "${fresh:-}" ]; then
  printf 'Next: edit /etc/autoscaler/config.json (an example, every project disabled), then\n'
else
  printf 'Your /etc/autoscaler/config.json was left as it is.\n'
fi
cat <<'TXT'
  autoscaler run --dry-run                     what would be done, and why
  systemctl enable --now autoscaler.timer      every 2 minutes from now on
TXT
