/*
 * smc_strict without its barriers: a store changes the instruction behind it.
 * The architecture would allow what was prefetched to run, and QEMU does.
 *
 * armature: -M virt -cpu cortex-a72
 * armature: -M virt -cpu cortex-a72 -accel interp
 * armature: -M virt -cpu cortex-a72 -accel jit,one-insn-per-tb=on
 * armature: -M virt -cpu cortex-a72 -accel jit,smc-strict=on
 */
#define AT_ONCE
#include "tests/guest/smc_strict.c"
