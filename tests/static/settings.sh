#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Samples and docs/operations.md name the keys that the code knows, all of them and no others.
cd "$(dirname "$0")/../.." || exit

# keys_of CODE SAMPLE
keys_of() {
    local key missing=0
    diff <(grep -oP '\bKEY\("\K[a-z_.]+' "$1" | sort) \
        <(awk '/^[a-z]+: \{/ { group = substr($1, 1, length($1) - 1) }
            /^  #?[a-z_]+ = / { sub("#", ""); print group "." $1 }' "$2" | sort) || return 1
    while read -r key; do
        grep -qF "| \`$key\` |" docs/operations.md || {
            echo "docs/operations.md has no row of $key"
            missing=1
        }
    done < <(grep -oP '\bKEY\("\K[a-z_.]+' "$1")
    return $missing
}

keys_of hls-bridge/stream/bridge_settings.c hls-bridge/hls-bridge.jcfg.sample &&
    keys_of janus-plugin/settings/plugin_values.c janus-plugin/janus.plugin.hls.jcfg.sample
