/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-transcoder: takes coded pictures of one stream from hls-bridge, and gives them back in other
 * sizes; or key pictures of any stream, of which it makes thumbnails. Its only file is a socket,
 * descriptor 3; transcode_wire.h has what is said there. It takes its bytes from strangers, so it
 * shuts itself in before the first of them, or leaves them to a process of its own that does. */

#include <errno.h>
#include <libavutil/log.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/media.h"
#include "transcode/sandbox.h"
#include "transcode/small_picture.h"
#include "transcode/transcode_fault.h"
#include "transcode/transcode_work.h"

#define SOCKET 3

#define READ_SIZE (64 << 10)          /* bytes that are read at once */
#define ROOM_MAX  (4 * WIRE_BODY_MAX) /* that may wait; the bridge lets far fewer */

#define CAME 256 /* pictures of which is known when they came; the bridge lets fewer wait */

/* How it ends, for whoever reads the exit status of a process. */
enum { ENDED_WELL = 0, ENDED_WRONG = 1, ENDED_HELPLESS = 2, ENDED_REFUSED = 3 };

typedef struct Desk {
    ByteBuffer in, out;
    size_t done;           /* bytes of `in` that are done with */
    size_t seen;           /* ... that were looked at, as whole messages */
    int64_t newest_us;     /* the time of the newest picture that has come */
    int64_t came_us[CAME]; /* when pictures came, by their number */
    size_t came, begun;    /* pictures that have come, and that were begun with */
    bool ended;            /* the bridge has hung up */
    TranscodeWork *work;   /* NULL: not yet, or it is for thumbnails */
    SmallPicture *small;   /* NULL: not yet, or it is for rungs */
    TranscodeFault fault;
} Desk;

static _Noreturn void end(int status)
{
    _exit(status); /* nothing is to be tidied up, and exit() might do what is forbidden */
}

/* ---- the socket ---- */

