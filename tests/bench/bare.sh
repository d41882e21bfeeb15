# shellcheck shell=bash disable=SC2034,SC2154,SC2086,SC2046
# The class "bare": kernels (guest.c) and system events (events.c) without an
# operating system.  The guest times itself; each of its runs is a round.

# bare_objects FILE...: into $out/bare, their names added to $objects.
bare_objects() {
    local file source object plain free
    free="-fno-tree-vectorize -ffreestanding -fno-builtin -fpie
        -fvisibility=hidden -fno-stack-protector -mno-outline-atomics
        -fno-asynchronous-unwind-tables"
    for file; do
        source=$(ls "$file".[cS])
        object=$out/bare/$(basename "$file").o
        case $file in
        tests/bench/*) plain= ;;
        *) plain="-mgeneral-regs-only -mstrict-align" ;;
        esac
        compile $cross $free $plain -c -o "$object" "$source" || return
        objects="$objects $object"
    done
}

# bare_program NAME FILE...: these and what all share.
bare_program() {
    local name=$1 objects=$objects
    shift
    bare_objects "$@" &&
        $cross -nostdlib -static-pie -Wl,-T,pc-bios/guest/link.ld \
            -Wl,--no-dynamic-linker,--build-id=none,--no-warn-rwx-segments \
            -o "$out/bare/$name.elf" $objects &&
        aarch64-linux-gnu-objcopy -O binary "$out/bare/$name.elf" \
            "$out/bare/$name.bin"
}

bare_build() {
    local flags objects=
    mkdir -p "$out/native" "$out/bare"
    for flags in -ftree-vectorize -fno-tree-vectorize; do
        compile "${CC:-gcc}" $flags -o "$out/native/bare$flags" \
            tests/bench/native.c tests/bench/kernels.c || return
    done
    bare_objects $(printf 'pc-bios/guest/%s ' start vectors exception board \
        fdt gic print psci string timer uart) \
        $(printf 'tests/guest/lib/%s ' test el0 el0_enter tables) || return
    bare_program guest tests/bench/{kernels,guest} &&
        bare_program events tests/bench/{events,events_vectors}
}

# "NAME KIND NANOSECONDS SUM" on standard input
bare_record() {
    tr -d '\r' | sed -n "s/^\([^ ]*\) \([a-z]*\) \([0-9]*\) \([0-9a-f]\{16\}\)$/\
\2 \1 $1 $round \3 0 0 \4/p" | while read -r line; do
        set -- $line
        ! wanted "$2" || echo "$line"
    done >>"$out/raw"
}

# bare_guest PLAYER GUEST OPTION...
bare_guest() {
    local player=$1 guest=$2
    shift 2
    program_of "$player"
    timeout "$limit" "$program" -M virt -cpu cortex-a72 -m 256M "$@" \
        -nographic -kernel "$out/bare/$guest.bin" </dev/null \
        2>"$out/bare.$player.log" | bare_record "$player"
}

bare_round() {
    local player flags
    take_turns
    for player in "${players[@]}"; do
        bare_guest "$player" guest
        shown+=" $player"
    done
    for player in "${players[@]}"; do
        bare_guest "$player" events
        bare_guest "$player" events -M gic-version=3
        bare_guest "$player" events -smp 2
    done
    for flags in -ftree-vectorize -fno-tree-vectorize; do
        "$out/native/bare$flags" | bare_record native
    done
    progress "all rows"
}
