/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bridge_log.h"
#include "clock.h"

#define LIVE_PERIOD_US   (50 * US_PER_MS) /* between two looks at the clock while live */
#define IDLE_PERIOD_US   US_PER_S         /* and else */
#define STATUS_PERIOD_US (250 * US_PER_MS)
#define RATE_PERIOD_US   US_PER_S
#define RETRY_US         US_PER_S /* of what the disk refused */

/* What other threads want; `lock` guards it. */
typedef struct Mailbox {
    Source *source; /* a new publisher; NULL: none */
    bool fixed;
    SourceSdp sdp; /* its description, where `fixed` */
    bool unpublish, stop;
    bool closed; /* nobody reads any more */
} Mailbox;

/* Bytes and pictures at the beginning of the second that is measured. */
typedef struct RateMeter {
    int64_t began_us;
    uint64_t video_bytes, audio_bytes, pictures;
} RateMeter;

struct Stream {
    char name[STREAM_NAME_MAX + 1];
    StreamParams params;
    pthread_t thread;
    int wake_fd;
    pthread_mutex_t lock; /* guards the next three */
    Mailbox mail;
    bool published; /* somebody is, or is about to be, our publisher */
    StreamStatus status;
    atomic_bool gone;

    /* the thread's own */
    SegmentStore *store;
    OpusToAac *audio;
    CmafOutput *cmaf; /* NULL: no low-latency HLS */
    HlsOutput *output;
    Source *source; /* NULL: no publisher */
    bool fixed;     /* it is opened again when the publisher has gone */
    SourceSdp fixed_sdp;
    StreamState state;
    bool stopping;       /* the next run of the bridge goes on with it */
    int64_t deadline_us; /* when the state ends, HELD and ENDED */
    int64_t next_status_us;
    int64_t live_since_unix_us;
    uint64_t publishers;
    RateMeter meter;
    int64_t video_bitrate, audio_bitrate;
    double frame_rate;
};

/* ---- publishers ---- */

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    hls_output_picture(((Stream *)user)->output, unit, pts_90k, dts_90k);
}

static void on_audio(void *user, const AacFrame *frame)
{
    hls_output_audio(((Stream *)user)->output, frame);
}

/* When what is at `at_90k` was captured, as near as its arrival tells. */
static int64_t wall_clock(void *user, int64_t at_90k)
{
    const Stream *s = user;
    int64_t since_boot_us = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC);

    return source_arrival_of(s->source, at_90k) + since_boot_us;
}

static void set_state(Stream *s, StreamState state, int64_t deadline_us)
{
    s->state = state;
    s->deadline_us = deadline_us;
    s->next_status_us = 0;
}

/* The publisher goes, or has gone: writes out what there is. */
static void leave(Stream *s, int64_t now_us, const char *why)
{
    if (!s->source)
        return;
    source_finish(s->source);
    hls_output_finish(s->output, now_us);
    source_destroy(&s->source);
    pthread_mutex_lock(&s->lock);
    s->published = s->mail.source;
    pthread_mutex_unlock(&s->lock);
    s->video_bitrate = s->audio_bitrate = 0;
    s->frame_rate = 0;
    if (s->state != STREAM_LIVE)
        return;
    if (s->stopping)
        log_info("%s: %s", s->name, why);
    else
        log_info("%s: %s, held open for %lld s", s->name, why,
                 (long long)(s->params.hold_us / US_PER_S));
    s->live_since_unix_us = 0;
    set_state(s, STREAM_HELD, now_us + s->params.hold_us);
}

static void enter(Stream *s, Source *source)
{
    const IntakeSink sink = {s, on_picture, on_audio};

    s->source = source;
    source_start(source, &sink, s->audio, hls_output_end_90k(s->output));
    hls_output_begin(s->output, source_has(source, TRACK_VIDEO), source_has(source, TRACK_AUDIO),
                     wall_clock, s);
}

/* Listens again on the fixed ports, for whoever comes next. */
static void listen_again(Stream *s, int64_t now_us)
{
    SourceParams params = {.sdp = &s->fixed_sdp, .fixed_ports = true};
    Source *source = source_create(&params, now_us, NULL);

    if (source)
        enter(s, source);
    else
        log_error("%s: the ports cannot be opened again: %s", s->name, strerror(errno));
}

