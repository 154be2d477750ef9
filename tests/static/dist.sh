#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `make dist` takes every file that git knows, and of tests/, whose folders it takes whole, nothing else.
cd "$(dirname "$0")/../.." || exit
exec 9>build/dist.lock # it has one folder for all who make it
flock 9
folder=$(sed -n 's/^AC_INIT(\[\(.*\)\], \[\(.*\)\])$/\1-\2/p' configure.ac)
make -s -C build distdir >/dev/null || exit
missing=$(comm -23 <(git ls-files | grep -v '^\.gitignore$' | sort) <(cd "build/$folder" && find . -type f | sed 's|^\./||' | sort))
more=$(comm -13 <(git ls-files | sort) <(cd "build/$folder" && find tests -type f | sort))
rm -rf "build/$folder"
[[ -z $more ]] || { echo "make dist takes what was built, see dist-hook in Makefile.am:"; echo "$more"; exit 1; }
[[ -z $missing ]] || { echo "make dist leaves out, see EXTRA_DIST in Makefile.am:"; echo "$missing"; exit 1; }
