# shellcheck shell=bash disable=SC2034,SC2154,SC2086
# The class "programs": Debian's arm64 packages on a disk, one processor; the
# same packages' programs of this machine are the native ones, where they are
# installed.  What files they need is in the page cache before the first row.

programs_build() {
    local driver=$out/programs.drivers
    mkdir -p "$out/native" "$out/work"
    compile "${CC:-gcc}" -o "$out/native/stopwatch" \
        tests/bench/{stopwatch,row}.c || return
    compile $cross -static -o "$out/stopwatch" \
        tests/bench/{stopwatch,row}.c || return
    WORK=$out/work tests/bench/programs/row text
    rm -rf "$out/native/sources"
    mkdir "$out/native/sources"
    cp -r util "$out/native/sources"
    programs_disk || return
    tests/boot/drivers "$driver" virtio_mmio virtio_blk || return
    rm -rf "$out/drivers"
    cp -r "$driver" "$out/drivers"
    cat >"$out/programs.script" <<'END'
stty -echo
export ROW_TALK=yes
for module in /files/drivers/*.ko; do
    insmod "$module"
done
mkdir /mnt
mount -t ext4 -o ro /dev/vda /mnt
mount -t tmpfs tmp /mnt/tmp
mount -t devtmpfs dev /mnt/dev
mount -t proc proc /mnt/proc
cp -r /files/programs /files/stopwatch /files/text /files/sources /mnt/tmp
cd /mnt
find bin lib usr -type f -size -80000 -exec cat {} + >/dev/null
while echo @ready; read -r name && [ "$name" != off ]; do
    BENCH=/tmp chroot /mnt /bin/sh /tmp/programs/row $name
done
END
    tests/boot/mkinitramfs "$out/programs.gz" "$out/programs.script" \
        "$out/drivers" "$out/stopwatch" "$out/work/text" \
        "$out/native/sources" tests/bench/programs
}

# The packages as an ext4 file system, without what no row touches.
programs_disk() {
    local tree=$out/programs.tree disk=$cache/bench.img
    [ "$disk" -nt "$cache/bench/.complete" ] && return
    echo "bench: making $disk"
    rm -rf "$tree"
    cp -r --preserve=mode,timestamps "$cache/bench" "$tree"
    rm -rf "$tree"/usr/lib/gcc/*/*/{lto1,*.a} "$tree"/usr/lib/*/gconv \
        "$tree"/usr/lib/*/*.a "$tree"/usr/bin/*{lto-dump,gold,dwp,gprof}* \
        "$tree"/usr/lib/*/perl/*/CORE
    mkdir -p "$tree"/{tmp,dev,proc,usr/bin}
    ln -sf dash "$tree/bin/sh"
    rm -f "$disk.new"
    truncate -s 320M "$disk.new"
    mke2fs -qF -t ext4 -O ^has_journal -d "$tree" "$disk.new" &&
        mv "$disk.new" "$disk"
    rm -rf "$tree"
}

native_row() {
    # Debian's compiler makes other code for this machine.
    native_sum=
    [[ $1 != gcc* ]] || native_sum=-
    record_native "$1" env BENCH="$out/native" WORK="$out/work" \
        sh tests/bench/programs/row "$1"
    native_sum=
}

programs_round() {
    # shellcheck disable=SC2046 # names
    guests_start "$out/programs.gz" -device virtio-blk-device,drive=disk \
        -drive "if=none,id=disk,format=raw,readonly=on,file=$cache/bench.img" &&
        rows_in_guest $(tests/bench/programs/row)
    guests_stop
}
