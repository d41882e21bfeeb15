/* The clock: a PL031 (Arm DDI 0224), seconds since 1970. */
#ifndef PC_BIOS_GUEST_RTC_H
#define PC_BIOS_GUEST_RTC_H

#include <stdint.h>

/* 0 when the board has none. */
uint32_t rtc_seconds(void);

/* Prints "2026-03-01 12:34:56 UTC". */
void rtc_print(uint32_t seconds);

#endif
