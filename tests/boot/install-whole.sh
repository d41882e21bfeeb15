#!/bin/bash
# The guest's half of debian-install: the first process of a system that has
# debootstrap.  Partitions the disk, installs over the network, sets up GRUB
# for the firmware, and powers off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb
export DEBIAN_FRONTEND=noninteractive
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run
mount -t devpts devpts /dev/pts
exec </dev/null >/dev/console 2>&1

say() {
    stage=$*
    echo "STAGE $*"
}

# There is no more to be done than to tell of it.
give_up() {
    echo "INSTALL FAILED in $stage: line $1"
    dmesg | tail -n 20
    echo o >/proc/sysrq-trigger
    sleep 60
}
trap 'give_up $LINENO' ERR

say drivers
for module in /files/drivers/*.ko; do
    insmod "$module"
done
mount -t efivarfs efivarfs /sys/firmware/efi/efivars
until [ -b /dev/vda ]; do
    sleep 0.1
done
. /files/settings
. /files/install-configure.sh

say network
card=$(basename "$(ls -d /sys/class/net/e*)")
/busybox ip link set lo up
/busybox ip link set "$card" up
/busybox udhcpc -q -f -n -t 10 -i "$card" -s /files/install-dhcp

say partition
sfdisk -q --label gpt /dev/vda <<E
size=128MiB, type=uefi
type=linux
E
mkfs.vfat -F 32 /dev/vda1
mkfs.ext4 -qF /dev/vda2
mkdir -p /target
mount /dev/vda2 /target
mkdir -p /target/boot/efi
mount /dev/vda1 /target/boot/efi

say debootstrap
debootstrap --arch=arm64 "$RELEASE" /target "$MIRROR"

say kernel
cat >/target/etc/fstab <<E
UUID=$(blkid -o value -s UUID /dev/vda2) / ext4 errors=remount-ro 0 1
UUID=$(blkid -o value -s UUID /dev/vda1) /boot/efi vfat umask=0077 0 1
E
configure_target
mount -t proc proc /target/proc
mount -t sysfs sys /target/sys
mount --rbind /dev /target/dev
mount -t efivarfs efivarfs /target/sys/firmware/efi/efivars
chroot /target apt-get -q install -y --no-install-recommends \
    linux-image-arm64 initramfs-tools zstd grub-efi-arm64 openssh-server

say grub
sed -i 's/^\(GRUB_TIMEOUT\)=.*/\1=1/
    s/^\(GRUB_CMDLINE_LINUX\)=.*/\1="console=ttyAMA0"/' \
    /target/etc/default/grub
chroot /target grub-install --target=arm64-efi
chroot /target update-grub

say power-off
sync
umount -l -R /target/dev /target/sys /target/proc
umount /target/boot/efi
umount /target || mount -o remount,ro /target
echo "INSTALL DONE"
echo o >/proc/sysrq-trigger
sleep 60
