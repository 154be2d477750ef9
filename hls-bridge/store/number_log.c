/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/number_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/boot_id.h"

#define RECORD_SIZE 512 /* a sector: written whole or not at all, by most disks */
#define RECORDS     2

/* As text: what it holds, and the checksum of that. */
#define RECORD_FORMAT                                                                              \
    "numbers 1 %" PRIu64 " %d %" PRIu64 " %" PRIu64 " %s %" PRIu64 " %" PRIu64 " %s %08lx\n"
#define RECORD_SCAN                                                                                \
    "numbers 1 %" SCNu64 " %d %" SCNu64 " %" SCNu64 " %39s %" SCNu64 " %" SCNu64 " %39s %lx"

/* Of playlists that have their own numbers. */
typedef struct Series {
    Numbers bound;
    char boot[BOOT_ID_SIZE]; /* in which they were last written; "-": not known */
} Series;

typedef struct Record {
    uint64_t generation; /* the higher one of two counts; 0: there is none */
    bool settled;
    Series series[NUMBER_SERIES];
} Record;

struct NumberLog {
    Store *folder;
    char boot[BOOT_ID_SIZE]; /* this one */
    bool lags[NUMBER_SERIES];
    bool unsure; /* the disk may have a newer record, which it has refused */
    Record newest;
};

/* ---- a record ---- */

static size_t print_record(const Record *r, unsigned long checksum, char *text)
{
    const Series *ts = &r->series[NUMBERS_TS], *ll = &r->series[NUMBERS_LL];
    int len = snprintf(text, RECORD_SIZE, RECORD_FORMAT, r->generation, r->settled, ts->bound.msn,
                       ts->bound.discontinuity, ts->boot, ll->bound.msn, ll->bound.discontinuity,
                       ll->boot, checksum);

    return (size_t)len;
}

/* Writes it as RECORD_SIZE bytes. */
static void write_record(const Record *r, char *text)
{
    memset(text, ' ', RECORD_SIZE);
    size_t len = print_record(r, 0, text);
    unsigned long checksum = crc32(0, (const Bytef *)text, (uInt)len);
    text[print_record(r, checksum, text)] = ' '; /* in place of the end */
    text[RECORD_SIZE - 1] = '\n';
}

/* Reads it back. Returns false if it is none, or was damaged. */
static bool read_record(const char *bytes, Record *r)
{
    char text[RECORD_SIZE + 1], again[RECORD_SIZE];
    unsigned long checksum;
    int settled;
    Series *ts = &r->series[NUMBERS_TS], *ll = &r->series[NUMBERS_LL];

    memcpy(text, bytes, RECORD_SIZE);
    text[RECORD_SIZE] = '\0';
    if (sscanf(text, RECORD_SCAN, &r->generation, &settled, &ts->bound.msn,
               &ts->bound.discontinuity, ts->boot, &ll->bound.msn, &ll->bound.discontinuity,
               ll->boot, &checksum) != 9)
        return false;
    r->settled = settled == 1;
    write_record(r, again); /* every byte is as we would write it, the checksum too */
    return r->generation > 0 && memcmp(again, bytes, RECORD_SIZE) == 0;
}

/* ---- the log ---- */

static int read_records(NumberLog *log)
{
    char bytes[RECORDS * RECORD_SIZE];
    ssize_t len = store_read(log->folder, NUMBER_LOG_FILE, bytes, sizeof(bytes));
    Record record;

    if (len < 0)
        return errno == ENOENT ? 0 : -1;
    for (ssize_t at = 0; at + RECORD_SIZE <= len; at += RECORD_SIZE)
        if (read_record(bytes + at, &record) && record.generation > log->newest.generation)
            log->newest = record;
    return 0;
}

NumberLog *number_log_open(Store *folder)
{
    NumberLog *log = calloc(1, sizeof(*log));

    if (!log)
        return NULL;
    log->folder = folder;
    for (int i = 0; i < NUMBER_SERIES; i++)
        strcpy(log->newest.series[i].boot, "-");
    boot_id(log->boot);
    if (log->boot[0] == '\0')
        strcpy(log->boot, "-");
    if (read_records(log) == 0)
        return log;
    int error = errno;
    number_log_close(&log);
    errno = error;
    return NULL;
}

void number_log_close(NumberLog **log)
{
    free(*log);
    *log = NULL;
}

static bool is_known(const NumberLog *log)
{
    return log->newest.generation > 0;
}

static bool is_of_this_boot(const NumberLog *log, const Series *s)
{
    return strcmp(log->boot, "-") != 0 && strcmp(log->boot, s->boot) == 0;
}

bool number_log_trusts(const NumberLog *log, NumberSeries series, const Numbers *found)
{
    const Series *s = &log->newest.series[series];

    return !is_known(log) || log->newest.settled || is_of_this_boot(log, s) ||
           (found->msn >= s->bound.msn && found->discontinuity >= s->bound.discontinuity);
}

bool number_log_bound(const NumberLog *log, NumberSeries series, Numbers *bound)
{
    *bound = log->newest.series[series].bound;
    return is_known(log);
}

/* Puts a record in the place of the older one. */
static int write_newest(NumberLog *log, Record *record)
{
    char text[RECORD_SIZE];

    record->generation = log->newest.generation + 1;
    write_record(record, text);
    size_t at = record->generation % RECORDS * RECORD_SIZE;
    log->unsure = store_overwrite(log->folder, NUMBER_LOG_FILE, at, text, RECORD_SIZE) < 0;
    if (log->unsure)
        return -1;
    log->newest = *record;
    return 0;
}

/* The boot in which what is found of a series may be trusted. */
static const char *trusted_boot(const NumberLog *log, NumberSeries series)
{
    return log->lags[series] ? "-" : log->boot;
}

/* Whether a bound allows for these numbers, and, if it is not to be `ahead`, for no others. */
static bool allows(const Numbers *bound, const Numbers *next, uint64_t ahead)
{
    return next->msn <= bound->msn && next->discontinuity <= bound->discontinuity &&
           (ahead > 0 || (next->msn == bound->msn && next->discontinuity == bound->discontinuity));
}

int number_log_reserve(NumberLog *log, NumberSeries series, const Numbers *next, uint64_t ahead)
{
    Record record = log->newest;
    Series *s = &record.series[series];
    Numbers *bound = &s->bound;

    if (!log->unsure && is_known(log) && !record.settled && allows(bound, next, ahead) &&
        strcmp(s->boot, trusted_boot(log, series)) == 0)
        return 0;
    record.settled = false;
    strcpy(s->boot, trusted_boot(log, series));
    if (next->msn > bound->msn || ahead == 0)
        bound->msn = next->msn + ahead;
    if (next->discontinuity > bound->discontinuity || ahead == 0)
        bound->discontinuity = next->discontinuity + ahead;
    return write_newest(log, &record);
}

int number_log_lag(NumberLog *log, NumberSeries series, bool lags)
{
    Record record = log->newest;
    bool lagged = log->lags[series];

    if (lags == lagged && !log->unsure)
        return 0;
    log->lags[series] = lags;
    record.settled = false;
    strcpy(record.series[series].boot, trusted_boot(log, series));
    if (write_newest(log, &record) == 0)
        return 0;
    log->lags[series] = lagged;
    return -1;
}

int number_log_settle(NumberLog *log)
{
    Record record = log->newest;

    if (!is_known(log) || (record.settled && !log->unsure))
        return 0;
    record.settled = true;
    return write_newest(log, &record);
}
