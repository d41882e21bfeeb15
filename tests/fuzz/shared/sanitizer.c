/*
 * What the address sanitizer, where there is one, is to know: an allocation
 * that the host cannot give fails, as it does without a sanitizer.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
