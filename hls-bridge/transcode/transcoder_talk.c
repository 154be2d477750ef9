/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcoder_inner.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define READ_SIZE (64 << 10) /* bytes that are read at once, */
#define READ_MOST (1 << 20)  /* and in one go: the stream's thread has other things to do */

/* Of its bytes up to half are dealt with and still there: the other half holds the longest message.
 */
#define IN_MOST (2 * (WIRE_HEAD + WIRE_BODY_MAX))

/* What may wait for a process that is slow. More would only come later still. */
#define WAITING_MOST 60        /* pictures */
#define OUT_MOST     (4 << 20) /* bytes, but one picture may always wait */

static bool is_up(const Transcoder *t)
{
    return t->state == TRANSCODER_STARTS || t->state == TRANSCODER_RUNS;
}

/* Changes of rungs that a picture may bring: with it come those that a decoder held back. */
#define TOLD_MOST (8 * RUNGS_MAX)

/* ---- to it ---- */

/* Takes what has been dealt with out of a buffer. */
static void drop_front(ByteBuffer *b, size_t *at)
{
    if (*at == b->len) {
        byte_buffer_clear(b);
        *at = 0;
    } else if (*at > b->len / 2) {
        memmove(b->data, b->data + *at, b->len - *at);
        b->len -= *at;
        *at = 0;
    }
}

static void send_out(Transcoder *t)
{
    if (is_up(t) && !t->deaf)
        t->deaf = !transcoder_process_send(&t->process, &t->out, &t->out_at);
    if (t->deaf)
        t->out_at = t->out.len;
    drop_front(&t->out, &t->out_at);
}

void transcoder_say(Transcoder *t, const WireMessage *message, int64_t now_us)
{
    if (!is_up(t))
        return;
    if (transcode_wire_write(message, &t->out) < 0)
        transcoder_fail(t, "cannot be told anything: there is no memory", now_us);
    else
        send_out(t);
}

/* Whether there is room for another picture. */
static bool has_room(const Transcoder *t, size_t len)
{
    size_t waits = t->out.len - t->out_at;

    return t->next_id - t->answered < WAITING_MOST && (waits == 0 || waits + len <= OUT_MOST);
}

void transcoder_picture(Transcoder *t, const TranscoderPicture *picture, int64_t now_us)
{
    if (!is_up(t) || (t->needs_key && !picture->key) || picture->len == 0 ||
        picture->len > WIRE_PICTURE_MAX || !has_room(t, picture->len) ||
        picture->pts_90k <= -WIRE_PTS_END_90K || picture->pts_90k >= WIRE_PTS_END_90K) {
        t->stats.left_out++;
        t->needs_key = true; /* what follows may be made of this one */
        return;
    }
    WireMessage m = {.kind = WIRE_PICTURE,
                     .picture = {.id = t->next_id,
                                 .pts_90k = picture->pts_90k,
                                 .key = picture->key,
                                 .data = picture->data,
                                 .len = picture->len}};
    t->given[t->next_id % GIVEN] = (Given){picture->pts_90k, picture->key};
    if (t->next_id == t->answered)
        t->quiet_us = 0;
    t->next_id++;
    t->needs_key = false;
    t->stats.given++;
    transcoder_say(t, &m, now_us);
}

/* ---- from it ---- */

static void receive_in(Transcoder *t, int64_t now_us)
{
    drop_front(&t->in, &t->in_at);
    for (size_t got = 0; is_up(t) && got < READ_MOST && t->in.len < IN_MOST;) {
        uint8_t *to = byte_buffer_reserve(&t->in, READ_SIZE);

        if (!to) {
            transcoder_fail(t, "cannot be heard: there is no memory", now_us);
            return;
        }
        ssize_t n = recv(t->process.fd, to, READ_SIZE, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            t->hung_up = true;
            return;
        }
        t->in.len += (size_t)n;
        got += (size_t)n;
    }
}

void transcoder_exchange(Transcoder *t, int64_t now_us)
{
    send_out(t);
    if (is_up(t))
        receive_in(t, now_us);
}

void transcoder_forget(Transcoder *t)
{
    byte_buffer_free(&t->out);
    byte_buffer_free(&t->in);
    t->out_at = t->in_at = 0;
    t->hung_up = t->deaf = false;
    t->next_id = t->answered = 0;
    t->rungs_told = 0;
    t->needs_key = true;
    t->stats.decoded += t->took.decoded;
    t->stats.damaged += t->took.damaged;
    t->stats.skipped += t->took.skipped;
    t->took = (WireTook){0};
    for (size_t i = 0; i < t->stats.rungs; i++) {
        t->stats.rung[i].behind = false; /* the next process has not tried yet */
        if (t->stats.rung[i].width > 0)
            t->stopped |= 1u << i;
    }
}

/* Whether such a picture is among the newest that were given. A publisher may send two at one time,
 * of which a decoder takes the first. */
