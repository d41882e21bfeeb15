/* System registers and barriers by name. */
#ifndef PC_BIOS_GUEST_SYSREG_H
#define PC_BIOS_GUEST_SYSREG_H

#include <stdint.h>

#define sysreg_read(name) \
    ({ \
        uint64_t value_; \
        __asm__ volatile("mrs %0, " #name : "=r"(value_)); \
        value_; \
    })
#define sysreg_write(name, value) \
    __asm__ volatile("msr " #name ", %x0" ::"rZ"((uint64_t)(value)) : "memory")

/* Names the assembler wants spelled: GICv3 CPU interface. */
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_RPR_EL1 S3_0_C12_C11_3
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_HPPIR1_EL1 S3_0_C12_C12_2
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_DIR_EL1 S3_0_C12_C11_1

/* The same for registers whose name is a macro. */
#define icc_read(name) sysreg_read_(name)
#define sysreg_read_(name) sysreg_read(name)
#define icc_write(name, value) sysreg_write_(name, value)
#define sysreg_write_(name, value) sysreg_write(name, value)

#define barrier_isb() __asm__ volatile("isb" ::: "memory")
#define barrier_dsb() __asm__ volatile("dsb sy" ::: "memory")
#define barrier_dmb() __asm__ volatile("dmb ish" ::: "memory")
#define cpu_wfi() __asm__ volatile("dsb sy\n wfi" ::: "memory")
#define irq_enable() __asm__ volatile("msr daifclr, #2" ::: "memory")
#define irq_disable() __asm__ volatile("msr daifset, #2" ::: "memory")

/* Number given to this CPU when it started: 0 is the one that booted. */
static inline unsigned cpu_number(void)
{
    return (unsigned)sysreg_read(tpidr_el1);
}

#endif
