# shellcheck shell=bash disable=SC2034,SC2154,SC2086
# The class "bare": kernels and system events without an operating system
# (guest.c).  The guest times itself; each of its runs is a round.

bare_build() {
    local flags free file source object plain objects=
    mkdir -p "$out/native" "$out/bare"
    for flags in -ftree-vectorize -fno-tree-vectorize; do
        compile "${CC:-gcc}" $flags -o "$out/native/bare$flags" \
            tests/bench/native.c tests/bench/kernels.c || return
    done
    free="-fno-tree-vectorize -ffreestanding -fno-builtin -fpie
        -fvisibility=hidden -fno-stack-protector -mno-outline-atomics
        -fno-asynchronous-unwind-tables"
    for file in $(printf 'pc-bios/guest/%s ' start vectors exception board \
            fdt gic print psci string timer uart) \
        $(printf 'tests/guest/lib/%s ' test el0 el0_enter tables) \
        tests/bench/kernels tests/bench/guest; do
        source=$(ls "$file".[cS])
        object=$out/bare/$(basename "$file").o
        case $file in
        tests/bench/*) plain= ;;
        *) plain="-mgeneral-regs-only -mstrict-align" ;;
        esac
        compile $cross $free $plain -c -o "$object" "$source" || return
        objects="$objects $object"
    done
    $cross -nostdlib -static-pie -Wl,-T,pc-bios/guest/link.ld \
        -Wl,--no-dynamic-linker,--build-id=none,--no-warn-rwx-segments \
        -o "$out/bare/guest.elf" $objects &&
        aarch64-linux-gnu-objcopy -O binary "$out/bare/guest.elf" \
            "$out/bare/guest.bin"
}

# "NAME KIND NANOSECONDS SUM" on standard input
bare_record() {
    tr -d '\r' | sed -n "s/^\([^ ]*\) \([a-z]*\) \([0-9]*\) \([0-9a-f]\{16\}\)$/\
\2 \1 $1 $round \3 0 0 \4/p" | while read -r line; do
        set -- $line
        ! wanted "$2" || echo "$line"
    done >>"$out/raw"
}

bare_round() {
    local player flags
    take_turns
    for player in "${players[@]}"; do
        program_of "$player"
        timeout "$limit" "$program" -M virt -cpu cortex-a72 -m 256M \
            -nographic -kernel "$out/bare/guest.bin" </dev/null \
            2>"$out/bare.$player.log" | bare_record "$player"
        shown+=" $player"
    done
    for flags in -ftree-vectorize -fno-tree-vectorize; do
        "$out/native/bare$flags" | bare_record native
    done
    progress "all rows"
}
