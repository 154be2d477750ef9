#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every file says under which licence it is.
cd "$(dirname "$0")/../.." || exit
missing=0
while read -r file; do
    head -n 5 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || {
        echo "$file"
        missing=1
    }
done < <(git ls-files | grep -vE '^COPYING|\.json$|/fixtures/|/corpus/|\.webp$|\.gitignore|\.clang-format|\.editorconfig')
exit $missing
