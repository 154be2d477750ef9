/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/bridge_log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "utc_text.h"

#define LINE_SIZE 1024

static atomic_bool verbose;

void bridge_log_verbose(bool on)
{
    atomic_store(&verbose, on);
}

static void write_line(const char *level, const char *format, va_list args)
{
    char line[LINE_SIZE];
    int64_t now_us = clock_unix_us(clock_system()); /* of the line, whatever time media are at */
    TextBuffer head = text_buffer(line, sizeof(line));

    utc_text_add(&head, now_us, 3);
    text_add(&head, " %-5s ", level);
    size_t n = head.len;
    int m = vsnprintf(line + n, sizeof(line) - n - 1, format, args);
    n = m < 0 ? n : n + (size_t)m;
    if (n > sizeof(line) - 2)
        n = sizeof(line) - 2;
    line[n] = '\n';
    fwrite(line, 1, n + 1, stderr); /* one call: stderr is locked meanwhile */
}

#define DEFINE_LEVEL(name, level, condition)                                                       \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        if (!(condition))                                                                          \
            return;                                                                                \
        va_start(args, format);                                                                    \
        write_line(level, format, args);                                                           \
        va_end(args);                                                                              \
    }

DEFINE_LEVEL(log_error, "error", true)
DEFINE_LEVEL(log_warn, "warn", true)
DEFINE_LEVEL(log_info, "info", true)
DEFINE_LEVEL(log_debug, "debug", atomic_load(&verbose))

void log_debug_of(void *who, const char *format, va_list args)
{
    char line[LINE_SIZE];

    vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("%s: %s", (const char *)who, line);
}
