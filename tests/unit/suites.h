/*
 * Every suite: tests/unit/test_NAME.c exports NAME_suite().  The list is
 * made from the file names by the Makefile; SUITE(NAME) is expanded for each.
 */
#ifndef TESTS_UNIT_SUITES_H
#define TESTS_UNIT_SUITES_H

#include <check.h>

#define SUITE(name) Suite *name##_suite(void);
#include "tests/unit/suites.inc"
#undef SUITE

#endif
