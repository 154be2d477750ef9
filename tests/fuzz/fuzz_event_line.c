/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include <zlib.h>

#include "hls-bridge/events/event_line.h"

/* What is read of a line lies in it. Returns whether it is an event. */
static int try_line(const char *line, size_t len)
{
    uint64_t generation = 0, offset = 0;
    EventRecord record;
    int head = event_line_is_head(line, len, &generation);
    int mark = event_line_is_mark(line, len, &generation, &offset);
    int is_record = event_line_is_record(line, len, &record);

    REQUIRE(!head || (!mark && !is_record));
    REQUIRE(generation < INT64_MAX && offset < INT64_MAX);
    if (!is_record)
        return 0;
    REQUIRE(record.unix_us >= 0);
    REQUIRE(memchr(record.id, '\0', sizeof(record.id)) && record.id[0]);
    REQUIRE(!strpbrk(record.id, " \r\n"));
    REQUIRE(record.body >= line && record.body + record.len + 1 == line + len);
    return 1;
}

/* Reads the input as a queue; then as the text of one line, with a checksum that is right. */
static int try_input(const uint8_t *data, size_t size)
{
    static char line[EVENT_LINE_MAX];
    char sum[10];
    size_t at = 0;

    for (size_t len; (len = event_line_length((const char *)data + at, size - at)) > 0; at += len) {
        REQUIRE(len <= EVENT_LINE_MAX && at + len <= size);
        try_line((const char *)data + at, len);
    }
    REQUIRE(size - at < EVENT_LINE_MAX && !memchr(data + at, '\n', size - at));
    size_t len = size < sizeof(line) - 10 ? size : sizeof(line) - 10;
    snprintf(sum, sizeof(sum), "%08lx ", crc32(0, data, (uInt)len));
    memcpy(line, sum, 9);
    memcpy(line + 9, data, len);
    line[9 + len] = '\n';
    try_line(line, len + 10);
    return 0;
}

FUZZ_TARGET(event_line, try_input);
