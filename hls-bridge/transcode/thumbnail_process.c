/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/thumbnail_process.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "transcode/transcoder_process.h"

#define LOOK_US   (200 * US_PER_MS) /* of the time between two looks, only so much counts */
#define READ_SIZE (64 << 10)

#define TOLD_US (60 * US_PER_S) /* between two lines in the log of what went wrong */

static const char stops[] = "the bridge stops";

struct ThumbnailProcess {
    ThumbnailProcessParams params;
    TranscoderProcess process;
    int stop; /* an eventfd, readable once it is to stop */
    ByteBuffer out, in;
    size_t out_at;
    ThumbnailProcessStats stats;
    bool told;       /* something has gone wrong, and was told, */
    int64_t told_us; /* then */
};

ThumbnailProcess *thumbnail_process_create(const ThumbnailProcessParams *params)
{
    ThumbnailProcess *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->params = *params;
    p->process = (TranscoderProcess)TRANSCODER_NO_PROCESS;
    p->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->stop >= 0)
        return p;
    int error = errno;
    free(p);
    errno = error;
    return NULL;
}

void thumbnail_process_rest(ThumbnailProcess *p)
{
    transcoder_process_kill(&p->process);
    transcoder_process_wait(&p->process);
    byte_buffer_free(&p->out);
    byte_buffer_free(&p->in);
    p->out_at = 0;
}

void thumbnail_process_destroy(ThumbnailProcess **process)
{
    ThumbnailProcess *p = *process;

    if (!p)
        return;
    thumbnail_process_rest(p);
    close(p->stop);
    free(p);
    *process = NULL;
}

void thumbnail_process_stop(ThumbnailProcess *p)
{
    eventfd_write(p->stop, 1);
}

ThumbnailProcessStats thumbnail_process_stats(const ThumbnailProcess *p)
{
    return p->stats;
}

/* Counts a thumbnail that was lost, and says so now and then: a publisher may bring this about with
 * each key picture. Returns -1. */
static int lose(ThumbnailProcess *p, const char *why)
{
    int64_t now_us = clock_monotonic_us(p->params.clock);

    p->stats.faults++;
    if (p->told && now_us - p->told_us < TOLD_US)
        return -1;
    p->told = true;
    p->told_us = now_us;
    log_warn("a thumbnail is lost: %s (%s)", why, p->params.program);
    return -1;
}

/* Likewise, and ends the process. */
static int fail(ThumbnailProcess *p, const char *why)
{
    thumbnail_process_rest(p);
    return lose(p, why);
}

/* Takes what has come. Returns false if it has ended, or there is no memory. */
static bool receive_in(ThumbnailProcess *p)
{
    uint8_t *to = byte_buffer_reserve(&p->in, READ_SIZE);

    if (!to)
        return false;
    ssize_t n = recv(p->process.fd, to, READ_SIZE, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    p->in.len += (size_t)n;
    return n > 0;
}

/* Waits until something can be read or written. Returns false if it is to stop. */
static bool wait_for_it(ThumbnailProcess *p)
{
    struct pollfd fds[] = {{.fd = p->stop, .events = POLLIN},
                           {.fd = p->process.fd, .events = POLLIN}};

    if (p->out_at < p->out.len)
        fds[1].events |= POLLOUT;
    poll(fds, 2, (int)(LOOK_US / US_PER_MS));
    return fds[0].revents == 0;
}

/* Talks to the process until it has answered. Returns NULL, or why it did not. */
static const char *talk(ThumbnailProcess *p, WireMessage *answer)
{
    int64_t looked_us = clock_monotonic_us(p->params.clock), waited_us = 0;

    while (waited_us < p->params.patience_us) {
        long len = transcode_wire_read(WIRE_FROM_TRANSCODER, p->in.data, p->in.len, answer);
        if (len > 0 && answer->kind == WIRE_SHOWN && (size_t)len == p->in.len)
            return NULL;
        if (len != 0)
            return "hls-transcoder said what cannot be";
        if (!wait_for_it(p))
            return stops;
        if (!transcoder_process_send(&p->process, &p->out, &p->out_at) || !receive_in(p))
            return "hls-transcoder has ended";
        int64_t now_us = clock_monotonic_us(p->params.clock);
        waited_us += smaller(now_us - looked_us, LOOK_US);
        looked_us = now_us;
    }
    p->stats.stood_still++;
    return "hls-transcoder stands still";
}

/* What the answer says of its process. */
static int judge(ThumbnailProcess *p, const WireShown *shown)
{
    switch (shown->how) {
    case SHOWN_WHOLE:
    case SHOWN_DAMAGED:
        return 0;
    case SHOWN_FORBIDDEN:
        p->stats.forbidden++;
        return lose(p, "its decoder did what it may not do, and was killed for it");
    case SHOWN_OPEN:
        return lose(p,
                    "its decoder cannot be shut in, so that there are none: this kernel must "
                    "have seccomp, and let hls-bridge use it");
    case SHOWN_ENDED:
    case SHOWN_HOWS:
        break;
    }
    return lose(p, "its decoder has ended");
}

static bool is_jpeg(const WireShown *shown)
{
    return shown->len > 4 && shown->data[0] == 0xFF && shown->data[1] == 0xD8 &&
           shown->data[shown->len - 2] == 0xFF && shown->data[shown->len - 1] == 0xD9;
}

/* Starts the process, if there is none. Returns 0 or -1. */
static int start(ThumbnailProcess *p)
{
    if (p->process.fd >= 0)
        return 0;
    if (transcoder_process_start(&p->process, p->params.program) < 0)
        return lose(p, errno == ENOENT ? "hls-transcoder is not there, so that there are none: set "
                                         "transcode.program to where it is"
                                       : strerror(errno));
    p->stats.started++;
    return 0;
}

int thumbnail_process_make(ThumbnailProcess *p, Codec codec, const uint8_t *data, size_t len,
                           ByteBuffer *jpeg)
{
    WireMessage m = {.kind = WIRE_SHOW, .show = {codec, p->params.fault, data, len}};

    byte_buffer_clear(jpeg);
    if (len == 0 || len > WIRE_PICTURE_MAX || start(p) < 0)
        return -1;
    byte_buffer_clear(&p->out);
    byte_buffer_clear(&p->in);
    p->out_at = 0;
    if (transcode_wire_write(&m, &p->out) < 0)
        return fail(p, "there is no memory");
    const char *why = talk(p, &m);
    if (why == stops)
        thumbnail_process_rest(p);
    if (why)
        return why == stops ? -1 : fail(p, why);
    if (judge(p, &m.shown) < 0 || m.shown.how != SHOWN_WHOLE)
        return -1;
    if (!is_jpeg(&m.shown))
        return fail(p, "hls-transcoder said what cannot be");
    return byte_buffer_add(jpeg, m.shown.data, m.shown.len);
}
