/* Option strings and JSON. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"
#include "util/json.h"
#include "util/keyval.h"

/* All pairs as "key=value;...", to compare in one go. */
static void flatten(const struct keyval *kv, char *out, size_t size)
{
    const char *key, *value;
    *out = '\0';
    for (size_t i = 0; keyval_pair(kv, i, &key, &value); i++) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s=%s;", key, value);
    }
}

static const struct { const char *text, *implied, *pairs; } good[] = {
    {"", NULL, ""},
    {"virt", "type", "type=virt;"},
    {"virt,gic-version=3", "type", "type=virt;gic-version=3;"},
    {"type=virt", "type", "type=virt;"},
    {"file=a,,b.img,if=none", NULL, "file=a,b.img;if=none;"},
    {"file=a,,,,b", NULL, "file=a,,b;"},
    {"a,,b", "file", "file=a,b;"},
    {"id=x,", NULL, "id=x;"},
    {"key=", NULL, "key=;"},
    {"key=a=b", NULL, "key=a=b;"},
    {"server,nowait", NULL, "server=on;wait=off;"},
    {"a=1,a=2", NULL, "a=1;a=2;"},
    {"no", NULL, "no=on;"},
    {"{\"driver\":\"virtio-blk\",\"n\":-1,\"on\":true,\"off\":false}", "x",
     "driver=virtio-blk;n=-1;on=on;off=off;"},
    {"{\"file\":{\"driver\":\"file\",\"filename\":\"x,y\"}}", NULL,
     "file.driver=file;file.filename=x,y;"},
    {"{\"hostfwd\":[{\"str\":\"tcp::1-:2\"},{\"str\":\"udp::3-:4\"}]}", NULL,
     "hostfwd=tcp::1-:2;hostfwd=udp::3-:4;"},
    {"{\"a\":[1,{\"b\":2}]}", NULL, "a=1;a.1.b=2;"},
};

START_TEST(keyval_accepts)
{
    struct error *err = NULL;
    char pairs[256];
    struct keyval *kv = keyval_parse(good[_i].text, good[_i].implied, &err);
    ck_assert_msg(kv != NULL, "%s", err ? err->message : "?");
    flatten(kv, pairs, sizeof(pairs));
    ck_assert_str_eq(pairs, good[_i].pairs);
    keyval_free(kv);
}
END_TEST

static const char *const bad[] = {
    "=x", "a=1,=2", ",a=1", "a=1,,=2,=3", "{", "{\"a\":1,}",
    "{\"a\":1} x", "{'a':1}", "{\"a\":01}", "{\"a\":1,\"a\":2}",
};

START_TEST(keyval_refuses)
{
    struct error *err = NULL;
    ck_assert_ptr_null(keyval_parse(bad[_i], NULL, &err));
    ck_assert_ptr_nonnull(err);
    error_free(err);
}
END_TEST

START_TEST(keyval_typed)
{
    struct keyval *kv = keyval_parse(
        "on=yes,off=off,n=0x10,size=1.5G,mem=512,mode=b", NULL, NULL);
    static const char *const modes[] = {"a", "b", NULL};
    bool on = false, off = true, absent = true;
    uint64_t n = 0, size = 0, mem = 0;
    unsigned mode = 0;
    ck_assert(keyval_bool(kv, "on", &on, NULL) && on);
    ck_assert(keyval_bool(kv, "off", &off, NULL) && !off);
    ck_assert(keyval_bool(kv, "absent", &absent, NULL) && absent);
    ck_assert(keyval_uint(kv, "n", 16, &n, NULL) && n == 16);
    ck_assert(!keyval_uint(kv, "n", 15, &n, NULL));
    ck_assert(keyval_size(kv, "size", 1, &size, NULL));
    ck_assert_uint_eq(size, UINT64_C(1536) << 20);
    ck_assert(keyval_size(kv, "mem", 1 << 20, &mem, NULL));
    ck_assert_uint_eq(mem, UINT64_C(512) << 20);
    ck_assert(keyval_enum(kv, "mode", modes, &mode, NULL) && mode == 1);
    ck_assert(!keyval_bool(kv, "n", &on, NULL));
    ck_assert(!keyval_enum(kv, "n", modes, &mode, NULL));
    ck_assert(keyval_check(kv, NULL));
    keyval_free(kv);
}
END_TEST

