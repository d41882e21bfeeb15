#ifndef PC_BIOS_GUEST_STRING_H
#define PC_BIOS_GUEST_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int strcmp(const char *a, const char *b);
size_t strlen(const char *s);

#endif
