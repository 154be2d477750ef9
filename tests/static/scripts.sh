#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scripts can be read by what runs them, and shellcheck finds nothing in those of the shell.
cd "$(dirname "$0")/../.." || exit
while read -r file; do
    case $file in
    *.mjs) node --check "$file" || exit ;;
    *) node --input-type=module --check <"$file" || exit ;;
    esac
done < <(git ls-files '*.mjs' 'web-publisher/js/*.js' 'tests/e2e/pages/*.js')
shellcheck bootstrap check demo .ci/run tools/assemble-web tests/e2e/in-namespace tests/static/*.sh
