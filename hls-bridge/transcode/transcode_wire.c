/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcode_wire.h"

#include <string.h>

#define MARK 0xA7 /* of a head: whoever has lost its place finds out */

#define CONFIGURE_LEN (8 + WIRE_ENCODER_SIZE)
#define RUNG_LEN      8
#define PICTURE_HEAD  13
#define UNIT_HEAD     10
#define TOOK_LEN      24
#define SHOW_HEAD     2
#define SHOWN_HEAD    1

/* ---- numbers ---- */

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        *at++ = (uint8_t)(value >> (8 * bytes));
    return at;
}

static uint64_t get(const uint8_t **at, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *(*at)++;
    return value;
}

/* ---- write ---- */

/* Adds a head and `head_len` bytes, and `len` more of `data`. */
static int add(ByteBuffer *out, WireKind kind, const uint8_t *head, size_t head_len,
               const uint8_t *data, size_t len)
{
    uint8_t *to = byte_buffer_reserve(out, WIRE_HEAD + head_len + len);

    if (!to)
        return -1;
    to = put(to, MARK, 1);
    to = put(to, kind, 1);
    to = put(to, 0, 2);
    to = put(to, head_len + len, 4);
    if (head_len > 0)
        memcpy(to, head, head_len);
    if (len > 0)
        memcpy(to + head_len, data, len);
    out->len += WIRE_HEAD + head_len + len;
    return 0;
}

static int write_configure(const TranscodeConfig *c, ByteBuffer *out)
{
    uint8_t body[CONFIGURE_LEN + RUNGS_MAX * RUNG_LEN] = {0}, *at = body;

    at = put(at, c->codec, 1);
    at = put(at, (uint64_t)c->threads, 1);
    at = put(at, c->fault, 1);
    at = put(at, c->ladder.count, 1);
    at = put(at, (uint64_t)c->memory_mib, 4);
    memcpy(at, c->encoder, strnlen(c->encoder, WIRE_ENCODER_SIZE - 1));
    at += WIRE_ENCODER_SIZE;
    for (size_t i = 0; i < c->ladder.count; i++) {
        at = put(at, (uint64_t)c->ladder.rung[i].side, 2);
        at = put(at, c->ladder.rung[i].halved, 2);
        at = put(at, (uint64_t)c->ladder.rung[i].bitrate, 4);
    }
    return add(out, WIRE_CONFIGURE, body, (size_t)(at - body), NULL, 0);
}

static int write_picture(const WirePicture *p, ByteBuffer *out)
{
    uint8_t head[PICTURE_HEAD], *at = head;

    at = put(at, p->id, 4);
    at = put(at, (uint64_t)p->pts_90k, 8);
    put(at, p->key, 1);
    return add(out, WIRE_PICTURE, head, sizeof(head), p->data, p->len);
}

static int write_unit(const WireUnit *u, ByteBuffer *out)
{
    uint8_t head[UNIT_HEAD], *at = head;

    at = put(at, u->rung, 1);
    at = put(at, (uint64_t)u->pts_90k, 8);
    put(at, u->idr, 1);
    return add(out, WIRE_UNIT, head, sizeof(head), u->data, u->len);
}

static int write_rung(const WireRung *r, ByteBuffer *out)
{
    uint8_t body[6], *at = body;

    at = put(at, r->rung, 1);
    at = put(at, (uint64_t)r->width, 2);
    at = put(at, (uint64_t)r->height, 2);
    put(at, r->behind, 1);
    return add(out, WIRE_RUNG, body, sizeof(body), NULL, 0);
}

static int write_took(const WireTook *t, ByteBuffer *out)
{
    uint8_t body[TOOK_LEN], *at = body;

    at = put(at, t->id, 4);
    at = put(at, t->decoded, 4);
    at = put(at, t->damaged, 4);
    at = put(at, t->skipped, 4);
    at = put(at, t->busy_us, 4);
    put(at, t->lag_us, 4);
    return add(out, WIRE_TOOK, body, sizeof(body), NULL, 0);
}

static int write_show(const WireShow *s, ByteBuffer *out)
{
    const uint8_t head[SHOW_HEAD] = {(uint8_t)s->codec, (uint8_t)s->fault};

    return add(out, WIRE_SHOW, head, sizeof(head), s->data, s->len);
}

static int write_shown(const WireShown *s, ByteBuffer *out)
{
    const uint8_t head[SHOWN_HEAD] = {(uint8_t)s->how};

    return add(out, WIRE_SHOWN, head, sizeof(head), s->data, s->len);
}

