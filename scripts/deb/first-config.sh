#!/bin/sh
# Puts an example config where there is none: each project disabled, so that nothing is touched before the user
# says so. Called after an installation; $1: the folder that the installation is below, empty for /.
set -eu
etc=$1/etc/autoscaler
[ ! -e "$etc/config.json" ] || exit 0
mkdir -p -m 0755 "$etc"
umask 027
sed 's/"enabled": true/"enabled": false/' "$1/usr/share/doc/autoscaler/examples/autoscaler.example.jsonc" > "$etc/config.json"
