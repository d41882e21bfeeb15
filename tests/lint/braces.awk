# if, for, while and else always have braces.  Prints one line per finding.

function parens(s,    copy, open) {
    copy = s
    open = gsub(/\(/, "", copy)
    copy = s
    return open - gsub(/\)/, "", copy)
}

# Without strings, character constants, comments and a macro's backslash.
function code(s) {
    gsub(/\\\\/, "", s)
    gsub(/\\["']/, "", s)
    gsub(/"[^"]*"/, "\"\"", s)
    gsub(/'[^']*'/, "''", s)
    gsub(/\/\*[^*]*\*\//, "", s)
    sub(/\/\*.*$/, "", s)
    sub(/[ \\]*$/, "", s)
    return s
}

# What follows the closing parenthesis of the condition.
function after_condition(s,    i, c, depth, inside) {
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        depth += (c == "(") - (c == ")")
        inside = inside || c == "("
        if (inside && depth == 0) {
            return substr(s, i + 1)
        }
    }
    return ""
}

FNR == 1 { head = ""; comment = iterator = 0 }
# An iterator macro ends in the head of a loop.
/^#define [A-Za-z_]*(FOR_EACH|for_each)/ { iterator = 1 }
iterator { iterator = /\\$/; next }
comment { comment = $0 !~ /\*\//; next }
/^ *\/\*/ { comment = $0 !~ /\*\//; next }
head != "" || /^ *(\} )?(else )?(if|for|while|switch) \(/ {
    if (head == "") {
        at = FNR
    }
    head = head " " code($0)
    if (parens(head) > 0) {
        next
    }
    rest = after_condition(head)
    # "} while (x);" closes a do, in a macro without the semicolon.
    if (rest !~ /^ \{/ && !(head ~ /^ *\} while/ && rest ~ /^(;.*)?$/)) {
        printf "%s:%d: no brace after the condition\n", FILENAME, at
    }
    head = ""
}
/^ *(\} )?(else|do)([ \\]*$|[ ]+[^ i{\\])/ {
    printf "%s:%d: no brace after else or do\n", FILENAME, FNR
}