static void check_publisher(Stream *s, int64_t now_us)
{
    if (s->state != STREAM_LIVE && source_has_been_heard(s->source)) {
        s->publishers++;
        s->live_since_unix_us = clock_us(CLOCK_REALTIME);
        s->meter = (RateMeter){.began_us = now_us};
        log_info("%s: a publisher sends%s%s", s->name,
                 source_has(s->source, TRACK_VIDEO) ? ", video" : "",
                 source_has(s->source, TRACK_AUDIO) ? ", audio" : "");
        set_state(s, STREAM_LIVE, NEVER_US);
    }
    if (now_us - source_last_heard_us(s->source) < s->params.source_timeout_us)
        return;
    if (s->fixed && s->state != STREAM_LIVE)
        return; /* it may wait for as long as it likes */
    leave(s, now_us, "nothing has come from the publisher for a while");
    if (s->fixed)
        listen_again(s, now_us);
}

/* ---- the mailbox ---- */

/* Does what others have asked for. Returns false where the thread is to stop. */
static bool read_mail(Stream *s, int64_t now_us)
{
    eventfd_t ignored;

    eventfd_read(s->wake_fd, &ignored);
    pthread_mutex_lock(&s->lock);
    Source *source = s->mail.source;
    bool unpublish = s->mail.unpublish;
    s->stopping = s->mail.stop;
    if (source) {
        s->fixed = s->mail.fixed;
        s->fixed_sdp = s->mail.sdp;
    }
    s->mail.source = NULL;
    s->mail.unpublish = false;
    pthread_mutex_unlock(&s->lock);

    if (unpublish)
        leave(s, now_us, "the publisher has gone");
    if (source) {
        leave(s, now_us, "another publisher takes over");
        enter(s, source);
    }
    if (s->stopping)
        leave(s, now_us, "the bridge stops");
    return !s->stopping;
}

/* ---- status ---- */

static void measure_rates(Stream *s, const StreamStatus *status, int64_t now_us)
{
    int64_t elapsed = now_us - s->meter.began_us;
    RateMeter now = {.began_us = now_us, .pictures = status->source.media.video.access_units};

    if (elapsed < RATE_PERIOD_US)
        return;
    for (size_t i = 0; i < status->source.media.tracks; i++) {
        const IntakeTrackStats *track = &status->source.media.track[i];
        *(track->kind == TRACK_VIDEO ? &now.video_bytes : &now.audio_bytes) += track->bytes;
    }
    s->video_bitrate = (int64_t)(now.video_bytes - s->meter.video_bytes) * 8 * US_PER_S / elapsed;
    s->audio_bitrate = (int64_t)(now.audio_bytes - s->meter.audio_bytes) * 8 * US_PER_S / elapsed;
    s->frame_rate = (double)(now.pictures - s->meter.pictures) * US_PER_S / (double)elapsed;
    s->meter = now;
}

static void update_status(Stream *s, int64_t now_us)
{
    const Playlist *playlist = segment_store_playlist(s->store);
    StreamStatus status = {
        .state = s->state,
        .live_since_unix_us = s->live_since_unix_us,
        .publishers = s->publishers,
        .has_source = s->source && source_has_been_heard(s->source),
        .output = hls_output_stats(s->output),
        .target_duration_s = playlist->target_duration_s,
        .media_sequence = playlist->media_sequence,
        .discontinuity_sequence = playlist->discontinuity_sequence,
        .playlist_segments = playlist->count,
    };

    if (now_us < s->next_status_us)
        return;
    s->next_status_us = now_us + STATUS_PERIOD_US;
    memcpy(status.name, s->name, sizeof(status.name));
    if (status.has_source) {
        status.source = source_stats(s->source);
        measure_rates(s, &status, now_us);
    }
    status.video_bitrate = s->video_bitrate;
    status.audio_bitrate = s->audio_bitrate;
    status.frame_rate = s->frame_rate;
    pthread_mutex_lock(&s->lock);
    s->status = status;
    pthread_mutex_unlock(&s->lock);
}

/* ---- the thread ---- */

static void run_source(Stream *s, bool readable, int64_t now_us)
{
    int64_t clock_90k;

    if (readable)
        source_receive(s->source, now_us);
    source_tick(s->source, now_us);
    if (source_clock(s->source, now_us, &clock_90k) &&
        hls_output_tick(s->output, clock_90k, now_us))
        source_ask_for_idr(s->source, now_us);
    check_publisher(s, now_us);
}

