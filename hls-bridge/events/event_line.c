/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/media.h"

#define HEAD       "janus-hls-events 1 "
#define SUM_LEN    9  /* eight digits and a space */
#define DIGITS_MAX 18 /* of a number, without the zeros before it: it is below 2^63 */

/* ---- write ---- */

/* Puts the checksum before what was written behind it, and the end behind that. */
static size_t finish(char *line, int text_len)
{
    char sum[SUM_LEN + 1];

    if (text_len < 0 || text_len >= EVENT_LINE_MAX - SUM_LEN - 1)
        return 0;
    size_t len = SUM_LEN + (size_t)text_len;
    snprintf(sum, sizeof(sum), "%08lx ",
             crc32(0, (const Bytef *)line + SUM_LEN, (uInt)text_len) & 0xFFFFFFFFul);
    memcpy(line, sum, SUM_LEN);
    line[len] = '\n';
    return len + 1;
}

#define print_line(line, ...)                                                                      \
    finish(line, snprintf((line) + SUM_LEN, EVENT_LINE_MAX - SUM_LEN, __VA_ARGS__))

size_t event_line_head(char *line, uint64_t generation)
{
    return print_line(line, HEAD "%018" PRIu64, generation);
}

size_t event_line_record(char *line, int64_t unix_us, const char *id, const char *body)
{
    return print_line(line, "%" PRId64 " %s %s", larger(unix_us, 0), id, body);
}

size_t event_line_mark(char *line, uint64_t generation, uint64_t offset)
{
    return print_line(line, "%020" PRIu64 " %020" PRIu64, generation, offset);
}

/* ---- read ---- */

size_t event_line_length(const char *bytes, size_t len)
{
    size_t most = len < EVENT_LINE_MAX ? len : EVENT_LINE_MAX;
    const char *end = memchr(bytes, '\n', most);

    if (end)
        return (size_t)(end - bytes) + 1;
    return len < EVENT_LINE_MAX ? 0 : EVENT_LINE_MAX;
}

/* What stands behind the checksum, without the end. Returns false if that is not its checksum. */
static bool open_line(const char *line, size_t len, const char **text, size_t *text_len)
{
    char sum[SUM_LEN + 1];

    if (len < SUM_LEN + 1 || line[len - 1] != '\n')
        return false;
    *text = line + SUM_LEN;
    *text_len = len - SUM_LEN - 1;
    snprintf(sum, sizeof(sum), "%08lx ",
             crc32(0, (const Bytef *)*text, (uInt)*text_len) & 0xFFFFFFFFul);
    return memcmp(sum, line, SUM_LEN) == 0;
}

/* Reads a number of digits alone, and moves behind it. */
static bool read_number(const char **text, size_t *len, uint64_t *number)
{
    size_t digits = 0;
    uint64_t value = 0;

    while (digits < *len && (*text)[digits] == '0')
        digits++;
    size_t zeros = digits;
    while (digits < *len && (*text)[digits] >= '0' && (*text)[digits] <= '9') {
        if (digits - zeros == DIGITS_MAX)
            return false;
        value = value * 10 + (uint64_t)((*text)[digits++] - '0');
    }
    *text += digits;
    *len -= digits;
    *number = value;
    return digits > 0;
}

static bool skip(const char **text, size_t *len, const char *what)
{
    size_t n = strlen(what);

    if (*len < n || memcmp(*text, what, n) != 0)
        return false;
    *text += n;
    *len -= n;
    return true;
}

bool event_line_is_head(const char *line, size_t line_len, uint64_t *generation)
{
    const char *text;
    size_t len;

    return open_line(line, line_len, &text, &len) && skip(&text, &len, HEAD) &&
           read_number(&text, &len, generation) && len == 0;
}

bool event_line_is_record(const char *line, size_t line_len, EventRecord *out)
{
    const char *text;
    size_t len;
    uint64_t unix_us;

    if (!open_line(line, line_len, &text, &len) || !read_number(&text, &len, &unix_us) ||
        !skip(&text, &len, " "))
        return false;
    const char *space = memchr(text, ' ', len);
    size_t id_len = space ? (size_t)(space - text) : 0;
    if (id_len == 0 || id_len >= sizeof(out->id))
        return false;
    for (size_t i = 0; i < id_len; i++)
        if (text[i] < '!' || text[i] > '~') /* it becomes a field of a request */
            return false;
    *out = (EventRecord){.unix_us = (int64_t)unix_us, .body = space + 1, .len = len - id_len - 1};
    memcpy(out->id, text, id_len);
    return true;
}

bool event_line_is_mark(const char *line, size_t line_len, uint64_t *generation, uint64_t *offset)
{
    const char *text;
    size_t len;

    return open_line(line, line_len, &text, &len) && read_number(&text, &len, generation) &&
           skip(&text, &len, " ") && read_number(&text, &len, offset) && len == 0;
}