int transcode_wire_write(const WireMessage *message, ByteBuffer *out)
{
    uint8_t want[4];

    switch (message->kind) {
    case WIRE_CONFIGURE:
        return write_configure(&message->configure, out);
    case WIRE_PICTURE:
        return write_picture(&message->picture, out);
    case WIRE_WANT:
        put(want, message->want, 4);
        return add(out, WIRE_WANT, want, sizeof(want), NULL, 0);
    case WIRE_READY:
        return add(out, WIRE_READY, NULL, 0, NULL, 0);
    case WIRE_REFUSED:
        return add(out, WIRE_REFUSED, NULL, 0, (const uint8_t *)message->refused,
                   strnlen(message->refused, WIRE_TEXT_MAX));
    case WIRE_RUNG:
        return write_rung(&message->rung, out);
    case WIRE_UNIT:
        return write_unit(&message->unit, out);
    case WIRE_TOOK:
        return write_took(&message->took, out);
    case WIRE_SHOW:
        return write_show(&message->show, out);
    case WIRE_SHOWN:
        return write_shown(&message->shown, out);
    }
    return -1;
}

/* ---- read: each returns whether the body is as it must be ---- */

/* A time; 12,000 years of ticks are enough, and leave room to reckon with. */
static bool get_pts(const uint8_t **at, int64_t *pts_90k)
{
    *pts_90k = (int64_t)get(at, 8);
    return *pts_90k > -WIRE_PTS_END_90K && *pts_90k < WIRE_PTS_END_90K;
}

/* A flag of one byte, 0 or 1. */
static bool get_flag(const uint8_t **at, bool *flag)
{
    uint64_t value = get(at, 1);

    *flag = value == 1;
    return value <= 1;
}

static bool read_ladder(const uint8_t *at, size_t count, RungLadder *ladder)
{
    for (size_t i = 0; i < count; i++) {
        Rung *r = &ladder->rung[i];

        r->side = (int)get(&at, 2);
        uint64_t halved = get(&at, 2);
        r->halved = halved == 1;
        r->bitrate = (int64_t)get(&at, 4);
        if (halved > 1 || r->side < RUNG_SIDE_MIN || r->side > RUNG_SIDE_MAX ||
            r->bitrate < RUNG_BITRATE_MIN || r->bitrate > RUNG_BITRATE_MAX)
            return false;
    }
    ladder->count = count;
    return true;
}

/* An encoder's name: letters, digits, '_' and '-', and zeros behind it. */
static bool read_encoder(const uint8_t *at, char encoder[WIRE_ENCODER_SIZE])
{
    size_t len = strnlen((const char *)at, WIRE_ENCODER_SIZE);

    if (len == 0 || len == WIRE_ENCODER_SIZE)
        return false;
    for (size_t i = 0; i < WIRE_ENCODER_SIZE; i++) {
        char c = (char)at[i];
        bool in_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
        if (i < len ? !in_name : c != '\0')
            return false;
        encoder[i] = c;
    }
    return true;
}

static bool read_configure(const uint8_t *at, size_t len, TranscodeConfig *c)
{
    if (len < CONFIGURE_LEN)
        return false;
    *c = (TranscodeConfig){.codec = (Codec)get(&at, 1), .threads = (int)get(&at, 1)};
    c->fault = (TranscodeFault)get(&at, 1);
    size_t count = (size_t)get(&at, 1);
    uint64_t memory = get(&at, 4);
    c->memory_mib = (int)memory;
    if (c->codec >= CODECS_MAX || c->threads < 1 || c->threads > WIRE_THREADS_MAX ||
        c->fault >= TRANSCODE_FAULTS || count > RUNGS_MAX || memory > WIRE_MEMORY_MAX ||
        len != CONFIGURE_LEN + count * RUNG_LEN)
        return false;
    return read_encoder(at, c->encoder) && read_ladder(at + WIRE_ENCODER_SIZE, count, &c->ladder);
}

static bool read_picture(const uint8_t *at, size_t len, WirePicture *p)
{
    if (len <= PICTURE_HEAD || len - PICTURE_HEAD > WIRE_PICTURE_MAX)
        return false;
    p->id = (uint32_t)get(&at, 4);
    if (!get_pts(&at, &p->pts_90k) || !get_flag(&at, &p->key))
        return false;
    p->data = at;
    p->len = len - PICTURE_HEAD;
    return true;
}

