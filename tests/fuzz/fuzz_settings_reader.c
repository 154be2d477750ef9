/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "settings_reader.h"

typedef struct Settings {
    char name[16];
    int64_t count;
    int64_t wait_us;
    bool on;
} Settings;

static const char *read_group_key(void *out, const char *group, const char *key, SettingValue value)
{
    (void)out;
    REQUIRE(group && key && (!value.text || !value.on));
    return strcmp(key, "key") == 0 ? NULL : "is not known here";
}

#define VALUE(key, kind, field)                                                                    \
    .path = key, .type = kind, .offset = offsetof(Settings, field),                                \
    .size = sizeof(((Settings *)0)->field)

static const SettingRule rules[] = {
    {VALUE("general.name", SETTING_STRING, name), .min = 2, .max = 100},
    {VALUE("general.count", SETTING_INTEGER, count), .min = -5, .max = 50},
    {VALUE("general.wait", SETTING_SECONDS, wait_us), .min = 500000, .max = 10000000},
    {VALUE("on", SETTING_BOOLEAN, on)},
    {.path = "streams", .type = SETTING_GROUPS, .group = read_group_key},
};

/* libconfig 1.5 forgets a string that it has not read to the end of when the syntax fails. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static int try_input(const uint8_t *data, size_t size)
{
    Settings s = {.name = "none", .wait_us = 500000};
    char path[64], error[SETTINGS_ERROR_SIZE] = "";

    /* it would have libconfig open any file of this machine, and wait for some of them */
    if (memmem(data, size, "include", 7))
        return 0;
    int fd = memfd_create("settings", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (settings_read(path, rules, sizeof(rules) / sizeof(rules[0]), &s, error) < 0)
        REQUIRE(strncmp(error, path, strlen(path)) == 0 && strlen(error) < SETTINGS_ERROR_SIZE);
    REQUIRE(memchr(s.name, '\0', sizeof(s.name)));
    REQUIRE(s.count >= -5 && s.count <= 50);
    REQUIRE(s.wait_us >= 500000 && s.wait_us <= 10000000);
    close(fd);
    return 0;
}

FUZZ_TARGET(settings_reader, try_input);
