#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016
# Every header compiles by itself. If it is the first thing in a source file, build/ has compiled it so, and the compiler has
# written that down; the others are compiled here.
cd "$(dirname "$0")/../.." || exit
flags="-std=gnu17 -D_GNU_SOURCE -Wall -Wextra -I. -Icommon -Ihls-bridge -Ijanus-plugin -isystem /usr/include/janus $(pkg-config --cflags glib-2.0 opus libavcodec)"
export flags

# sources that begin with an include, behind comments
begin() {
    git ls-files -z '*.c' | xargs -0 awk '
        FNR == 1 { comment = begun = 0 }
        begun { nextfile }
        { line = $0 }
        comment && !sub(/^.*\*\//, "", line) { next }
        { comment = 0; gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line) }
        sub(/\/\*.*$/, "", line) { comment = 1 }
        line ~ /[^ \t]/ { begun = 1; if (line ~ /^#include "/) print FILENAME }'
}

# SOURCE HEADER: what was compiled, and what that included first. The compiler has included a file of its own before.
first() {
    find build -name '*.Po' -size +0 -exec awk '
        FNR == 1 { n = 0 }
        { for (i = 1; i <= NF; i++) if ($i ~ /^[^\\]/ && $i !~ /\/stdc-predef\.h$/ && ++n <= 3) word[n] = $i }
        n >= 3 { if (sub(/^\.\.\//, "", word[2]) && sub(/^\.\.\//, "", word[3])) print word[2], word[3]; nextfile }' {} +
}

comm -23 <(git ls-files '*.h' | grep -v '^tests/unit/' | sort) <(join <(begin | sort) <(first | sort -u) | cut -d ' ' -f 2 | sort -u) |
    xargs -P "$(nproc)" -I '{}' sh -c 'echo "#include \"{}\"" | gcc $flags -fsyntax-only -x c -'
