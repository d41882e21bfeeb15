/* The guest that `armature` runs when it is given none; see README.md. */
#include <stdint.h>

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/check.h"
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/shell.h"
#include "pc-bios/guest/sysreg.h"
#include "pc-bios/guest/uart.h"

void guest_main(uint64_t tree);

/* From start.S, on the boot CPU at EL1 with the MMU off. */
void guest_main(uint64_t tree)
{
    board_find(tree);
    uart_init();
    print("\nHello! This is the guest that comes with Armature: a small "
          "program\nthat looks at the machine it runs on.\n\n");
    board_print();
    print("\n");
    gic_init();
    gic_init_cpu();
    uart_use_interrupt(board.uart_intid);
    irq_enable();
    print(check_all() ? "\nAll is well. " : "\nSomething is wrong. ");
    print("Type help, or poweroff to end.\n");
    shell_run();
}
