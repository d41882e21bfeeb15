#!/bin/bash
# Ordinary programs with one right answer: tests/boot/programs runs this in
# the guest and compares what it prints with workload.out.
set -u
export LC_ALL=C HOME=/tmp
here=$(cd "${0%/*}" && pwd)
work=$(mktemp -d)
cd "$work" || exit 1

say() {
    echo "RESULT $*"
}

# check NAME COMMAND...: ok when the command succeeds.
check() {
    name=$1
    shift
    if "$@" >log 2>&1; then
        say "$name ok"
    else
        say "$name failed: $(tail -n 1 log)"
    fi
}

# same FILE COMMAND...: the command prints what the file holds.
same() {
    file=$1
    shift
    [ "$("$@" | sha256sum)" = "$(sha256sum <"$file")" ]
}

# Something that compresses, and something that does not.
seq 1 300000 >text
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
openssl enc -aes-256-ctr -K $key -iv $iv -in text -out noise

for sum in md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum \
    cksum; do
    for file in text noise; do
        say "$sum $file $($sum <$file)"
    done
done
say "sort $(sort -rn noise text 2>/dev/null | cksum)"
say "factor $(factor 18446744073709551557 9999999900000001)"

for level in 1 6 9; do
    for file in text noise; do
        gzip -$level <$file >packed
        check "gzip -$level $file" same $file gzip -dc packed
        xz -$level <$file >packed
        check "xz -$level $file" same $file xz -dc --format=xz packed
    done
done
xz -T2 -1 --block-size=300000 <noise >packed
check "xz by threads" same noise xz -T2 -dc --format=xz packed

for digest in md5 sha1 sha256 sha512 sha3-256 sha3-512 blake2b512 \
    blake2s256 sm3 ripemd160; do
    say "dgst $digest $(openssl dgst -$digest noise 2>&1)"
done
for cipher in aes-128-cbc aes-192-cfb aes-256-ctr aes-256-ecb \
    camellia-256-cbc aria-256-cbc chacha20 sm4-cbc des-ede3-cbc; do
    set -- -K $key -iv $iv
    case $cipher in
    *128* | sm4*) set -- -K ${key:0:32} -iv $iv ;;
    *192*) set -- -K ${key:0:48} -iv $iv ;;
    des*) set -- -K ${key:0:48} -iv ${iv:0:16} ;;
    *ecb) set -- -K $key ;;
    esac
    openssl enc -$cipher "$@" -in text -out packed 2>/dev/null
    say "enc $cipher $(sha256sum <packed)"
    check "dec $cipher" same text openssl enc -d -$cipher "$@" -in packed
done

# sign NAME DIGEST-OPTION KEY-OPTION...
sign() {
    name=$1 digest=$2
    shift 2
    openssl genpkey "$@" -out key.pem 2>log
    openssl pkey -in key.pem -pubout -out public.pem 2>log
    head -c 20000 noise >message
    # shellcheck disable=SC2086
    openssl pkeyutl -sign -inkey key.pem -rawin $digest -in message \
        -out signature 2>log
    # shellcheck disable=SC2086
    check "signature $name" openssl pkeyutl -verify -pubin -inkey \
        public.pem -rawin $digest -in message -sigfile signature
}
sign rsa "-digest sha256" -algorithm RSA -pkeyopt rsa_keygen_bits:1024
sign p256 "-digest sha256" -algorithm EC -pkeyopt ec_paramgen_curve:P-256
sign p521 "-digest sha512" -algorithm EC -pkeyopt ec_paramgen_curve:P-521
sign ed25519 "" -algorithm ED25519
sign ed448 "" -algorithm ED448

perl "$here/workload.pl" text | while read -r line; do
    say "perl $line"
done
python3 "$here/workload.py" text | while read -r line; do
    say "python $line"
done

# Verifying stressors, a second each, on all CPUs.
for class in cpu vm memcpy matrix vecmath hash qsort bsearch atomic \
    futex pipe fork switch mutex stack crypt str fp memrate shm; do
    if command -v stress-ng >/dev/null; then
        check "stress-ng $class" stress-ng --$class 2 --timeout 1s --verify \
            --vm-bytes 32M --memrate-bytes 16M
    else
        say "stress-ng $class ok"
    fi
done
cd / && rm -rf "$work"