static void write_out(Desk *d)
{
    for (size_t at = 0; at < d->out.len;) {
        ssize_t n = write(SOCKET, d->out.data + at, d->out.len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            end(ENDED_WELL); /* the bridge has gone */
        at += (size_t)n;
    }
    byte_buffer_clear(&d->out);
}

/* Makes room for more, in place of what is done with. Returns NULL if enough waits. */
static uint8_t *make_room(Desk *d)
{
    if (d->done > 0 && d->done >= d->in.len / 2) {
        memmove(d->in.data, d->in.data + d->done, d->in.len - d->done);
        d->in.len -= d->done;
        d->seen -= d->done;
        d->done = 0;
    }
    if (d->in.len >= ROOM_MAX)
        return NULL;
    uint8_t *room = byte_buffer_reserve(&d->in, READ_SIZE);
    if (!room)
        end(ENDED_HELPLESS);
    return room;
}

/* Whether there is something to read; waits for it if `wait`. */
static bool is_readable(bool wait)
{
    struct pollfd fd = {.fd = SOCKET, .events = POLLIN};

    return poll(&fd, 1, wait ? -1 : 0) > 0;
}

/* Looks at what has come, so that what is to be done knows how much waits behind it. */
static void look(Desk *d)
{
    WireMessage m;
    long len;

    while ((len = transcode_wire_read(WIRE_TO_TRANSCODER, d->in.data + d->seen, d->in.len - d->seen,
                                      &m)) > 0) {
        d->seen += (size_t)len;
        if (m.kind == WIRE_PICTURE) {
            d->newest_us = ticks_to_us(m.picture.pts_90k);
            d->came_us[d->came++ % CAME] = clock_monotonic_us(clock_system());
        }
    }
    if (len < 0)
        end(ENDED_WRONG);
}

/* Reads all that is there; waits if nothing is to be done. */
static void read_in(Desk *d)
{
    while (!d->ended && is_readable(d->done == d->seen)) {
        uint8_t *room = make_room(d);

        if (!room)
            return; /* the rest waits in the socket */
        ssize_t n = read(SOCKET, room, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            d->ended = true;
            return;
        }
        d->in.len += (size_t)n;
        look(d);
    }
}

/* ---- messages ---- */

static void say(Desk *d, const WireMessage *m)
{
    if (transcode_wire_write(m, &d->out) < 0)
        end(ENDED_HELPLESS);
    write_out(d);
}

static _Noreturn void refuse(Desk *d, const char *why)
{
    WireMessage m = {.kind = WIRE_REFUSED};

    for (size_t i = 0; i < WIRE_TEXT_MAX && why[i]; i++)
        m.refused[i] = why[i] >= ' ' && why[i] <= '~' ? why[i] : '?';
    say(d, &m);
    end(ENDED_REFUSED);
}

static void configure(Desk *d, const TranscodeConfig *config)
{
    char error[WIRE_TEXT_MAX + 1];
    const SandboxParams params = {
        .memory_mib = config->memory_mib,
        .threads = config->threads > 1,
        .devices = strncmp(config->encoder, "lib", 3) != 0,
    };

    if (d->work)
        end(ENDED_WRONG);
    /* a device's library may start threads, so files come before it */
    if (params.devices && sandbox_hold_files(error, sizeof(error)) < 0)
        refuse(d, error);
    d->work = transcode_work_create(config, error);
    if (!d->work || sandbox_enter(&params, error, sizeof(error)) < 0)
        refuse(d, error);
    d->fault = config->fault;
    say(d, &(WireMessage){.kind = WIRE_READY});
}

/* How far it is behind: a picture that came with others in a burst has not waited, and one before a
 * pause of the source has nothing behind it. */
static int64_t lag_us(Desk *d, const WirePicture *picture, int64_t now_us)
{
    int64_t waited_us = now_us - d->came_us[d->begun++ % CAME];
    int64_t behind_us = d->newest_us - ticks_to_us(picture->pts_90k);

    return waited_us < behind_us ? waited_us : behind_us;
}

static void take_picture(Desk *d, const WirePicture *picture)
{
    const Clock *clock = clock_system();
    int64_t from_us = clock_monotonic_us(clock);
    WireMessage m = {.kind = WIRE_TOOK};

    transcode_fault_do(d->fault);
    if (transcode_work_picture(d->work, picture, lag_us(d, picture, from_us), &d->out, &m.took) < 0)
        end(ENDED_HELPLESS);
    m.took.busy_us = (uint32_t)(clock_monotonic_us(clock) - from_us);
    say(d, &m);
}

/* The bytes stay uninterpreted here: a process of their own reads them. */
static void take_show(Desk *d, const WireShow *show)
{
    WireMessage m = {.kind = WIRE_SHOWN};

    if (!d->small)
        d->small = small_picture_create();
    if (!d->small)
        end(ENDED_HELPLESS);
    small_picture_make(d->small, show, &m.shown);
    say(d, &m);
}

/* Whether such a message may come now: a process makes thumbnails, or is configured for rungs. */
static bool may_come(const Desk *d, WireKind kind)
{
    if (kind == WIRE_SHOW)
        return !d->work;
    return kind == WIRE_CONFIGURE ? !d->small : d->work != NULL;
}

/* Does what the first message asks for; there is one. */
static void take_message(Desk *d)
{
    WireMessage m;
    long len = transcode_wire_read(WIRE_TO_TRANSCODER, d->in.data + d->done, d->seen - d->done, &m);

    if (len <= 0 || !may_come(d, m.kind))
        end(ENDED_WRONG);
    if (m.kind == WIRE_SHOW)
        take_show(d, &m.show);
    else if (m.kind == WIRE_CONFIGURE)
        configure(d, &m.configure);
    else if (m.kind == WIRE_PICTURE)
        take_picture(d, &m.picture);
    else
        transcode_work_want(d->work, m.want);
    d->done += (size_t)len;
}

int main(int argc, char **argv)
{
    struct stat is;
    Desk desk = {0};

    if (argc > 1 || fstat(SOCKET, &is) < 0 || !S_ISSOCK(is.st_mode)) {
        fprintf(stderr,
                "%s: hls-bridge runs this, with a socket as descriptor 3; it has no options. The "
                "settings are transcode.* in hls-bridge.jcfg.\n",
                argv[0]);
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    /* Without the bridge, nobody would end one that stands still. If the bridge ended before this,
     * the socket says so. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    av_log_set_level(AV_LOG_QUIET);
    mallopt(M_ARENA_MAX, 1); /* each thread's would take address space, which is limited */
    while (!desk.ended || desk.done < desk.seen) {
        read_in(&desk);
        if (desk.done < desk.seen)
            take_message(&desk);
    }
    end(ENDED_WELL);
}
