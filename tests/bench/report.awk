# The lines of a sitting (see sitting.sh) as a table, and as a CSV file.
#
#   awk -v csv=FILE -f report.awk raw
#
# Ends with status 1 when checksums disagree.

# What a row is compared by: the time of the threads that run guest code; of
# whatever begins with the emulator itself, and of guests that time
# themselves, the wall clock's.
function headline(class, wall, threads) {
    if ((class == "linux" || class == "programs") && threads > 0) {
        return threads
    }
    return wall
}

function least(array, key, value) {
    if (!(key in array) || value < array[key]) {
        array[key] = value
    }
}

function ratio(a, b) {
    return a > 0 && b > 0 ? a / b : 0
}

function show(value, format) {
    return value ? sprintf(format, value) : "-"
}

# In the unit that the row's class is read in.
function amount(value, row) {
    if (!value) {
        return "-"
    }
    if (row ~ /memory$/) {
        return sprintf("%.1f MiB", value / 1024)
    }
    if (value < 1e5) {
        return sprintf("%d ns", value)
    }
    return sprintf("%.2f ms", value / 1e6)
}

BEGIN {
    ONE = "boot" SUBSEP "parallel-1"
    TWO = "boot" SUBSEP "parallel-2"
}

function median_of_rounds(row,    r, n, i, j, t, v) {
    n = 0
    for (r = 1; r <= last_round; r++) {
        t = ratio(by_round["qemu", row, r], by_round["armature", row, r])
        if (t) {
            for (i = n++; i > 0 && v[i - 1] > t; i--) {
                v[i] = v[i - 1]
            }
            v[i] = t
        }
    }
    return n ? (v[int((n - 1) / 2)] + v[int(n / 2)]) / 2 : 0
}

{
    class = $1; row = $1 SUBSEP $2; who = $3; round = $4
    if (!(row in class_of)) {
        class_of[row] = class
        name_of[row] = $2
        order[++rows] = row
    }
    value = headline(class, $5, $7)
    least(best, who SUBSEP row, value)
    least(wall, who SUBSEP row, $5)
    least(process, who SUBSEP row, $6)
    least(threads, who SUBSEP row, $7)
    by_round[who, row, round] = value
    if (round > last_round) {
        last_round = round
    }
    if ($8 !~ /^-/) {
        if (row in sum && sum[row] != $8) {
            printf "bench: %s: %s gives %s, not %s\n", $2, who, $8, sum[row]
            bad = 1
        }
        sum[row] = $8
    }
}

function print_row(row,    a, q, w, class) {
    class = class_of[row]
    a = best["armature", row]
    q = best["qemu", row]
    w = best["native", row]
    aa = ratio(best["again", row], a)
    printf "%-20s %12s %12s %12s %8s %8s %8s %8s %8s %8s\n",
        name_of[row], amount(a, row), amount(q, row), amount(w, row),
        show(ratio(q, a), "%.2f"), show(median_of_rounds(row), "%.2f"),
        show(ratio(wall["qemu", row], wall["armature", row]), "%.2f"),
        show(ratio(process["qemu", row], process["armature", row]), "%.2f"),
        show(aa, "%.3f"), show(ratio(a, w), "%.2f")
    printf "%s,%s,%.0f,%.0f,%.0f,%.4f,%.4f,%.4f,%.4f,%.4f\n",
        name_of[row], class, a, q, w,
        ratio(q, a), median_of_rounds(row),
        ratio(wall["qemu", row], wall["armature", row]),
        ratio(process["qemu", row], process["armature", row]), aa >csv
    if (a > 0 && q > 0) {
        logs[class] += log(q / a)
        count[class]++
    }
    if (aa > 0) {
        aa = aa < 1 ? 1 / aa : aa
        worst[class] = aa > worst[class] ? aa : worst[class]
        aa_logs[class] += log(aa)
        aa_count[class]++
    }
}

# By the wall clock; and what it would be if the host had two processors to
# spare, from what the two processes take together.
function scaling(who) {
    return sprintf("%s %s (%s)", who,
        show(ratio(wall[who, ONE], wall[who, TWO]), "%.2f"),
        show(2 * ratio(threads[who, ONE], threads[who, TWO]), "%.2f"))
}

END {
    head = "%-20s %12s %12s %12s %8s %8s %8s %8s %8s %8s\n"
    printf head, "", "armature", "qemu", "native", "qemu/", "median",
        "by wall", "by proc-", "arm./", "arm./"
    printf head, "", "", "", "", "arm.", "of these", "clock", "ess time",
        "again", "native"
    print "row,class,armature,qemu,native,ratio,median,wall,process,again" >csv
    for (i = 1; i <= rows; i++) {
        if (i > 1 && class_of[order[i]] != class_of[order[i - 1]]) {
            print ""
        }
        print_row(order[i])
    }
    print ""
    for (i = 1; i <= rows; i++) {
        class = class_of[order[i]]
        if (count[class] && !(class in told)) {
            told[class] = 1
            printf "%-12s geometric mean %6.2f of %d rows", class,
                exp(logs[class] / count[class]), count[class]
            if (aa_count[class]) {
                printf "; armature against itself: %.1f %%, at most %.1f %%",
                    100 * (exp(aa_logs[class] / aa_count[class]) - 1),
                    100 * (worst[class] - 1)
            }
            print ""
        }
    }
    if (TWO in class_of) {
        printf "speed-up of a parallel job by a second processor, and by " \
            "one without other work:\n%s, %s, %s\n", scaling("armature"),
            scaling("qemu"), scaling("native")
    }
    exit bad
}
