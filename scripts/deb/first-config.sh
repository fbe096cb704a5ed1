#!/bin/sh
# Puts an example config where there is none: each project disabled, so that nothing is touched before the user
# says so. Its first line has the checksum of the others, by which `autoscaler init` tells that nobody has touched it
# and replaces it. Where it is that example, this says so. Called after an installation; $1: the folder that the
# installation is below, empty for /.
set -eu
etc=$1/etc/autoscaler
config=$etc/config.json
mark='// An example: "sudo autoscaler init" replaces it while it is untouched (sha256'
sum() { sha256sum | cut -d ' ' -f 1; }

if [ ! -e "$config" ]; then
  mkdir -p -m 0755 "$etc"
  umask 027
  disabled() { sed 's/"enabled": true/"enabled": false/' "$1/usr/share/doc/autoscaler/examples/autoscaler.example.jsonc"; }
  {
    printf '%s %s).\n' "$mark" "$(disabled "$1" | sum)"
    disabled "$1"
  } > "$config"
fi

[ -f "$config" ] && [ "$(head -n 1 "$config")" = "$mark $(tail -n +2 "$config" | sum))." ] || exit 0
cat << TXT
autoscaler: /etc/autoscaler/config.json is an example, which does not describe this host. Next:
  sudo autoscaler init     finds the services of this host and writes a config for them
TXT
