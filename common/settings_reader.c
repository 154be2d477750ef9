/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings_reader.h"

#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "settings_includes.h"

#define PATH_SIZE 256
#define US_PER_S  1e6

typedef struct Reading {
    const char *file;
    const SettingRule *rules;
    size_t rule_count;
    void *out;
    char *error;
} Reading;

/* Fills the error: file, line, and the sentence. Returns -1. */
__attribute__((format(printf, 3, 4))) static int
refuse(const Reading *r, const config_setting_t *at, const char *format, ...)
{
    va_list args;
    const char *included = config_setting_source_file(at); /* if it was included; else NULL */
    int n = snprintf(r->error, SETTINGS_ERROR_SIZE, "%s:%d: ", included ? included : r->file,
                     (int)config_setting_source_line(at));

    if (n < 0 || n >= SETTINGS_ERROR_SIZE)
        return -1;
    va_start(args, format);
    vsnprintf(r->error + n, SETTINGS_ERROR_SIZE - (size_t)n, format, args);
    va_end(args);
    return -1;
}

static int refuse_range(const Reading *r, const config_setting_t *at, const SettingRule *rule,
                        const char *what, double scale)
{
    return refuse(r, at, "%s must be %s from %.15g to %.15g", rule->path, what,
                  (double)rule->min / scale, (double)rule->max / scale);
}

static int read_string(const Reading *r, const SettingRule *rule, const config_setting_t *setting)
{
    const char *value = config_setting_get_string(setting);

    if (!value || (int64_t)strlen(value) < rule->min || (int64_t)strlen(value) > rule->max ||
        strlen(value) >= rule->size)
        return refuse_range(r, setting, rule, "a string in quotes, with a length", 1);
    memcpy((char *)r->out + rule->offset, value, strlen(value) + 1);
    return 0;
}

static int read_number(const Reading *r, const SettingRule *rule, const config_setting_t *setting)
{
    bool seconds = rule->type == SETTING_SECONDS;
    double scale = seconds ? US_PER_S : 1;
    const char *what = seconds ? "a number of seconds" : "a whole number";
    int type = config_setting_type(setting);
    double value;

    if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)
        value = (double)config_setting_get_int64(setting);
    else if (type == CONFIG_TYPE_FLOAT && seconds)
        value = config_setting_get_float(setting);
    else
        return refuse_range(r, setting, rule, what, scale);
    value = round(value * scale);
    if (!(value >= (double)rule->min && value <= (double)rule->max))
        return refuse_range(r, setting, rule, what, scale);
    int64_t whole = (int64_t)value;
    memcpy((char *)r->out + rule->offset, &whole, sizeof(whole));
    return 0;
}

static int read_boolean(const Reading *r, const SettingRule *rule, const config_setting_t *setting)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return refuse(r, setting, "%s must be true or false", rule->path);
    bool value = config_setting_get_bool(setting);
    memcpy((char *)r->out + rule->offset, &value, sizeof(value));
    return 0;
}

static int read_one_group(const Reading *r, const SettingRule *rule, const config_setting_t *group)
{
    const char *name = config_setting_name(group);

    if (!config_setting_is_group(group))
        return refuse(r, group, "%s.%s must be a group: %s = { ... }", rule->path, name, name);
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *key = config_setting_get_elem(group, (unsigned)i);
        bool is_boolean = config_setting_type(key) == CONFIG_TYPE_BOOL;
        SettingValue value = {config_setting_get_string(key),
                              is_boolean && config_setting_get_bool(key)};
        const char *wrong = value.text || is_boolean
                                ? rule->group(r->out, name, config_setting_name(key), value)
                                : "must be a string in quotes, or true or false";
        if (wrong)
            return refuse(r, key, "%s.%s.%s: %s", rule->path, name, config_setting_name(key),
                          wrong);
    }
    return 0;
}

