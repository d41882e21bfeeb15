# shellcheck shell=sh
# What an installed system in /target needs besides its packages.

# An address by DHCP on any network card, for we start it on several machines.
any_card() {
    mkdir -p /target/etc/systemd/network
    printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' \
        >/target/etc/systemd/network/80-dhcp.network
    rm -f /target/etc/network/interfaces
    echo "nameserver 10.0.2.3" >/target/etc/resolv.conf
    chroot /target /bin/systemctl enable systemd-networkd
}

# On a host that is busy with much else, a disk that takes long to appear is
# not missing.
be_patient() {
    mkdir -p /target/etc/systemd/system.conf.d
    printf '[Manager]\n%s=900\n%s=900\n' DefaultDeviceTimeoutSec \
        DefaultTimeoutStartSec \
        >/target/etc/systemd/system.conf.d/patience.conf
}

# A way in.
let_in() {
    mkdir -p /target/root/.ssh
    chmod 700 /target/root/.ssh
    cp /files/key.pub /target/root/.ssh/authorized_keys
}

# All of it, where there was no installer.
configure_target() {
    echo armature >/target/etc/hostname
    echo "127.0.0.1 localhost armature" >/target/etc/hosts
    echo root:armature | chroot /target /usr/sbin/chpasswd
    any_card
    be_patient
    let_in
}
