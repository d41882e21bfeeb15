# shellcheck shell=bash disable=SC2034,SC2154
# For debian-install and debian-long, which source this: the emulator with an
# installed system, seen from outside.
#
# They set emulator, cpus, gic, cpu, transport, what and name; `what` names the
# folder of the logs, `name` the disk in the cache: the emulator's own name
# when it is empty, so that several emulators can be at it at once.
build=${BUILD:-build}
here=tests/boot
name=${name:-${emulator##*/}}
out=$build/tests/boot/install/$name/$what
cache=${ARMATURE_CACHE:-$HOME/.cache/armature}
disks=$cache/installed/$name
key=$cache/installed/key
image=$build/armature-img ram=()
case ${emulator##*/} in
qemu-*) # its memory by a name, for memory() to know it
    image=qemu-img
    ram=(-object "memory-backend-memfd,id=ram,size=1G" -M memory-backend=ram)
    ;;
esac
limit=${INSTALL_TIMEOUT:-1800}
code=/usr/share/AAVMF/AAVMF_CODE.fd
variables=/usr/share/AAVMF/AAVMF_VARS.fd
port=$((20000 + $$ % 20000))
trouble='Oops|BUG:|WARNING:|soft lockup|rcu.*stall|Call trace|Unable to handle'
trouble="$trouble|Internal error|Kernel panic|SError|Bad mode|hung task"
# Nobody answers an installer here.
question='^Prompt: |^\[Press enter to continue\]'
login=(-i "$key" -p "$port" -o BatchMode=yes -o LogLevel=ERROR
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
    -o ConnectTimeout=20 root@127.0.0.1)
way_in=hostfwd=tcp:127.0.0.1:$port-:22
running="" passed=0

# Running the emulator ---------------------------------------------------------

say() {
    printf '%6d s  %s\n' $SECONDS "$*"
}

# fail MESSAGE...: with the last that the console said.
fail() {
    echo "  FAIL  ${0##*/}: $* ($log)"
    tr -d '\r' <"$log" | sed 's/\x1b\[[0-9;=?]*[A-Za-z]/ /g' |
        grep -av '^[ |]*$' | tail -n 12 | cut -c 1-100 | sed 's/^/        /'
    stop
    echo "${0##*/}: $passed passed, 1 failed"
    exit 1
}

pass() {
    passed=$((passed + 1))
    echo "  ok    ${0##*/}: $*"
}

# claim exclusive|shared: the disk is ours until the end, or also that of
# others who leave it as it is.
claim() {
    mkdir -p "$out" "$disks"
    exec 9>"$disks/lock"
    flock --nonblock "--$1" 9 || {
        echo "${0##*/}: $disks is in use by another run; wait for its end," \
            "or take another disk (--disk NAME)" >&2
        exit 1
    }
}

# start NAME ARGUMENT...: in the background; its console is $out/NAME.log.
start() {
    log=$out/$1.log
    shift
    rm -f "$out/pid"
    : >"$log"
    {
        TIMEFORMAT='%U %S'
        time "$emulator" -M "virt,gic-version=$gic" -cpu "$cpu" -smp "$cpus" \
            -m 1G "${ram[@]}" -nographic -pidfile "$out/pid" "$@" </dev/null \
            >"$log" 2>&1
    } 2>"$log.times" &
    running=$!
}

stop() {
    [ -z "$running" ] || kill "$(cat "$out/pid" 2>/dev/null)" 2>/dev/null
    running=
}
trap stop EXIT

alive() {
    kill -0 "$running" 2>/dev/null
}

# ended: wait for the end that must come now; status 0, no complaints.
ended() {
    local since=$SECONDS status
    while alive; do
        [ $((SECONDS - since)) -lt "$limit" ] ||
            fail "no power-off within $limit s"
        sleep 0.5
    done
    wait "$running"
    status=$?
    running=
    [ $status = 0 ] ||
        fail "ended with status $status: $(head -n 1 "$log.times")"
    ! grep -aE "$trouble" "$log" >"$log.trouble" ||
        fail "the kernel complains: $(head -n 1 "$log.trouble")"
    used=$(awk '{ printf "%d", $1 + $2 }' "$log.times")
}

# follow: show the stages that the guest tells of, until it ends.
follow() {
    local shown=0 since=$SECONDS stage=start stages
    while alive; do
        mapfile -t stages < <(tr -d '\r' <"$log" | sed -n 's/^STAGE //p')
        while [ $shown -lt ${#stages[@]} ]; do
            stage=${stages[shown]} since=$SECONDS shown=$((shown + 1))
            say "$stage"
        done
        ! grep -aqE "$question" "$log" || fail "a question in '$stage'"
        [ $((SECONDS - since)) -lt "$limit" ] ||
            fail "stage '$stage' did not end within $limit s"
        sleep 1
    done
    ended
}

# disk FILE FORMAT [OPTION]: arguments for the first disk.
disk() {
    local device=virtio-blk-pci
    [ "$transport" = pci ] || device=virtio-blk-device
    drive=(-drive "file=$1,if=none,id=hd0,format=$2${3+,$3}"
        -device "$device,drive=hd0,bootindex=1")
}

# card [OPTION]: arguments for a network card; "$way_in" is a port to log in
# by.
card() {
    local device=virtio-net-pci
    [ "$transport" = pci ] || device=virtio-net-device
    network=(-netdev "user,id=net0${1+,$1}" -device "$device,netdev=net0")
}

# flash FILE: the firmware, with variables that are kept in the file.
flash() {
    firmware=(-drive "if=pflash,format=raw,readonly=on,file=$code"
        -drive "if=pflash,format=raw,file=$1")
}

# The installed system ---------------------------------------------------------

# overlay FILE: a disk on the installed one, which stays as it is.
overlay() {
    rm -f "$1"
    "$image" create -q -f qcow2 -F "$format" -b "$disks/disk.$format" "$1" ||
        exit
}

# check_files IMAGE: a raw one, as e2fsck wants it named.
check_files() {
    log=$out/fsck.log
    PATH=$PATH:/sbin:/usr/sbin e2fsck -fn "$1" >"$log" 2>&1 ||
        fail "the file system is damaged"
}

remote() {
    timeout "$limit" ssh "${login[@]}" "$@" </dev/null
}

# log_in: as soon as it lets us, then wait until all services have started.
log_in() {
    local since=$SECONDS state
    until remote true 2>>"$log.ssh"; do
        alive || ended
        alive || fail "powered off before anybody could log in"
        [ $((SECONDS - since)) -lt "$limit" ] || fail "no login by ssh"
        sleep 1
    done
    state=$(remote systemctl is-system-running --wait)
    [ "$state" = running ] ||
        fail "the system is '$state': $(remote systemctl --failed --plain)"
}

# ticks: what the emulator has used of the processor, in 1/100 s.
ticks() {
    sed 's/.*) //' "/proc/$(cat "$out/pid")/stat" | awk '{ print $12 + $13 }'
}

# open_clock: a shell in the guest that tells the time, us, for each line it
# gets.
open_clock() {
    coproc clock {
        exec ssh "${login[@]}" \
            'while read -r _; do echo "${EPOCHREALTIME/./}"; done' 2>/dev/null
    }
    ahead >/dev/null
}

# ahead: how far the guest's clock is before the host's, in us, measured in
# the middle of the shortest of some questions.
ahead() {
    local best=999999999 from to guest answer=
    for _ in $(seq 50); do
        from=${EPOCHREALTIME/./}
        echo >&"${clock[1]}"
        read -r guest <&"${clock[0]}" || fail "the guest's clock is silent"
        to=${EPOCHREALTIME/./}
        if [ $((to - from)) -lt $best ]; then
            best=$((to - from)) answer=$((guest - (from + to) / 2))
        fi
    done
    echo $answer
}

# memory: what of the emulator's is not the guest's, which QEMU has under a
# name and Armature in a mapping of that size.
memory() {
    local kib
    kib=$(awk -v named=${#ram[@]} '
        /^[0-9a-f]+-/ { guests = /memfd:memory-backend/ }
        /^Size:/ && !named { guests = $2 >= 1048576 }
        /^Pss:/ && !guests { kib += $2 }
        END { print kib }' "/proc/$(cat "$out/pid")/smaps")
    say "memory besides the guest's: $((kib / 1024)) MiB"
}

# measure: an idle guest's use of the processor, its clock, memory.
measure() {
    local before since first seconds=30
    open_clock
    sleep 5
    first=$(ahead) before=$(ticks) since=$(date +%s%N)
    sleep $seconds
    local spent=$(($(ticks) - before))
    local time=$((($(date +%s%N) - since) / 10000000))
    say "idle: $((spent * 1000 / time)) per mille of one processor"
    say "clock: $(($(ahead) - first)) us more after $seconds s"
    memory
}

power_off() {
    remote poweroff 2>>"$log.ssh"
    ended
}
