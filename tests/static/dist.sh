#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `make dist` takes every file that git knows.
cd "$(dirname "$0")/../.." || exit
exec 9>build/dist.lock # it has one folder for all who make it
flock 9
folder=$(sed -n 's/^AC_INIT(\[\(.*\)\], \[\(.*\)\])$/\1-\2/p' configure.ac)
make -s -C build distdir >/dev/null || exit
missing=$(comm -23 <(git ls-files | grep -v '^\.gitignore$' | sort) <(cd "build/$folder" && find . -type f | sed 's|^\./||' | sort))
rm -rf "build/$folder"
[[ -z $missing ]] || { echo "make dist leaves out, see EXTRA_DIST in Makefile.am:"; echo "$missing"; exit 1; }