START_TEST(keyval_unknown)
{
    struct keyval *kv = keyval_parse("virt,gic_version=3", "type", NULL);
    struct error *err = NULL;
    keyval_get(kv, "type");
    keyval_get(kv, "gic-version");
    ck_assert(!keyval_check(kv, &err));
    ck_assert_str_eq(err->message, "unknown option 'gic_version'; "
                                   "did you mean 'gic-version'?");
    error_free(err);
    keyval_free(kv);

    kv = keyval_parse("file.driver=raw,nofrob", NULL, NULL);
    keyval_allow_prefix(kv, "file");
    ck_assert(!keyval_check(kv, &err));
    ck_assert_str_eq(err->message, "unknown option 'nofrob'");
    error_free(err);
    keyval_free(kv);
}
END_TEST

START_TEST(keyval_null_and_below)
{
    struct keyval *kv = keyval_parse(
        "{\"a\":null,\"b\":{\"c\":1,\"d\":null,\"e\":{\"f\":2}},"
        "\"bc\":3}", NULL, NULL);
    struct error *err = NULL;
    ck_assert_ptr_null(keyval_get(kv, "a"));
    ck_assert(!keyval_null(kv, "bc"));
    keyval_get(kv, "bc");
    struct keyval *below = keyval_below(kv, "b");
    ck_assert(!keyval_check(kv, &err));
    ck_assert_str_eq(err->message,
                     "'a': null is not a value here; leave it out");
    error_free(err);
    ck_assert(keyval_null(kv, "a"));
    ck_assert(keyval_check(kv, NULL));
    ck_assert_ptr_null(keyval_below(kv, "bc"));
    ck_assert_str_eq(keyval_get(below, "c"), "1");
    ck_assert(keyval_null(below, "d"));
    ck_assert(!keyval_check(below, NULL));
    ck_assert_str_eq(keyval_get(below, "e.f"), "2");
    ck_assert(keyval_check(below, NULL));
    keyval_free(kv);
}
END_TEST

START_TEST(keyval_repeated_and_merged)
{
    struct keyval *kv = keyval_parse("virt,its=on", "type", NULL);
    struct keyval *more = keyval_parse("its=off,its=on,its=off", NULL, NULL);
    keyval_merge(kv, more);
    keyval_free(more);
    keyval_set(kv, "x", "1");
    ck_assert_str_eq(keyval_get(kv, "its"), "off");
    size_t position = 0, count = 0;
    while (keyval_each(kv, "its", &position)) {
        count++;
    }
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(keyval_get(kv, "x"), "1");
    ck_assert_str_eq(keyval_get(kv, "type"), "virt");
    keyval_free(kv);
}
END_TEST

START_TEST(keyval_asks_for_help)
{
    static const struct { const char *text; bool help; } rows[] = {
        {"help", true}, {"?", true}, {"x,help", true}, {"x,y", false},
        {"x=help", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct keyval *kv = keyval_parse(rows[i].text, "driver", NULL);
        ck_assert_int_eq(keyval_help(kv), rows[i].help);
        keyval_free(kv);
    }
}
END_TEST

static const struct { const char *text; bool ok; uint64_t value; } sizes[] = {
    {"0", true, 0},           {"64", true, 64},
    {"64b", true, 64},        {"1k", true, 1024},
    {"1K", true, 1024},       {"2M", true, 2 << 20},
    {"3g", true, UINT64_C(3) << 30},
    {"1T", true, UINT64_C(1) << 40},
    {"15E", true, UINT64_C(15) << 60},
    {"0.5k", true, 512},      {"2.25M", true, 2359296},
    {"0x1000", true, 4096},   {"18446744073709551615", true, UINT64_MAX},
    {"16E", false, 0},        {"18446744073709551616", false, 0},
    {"-1", false, 0},         {"", false, 0},
    {"M", false, 0},          {"1MB", false, 0},
    {"1x", false, 0},         {"0x", false, 0},
    {" 1", false, 0},         {"1 ", false, 0},
};

START_TEST(sizes_parse)
{
    uint64_t value = 0;
    ck_assert_int_eq(parse_size(sizes[_i].text, 1, &value), sizes[_i].ok);
    if (sizes[_i].ok) {
        ck_assert_uint_eq(value, sizes[_i].value);
    }
}
END_TEST

static const struct { const char *json, *text; } strings[] = {
    {"\"\"", ""},
    {"\"a\\n\\\"\\\\\\/\"", "a\n\"\\/"},
    {"\"\\u0041\\u00e9\\u20ac\"", "A\u00e9\u20ac"},
    {"\"\\ud83d\\ude00\"", "\U0001f600"},
    {"\"\u00e9\u20ac\U0001f600\"", "\u00e9\u20ac\U0001f600"},
    {" \"x\" \n", "x"},
};

START_TEST(json_strings)
{
    struct error *err = NULL;
    const char *s = strings[_i].json;
    struct json *value = json_parse(s, strlen(s), &err);
    ck_assert_msg(value != NULL, "%s", err ? err->message : "?");
    ck_assert_str_eq(json_string(value), strings[_i].text);
    json_free(value);
}
END_TEST

static const char *const bad_json[] = {
    "", " ", "nul", "tru", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{1:2}",
    "{\"a\":1,\"a\":1}", "+1", "1.", ".5", "1e", "-", "00", "0x1",
    "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\u0000\"",
    "\"a", "\"\n\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "1 2", "[]]", "// x\n1",
};

