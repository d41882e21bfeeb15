/* pc-bios/armature-guest.bin as data; see the source beside the blob. */
#include "pc-bios/guest.h"

extern const uint8_t guest_program_end[];

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl guest_program\n"
        "guest_program:\n"
#if __has_include("pc-bios/armature-guest.bin")
        ".incbin \"pc-bios/armature-guest.bin\"\n"
#endif
        ".globl guest_program_end\n"
        "guest_program_end:\n"
        ".previous\n");

size_t guest_program_size(void)
{
    return (size_t)(guest_program_end - guest_program);
}
