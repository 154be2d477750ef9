# SPDX-License-Identifier: GPL-3.0-or-later

# what end-to-end tests put before a program's libraries: -rpath makes libtool build it for loading
check_LTLIBRARIES += %D%/slow_disk.la
%C%_slow_disk_la_SOURCES = %D%/slow_disk.c
%C%_slow_disk_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
%C%_slow_disk_la_LIBADD = -ldl
shims: %D%/slow_disk.la
