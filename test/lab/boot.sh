#!/bin/sh
# Boots a throwaway host with a real systemd over an overlay of a root file system and keeps it until
# standard input ends: so it goes away with its owner, however that one dies. Called by lab.ts as
#   unshare --mount --propagation private -- sh boot.sh FOLDER NAME ROOT CGROUP [PATH…]
# All mounts are made in this private mount namespace, so none can be left behind. PATHs are folders
# on other file systems that are to be seen (and, without effect outside, written) inside.
set -eu
folder=$1 name=$2 lower=$3 cgroup=$4
shift 4

tear_down() {
  trap - EXIT
  # this shell must not be among those that it kills
  echo $$ > "${cgroup%/*}/cgroup.procs" || true
  echo 1 > "$cgroup/cgroup.kill" 2> /dev/null || true
  while grep -q 'populated 1' "$cgroup/cgroup.events" 2> /dev/null; do sleep 0.02; done
  find "$cgroup" -depth -type d -exec rmdir {} + 2> /dev/null || true
  umount --recursive --lazy "$folder/fs" 2> /dev/null || true
  rmdir "$folder/fs" || true
  rm -f "$folder/console.log" "$folder/nspawn.pid"
  rmdir "$folder"
}
trap tear_down EXIT
trap '' INT TERM HUP

# a cgroup of its own: two labs must not share /system.slice
mkdir "$cgroup"
echo $$ > "$cgroup/cgroup.procs"

mount -t tmpfs -o mode=0755 lab "$folder/fs"
mkdir "$folder/fs/upper" "$folder/fs/work" "$folder/fs/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$folder/fs/upper,workdir=$folder/fs/work" lab "$folder/fs/root"

# What this machine starts at boot is not started here, and can be started by a test.
cd "$folder/fs/root"
rm -f etc/systemd/system/*.wants/* etc/rc?.d/S* etc/cron.d/*
for unit in tmp.mount getty.target systemd-tmpfiles-clean.timer systemd-networkd.service systemd-resolved.service \
  systemd-firstboot.service systemd-pstore.service systemd-machine-id-commit.service; do
  ln -sf /dev/null "etc/systemd/system/$unit"
done
# neither a tmpfs on /tmp (below) nor the cleaning of it at boot: the checkout may lie there
ln -sf /dev/null etc/tmpfiles.d/tmp.conf
rm -f etc/machine-id etc/fstab etc/hostname etc/hosts
tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id
: > etc/fstab
printf '127.0.0.1 localhost %s\n' "$name" > etc/hosts
cd /

number=0
for path; do
  number=$((number + 1))
  mkdir "$folder/fs/upper$number"
  mkdir -p "$folder/fs/root$path"
  set -- "$@" "--overlay=$path:$folder/fs/upper$number:$path"
  shift
done
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_TMPFS_TMP=0
systemd-nspawn --quiet --boot --directory="$folder/fs/root" \
  --machine="$name" --register=no --keep-unit --private-network --console=pipe \
  --resolv-conf=off --timezone=off --link-journal=no "$@" < /dev/null > "$folder/console.log" 2>&1 &
echo $! > "$folder/nspawn.pid"
# ends when the owner closes the pipe, or is gone
cat > /dev/null
