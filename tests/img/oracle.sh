# qemu-img as the tests call it: sourced by tests/img/run and disks.sh.
# shellcheck shell=bash

# Before it makes keys of a password it measures how long that takes, in
# processor time, and gives up when a busy host's clock does not tell: then it
# is asked again.
qemu-img() {
    local status err i
    for ((i = 0; i < 50; i++)); do
        { err=$(command qemu-img "$@" 2>&1 >&3); } 3>&1
        status=$?
        [[ $status != 0 && $err == *"accurate CPU usage"* ]] || break
    done
    [ -z "$err" ] || printf '%s\n' "$err" >&2
    return $status
}
