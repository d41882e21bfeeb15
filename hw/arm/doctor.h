/* What a silent guest is doing. */
#ifndef HW_ARM_DOCTOR_H
#define HW_ARM_DOCTOR_H

struct machine;

/*
 * A paragraph for each processor and what the guest did wrong last, as text
 * to be freed.  A running machine is stopped for moments and goes on.  Loop
 * thread.
 */
char *doctor_explain(struct machine *m);

#endif
