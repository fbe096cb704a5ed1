#!/usr/bin/env bash
# Builds the Debian package with debhelper and checks it with lintian: scripts/deb/build.sh [FOLDER]
# puts autoscaler_VERSION_all.deb into FOLDER (default: dist). Needs the packages debhelper, lintian and po-debconf.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for tool in dh dpkg-buildpackage lintian po2debconf; do
  command -v $tool > /dev/null || { printf 'deb/build.sh: %s is needed: apt-get install debhelper dpkg-dev lintian po-debconf\n' "$tool" >&2; exit 1; }
done
mkdir -p "${1:-dist}"
to=$(cd "${1:-dist}" && pwd)
scripts/install/node-deps.sh
npm run --silent build

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/autoscaler"
cp -r dist config docs systemd scripts README.md README.es.md SECURITY.md CONTRIBUTING.md CHANGELOG.md LICENSE package.json "$work/autoscaler/"
cp -r scripts/deb/debian "$work/autoscaler/debian"
for script in prerm postrm; do
  sed -i -e '/^#BACKUPS#$/{r scripts/deb/backups.sh' -e 'd}' "$work/autoscaler/debian/$script"
done
cd "$work/autoscaler"
rm -f dist/*.deb
version=$(node -p 'require("./package.json").version')
date=$(date -R -r README.md)
printf 'autoscaler (%s) unstable; urgency=medium\n\n  * See the changelog of this version.\n\n -- The autoscaler maintainers <maintainers@autoscaler.invalid>  %s\n' "$version" "$date" > debian/changelog
{
  printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
  printf 'Comment: The licences of the packages that are built in: /usr/share/doc/autoscaler/licenses.txt\n\n'
  printf 'Files: *\nCopyright: 2026 The autoscaler maintainers\nLicense: Expat\n'
  sed -e '1,/^Copyright/d' -e 's/^$/./' -e 's/^/ /' LICENSE | sed 1d
} > debian/copyright
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps > "$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
deb=$work/autoscaler_${version}_all.deb
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$deb"
cp "$deb" "$to/"
printf '%s\n' "$to/autoscaler_${version}_all.deb"
