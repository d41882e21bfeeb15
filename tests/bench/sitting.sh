# shellcheck shell=bash disable=SC2034,SC2154,SC2086
# Emulators side by side, for run and the class files beside it (bash).
#
# A sitting has players: the emulators by turns ("armature", "qemu", and
# "again", which is armature once more: what the two of these differ by is
# noise), each started through watch.c and talked to by ask().  Measurements
# are lines in $out/raw:
#
#   CLASS ROW PLAYER ROUND WALL PROCESS THREADS SUM
#
# in nanoseconds; 0 is not known, - is no checksum.

declare -A watch_in watch_out watch_pid
answer=

# program PLAYER: sets $program.
program_of() {
    case $1 in
    qemu) program=$qemu ;;
    *) program=$emulator ;;
    esac
}

# watch_start PLAYER ARGUMENT...: start the emulator, with what is the same in
# all classes.
watch_start() {
    local player=$1 to from
    shift
    program_of "$player"
    rm -f "$out/$player.in" "$out/$player.out"
    mkfifo "$out/$player.in" "$out/$player.out"
    "$out/watch" "$out/$class.$player.log" "$limit" "$program" -M virt \
        -cpu cortex-a72 -nographic -nodefaults -serial mon:stdio \
        -name bench,debug-threads=on "$@" \
        <"$out/$player.in" >"$out/$player.out" &
    watch_pid[$player]=$!
    exec {to}>"$out/$player.in" {from}<"$out/$player.out"
    watch_in[$player]=$to
    watch_out[$player]=$from
}

# ask PLAYER COMMAND...: its answer after "ok" in $answer; a failure is told
# of, once.
ask() {
    local player=$1
    shift
    echo "$*" >&"${watch_in[$player]}"
    read -r answer <&"${watch_out[$player]}" || answer="failed no answer"
    if [ "${answer%% *}" != ok ]; then
        trouble "$class: $player: $*: ${answer#failed } (see" \
            "$out/$class.$player.log)"
        return 1
    fi
    answer=${answer#ok}
    answer=${answer# }
}

watch_stop() {
    local player=$1 to=${watch_in[$1]} from=${watch_out[$1]}
    echo quit >&"$to"
    exec {to}>&- {from}<&-
    wait "${watch_pid[$player]}"
    unset "watch_pid[$player]"
}

trouble() {
    echo "bench: $*" >&2
    failed=yes
}

# The players, another one first each time.
turn=0
take_turns() {
    local all=(armature qemu again) n
    players=()
    for n in 0 1 2; do
        players+=("${all[(n + turn) % 3]}")
    done
    turn=$((turn + 1))
}

wanted() {
    [[ $1 =~ $only ]]
}

# record ROW PLAYER WALL PROCESS THREADS SUM
record() {
    echo "$class $1 $2 $round $3 $4 $5 $6" >>"$out/raw"
    shown+=" $2 $(printf '%d.%02d' $((${3} / 1000000000)) \
        $((${3} / 10000000 % 100)))"
}

# progress ROW: what record() has seen of it.
progress() {
    printf 'bench: %s %d/%d %-16s%s s\n' "$class" "$round" "$rounds" "$1" \
        "$shown" >&2
    shown=
}
shown=

# record_native ROW COMMAND...: one run on the host, of a program that uses
# row.c, on one processor.
record_native() {
    local row=$1 line
    shift
    line=$(taskset -c 1 "$@" 2>&1 | grep -a "^@end $row ") || return 0
    set -- $line
    [ $# = 5 ] || {
        trouble "$class: native: $line"
        return 0
    }
    record "$row" native "$3" "$4" "$4" "$native_sum$5"
}
native_sum=

# rows_in_guest ROW...: one after the other, the players by turns.
rows_in_guest() {
    local row player
    for row; do
        wanted "$row" || continue
        take_turns
        for player in "${players[@]}"; do
            ask "$player" row "$row" || return 1
            record "$row" "$player" $answer
        done
        native_row "$row"
        progress "$row"
    done
}