/* Ends what is held, and removes what was kept. Returns false where nothing is left. */
static bool run_deadline(Stream *s, int64_t now_us)
{
    if (s->state == STREAM_LIVE || now_us < s->deadline_us)
        return true;
    if (s->state == STREAM_HELD) {
        if (segment_store_end(s->store) < 0) {
            s->deadline_us = now_us + RETRY_US;
            return true;
        }
        if (s->cmaf)
            cmaf_output_end(s->cmaf);
        if (segment_store_playlist(s->store)->ended)
            log_info("%s: ended", s->name);
        set_state(s, STREAM_ENDED, now_us + s->params.keep_us);
        return true;
    }
    if (s->source)
        return true; /* somebody is expected */
    if (segment_store_clear(s->store) < 0) {
        s->deadline_us = now_us + RETRY_US;
        return true;
    }
    if (s->cmaf)
        cmaf_output_clear(s->cmaf);
    pthread_mutex_lock(&s->lock);
    s->mail.closed = !s->mail.source;
    bool closed = s->mail.closed;
    pthread_mutex_unlock(&s->lock);
    return !closed;
}

/* Removes what may go by now. Returns when something next may. */
static int64_t expire(Stream *s, int64_t now_us)
{
    int64_t at_us = segment_store_expire(s->store, now_us);
    int64_t cmaf_us = s->cmaf ? cmaf_output_expire(s->cmaf, now_us) : NEVER_US;

    return cmaf_us < at_us ? cmaf_us : at_us;
}

/* Milliseconds for poll(), rounded up: waking early would only mean to sleep again. */
static int wait_ms(const Stream *s, int64_t now_us, int64_t expire_us)
{
    int64_t until = now_us + (s->source ? LIVE_PERIOD_US : IDLE_PERIOD_US);
    int64_t clock_deadline = s->source ? hls_output_deadline_90k(s->output) : INT64_MAX;
    int64_t now_90k;

    if (s->source && source_deadline_us(s->source) < until)
        until = source_deadline_us(s->source);
    if (clock_deadline != INT64_MAX && source_clock(s->source, now_us, &now_90k)) {
        int64_t at = now_us + ticks_to_us(clock_deadline - now_90k);
        until = at < until ? at : until;
    }
    if (s->state != STREAM_LIVE && s->deadline_us < until)
        until = s->deadline_us;
    if (expire_us < until)
        until = expire_us;
    return until <= now_us ? 0 : (int)((until - now_us + US_PER_MS - 1) / US_PER_MS);
}

static void *run(void *data)
{
    Stream *s = data;
    struct pollfd fds[RTP_INGEST_FDS_MAX + 1];
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    bool mail = true, readable = true; /* there may be */

    while (!mail || read_mail(s, now_us)) {
        if (s->source)
            run_source(s, readable, now_us);
        if (!run_deadline(s, now_us))
            break;
        int64_t expire_us = expire(s, now_us);
        update_status(s, now_us);

        fds[0] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
        size_t n = 1 + (s->source ? source_poll_fds(s->source, fds + 1) : 0);
        int ready = poll(fds, n, wait_ms(s, now_us, expire_us));
        mail = fds[0].revents != 0;
        readable = ready > mail;
        now_us = clock_us(CLOCK_MONOTONIC);
    }
    atomic_store(&s->gone, true);
    return NULL;
}

/* ---- create and destroy ---- */

static void free_stream(Stream *s)
{
    source_destroy(&s->source);
    source_destroy(&s->mail.source);
    hls_output_destroy(&s->output);
    cmaf_output_close(&s->cmaf);
    opus_to_aac_destroy(&s->audio);
    segment_store_close(&s->store);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    free((char *)s->params.directory);
    free(s);
}

static int open_cmaf(Stream *s, int64_t now_us)
{
    CmafOutputParams params = {
        .stream = s->name,
        .directory = s->params.directory,
        .hub = s->params.ll_hub,
        .part_us = s->params.ll_part_us,
        .target_duration_s = segment_store_playlist(s->store)->target_duration_s,
        .window = s->params.window,
        .dash = s->params.ll_dash,
    };

    params.aac_config = opus_to_aac_config(s->audio, &params.aac_config_len);
    s->cmaf = cmaf_output_open(&params, now_us);
    return s->cmaf ? 0 : -1;
}

