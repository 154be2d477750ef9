#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scripts can be read by what runs them, and shellcheck finds nothing in those of the shell.
cd "$(dirname "$0")/../.." || exit
git ls-files '*.mjs' 'web-publisher/js/*.js' 'tests/e2e/pages/*.js' |
    xargs node --experimental-vm-modules --no-warnings tests/static/syntax.mjs || exit
shellcheck bootstrap check demo .ci/run tools/assemble-web tools/make-packages tests/e2e/in-namespace tests/run/gently tests/run/part tests/static/*.sh \
    tests/packages/prepare debian/*.postinst debian/*.postrm debian/*.prerm
