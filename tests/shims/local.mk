# SPDX-License-Identifier: GPL-3.0-or-later

# what tests put before a program's libraries
check_PROGRAMS += %D%/many_runs.so %D%/slow_disk.so
%C%_slow_disk_so_SOURCES = %D%/slow_disk.c
%C%_slow_disk_so_CFLAGS = $(AM_CFLAGS) -fPIC
%C%_slow_disk_so_LDFLAGS = $(AM_LDFLAGS) -shared
%C%_slow_disk_so_LDADD = -ldl

%C%_many_runs_so_SOURCES = %D%/many_runs.c
%C%_many_runs_so_CFLAGS = $(AM_CFLAGS) -fPIC
%C%_many_runs_so_LDFLAGS = $(AM_LDFLAGS) -shared
%C%_many_runs_so_LDADD = -ldl
shims: %D%/many_runs.so %D%/slow_disk.so
