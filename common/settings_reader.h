/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SETTINGS_READER_H
#define SETTINGS_READER_H

/* Reads a libconfig file (.jcfg) into a plain struct by a table of rules.
 *
 * Every key is checked for its type and range, and a key that no rule names is refused: a misspelt
 * key must not be a silent default. Errors read "FILE:LINE: what is wrong and what is allowed".
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_ERROR_SIZE 512 /* bytes that hold any error of this reader */

typedef enum SettingType {
    SETTING_STRING,  /* char[size], min to max characters */
    SETTING_INTEGER, /* int64_t, min to max */
    SETTING_SECONDS, /* int64_t microseconds, min to max; written in seconds, 2 or 2.5 */
    SETTING_BOOLEAN, /* bool */
    SETTING_GROUPS,  /* any number of named groups, each handed to `group` */
} SettingType;

/* A value in a named group: a string, or true or false. */
typedef struct SettingValue {
    const char *text; /* NULL: the value is `on` */
    bool on;
} SettingValue;

/* One named group of a SETTING_GROUPS rule: strings and booleans only. Called once per key in it.
 * Returns NULL, or a sentence that says what is wrong with this key. */
typedef const char *(*SettingGroupReader)(void *out, const char *group, const char *key,
                                          SettingValue value);

typedef struct SettingRule {
    const char *path; /* "hls.directory" */
    SettingType type;
    size_t offset; /* of the value in the struct; unused by SETTING_GROUPS */
    size_t size;   /* SETTING_STRING: bytes of the array, the end included */
    int64_t min, max;
    bool required;
    SettingGroupReader group;
} SettingRule;

/* Reads `file` into `out`, which holds the defaults: what the file does not name stays as it is.
 * Returns 0, or -1 with a sentence in `error` (SETTINGS_ERROR_SIZE bytes). */
int settings_read(const char *file, const SettingRule *rules, size_t rule_count, void *out,
                  char *error);

#endif
