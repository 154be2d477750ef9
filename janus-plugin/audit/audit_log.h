/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H

/* A file of JSON, a line for each record, that a thread of its own writes (docs/operations.md,
 * "Audit log"). Records wait in a bounded queue, so that a disk that is slow or full holds nobody
 * up: what finds no room, or cannot be written, is lost and counted.
 *
 * The file is looked for by its name before each line: one that logrotate has moved is left, and a
 * new one begun. With `max_bytes` the log does that itself: PATH becomes PATH.1, in the place of
 * the one before.
 *
 * Thread-safety: any thread, but for destroy. */

#include <jansson.h>
#include <stdint.h>

#define AUDIT_QUEUE_MAX 1024 /* records that may wait: some hundred kilobytes */

typedef struct AuditLog AuditLog;

typedef struct AuditStats {
    uint64_t written, lost;
} AuditStats;

/* Opens `path`, and makes it if it is not there. `max_bytes`: of the file, 0: any number. Returns
 * NULL with errno. */
AuditLog *audit_log_create(const char *path, int64_t max_bytes);

/* Writes what waits, and ends. Accepts NULL, leaves NULL. */
void audit_log_destroy(AuditLog **log);

/* Takes over `record`, an object, and never blocks. NULL is lost. */
void audit_log_add(AuditLog *log, json_t *record);

AuditStats audit_log_stats(AuditLog *log);

#endif
