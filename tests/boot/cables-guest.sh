# The guest's half of tests/boot/cables: a script of mkinitramfs.  Its role is
# on the kernel's command line, role=NAME.  A line "LOST sentence" fails the
# test.
. /files/settings
traffic=/files/traffic

lost() {
    echo "LOST $*"
}

for module in /files/drivers/*.ko; do
    insmod "$module"
done
ifconfig lo 127.0.0.1 up
ifconfig eth0 up

cat >/tmp/lease <<'END'
#!/bin/sh
[ "$1" != bound ] || ifconfig "$interface" "$ip" netmask "$subnet"
[ "$1" != bound ] || route add default gw "$router"
END
chmod 755 /tmp/lease

lease() {
    udhcpc -q -n -i eth0 -s /tmp/lease >/tmp/udhcpc 2>&1 ||
        lost "DHCP: $(tail -n 1 /tmp/udhcpc)"
}

# talk ADDRESS: everything with a server there.
talk() {
    {
        $traffic clients "$1" 7000 100 20 && $traffic udp "$1" 7000 300 &&
            $traffic send "$1" 7000 $((16 << 20)) &&
            $traffic receive "$1" 7000 $((16 << 20))
    } 2>&1 || lost "talk with $1"
    $traffic stop "$1" 7000
}

# Two guests: the one serves, the other talks to it when it is there.
role_one() {
    ifconfig eth0 10.1.0.1 netmask 255.255.255.0
    $traffic serve 0.0.0.0 7000 || lost "the server"
}

role_other() {
    ifconfig eth0 10.1.0.2 netmask 255.255.255.0
    for _ in $(seq 100); do
        ! ping -c 1 -W 1 -q 10.1.0.1 >/dev/null 2>&1 || break
    done
    sleep 1
    talk 10.1.0.1
}

# The user network's servers and rules.
role_user() {
    lease
    tftp -b 1400 -g -r big -l /tmp/big 10.0.2.2 ||
        lost "TFTP gave up"
    [ "$(sha256sum </tmp/big)" = "$BIG" ] || lost "TFTP: another file"
    answer=$(echo hello | nc -w 5 10.0.2.100 7)
    [ "$answer" = hello ] || lost "guestfwd: '$answer'"
    for _ in $(seq 50); do
        ifconfig eth0 | grep -q 'fec0::' && break
        sleep 0.2
    done
    ping -6 -c 5 -i 0.1 -W 5 -q fec0::2 | grep -q ' 0% packet loss' ||
        lost "IPv6: pings of the gateway"
    $traffic serve 0.0.0.0 7000 || lost "the server"
}

# Nothing gets out, but who is let in is answered.
role_restricted() {
    lease
    if timeout 3 nc 10.0.2.2 "$PORT" </dev/null >/dev/null 2>&1; then
        lost "restrict=on: the host answers"
    fi
    $traffic serve 0.0.0.0 7000 || lost "the server"
}

role=$(sed -n 's/.*role=\([a-z]*\).*/\1/p' /proc/cmdline)
echo "ROLE $role"
"role_$role"
dmesg -r | sed -n 's/^<[0-3]>/LOST kernel: /p'