static bool was_given(const Transcoder *t, int64_t pts_90k, bool key)
{
    for (uint32_t back = 1; back <= GIVEN && back <= t->next_id; back++) {
        const Given *g = &t->given[(t->next_id - back) % GIVEN];
        if (g->pts_90k == pts_90k && g->key == key)
            return true;
    }
    return false;
}

/* Whether a unit can be what it says. */
static bool is_unit_right(const Transcoder *t, const WireUnit *u)
{
    static const uint8_t delimiter[] = {0, 0, 0, 1, 9};

    return u->rung < t->stats.rungs && t->stats.rung[u->rung].width > 0 &&
           was_given(t, u->pts_90k, u->idr) &&
           (!t->unit_came[u->rung] || u->pts_90k > t->unit_90k[u->rung]) &&
           u->len > sizeof(delimiter) && memcmp(u->data, delimiter, sizeof(delimiter)) == 0;
}

static bool take_unit(Transcoder *t, const WireUnit *unit)
{
    if (!is_unit_right(t, unit))
        return false;
    t->unit_came[unit->rung] = true;
    t->unit_90k[unit->rung] = unit->pts_90k;
    t->stats.rung[unit->rung].units++;
    t->stats.rung[unit->rung].bytes += unit->len;
    return true;
}

/* An answer comes for each picture, in order. */
static bool take_took(Transcoder *t, const WireTook *took)
{
    const Given *given = &t->given[took->id % GIVEN];

    if (took->id != t->answered || t->answered == t->next_id)
        return false;
    if (t->answered > 0) {
        int64_t shown = given->pts_90k - t->given[(took->id - 1) % GIVEN].pts_90k;
        if (shown > 0 && shown < TICKS_PER_S)
            t->stats.media_us += ticks_to_us(shown);
    }
    t->answered++;
    t->quiet_us = 0; /* nothing else that it says shows that it gets on */
    t->rungs_told = 0;
    t->took = *took;
    t->stats.busy_us += took->busy_us;
    t->stats.lag_us = took->lag_us;
    return true;
}

/* It tells of rungs only while it works at a picture, and never without end. */
static bool take_rung(Transcoder *t, const WireRung *rung)
{
    if (rung->rung >= t->stats.rungs || t->answered == t->next_id || ++t->rungs_told > TOLD_MOST)
        return false;
    t->stats.rung[rung->rung].width = rung->width;
    t->stats.rung[rung->rung].height = rung->height;
    t->stats.rung[rung->rung].behind = rung->behind;
    return true;
}

/* Deals with a message. Returns false if it cannot be true. */
static bool hear(Transcoder *t, const WireMessage *m, TranscoderNews *news, int64_t now_us)
{
    switch (m->kind) {
    case WIRE_READY:
        if (t->state != TRANSCODER_STARTS)
            return false;
        transcoder_ready(t, now_us);
        return true;
    case WIRE_REFUSED:
        if (t->state != TRANSCODER_STARTS)
            return false;
        transcoder_refuse(t, m->refused, now_us);
        return true;
    case WIRE_RUNG:
        *news = (TranscoderNews){.says = TRANSCODER_RUNG, .rung = m->rung};
        return t->state == TRANSCODER_RUNS && take_rung(t, &m->rung);
    case WIRE_UNIT:
        *news = (TranscoderNews){.says = TRANSCODER_UNIT, .unit = m->unit};
        return t->state == TRANSCODER_RUNS && take_unit(t, &m->unit);
    case WIRE_TOOK:
        return t->state == TRANSCODER_RUNS && take_took(t, &m->took);
    default:
        return false;
    }
}

/* Tells of a rung that stands still because its process is gone. */
static TranscoderNews tell_stopped(Transcoder *t)
{
    size_t i = (size_t)__builtin_ctz(t->stopped);

    t->stopped &= t->stopped - 1;
    t->stats.rung[i].width = t->stats.rung[i].height = 0;
    TranscoderNews news = {.says = TRANSCODER_RUNG};
    news.rung.rung = i;
    return news;
}

TranscoderNews transcoder_take(Transcoder *t, int64_t now_us)
{
    TranscoderNews news = {.says = TRANSCODER_NOTHING};

    while (t->stopped == 0 && is_up(t) && news.says == TRANSCODER_NOTHING) {
        WireMessage m;
        long len = transcode_wire_read(WIRE_FROM_TRANSCODER, t->in.data + t->in_at,
                                       t->in.len - t->in_at, &m);

        if (len == 0 && t->hung_up)
            transcoder_fail(t, NULL, now_us);
        if (len == 0)
            break;
        if (len > 0)
            t->in_at += (size_t)len;
        if (len < 0 || !hear(t, &m, &news, now_us)) {
            news = (TranscoderNews){.says = TRANSCODER_NOTHING};
            transcoder_fail(t, "said what cannot be", now_us);
        }
    }
    return t->stopped ? tell_stopped(t) : news;
}
