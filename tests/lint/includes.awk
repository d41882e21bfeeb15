# Check every #include "..." against the table of floors.
#
#   awk -v rule=floors|exist|own -f includes.awk TABLE FILES...
#
# Prints one line per finding.

function under(path, prefix) {
    return substr(path, 1, length(prefix)) == prefix
}

# The module of a path: the longest row of the table that begins it.
function module(path,    m, best) {
    best = ""
    for (m in floor) {
        if (under(path, m) && length(m) > length(best)) {
            best = m
        }
    }
    return best
}

function finding(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
}

function check_floor(target,    from, to, i) {
    from = module(FILENAME)
    to = module(target)
    if (from == "") {
        finding("the folder has no floor in tests/lint/floors")
    } else if (to == "") {
        finding("\"" target "\" is not a path from the root of the tree")
    } else if (from != to && floor[to] >= floor[from]) {
        finding(from " (floor " floor[from] ") includes \"" target \
                "\" (floor " floor[to] ")")
    }
    for (i = 0; i < nevers; i++) {
        if (under(FILENAME, never_from[i]) && under(target, never_to[i])) {
            finding(never_from[i] " must not include " never_to[i] \
                    ": \"" target "\"")
        }
    }
}

function check_exists(target,    line, status) {
    if (target in known) {
        return
    }
    status = (getline line < target)
    close(target)
    if (status < 0) {
        finding("\"" target "\" does not exist")
    }
    known[target] = 1
}

function check_own(target,    own) {
    if (FNR == 1 || includes > 1 || FILENAME !~ /\.c$/) {
        return
    }
    own = FILENAME
    sub(/\.c$/, ".h", own)
    if (target != own && (getline < own) >= 0) {
        finding("the first include is not \"" own "\"")
    }
    close(own)
}

BEGIN { nevers = 0 }
FNR == 1 { includes = 0 }
$1 == "floor" && FILENAME ~ /floors$/ { floor[$2] = $3; next }
$1 == "never" && FILENAME ~ /floors$/ {
    never_from[nevers] = $2
    never_to[nevers++] = $3
    next
}
$1 == "generated" && FILENAME ~ /floors$/ { known[$2] = 1; next }
/^#[ ]*include[ ]+["<]/ {
    includes++
    target = $0
    sub(/^[^"<]*["<]/, "", target)
    sub(/[">].*$/, "", target)
    if (rule == "own") {
        check_own(target)
    } else if ($0 ~ /"/ && rule == "floors") {
        check_floor(target)
    } else if ($0 ~ /"/) {
        check_exists(target)
    }
}
