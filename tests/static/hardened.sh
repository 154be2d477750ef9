#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What ./configure switches on by itself, in what strangers' bytes go through, as built in build/.
cd "$(dirname "$0")/../.." || exit
wrong=0
for file in build/hls-bridge/hls-bridge build/hls-bridge/hls-transcoder build/libjanus_hls.so; do
    dynamic=$(readelf -Wd "$file") segments=$(readelf -Wl "$file") symbols=$(readelf -W --dyn-syms "$file")
    [[ $segments == *"type is DYN"* ]] || { echo "$file is loaded at a fixed address"; wrong=1; }
    [[ $dynamic =~ BIND_NOW|Flags:.*\ NOW ]] || { echo "$file is not linked with -z now"; wrong=1; }
    [[ $segments == *GNU_RELRO* ]] || { echo "$file has no read-only relocations"; wrong=1; }
    [[ $segments =~ GNU_STACK[^$'\n']*RWE ]] && { echo "$file has a stack that can be executed"; wrong=1; }
    [[ $symbols == *__stack_chk_fail* ]] || { echo "$file has no stack protector"; wrong=1; }
    [[ $symbols == *_chk@* ]] || { echo "$file has no checked calls (_FORTIFY_SOURCE)"; wrong=1; }
done
# Janus loads all plugins into one name space; the linker's own marks lead nowhere
shown=$(nm -D --defined-only build/libjanus_hls.so | awk '$2 ~ /[TtDBRVWi]/ && $3 !~ /^(_edata|_end|__bss_start)$/ { print $3 }')
[[ $shown == create ]] || { echo "build/libjanus_hls.so shows more than create:" "$shown"; wrong=1; }
exit $wrong