START_TEST(json_refuses)
{
    struct error *err = NULL;
    const char *s = bad_json[_i];
    ck_assert_ptr_null(json_parse(s, strlen(s), &err));
    ck_assert_ptr_nonnull(strstr(err->message, "offset"));
    error_free(err);
}
END_TEST

START_TEST(json_values)
{
    const char *s = "{\"a\":[1,-2,18446744073709551615],\"b\":{},\"c\":1.5e3}";
    struct json *v = json_parse(s, strlen(s), NULL);
    const struct json *a = json_get(v, "a")->first;
    int64_t i;
    uint64_t u;
    ck_assert(json_int(a, &i) && i == 1);
    ck_assert(json_int(a->next, &i) && i == -2);
    ck_assert(!json_uint(a->next, &u));
    ck_assert(!json_int(a->next->next, &i));
    ck_assert(json_uint(a->next->next, &u) && u == UINT64_MAX);
    ck_assert_int_eq(json_get(v, "b")->kind, JSON_OBJECT);
    ck_assert(!json_int(json_get(v, "c"), &i));
    ck_assert_ptr_null(json_get(v, "d"));
    ck_assert_ptr_null(json_get(NULL, "d"));
    json_free(v);
}
END_TEST

START_TEST(json_depth)
{
    char deep[2 * 70 + 1] = "";
    for (int i = 0; i < 70; i++) {
        deep[i] = '[';
        deep[70 + i] = ']';
    }
    ck_assert_ptr_null(json_parse(deep, 140, NULL));
    struct json *v = json_parse(deep + 10, 120, NULL);
    ck_assert_ptr_nonnull(v);
    json_free(v);
}
END_TEST

Suite *util_keyval_suite(void)
{
    Suite *suite = suite_create("keyval");
    TCase *tc = tcase_create("keyval");
    tcase_add_loop_test(tc, keyval_accepts, 0, ARRAY_SIZE(good));
    tcase_add_loop_test(tc, keyval_refuses, 0, ARRAY_SIZE(bad));
    tcase_add_test(tc, keyval_typed);
    tcase_add_test(tc, keyval_unknown);
    tcase_add_test(tc, keyval_null_and_below);
    tcase_add_test(tc, keyval_repeated_and_merged);
    tcase_add_test(tc, keyval_asks_for_help);
    tcase_add_loop_test(tc, sizes_parse, 0, ARRAY_SIZE(sizes));
    suite_add_tcase(suite, tc);
    tc = tcase_create("json");
    tcase_add_loop_test(tc, json_strings, 0, ARRAY_SIZE(strings));
    tcase_add_loop_test(tc, json_refuses, 0, ARRAY_SIZE(bad_json));
    tcase_add_test(tc, json_values);
    tcase_add_test(tc, json_depth);
    suite_add_tcase(suite, tc);
    return suite;
}