/* Everything but the thread. Returns 0, or -1 with errno. */
static int open_stream(Stream *s, int64_t now_us)
{
    OpusToAacParams audio = {.bitrate = s->params.audio_bitrate};
    SegmentStoreParams store = {
        .directory = s->params.directory,
        .stream = s->name,
        .window = s->params.window,
        .target_duration_s = (s->params.segment_us + US_PER_S - 1) / US_PER_S,
    };
    HlsOutputParams output = {.stream = s->name, .segment_us = s->params.segment_us};
    const char *error;

    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->store = segment_store_open(&store, now_us);
    if (s->wake_fd < 0 || !s->store)
        return -1;
    s->audio = opus_to_aac_create(&audio, &error);
    if (!s->audio) {
        log_error("%s: %s", s->name, error);
        errno = ENOMEM;
        return -1;
    }
    if (s->params.ll_hub && open_cmaf(s, now_us) < 0)
        return -1;
    output.store = s->store;
    output.writes_ts = s->params.writes_ts;
    output.cmaf = s->cmaf;
    output.aac_config = opus_to_aac_config(s->audio, &output.aac_config_len);
    s->output = hls_output_create(&output);
    return s->output ? 0 : -1;
}

Stream *stream_create(const StreamParams *params)
{
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    int error;

    Stream *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    pthread_mutex_init(&s->lock, NULL);
    s->wake_fd = -1;
    snprintf(s->name, sizeof(s->name), "%s", params->name);
    s->params = *params;
    s->params.directory = strdup(params->directory);
    if (!s->params.directory || open_stream(s, now_us) < 0)
        goto fail;
    if (segment_store_playlist(s->store)->ended)
        set_state(s, STREAM_ENDED, now_us + s->params.keep_us);
    else
        set_state(s, STREAM_HELD, now_us + s->params.hold_us);
    if (segment_store_playlist(s->store)->count > 0 && s->state == STREAM_HELD)
        log_info("%s: taken up from an earlier run at segment %llu", s->name,
                 (unsigned long long)playlist_next_sequence(segment_store_playlist(s->store)));
    update_status(s, now_us);
    errno = pthread_create(&s->thread, NULL, run, s);
    if (errno == 0)
        return s;
fail:
    error = errno;
    free_stream(s);
    errno = error;
    return NULL;
}

void stream_stop(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->mail.stop = true;
    pthread_mutex_unlock(&s->lock);
    eventfd_write(s->wake_fd, 1);
}

void stream_destroy(Stream **stream)
{
    if (!*stream)
        return;
    stream_stop(*stream);
    pthread_join((*stream)->thread, NULL);
    free_stream(*stream);
    *stream = NULL;
}

/* ---- for other threads ---- */

int stream_publish(Stream *s, const SourceSdp *sdp, bool fixed_ports, uint16_t *ports,
                   bool *replaced, uint16_t *failed_port)
{
    SourceParams params = {.sdp = sdp, .fixed_ports = fixed_ports};
    Source *source = source_create(&params, clock_us(CLOCK_MONOTONIC), failed_port);

    if (!source)
        return -1;
    source_ports(source, ports);
    pthread_mutex_lock(&s->lock);
    bool closed = s->mail.closed || s->mail.stop;
    if (!closed) {
        *replaced = s->published;
        s->published = true;
        source_destroy(&s->mail.source); /* one that nobody has looked at yet */
        s->mail.source = source;
        s->mail.fixed = fixed_ports;
        s->mail.sdp = *sdp;
        s->mail.unpublish = false;
    }
    pthread_mutex_unlock(&s->lock);
    if (closed) {
        source_destroy(&source);
        errno = EAGAIN;
        return -1;
    }
    eventfd_write(s->wake_fd, 1);
    return 0;
}

int stream_unpublish(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool there = s->published;
    s->published = false;
    source_destroy(&s->mail.source);
    s->mail.unpublish = true;
    pthread_mutex_unlock(&s->lock);
    eventfd_write(s->wake_fd, 1);
    return there ? 0 : -1;
}

bool stream_is_gone(const Stream *s)
{
    return atomic_load(&s->gone);
}

const char *stream_name(const Stream *s)
{
    return s->name;
}

void stream_status(Stream *s, StreamStatus *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->status;
    pthread_mutex_unlock(&s->lock);
}
