# Runs in the guest of tests/boot/agree: what the board looks like from
# within, as one archive on the console.
out=/tmp/board
mkdir -p $out
for module in /files/drivers/*.ko; do
    insmod "$module"
done
for name in interrupts iomem ioports cpuinfo; do
    cat /proc/$name >$out/$name
done
dmesg -r >$out/dmesg
cat /sys/firmware/fdt >$out/fdt 2>/dev/null
for directory in acpi dmi; do
    [ ! -d /sys/firmware/$directory/tables ] ||
        cp -r /sys/firmware/$directory/tables $out/$directory
done
# The form lspci -x writes and lspci -F reads.
for device in /sys/bus/pci/devices/*; do
    echo "${device##*/} device"
    hexdump -v -e '"%03_ax:" 16/1 " %02x" "\n"' "$device/config"
    echo
done | sed 's/^0000://' >$out/pci
for device in /sys/bus/pci/devices/*; do
    sed "s/^/${device##*/} /" "$device/resource"
done >$out/resources
for device in /sys/bus/virtio/devices/*; do
    echo "$(readlink -f "$device")" "$(cat "$device/device")" \
        "$(cat "$device/features")"
done >$out/virtio
ls /sys/bus/platform/devices /sys/bus/acpi/devices /sys/bus/amba/devices \
    >$out/devices
echo "BOARD BEGINS"
tar -c -C $out . | gzip -9 | base64
echo "BOARD ENDS"
