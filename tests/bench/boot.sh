# shellcheck shell=bash disable=SC2034,SC2154,SC2086
# The class "boot": what it takes to get somewhere, from the start of the
# emulator; memory; and two processors.

boot_rows="first-instruction start-to-off kernel-to-init kernel-to-off
    stored-to-init edk2-to-shell installer-to-menu installer-memory parallel-1
    parallel-2"
edk2=/usr/share/AAVMF/AAVMF_CODE.fd
# No other mapping is as large, so that guest RAM can be told from the rest.
installer_ram=1100

boot_build() {
    linux_build || return
    tests/boot/mkinitramfs "$out/boot.gz" || return
    rm -rf "$out"/store.*
    # "!" to the UART, and off by PSCI.
    cat >"$out/tiny.S" <<'END'
    mov     x0, #0x09000000
    mov     w1, #'!'
    str     w1, [x0]
    movz    w0, #0x8400, lsl #16
    movk    w0, #0x0008
    hvc     #0
    b       .
END
    $cross -c -o "$out/tiny.o" "$out/tiny.S" &&
        aarch64-linux-gnu-objcopy -O binary "$out/tiny.o" "$out/tiny.bin"
}

# one_wait ROW PLAYER TEXT: what it took until then.
one_wait() {
    if ask "$2" wait "$3"; then
        record "$1" "$2" $answer -
    fi
}

one_end() {
    if ask "$2" end; then
        record "$1" "$2" $answer -
    fi
}

boot_tiny() {
    watch_start "$1" -m 256M -kernel "$out/tiny.bin"
    one_wait first-instruction "$1" '!'
    one_end start-to-off "$1"
    watch_stop "$1"
}

# start_kernel PLAYER ARGUMENT...
start_kernel() {
    watch_start "$@" -m 1G -kernel "$cache/Image" -initrd "$out/boot.gz" \
        -append console=ttyAMA0
}

boot_kernel() {
    start_kernel "$1"
    one_wait kernel-to-init "$1" "INIT REACHED"
    one_end kernel-to-off "$1"
    watch_stop "$1"
}

# With the translations of a start before it, which is not timed; QEMU keeps
# none.
boot_stored() {
    local store=()
    if [ "$1" != qemu ]; then
        store=(-accel "jit,cache=$out/store.$1")
        if [ ! -e "$out/store.$1" ]; then
            mkdir -m 700 "$out/store.$1"
            start_kernel "$1" "${store[@]}"
            ask "$1" end
            watch_stop "$1"
        fi
    fi
    start_kernel "$1" "${store[@]}"
    one_wait stored-to-init "$1" "INIT REACHED"
    watch_stop "$1"
}

# The firmware and the shell wait for keys for seconds, unless told not to.
boot_edk2() {
    watch_start "$1" -m 1G -boot menu=on,splash-time=0 -drive \
        "if=pflash,format=raw,readonly=on,file=$edk2"
    one_wait edk2-to-shell "$1" "UEFI Interactive Shell"
    watch_stop "$1"
}

# Memory is in KiB and not in nanoseconds.  Pages that are mapped twice, as
# generated code is, count once.
boot_installer() {
    watch_start "$1" -m ${installer_ram}M -kernel "$cache/installer/linux" \
        -initrd "$cache/installer/initrd.gz" -append console=ttyAMA0
    one_wait installer-to-menu "$1" "Select a language" &&
        sleep 1 && ask "$1" memory $((installer_ram << 20)) &&
        record installer-memory "$1" \
            $((${answer% *} - ${answer#* })) 0 0 -
    watch_stop "$1"
}

boot_parallel() {
    local row
    watch_start "$1" -m 1G -smp 2 -kernel "$cache/Image" \
        -initrd "$out/linux.gz" -append "console=ttyAMA0 quiet"
    if ask "$1" wait @ready; then
        for row in parallel-1 parallel-2; do
            ask "$1" row $row || break
            record $row "$1" $answer
        done
    fi
    watch_stop "$1"
}

# boot_by_turns FUNCTION ROW...
boot_by_turns() {
    local player function=$1 row=$2
    shift
    for row; do
        wanted "$row" && break
        row=
    done
    [ -n "$row" ] || return 0
    take_turns
    for player in "${players[@]}"; do
        "$function" "$player"
    done
    progress "$*"
}

boot_round() {
    boot_by_turns boot_tiny first-instruction start-to-off
    boot_by_turns boot_kernel kernel-to-init kernel-to-off
    boot_by_turns boot_stored stored-to-init
    [ ! -e "$edk2" ] || boot_by_turns boot_edk2 edk2-to-shell
    boot_by_turns boot_installer installer-to-menu installer-memory
    boot_by_turns boot_parallel parallel-1 parallel-2
    if wanted parallel-1; then
        for row in parallel-1 parallel-2; do
            line=$("$out/native/linux-fno-tree-vectorize" $row |
                grep '^@end') && set -- $line &&
                record $row native "$3" "$4" "$4" -
        done
        progress "parallel, native"
    fi
}
