#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every file says under which licence it is.
cd "$(dirname "$0")/../.." || exit
files=$(git ls-files | grep -vE '^COPYING|\.json$|/fixtures/|/corpus/|\.webp$|\.png$|\.gitignore|^debian/changelog|^debian/source/format|\.clang-format|\.editorconfig' | sort)
missing=$(comm -23 <(echo "$files") <(echo "$files" | xargs -d '\n' \
    awk 'FNR > 5 { nextfile } /SPDX-License-Identifier: GPL-3.0-or-later/ { print FILENAME; nextfile }' | sort))
[[ -n $files && -z $missing ]] || { echo "$missing"; exit 1; }
