#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every C file is as clang-format writes it.
cd "$(dirname "$0")/../.." || exit
git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