static int read_groups(const Reading *r, const SettingRule *rule, const config_setting_t *setting)
{
    if (!config_setting_is_group(setting))
        return refuse(r, setting, "%s must be a group: %s: { name = { ... } }", rule->path,
                      rule->path);
    for (int i = 0; i < config_setting_length(setting); i++)
        if (read_one_group(r, rule, config_setting_get_elem(setting, (unsigned)i)) < 0)
            return -1;
    return 0;
}

static int read_value(const Reading *r, const SettingRule *rule, const config_setting_t *setting)
{
    switch (rule->type) {
    case SETTING_STRING:
        return read_string(r, rule, setting);
    case SETTING_INTEGER:
    case SETTING_SECONDS:
        return read_number(r, rule, setting);
    case SETTING_BOOLEAN:
        return read_boolean(r, rule, setting);
    case SETTING_GROUPS:
        return read_groups(r, rule, setting);
    }
    return -1;
}

static const SettingRule *rule_of(const Reading *r, const char *path)
{
    for (size_t i = 0; i < r->rule_count; i++)
        if (strcmp(r->rules[i].path, path) == 0)
            return &r->rules[i];
    return NULL;
}

/* Whether some rule lies below the group `path`. */
static bool is_known_group(const Reading *r, const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < r->rule_count; i++)
        if (strncmp(r->rules[i].path, path, len) == 0 && r->rules[i].path[len] == '.')
            return true;
    return false;
}

/* Reads everything below `group`; the paths of rules have at most one dot, and so has the file. */
static int read_group(const Reading *r, const config_setting_t *group, const char *prefix)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        char path[PATH_SIZE];

        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "",
                 config_setting_name(setting));
        const SettingRule *rule = rule_of(r, path);
        int status = 0;
        if (rule) {
            status = read_value(r, rule, setting);
        } else if (!*prefix && config_setting_is_group(setting) && is_known_group(r, path)) {
            status = read_group(r, setting, path);
        } else {
            status = refuse(r, setting, "%s is not a key that is known here", path);
        }
        if (status < 0)
            return status;
    }
    return 0;
}

static int check_required(const Reading *r, const config_t *config)
{
    for (size_t i = 0; i < r->rule_count; i++)
        if (r->rules[i].required && !config_lookup(config, r->rules[i].path)) {
            snprintf(r->error, SETTINGS_ERROR_SIZE, "%s: %s is missing, and has no default",
                     r->file, r->rules[i].path);
            return -1;
        }
    return 0;
}

/* libconfig ends the whole process if reading fails midway, which it does on a folder. */
static FILE *open_regular(const char *file, char *error)
{
    struct stat status;
    FILE *stream = fopen(file, "re");

    if (stream && fstat(fileno(stream), &status) == 0 && !S_ISREG(status.st_mode)) {
        snprintf(error, SETTINGS_ERROR_SIZE, "%s: not a regular file", file);
        fclose(stream);
        return NULL;
    }
    if (!stream)
        snprintf(error, SETTINGS_ERROR_SIZE, "%s: %s", file, strerror(errno));
    return stream;
}

int settings_read(const char *file, const SettingRule *rules, size_t rule_count, void *out,
                  char *error)
{
    Reading r = {file, rules, rule_count, out, error};
    config_t config;
    int status = -1;

    FILE *stream = open_regular(file, error);
    if (!stream)
        return -1;
    if (!settings_includes_are_files(stream, error)) {
        fclose(stream);
        return -1;
    }
    rewind(stream);
    config_init(&config);
    if (config_read(&config, stream) != CONFIG_TRUE)
        snprintf(error, SETTINGS_ERROR_SIZE, "%s:%d: %s",
                 config_error_file(&config) ? config_error_file(&config) : file,
                 config_error_line(&config), config_error_text(&config));
    else if (read_group(&r, config_root_setting(&config), "") == 0)
        status = check_required(&r, &config);
    config_destroy(&config);
    fclose(stream);
    return status;
}
