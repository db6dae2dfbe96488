#!/usr/bin/env bash
# Boots systemd on a copy of this machine: `boot.sh FOLDER CHECKOUT`, in new mount, pid, ipc, uts, cgroup and network
# namespaces. What is written there is in memory (an overlay), and gone with it. Of this machine's services none starts.
set -euo pipefail
folder=$1 checkout=$2

mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"

mount -t proc proc proc
# The kernel is this machine's too: systemd may not set its parameters.
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
for name in run tmp; do mount -t tmpfs tmpfs "$name"; done
mkdir -p ".$checkout" old
mount --bind "$checkout" ".$checkout"

rm -rf etc/systemd/system/* {usr/,}lib/systemd/system/*.target.wants {usr/,}lib/systemd/system-generators/*
# Nor is it this machine's own Subgate.
rm -rf etc/subgate etc/postgresql/*/subgate srv/subgate usr/local/bin/subgate
for target in sysinit basic sockets network-online shutdown; do
    printf '[Unit]\nDefaultDependencies=no\n' >"etc/systemd/system/$target.target"
done
printf '[Unit]\nDefaultDependencies=no\nRequires=sysinit.target\n' >etc/systemd/system/machine.target

pivot_root . old
umount -l old
# systemd gives credentials to services through shared mounts, and leaves that to the manager of a container.
mount --make-rshared /
ip link set lo up
exec env -i container=drill PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=machine.target --log-target=null --show-status=no
