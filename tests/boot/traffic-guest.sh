# The guest's half of tests/boot/traffic: a script of mkinitramfs.  What to do
# is on the kernel's command line, traffic=PART,PART,..., how much of it in
# /files/settings.  A line "LOST sentence" fails the test.
. /files/settings
bytes=$(sed -n 's/.*bytes=\([0-9]*\).*/\1/p' /proc/cmdline)
tools=/files
library=/files/fio/lib
export LD_LIBRARY_PATH=$library

lost() {
    echo "LOST $*"
}

# tool COMMAND...: its complaints are losses.
tool() {
    "$@" 2>/tmp/complaint || lost "$(tail -n 1 /tmp/complaint)"
}

for module in /files/drivers/*.ko; do
    insmod "$module"
done
ifconfig lo 127.0.0.1 up

# What the server says is taken at its word.
cat >/tmp/lease <<'END'
#!/bin/sh
if [ "$1" = bound ]; then
    ifconfig "$interface" "$ip" netmask "$subnet"
    route add default gw "$router"
    echo "nameserver $dns" >/etc/resolv.conf
fi
END
chmod 755 /tmp/lease

part_up() {
    ifconfig eth0 up
    udhcpc -q -n -i eth0 -s /tmp/lease >/tmp/udhcpc 2>&1 ||
        lost "DHCP: $(tail -n 1 /tmp/udhcpc)"
    grep -q 10.0.2.3 /etc/resolv.conf || lost "DHCP names no server"
    ping -c 20 -i 0.05 -W 5 -q 10.0.2.2 | grep -q ' 0% packet loss' ||
        lost "pings of the gateway"
    [ -z "$NAME" ] || nslookup "$NAME" >/tmp/nslookup 2>&1 ||
        lost "DNS: $(tail -n 1 /tmp/nslookup)"
}

part_serve() {
    tool $tools/traffic serve 0.0.0.0 7000
}

# To the host, by the gateway's address.
part_out() {
    {
        tool $tools/traffic clients 10.0.2.2 "$PORT" "$CONNECTIONS" 1
        tool $tools/traffic send 10.0.2.2 "$PORT" "$bytes"
        tool $tools/traffic receive 10.0.2.2 "$PORT" "$bytes"
    } | sed 's/FIGURE /FIGURE out_/'
}

part_scribble() {
    tool $tools/scribble /dev/vda "$STEPS"
}

# job NAME OPTION...: one of fio's on the disk; MiB/s for those in sequence,
# else operations a second.
job() {
    name=$1
    shift
    $library/ld-linux-aarch64.so.1 /files/fio/bin/fio --name="$name" \
        --filename=/dev/vda --direct=1 --ioengine=libaio --verify_fatal=1 \
        --output-format=terse --terse-version=3 "$@" >/tmp/fio 2>&1 || {
        lost "fio $name: $(head -n 3 /tmp/fio)"
        return
    }
    [ "$(cut -d ';' -f 5 /tmp/fio)" = 0 ] || lost "fio $name: an error"
    case $name in
    seq*) fields='7,48' unit=1024 ;;
    *) fields='8,49' unit=1 ;;
    esac
    value=$(cut -d ';' -f "${fields%,*}" /tmp/fio)
    value=$((value + $(cut -d ';' -f "${fields#*,}" /tmp/fio)))
    echo "FIGURE $name $((value / unit))"
}

part_fio() {
    timed="--size=$DISK --time_based=1 --runtime=$EACH"
    job seqwrite --rw=write --bs=256k --iodepth=8 $timed
    job seqread --rw=read --bs=256k --iodepth=8 $timed
    job randread --rw=randread --bs=4k --iodepth=32 $timed
    job randwrite --rw=randwrite --bs=4k --iodepth=32 $timed
    job randread1 --rw=randread --bs=4k --iodepth=1 $timed
    job fsync --rw=write --bs=4k --iodepth=1 --fsync=1 $timed
    job seqverify --rw=write --bs=64k --iodepth=16 --size="$VERIFY" \
        --verify=crc32c --fsync=64
    job verify --rw=randrw --bsrange=512-128k --iodepth=32 \
        --size="$VERIFY" --verify=crc32c --fsync=64 --verify_backlog=128
}

for part in $(sed -n 's/.*traffic=\([a-z,]*\).*/\1/p' /proc/cmdline |
    tr , ' '); do
    echo "PART $part"
    "part_$part"
done
dmesg -r | sed -n 's/^<[0-3]>/LOST kernel: /p'
