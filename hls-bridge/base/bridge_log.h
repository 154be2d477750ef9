/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_LOG_H
#define BRIDGE_LOG_H

/* The bridge's log: lines on stderr, one per change of state, with the stream's name.
 *
 *   2026-01-31T12:00:00.123Z info  demo: live, 1280x720 and sound
 *
 * Thread-safety: any thread; lines do not mix. */

#include <stdarg.h>
#include <stdbool.h>

/* error: somebody must act. warn: something is lost, and we go on. info: a change of state.
 * debug: for finding faults; only with bridge_log_verbose(true). */
void bridge_log_verbose(bool on);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For libraries that log by a callback: writes the first line of a message at level debug, after
 * `who` (a char *), which names the user of the library. */
void log_debug_of(void *who, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
