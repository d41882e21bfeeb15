#include "pc-bios/guest/rtc.h"

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/print.h"

enum { RTCDR = 0x00 };

uint32_t rtc_seconds(void)
{
    return board.rtc ? io_read32(board.rtc + RTCDR) : 0;
}

static unsigned days_in_year(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

void rtc_print(uint32_t seconds)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};
    unsigned days = seconds / 86400, second = seconds % 86400;
    unsigned year = 1970, month = 0, length;

    while (days >= days_in_year(year)) {
        days -= days_in_year(year++);
    }
    for (;; month++) {
        length = lengths[month] + (month == 1 && days_in_year(year) == 366);
        if (days < length) {
            break;
        }
        days -= length;
    }
    print("%04u-%02u-%02u %02u:%02u:%02u UTC", year, month + 1, days + 1,
          second / 3600, second / 60 % 60, second % 60);
}
