#!/usr/bin/env bash
# Lays all files of the built program out below a folder, in the places where they are on a host:
#   scripts/install/lay-out.sh FOLDER [NODE]
# The Debian package and scripts/install.sh both take them from here, so that they install the same files to the
# same places. NODE is the path of the Node.js that runs it (default /usr/bin/node).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
to=$1
node=${2:-/usr/bin/node}

put() { install -D -m 0644 "$here/$1" "$to/$2"; }

install -d -m 0755 "$to/usr/lib/autoscaler" "$to/usr/bin"
cp -r "$here/dist" "$to/usr/lib/autoscaler/dist"
rm -rf "$to"/usr/lib/autoscaler/dist/{share,licenses.txt,cache} "$to"/usr/lib/autoscaler/dist/*.deb
# the PATH of systemd may not hold this node
sed -i "1s|^#!.*|#!$node|" "$to/usr/lib/autoscaler/dist/main.js"
# only the program itself is to be run
find "$to/usr/lib/autoscaler/dist" -type f ! -name main.js -exec sed -i '1{/^#!/d}' {} + -exec chmod 0644 {} +
chmod 0755 "$to/usr/lib/autoscaler/dist/main.js"
ln -s ../lib/autoscaler/dist/main.js "$to/usr/bin/autoscaler"

put systemd/autoscaler.service usr/lib/systemd/system/autoscaler.service
put systemd/autoscaler.timer usr/lib/systemd/system/autoscaler.timer
put scripts/deb/autoscaler.logrotate etc/logrotate.d/autoscaler
put dist/share/man/autoscaler.8 usr/share/man/man8/autoscaler.8
put dist/share/completions/autoscaler.bash usr/share/bash-completion/completions/autoscaler
put dist/share/completions/_autoscaler usr/share/zsh/vendor-completions/_autoscaler
put dist/share/completions/autoscaler.fish usr/share/fish/vendor_completions.d/autoscaler.fish
put config/autoscaler.example.jsonc usr/share/doc/autoscaler/examples/autoscaler.example.jsonc
put config/autoscaler.schema.json usr/share/doc/autoscaler/autoscaler.schema.json
put dist/licenses.txt usr/share/doc/autoscaler/licenses.txt
put README.md usr/share/doc/autoscaler/README.md
put README.es.md usr/share/doc/autoscaler/README.es.md
put SECURITY.md usr/share/doc/autoscaler/SECURITY.md
put CONTRIBUTING.md usr/share/doc/autoscaler/CONTRIBUTING.md
put CHANGELOG.md usr/share/doc/autoscaler/CHANGELOG.md
# what the README refers to is where it says
doc=$to/usr/share/doc/autoscaler
cp -r "$here/docs" "$doc/docs"
find "$doc/docs" -type d -exec chmod 0755 {} + -o -type f -exec chmod 0644 {} +
install -d -m 0755 "$doc/config"
ln -s ../autoscaler.schema.json "$doc/config/autoscaler.schema.json"
ln -s ../examples/autoscaler.example.jsonc "$doc/config/autoscaler.example.jsonc"
