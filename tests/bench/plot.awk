# bench.csv as a picture (SVG): for each row how many times as fast as QEMU
# Armature is, on a logarithmic scale; a tick where native code would be.
#
#   awk -f tests/bench/plot.awk bench.csv >bench.svg

function x_of(ratio) {
    ratio = ratio < LOW ? LOW : ratio > HIGH ? HIGH : ratio
    return LEFT + WIDTH * log(ratio / LOW) / log(HIGH / LOW)
}

function text(x, y, anchor, what) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
        x, y, anchor, what
}

function line(x1, y1, x2, y2, style) {
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n",
        x1, y1, x2, y2, style
}

BEGIN {
    FS = ","
    LEFT = 170; WIDTH = 520; ROW = 18; TOP = 44
    LOW = 0.25; HIGH = 1024
    colour["int"] = "#4477aa"; colour["fp"] = "#cc6677"
    colour["simd"] = "#ddaa33"; colour["system"] = "#228833"
    colour["linux"] = "#66ccee"; colour["programs"] = "#aa3377"
    colour["boot"] = "#777777"
}

NR > 1 && $3 > 0 && $4 > 0 {
    if ($2 != kind[n]) { # a gap, with the class's name
        kind[++n] = $2
    }
    name[++n] = $1; kind[n] = $2
    ratio[n] = $4 / $3
    limit[n] = $5 > 0 ? $4 / $5 : 0
}

END {
    height = TOP + n * ROW + 14
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" " \
        "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
        LEFT + WIDTH + 60, height
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    text(LEFT, 16, "start", "times as fast as QEMU; the tick is native code")
    for (r = LOW; r <= HIGH; r *= 4) {
        line(x_of(r), TOP - 8, x_of(r), height - 14,
            r == 1 ? "stroke=\"#333\"" : "stroke=\"#ddd\"")
        text(x_of(r), TOP - 12, "middle", r)
    }
    for (i = 1; i <= n; i++) {
        y = TOP + (i - 1) * ROW
        if (!(i in name)) {
            text(LEFT - 8, y + 14, "end", "<tspan font-weight=\"bold\">" \
                kind[i] "</tspan>")
            continue
        }
        fill = kind[i] in colour ? colour[kind[i]] : "#888888"
        from = x_of(ratio[i] < 1 ? ratio[i] : 1)
        to = x_of(ratio[i] < 1 ? 1 : ratio[i])
        text(LEFT - 8, y + 12, "end", name[i])
        printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" " \
            "fill=\"%s\"/>\n", from, y + 3, to - from, ROW - 6, fill
        if (limit[i]) {
            line(x_of(limit[i]), y + 1, x_of(limit[i]), y + ROW - 1,
                "stroke=\"black\" stroke-width=\"2\"")
        }
        text(LEFT + WIDTH + 8, y + 12, "start", sprintf("%.2f", ratio[i]))
    }
    print "</svg>"
}
