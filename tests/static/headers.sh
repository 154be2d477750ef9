#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header compiles by itself.
cd "$(dirname "$0")/../.." || exit
flags="-std=gnu17 -D_GNU_SOURCE -Wall -Wextra -I. -Icommon -Ihls-bridge -Ijanus-plugin -isystem /usr/include/janus $(pkg-config --cflags glib-2.0 opus libavcodec)"
export flags
# shellcheck disable=SC2016
git ls-files '*.h' | grep -v '^tests/unit/' |
    xargs -P "$(nproc)" -I '{}' sh -c 'echo "#include \"{}\"" | gcc $flags -fsyntax-only -x c -'
