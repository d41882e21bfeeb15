# shellcheck shell=bash disable=SC2034,SC2154,SC2086
# The class "linux": small programs under Debian's kernel (linux.c), one
# processor.  Each round boots anew; the guests then wait while others work.

linux_rows() {
    "$out/native/linux-ftree-vectorize"
}

linux_build() {
    local flags
    mkdir -p "$out/native"
    for flags in -ftree-vectorize -fno-tree-vectorize; do
        compile "${CC:-gcc}" $flags -static -o "$out/native/linux$flags" \
            tests/bench/{linux,kernels,row}.c -lm || return
    done
    compile $cross -ftree-vectorize -static -o "$out/linux" \
        tests/bench/{linux,kernels,row}.c -lm || return
    cat >"$out/linux.script" <<'END'
stty -echo
export ROW_TALK=yes
# shellcheck disable=SC2162
while echo @ready; read -r name && [ "$name" != off ]; do
    /files/linux $name
done
END
    tests/boot/mkinitramfs "$out/linux.gz" "$out/linux.script" "$out/linux"
}

native_row() {
    record_native "$1" "$out/native/linux-ftree-vectorize" "$1"
    record_native "$1" "$out/native/linux-fno-tree-vectorize" "$1"
}

# guests_start INITRD ARGUMENT...
guests_start() {
    local initrd=$1 player
    shift
    for player in armature qemu again; do
        watch_start "$player" -m 1G -kernel "$cache/Image" \
            -initrd "$initrd" -append "console=ttyAMA0 quiet" "$@"
        ask "$player" wait @ready || return 1
    done
}

guests_stop() {
    local player
    for player in armature qemu again; do
        watch_stop "$player"
    done
}

linux_round() {
    # shellcheck disable=SC2046 # names
    guests_start "$out/linux.gz" && rows_in_guest $(linux_rows)
    guests_stop
}
