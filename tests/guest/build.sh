# How bare-metal programs are built: sourced by tests/guest/run and
# tests/img/guest, in the root of the tree.  $out is where objects and
# programs go.
# shellcheck shell=bash disable=SC2154

cc=aarch64-linux-gnu-gcc
guest_flags=(-std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding
    -fno-builtin -fpie -fvisibility=hidden -fno-stack-protector
    -march=armv8-a+crc -fno-asynchronous-unwind-tables -mno-outline-atomics
    -mgeneral-regs-only -mstrict-align -I.)
guest_objects=()

# The runtime, once.
guest_runtime() {
    local file object
    mkdir -p "$out"
    command -v $cc >/dev/null || {
        echo "no $cc; install gcc-aarch64-linux-gnu"
        return 1
    }
    for file in pc-bios/guest/{start,vectors,exception,board,fdt,gic,print} \
        pc-bios/guest/{psci,string,timer,uart} \
        tests/guest/lib/{test,el0,el0_enter,tables,level,level_enter}; do
        object=$out/$(basename "$file").o
        $cc "${guest_flags[@]}" -c -o "$object" "$file".[cS] || return
        guest_objects+=("$object")
    done
}

# guest_build NAME SOURCE: $out/NAME.bin, and NAME.elf for a debugger.
guest_build() {
    $cc "${guest_flags[@]}" -nostdlib -static-pie \
        -Wl,-T,pc-bios/guest/link.ld \
        -Wl,--no-dynamic-linker,--build-id=none,--no-warn-rwx-segments \
        -Wl,-z,norelro,-z,max-page-size=4096 -o "$out/$1.elf" \
        "${guest_objects[@]}" "$2" &&
        aarch64-linux-gnu-objcopy -O binary "$out/$1.elf" "$out/$1.bin"
}
