# shellcheck shell=sh
# The guest's half of debian-install --short: what is left of a debootstrap
# once the host has unpacked the first packages.  Run by mkinitramfs's init.
say() {
    echo "STAGE $*"
}

for module in /files/drivers/*.ko; do
    insmod "$module"
done
until [ -b /dev/vda ]; do
    sleep 0.1
done
mkdir /target
mount -t ext4 /dev/vda /target
. /files/install-configure.sh
inside="chroot /target /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin
    HOME=/root DEBIAN_FRONTEND=noninteractive"

say debootstrap
echo force-unsafe-io >/target/etc/dpkg/dpkg.cfg.d/unsafe-io
$inside /debootstrap/debootstrap --second-stage ||
    cat /target/debootstrap/debootstrap.log
rm /target/etc/dpkg/dpkg.cfg.d/unsafe-io

# What dpkg knows of each file, but for those that we change.
say verify
mount -t proc proc /target/proc
echo "AUDIT $($inside dpkg --audit | wc -l)"
echo "VERIFY $($inside dpkg --verify | wc -l)"
$inside dpkg-query -W -f 'PACKAGE ${Package} ${db:Status-Abbrev}\n'

say configure
configure_target
echo "/dev/vda / ext4 errors=remount-ro 0 1" >/target/etc/fstab
umount /target/proc
umount /target
say power-off