static bool read_unit(const uint8_t *at, size_t len, WireUnit *u)
{
    if (len <= UNIT_HEAD || len - UNIT_HEAD > WIRE_PICTURE_MAX)
        return false;
    u->rung = (size_t)get(&at, 1);
    if (u->rung >= RUNGS_MAX || !get_pts(&at, &u->pts_90k) || !get_flag(&at, &u->idr))
        return false;
    u->data = at;
    u->len = len - UNIT_HEAD;
    return true;
}

static bool read_rung(const uint8_t *at, size_t len, WireRung *r)
{
    if (len != 6)
        return false;
    r->rung = (size_t)get(&at, 1);
    r->width = (int)get(&at, 2);
    r->height = (int)get(&at, 2);
    return get_flag(&at, &r->behind) && r->rung < RUNGS_MAX &&
           (r->width == 0) == (r->height == 0) && r->width <= RUNG_SOURCE_SIDE_MAX &&
           r->height <= RUNG_SOURCE_SIDE_MAX && r->width % 2 == 0 && r->height % 2 == 0;
}

static bool read_took(const uint8_t *at, size_t len, WireTook *t)
{
    if (len != TOOK_LEN)
        return false;
    t->id = (uint32_t)get(&at, 4);
    t->decoded = (uint32_t)get(&at, 4);
    t->damaged = (uint32_t)get(&at, 4);
    t->skipped = (uint32_t)get(&at, 4);
    t->busy_us = (uint32_t)get(&at, 4);
    t->lag_us = (uint32_t)get(&at, 4);
    return true;
}

static bool read_show(const uint8_t *at, size_t len, WireShow *s)
{
    if (len <= SHOW_HEAD || len - SHOW_HEAD > WIRE_PICTURE_MAX)
        return false;
    s->codec = (Codec)get(&at, 1);
    s->fault = (TranscodeFault)get(&at, 1);
    s->data = at;
    s->len = len - SHOW_HEAD;
    return s->codec < CODECS_MAX && s->fault < TRANSCODE_FAULTS;
}

static bool read_shown(const uint8_t *at, size_t len, WireShown *s)
{
    if (len < SHOWN_HEAD || len - SHOWN_HEAD > WIRE_JPEG_MAX)
        return false;
    s->how = (WireShownHow)get(&at, 1);
    s->data = at;
    s->len = len - SHOWN_HEAD;
    return s->how < SHOWN_HOWS && (s->how == SHOWN_WHOLE) == (s->len > 0);
}

/* A sentence goes into a log: it is printable. */
static bool read_text(const uint8_t *at, size_t len, char *text)
{
    if (len > WIRE_TEXT_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (at[i] < ' ' || at[i] > '~')
            return false;
        text[i] = (char)at[i];
    }
    text[len] = '\0';
    return true;
}

static bool read_body(WireSide side, const uint8_t *at, size_t len, WireMessage *m)
{
    if ((m->kind < WIRE_READY) != (side == WIRE_TO_TRANSCODER))
        return false;
    switch (m->kind) {
    case WIRE_CONFIGURE:
        return read_configure(at, len, &m->configure);
    case WIRE_PICTURE:
        return read_picture(at, len, &m->picture);
    case WIRE_WANT:
        m->want = len == 4 ? (uint32_t)get(&at, 4) : UINT32_MAX;
        return len == 4 && m->want < 1u << RUNGS_MAX;
    case WIRE_READY:
        return len == 0;
    case WIRE_REFUSED:
        return read_text(at, len, m->refused);
    case WIRE_RUNG:
        return read_rung(at, len, &m->rung);
    case WIRE_UNIT:
        return read_unit(at, len, &m->unit);
    case WIRE_TOOK:
        return read_took(at, len, &m->took);
    case WIRE_SHOW:
        return read_show(at, len, &m->show);
    case WIRE_SHOWN:
        return read_shown(at, len, &m->shown);
    }
    return false;
}

long transcode_wire_read(WireSide side, const uint8_t *data, size_t len, WireMessage *message)
{
    const uint8_t *at = data;

    if (len < WIRE_HEAD)
        return len > 0 && data[0] != MARK ? -1 : 0;
    if (get(&at, 1) != MARK)
        return -1;
    message->kind = (WireKind)get(&at, 1);
    uint64_t zeros = get(&at, 2);
    size_t body = (size_t)get(&at, 4);
    if (zeros != 0 || body > WIRE_BODY_MAX)
        return -1;
    if (len - WIRE_HEAD < body)
        return 0;
    return read_body(side, at, body, message) ? (long)(WIRE_HEAD + body) : -1;
}
