# Disks of every format that can be written, and a guest that uses them
# (disk_guest.c): sourced by tests/img/guest and tests/img/kills, in the root
# of the tree.
#
# $build is absolute; $work is a directory for one disk at a time.
# shellcheck shell=bash disable=SC2154

# shellcheck source=tests/img/oracle.sh
. tests/img/oracle.sh
img=$build/armature-img
emulator=$build/armature
out=$build/tests/img
disk_size=8M # ORDER DISK_SECTORS

# NAME FORMAT OPTIONS: options for -o, and "base" for a backing file.  With the
# engines in turn, each format meets both threads and io_uring.
disks=(
    "raw raw -"
    "raw-full raw preallocation=full"
    "qcow2 qcow2 -"
    "qcow2-512 qcow2 cluster_size=512"
    "qcow2-4k qcow2 cluster_size=4k,refcount_bits=1"
    "qcow2-2M qcow2 cluster_size=2M"
    "qcow2-v2 qcow2 compat=0.10"
    "qcow2-lazy qcow2 lazy_refcounts=on"
    "qcow2-metadata qcow2 preallocation=metadata"
    "qcow2-subclusters qcow2 extended_l2=on,cluster_size=128k"
    "qcow2-base qcow2 base"
    "qcow2-base-subclusters qcow2 base,extended_l2=on"
    "qcow2-data qcow2 data_file=DISK.data"
    "qcow2-data-raw qcow2 data_file=DISK.data,data_file_raw=on"
    "qcow2-luks qcow2 encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
    "luks luks key-secret=s,iter-time=10"
    "luks-cbc luks key-secret=s,iter-time=10,cipher-mode=cbc,ivgen-alg=plain64"
    "vmdk vmdk subformat=monolithicSparse"
    "vmdk-grains vmdk subformat=monolithicSparse,zeroed_grain=on"
    "vmdk-flat vmdk subformat=monolithicFlat"
    "vmdk-2G-sparse vmdk subformat=twoGbMaxExtentSparse"
    "vmdk-2G-flat vmdk subformat=twoGbMaxExtentFlat"
    "vmdk-base vmdk base"
    "vdi vdi static=off"
    "vdi-static vdi static=on"
    "vhdx vhdx subformat=dynamic,block_size=1M"
    "vhdx-fixed vhdx subformat=fixed"
    "vpc vpc subformat=dynamic,force_size=on"
    "vpc-fixed vpc subformat=fixed,force_size=on"
)

# What images are opened with, one after the other.
aios=(
    "aio=threads,cache=writeback" "aio=io_uring,cache=writeback"
    "aio=native,cache=none" "aio=threads,cache=none"
    "aio=io_uring,cache=directsync" "aio=threads,cache=writethrough"
    "aio=io_uring,cache=none" "aio=native,cache=directsync"
    "aio=threads,cache=directsync" "aio=io_uring,cache=writethrough"
)

# The guest and what checks its disk.
disks_build() {
    local here=${BUILD:-build}
    MAKEFLAGS='' ${MAKE:-make} -s "$here/armature-img" "$here/armature" \
        "$here/tests/img/disk_check" || return
    # shellcheck source=tests/guest/build.sh
    . tests/guest/build.sh
    guest_runtime && guest_build disk_guest tests/img/disk_guest.c
}

# disk_make NAME FORMAT OPTIONS SEED: $disk, $first, and $opts by which
# programs open it; by turns qemu-img's or ours.
disk_make() {
    local format=$2 o=$3 program=$img create=()
    (($4 & 1)) && program=qemu-img
    rm -rf "${work:?}"/*
    disk=$work/disk.$format first=0 key=
    opts=driver=$format,file.filename=$disk
    case $1 in
    luks*) key=key-secret=s ;;
    qcow2-luks) key=encrypt.key-secret=s ;;
    esac
    opts+=${key:+,$key}
    [[ $1 == *base* || $format == luks ]] && {
        "$out/disk_check" base "$work/base.raw" "$4" || return
        first=1
        if [ "$format" = luks ]; then
            : # what nobody wrote there reads as noise
        elif [ "$format" = vmdk ]; then
            qemu-img convert -f raw -O vmdk "$work/base.raw" \
                "$work/base.vmdk" || return
            create=(-b base.vmdk -F vmdk)
        else
            create=(-b "$work/base.raw" -F raw)
        fi
        o=${o#base}
        o=${o#,}
    }
    [ "$o" = - ] || [ -z "$o" ] || create+=(-o "${o//DISK/$disk}")
    "$program" create -q --object secret,id=s,data=abc -f "$format" \
        "${create[@]}" "$disk" $disk_size || return
    [ "$format" != luks ] || "$program" convert -n --object secret,id=s,data=abc \
        --image-opts --target-image-opts \
        "driver=raw,file.filename=$work/base.raw" "$opts"
}

# disk_guest AIO SEED COUNT: the guest in the foreground, text on stdout.
disk_guest() {
    exec "${program:-$emulator}" -M virt -cpu max -m 64M -nographic \
        -object secret,id=s,data=abc \
        -global virtio-mmio.force-legacy=false -drive \
        "if=none,id=d,file=$disk,format=${disk##*.},discard=unmap,$1${key:+,$key}" \
        -device virtio-blk-device,drive=d -kernel "$out/disk_guest.bin" \
        -append "$2 $3 $first" </dev/null
}

# disk_sound: qemu-img finds no corruption, and nor do we; leaks are fine
# after a kill.
disk_sound() {
    local program status
    case ${disk##*.} in raw | luks | vpc) return ;; esac
    for program in qemu-img "$img"; do
        "$program" check -q --object secret,id=s,data=abc --image-opts \
            "$opts"
        status=$?
        [ $status = 0 ] || { [ $status = 3 ] && [ "$1" = killed ]; } || {
            echo "$program check: status $status"
            return 1
        }
    done
}

# disk_holds SEED DONE [WINDOW]: read by qemu-img, and by us.
disk_holds() {
    local program
    for program in qemu-img "$img"; do
        "$program" convert --object secret,id=s,data=abc --image-opts \
            "$opts" -O raw "$work/back.raw" &&
            "$out/disk_check" "$work/back.raw" "$1" "$first" "${@:2}" || {
            echo "read by $program"
            return 1
        }
    done
}
