/*
 * What -d in_asm, op, op_opt and out_asm print of a translation, exec and cpu
 * when it is entered. [any]
 */
#ifndef CPU_UNIT_LOG_H
#define CPU_UNIT_LOG_H

#include "cpu/guest.h"
#include "cpu/jit/block.h"

void unit_log_guest(const struct guest_ops *guest, uint64_t pc,
                    const uint8_t *code, unsigned bytes);
void unit_log_ir(unsigned item, const char *title, const struct ir_unit *u);
void unit_log_host(const struct block *b);
void unit_log_enter(const struct guest_ops *guest, struct vcpu *vcpu,
                    const struct block *b);

#endif
