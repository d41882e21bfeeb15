#include "tests/guest/lib/test.h"

extern const char el0_leave[];
void el0_enter(uint64_t pc, uint64_t x0, uint64_t x1);

static struct exception_frame came;

/* Lower exception level: keep the frame and go back to el0_run(). */
void el0_exception(struct exception_frame *frame, unsigned vector)
{
    if (vector < 8) {
        exception_default(frame, vector);
        return;
    }
    came = *frame;
    frame->elr = (uint64_t)el0_leave;
    frame->spsr = 0x3c5;
}

const struct exception_frame *el0_run_with(exception_function *handler,
                                           uint64_t pc, uint64_t x0,
                                           uint64_t x1)
{
    exception_set_handler(handler);
    el0_enter(pc, x0, x1);
    exception_set_handler(exception_default);
    return &came;
}

const struct exception_frame *el0_run(uint64_t pc, uint64_t x0, uint64_t x1)
{
    return el0_run_with(el0_exception, pc, x0, x1);
}
