/*
 * What the run loop (cpu/exec.c) needs of a guest architecture.
 * Everything runs on the vCPU's own thread.
 */
#ifndef CPU_GUEST_H
#define CPU_GUEST_H

#include <stdio.h>

#include "cpu/ir/ir.h"

struct guest_ops {
    /* Make vcpu->jump_key (the context flags, part of every block's key),
     * vcpu->tlb and vcpu->tlb_unpriv anew from the state. */
    void (*context)(struct vcpu *vcpu);
    /* Build the unit for code at pc.  `code` is the host address of the
     * guest bytes at pc, `bytes` how many follow up to the page's end. */
    void (*translate)(struct vcpu *vcpu, struct ir_unit *u, uint64_t pc,
                      uint32_t context, const uint8_t *code,
                      unsigned bytes);
    /* Code of this context may be part of regions: units whose direct
     * branches and loops stay inside (u->region, pc is not the unit's). */
    bool (*has_regions)(uint32_t context);
    /* An instruction fetch at vcpu->pc failed (vcpu->fault): take the
     * exception. */
    void (*fetch_fault)(struct vcpu *vcpu);
    /* pc & 3 != 0, tag in pc: fix pc or take the exception.  True: fetch
     * again, pc or context changed. */
    bool (*check_pc)(struct vcpu *vcpu);
    /* Take the exception for vcpu->exit FAULT or EXCEPTION at vcpu->pc, or
     * make the return for RETURN.  True: context() is not needed. */
    bool (*deliver)(struct vcpu *vcpu);
    /* Serve interrupts and timers after VCPU_REQ_IRQ/TIMER (`timer`): take
     * an exception if one is pending and not masked.  True: context() is not
     * needed. */
    bool (*interrupts)(struct vcpu *vcpu, bool timer);
    /* WFI/WFE at VCPU_EXIT_WAIT: true if there is something to wake for
     * at once; else *deadline_ns is the next timer event (monotonic, or
     * UINT64_MAX). */
    bool (*should_wake)(struct vcpu *vcpu, uint64_t *deadline_ns);
    /* Print one guest instruction for -d in_asm; returns its length. */
    int (*disas)(const uint8_t *code, uint64_t pc, char *out, size_t size);
    /* What vcpu->stats.exceptions[number] counts. */
    const char *(*exception_name)(unsigned number);
    /* Registers for -d cpu; `vectors` for fpu. */
    void (*dump)(struct vcpu *vcpu, FILE *f, bool vectors);
};

#endif
