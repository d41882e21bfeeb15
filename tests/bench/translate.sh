#!/bin/sh
# What translating code costs: nanoseconds per guest instruction by stage,
# and, where valgrind is installed, the host's instructions, which are the same
# on every run.
#
#   tests/bench/translate.sh [FILE]                      (make bench-translate)
#
# FILE is raw A64 code, by default the first 400 KiB of an arm64 C library.
set -u
cd "$(dirname "$0")/../.." || exit
out=${BUILD:-build}/tests/bench
code=${1:-$out/translate.text}
library=/usr/aarch64-linux-gnu/lib/libc.so.6

if [ ! -e "$code" ]; then
    aarch64-linux-gnu-objcopy -O binary -j .text $library "$code.all" || {
        echo "bench: no code to translate; ./configure --install-deps" >&2
        exit 1
    }
    head -c 409600 "$code.all" >"$code"
    rm "$code.all"
fi
"$out/translate" "$code" || exit
command -v valgrind >/dev/null || exit 0

# count ROUNDS STAGE: of the whole program, in which ROUNDS are so many.
count() {
    valgrind --tool=callgrind --callgrind-out-file="$out/callgrind.$2" \
        "$out/translate" -n "$1" -s "$2" "$code" 2>&1 |
        awk '/Collected/ {print $NF}'
}
insns=$(($(wc -c <"$code") / 4))
start=$(count 0 front)
before=0
for stage in front compile insert; do
    all=$((($(count 1 $stage) - start) / insns))
    printf '%-8s %6d host instructions per instruction\n' $stage \
        $((all - before))
    before=$all
done
