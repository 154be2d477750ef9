#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cppcheck finds nothing in the product.
cd "$(dirname "$0")/../.." || exit
cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr -D_GNU_SOURCE '-DG_GNUC_PRINTF(a,b)=' \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    -Icommon -Ihls-bridge -Ijanus-plugin common hls-bridge janus-plugin instruments
