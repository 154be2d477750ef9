#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scripts can be read by what runs them, and shellcheck finds nothing in those of the shell.
cd "$(dirname "$0")/../.." || exit
git ls-files '*.mjs' | xargs -P "$(nproc)" -n 1 node --check || exit
# shellcheck disable=SC2016
git ls-files 'web-publisher/js/*.js' 'tests/e2e/pages/*.js' | xargs -P "$(nproc)" -I '{}' sh -c 'node --input-type=module --check <{}' || exit
shellcheck bootstrap check demo .ci/run tools/assemble-web tests/e2e/in-namespace tests/static/*.sh
