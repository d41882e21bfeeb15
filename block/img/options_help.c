/* "-o help": what each format's new images can be told. */
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"

static const struct {
    const char *format, *option;
    bool create, amend;
    const char *help;
} options[] = {
    {"raw", "preallocation=<str>", true, false,
     "Preallocation mode (off, falloc, full)"},
    {"raw", "size=<size>", true, false, "Virtual disk size"},
    {"qcow2", "backing_file=<str>", true, true,
     "File name of a base image"},
    {"qcow2", "backing_fmt=<str>", true, true,
     "Image format of the base image"},
    {"qcow2", "cluster_size=<size>", true, false,
     "Cluster size, 512 to 2M"},
    {"qcow2", "compat=<str>", true, true,
     "Compatibility level (v2 [0.10] or v3 [1.1])"},
    {"qcow2", "compression_type=<str>", true, false,
     "Method for compressed clusters (zlib, zstd)"},
    {"qcow2", "data_file=<str>", true, true,
     "File name of an external data file"},
    {"qcow2", "data_file_raw=<bool>", true, true,
     "The data file must stay valid as a raw image"},
    {"qcow2", "encrypt.cipher-alg=<str>", true, false,
     "Cipher (aes-256; aes-128, serpent-256, ...)"},
    {"qcow2", "encrypt.cipher-mode=<str>", true, false,
     "Mode of the cipher (xts; cbc, ecb)"},
    {"qcow2", "encrypt.format=<str>", true, false,
     "Encrypt the image (luks)"},
    {"qcow2", "encrypt.hash-alg=<str>", true, false,
     "Hash of the passwords (sha256; sha1, sha512, ...)"},
    {"qcow2", "encrypt.iter-time=<num>", true, true,
     "Time that one password takes to try, ms (2000)"},
    {"qcow2", "encrypt.ivgen-alg=<str>", true, false,
     "Initialisation vectors (plain64; plain, essiv)"},
    {"qcow2", "encrypt.ivgen-hash-alg=<str>", true, false,
     "Hash of essiv (sha256)"},
    {"qcow2", "encrypt.key-secret=<str>", true, false,
     "ID of the secret with the password"},
    {"qcow2", "encrypt.keyslot=<num>", false, true,
     "The key slot to change, 0 to 7"},
    {"qcow2", "encrypt.new-secret=<str>", false, true,
     "ID of the secret with a new password"},
    {"qcow2", "encrypt.old-secret=<str>", false, true,
     "Change all key slots with this password"},
    {"qcow2", "encrypt.state=<str>", false, true,
     "What key slots become (active, inactive)"},
    {"qcow2", "extended_l2=<bool>", true, false,
     "Allocate clusters in 32 parts"},
    {"qcow2", "lazy_refcounts=<bool>", true, true,
     "Let refcounts be wrong after a crash"},
    {"qcow2", "preallocation=<str>", true, false,
     "Preallocation mode (off, metadata, falloc, full)"},
    {"qcow2", "refcount_bits=<num>", true, true,
     "Width of a reference count, 1 to 64 bits"},
    {"qcow2", "size=<size>", true, true, "Virtual disk size"},
    {"luks", "cipher-alg=<str>", true, false,
     "Cipher (aes-256; aes-128, serpent-256, ...)"},
    {"luks", "cipher-mode=<str>", true, false,
     "Mode of the cipher (xts; cbc, ecb)"},
    {"luks", "hash-alg=<str>", true, false,
     "Hash of the passwords (sha256; sha1, sha512, ...)"},
    {"luks", "iter-time=<num>", true, true,
     "Time that one password takes to try, ms (2000)"},
    {"luks", "ivgen-alg=<str>", true, false,
     "Initialisation vectors (plain64; plain, essiv)"},
    {"luks", "ivgen-hash-alg=<str>", true, false, "Hash of essiv (sha256)"},
    {"luks", "key-secret=<str>", true, false,
     "ID of the secret with the password"},
    {"luks", "keyslot=<num>", false, true, "The key slot to change, 0 to 7"},
    {"luks", "new-secret=<str>", false, true,
     "ID of the secret with a new password"},
    {"luks", "old-secret=<str>", false, true,
     "Change all key slots with this password"},
    {"luks", "preallocation=<str>", true, false,
     "Preallocation mode (off, falloc, full)"},
    {"luks", "size=<size>", true, false, "Virtual disk size"},
    {"luks", "state=<str>", false, true,
     "What key slots become (active, inactive)"},
};

bool img_option_help(const char *format, bool amend)
{
    bool any = false;

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        bool of = amend ? options[i].amend : options[i].create;
        if (strcmp(options[i].format, format) != 0 || !of) {
            continue;
        }
        if (!any) {
            printf(amend ? "Amend options for '%s':\n"
                         : "Supported %s options:\n", format);
        }
        any = true;
        printf("  %-22s %s- %s\n", options[i].option,
               strlen(options[i].option) > 22 ? "\n                         "
                                              : "", options[i].help);
    }
    if (any) {
        return true;
    }
    if (amend) {
        img_fail("Format driver '%s' does not support option amendment",
                 format);
    } else if (img_table_help(format)) {
        return true;
    } else {
        img_no_format(format);
    }
    return false;
}
