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

/* Of a publisher that sends more than he may: encoders overshoot, so that this much more is let
 * pass; and for how long he is kept out. */
#define EXCESS_FACTOR 2
#define BAR_US        (10 * US_PER_S)

/* An IDR picture that is due is asked for by others, where this thread has not come to it. */
#define ASK_GRACE_US (50 * US_PER_MS)

/* How far behind what comes this thread is, to say so, and to say that it is over. */
#define HELD_UP_US   US_PER_S
#define CAUGHT_UP_US (100 * US_PER_MS)

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
    pthread_mutex_t lock; /* guards the next four */
    Mailbox mail;
    bool published;          /* somebody is, or is about to be, our publisher */
    int64_t barred_until_us; /* nobody is let in */
    StreamStatus status;
    atomic_bool gone;

    /* the thread's own */
    SegmentStore *store;
    OpusToAac *audio;
    CmafOutput *cmaf; /* NULL: no low-latency HLS */
    HlsOutput *output;
    Thumbnail *thumbnail;
    Source *source; /* NULL: no publisher */
    bool fixed;     /* it is opened again when the publisher has gone */
    SourceSdp fixed_sdp;
    StreamState state;
    bool stopping;       /* the next run of the bridge goes on with it */
    int64_t deadline_us; /* when the state ends, HELD and ENDED */
    int64_t next_status_us;
    int64_t live_since_unix_us;
    int64_t held_up_since_us; /* said in the log; 0: it is not */
    uint64_t backlog_drops;   /* said in the log, of this source */
    int64_t longest_look_us;  /* that this publisher's media took, when a disk held it up */
    uint64_t publishers, excessive;
    RateMeter meter;
    int64_t video_bitrate, audio_bitrate;
    double frame_rate;
};

/* ---- what the media calls ---- */

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    Stream *s = user;

    if (unit->idr)
        thumbnail_offer(s->thumbnail, unit, unit->arrival_us);
    hls_output_picture(s->output, unit, pts_90k, dts_90k);
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

/* ---- media ---- */

static void start_source(Stream *s)
{
    const IntakeSink sink = {s, on_picture, on_audio};

    source_start(s->source, &sink, s->audio, hls_output_end_90k(s->output));
    hls_output_begin(s->output, source_has(s->source, TRACK_VIDEO),
                     source_has(s->source, TRACK_AUDIO), wall_clock, s);
}

/* More has come than could wait while this thread was held up: what is lost parts the stream. */
static void begin_anew(Stream *s, int64_t now_us)
{
    uint64_t drops = source_stats(s->source).backlog_drops;

    log_error("%s: held up for so long that %llu packets found no room (sources.backlog)", s->name,
              (unsigned long long)(drops - s->backlog_drops));
    s->backlog_drops = drops;
    source_finish(s->source);
    hls_output_finish(s->output, now_us);
    source_begin_anew(s->source);
    s->meter = (RateMeter){.began_us = now_us};
    start_source(s);
}

/* Does what is due at `at_us`, up to which all was received: in the past where this thread was held
 * up, so that what it makes of the media is the same. */
static void tick(Stream *s, int64_t at_us, int64_t now_us)
{
    int64_t clock_90k;

    source_tick(s->source, at_us);
    if (source_clock(s->source, at_us, &clock_90k) && hls_output_tick(s->output, clock_90k, now_us))
        source_ask_for_idr(s->source, at_us);
}

/* Takes in what was read at one time, which `at_us` takes. Returns false where there is nothing. */
static bool receive(Stream *s, int64_t now_us, int64_t *at_us)
{
    SourceNews news = source_receive(s->source, at_us);

    if (news == SOURCE_MEDIA)
        tick(s, *at_us, now_us);
    else if (news == SOURCE_GAP)
        begin_anew(s, now_us);
    return news != SOURCE_NOTHING;
}

/* Says once that this thread was held up, and once that it has caught up. */
static void note_delay(Stream *s, int64_t behind_us, int64_t now_us)
{
    if (s->held_up_since_us == 0 && behind_us > HELD_UP_US) {
        s->held_up_since_us = now_us - behind_us;
        log_warn("%s: held up, by a slow disk or a busy machine; what comes meanwhile waits",
                 s->name);
    } else if (s->held_up_since_us != 0 && behind_us < CAUGHT_UP_US) {
        log_info("%s: caught up, after %.1f s", s->name,
                 (double)(now_us - s->held_up_since_us) / US_PER_S);
        s->held_up_since_us = 0;
    }
}

/* ---- publishers ---- */

/* The publisher goes, or has gone: writes out what there is. */
static void leave(Stream *s, int64_t now_us, const char *why)
{
    int64_t at_us;

    if (!s->source)
        return;
    source_read(s->source, now_us);
    while (receive(s, now_us, &at_us))
        now_us = clock_us(CLOCK_MONOTONIC); /* a disk may take its time */
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
    s->source = source;
    s->backlog_drops = 0;
    s->longest_look_us = 0;
    start_source(s);
}

static SourceParams source_params(const Stream *s, const SourceSdp *sdp, bool fixed_ports)
{
    return (SourceParams){
        .sdp = sdp,
        .fixed_ports = fixed_ports,
        .stand_in = s->params.stand_in,
        .backlog = s->params.backlog,
    };
}

/* Listens again on the fixed ports, for whoever comes next. */
static void listen_again(Stream *s, int64_t now_us)
{
    SourceParams params = source_params(s, &s->fixed_sdp, true);
    Source *source = source_create(&params, now_us, NULL);

    if (!source) {
        log_error("%s: the ports cannot be opened again: %s", s->name, strerror(errno));
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->published = true;
    pthread_mutex_unlock(&s->lock);
    enter(s, source);
}

/* Ends a publisher that sends far more than he may: what he takes is the others'. Who sends to
 * fixed ports was asked to. Returns whether he was ended. */
static bool end_excess(Stream *s, int64_t now_us)
{
    int64_t bitrate;

    if (s->fixed || !source_bitrate(s->source, &bitrate) ||
        bitrate <= EXCESS_FACTOR * s->params.source_bitrate)
        return false;
    log_error("%s: the publisher sends %.1f Mbit/s, and may %.1f (sources.bitrate)", s->name,
              (double)bitrate / 1e6, (double)s->params.source_bitrate / 1e6);
    s->excessive++;
    pthread_mutex_lock(&s->lock);
    s->barred_until_us = now_us + BAR_US;
    pthread_mutex_unlock(&s->lock);
    leave(s, now_us, "ended, since it sends too much");
    return true;
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
    if (end_excess(s, now_us) ||
        now_us - source_last_heard_us(s->source) < s->params.source_timeout_us)
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

    if (now_us < s->next_status_us)
        return;
    s->next_status_us = now_us + STATUS_PERIOD_US;
    thumbnail_update(s->thumbnail);
    StreamStatus status = {
        .state = s->state,
        .live_since_unix_us = s->live_since_unix_us,
        .publishers = s->publishers,
        .excessive = s->excessive,
        .bitrate = -1,
        .has_source = s->source && source_has_been_heard(s->source),
        .output = hls_output_stats(s->output),
        .thumbnail = thumbnail_stats(s->thumbnail),
        .target_duration_s = playlist->target_duration_s,
        .media_sequence = playlist->media_sequence,
        .discontinuity_sequence = playlist->discontinuity_sequence,
        .playlist_segments = playlist->count,
    };

    memcpy(status.name, s->name, sizeof(status.name));
    if (status.has_source) {
        status.source = source_stats(s->source);
        memcpy(status.title, source_title(s->source), sizeof(status.title));
        measure_rates(s, &status, now_us);
        if (!source_bitrate(s->source, &status.bitrate))
            status.bitrate = -1;
    }
    status.video_bitrate = s->video_bitrate;
    status.audio_bitrate = s->audio_bitrate;
    status.frame_rate = s->frame_rate;
    pthread_mutex_lock(&s->lock);
    s->status = status;
    pthread_mutex_unlock(&s->lock);
}

/* ---- the thread ---- */

/* What is to be asked for where this thread is held up from now on. */
static void provide_for_delay(Stream *s, int64_t now_us)
{
    int64_t idr_90k, every_90k, now_90k, at_us = NEVER_US, every_us = 0;

    if (hls_output_next_idr(s->output, &idr_90k, &every_90k) &&
        source_clock(s->source, now_us, &now_90k)) {
        at_us = now_us + ticks_to_us(idr_90k - now_90k) + ASK_GRACE_US;
        every_us = ticks_to_us(every_90k);
    }
    source_keep_asking(s->source, at_us, every_us);
}

/* Returns whether there is more to take in. */
static bool run_source(Stream *s, bool readable, int64_t now_us)
{
    int64_t at_us = now_us;

    source_work(s->source, now_us);
    if (readable)
        source_read(s->source, now_us);
    bool received = receive(s, now_us, &at_us);
    note_delay(s, now_us - at_us, now_us);
    if (source_has_more(s->source))
        return true;
    if (!received)
        tick(s, now_us, now_us);
    provide_for_delay(s, now_us);
    check_publisher(s, now_us);
    return false;
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
    thumbnail_remove(s->thumbnail);
    pthread_mutex_lock(&s->lock);
    s->mail.closed = !s->mail.source;
    bool closed = s->mail.closed;
    pthread_mutex_unlock(&s->lock);
    return !closed;
}

/* Removes what may go by now. When that is was reckoned when a look began, and a disk may have held
 * it up before viewers knew: files stay for as much longer as it ever has. Returns when something
 * next may go. */
static int64_t expire(Stream *s, int64_t now_us)
{
    int64_t took_us = clock_us(CLOCK_MONOTONIC) - now_us;

    s->longest_look_us = took_us > s->longest_look_us ? took_us : s->longest_look_us;
    int64_t files_us = now_us - s->longest_look_us;
    int64_t at_us = segment_store_expire(s->store, files_us);
    int64_t cmaf_us = s->cmaf ? cmaf_output_expire(s->cmaf, now_us, files_us) : NEVER_US;

    at_us = at_us == NEVER_US ? NEVER_US : at_us + s->longest_look_us;
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

/* Waits until there is something to read, or for `ms`. */
static void rest(Stream *s, int ms, bool *mail, bool *readable)
{
    struct pollfd fds[RTP_INGEST_FDS_MAX + 1] = {{.fd = s->wake_fd, .events = POLLIN}};
    size_t n = 1;

    if (s->source) {
        n += source_poll_fds(s->source, fds + 1);
        source_rest(s->source);
    }
    int ready = poll(fds, n, ms);
    *mail = fds[0].revents != 0;
    *readable = ready > *mail;
}

static void *run(void *data)
{
    Stream *s = data;
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    bool mail = true, readable = true; /* there may be */

    while (!mail || read_mail(s, now_us)) {
        bool more = s->source && run_source(s, readable, now_us);
        if (!run_deadline(s, now_us))
            break;
        int64_t expire_us = expire(s, now_us);
        update_status(s, now_us);
        mail = readable = more;
        if (!more)
            rest(s, wait_ms(s, now_us, expire_us), &mail, &readable);
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
    thumbnail_close(&s->thumbnail);
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
    s->thumbnail =
        thumbnail_open(s->params.thumbnailer, s->params.directory, s->name, s->params.thumbnail_us);
    if (!s->thumbnail)
        return -1;
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
    SourceParams params = source_params(s, sdp, fixed_ports);
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

bool stream_is_taken(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool taken = s->published;
    pthread_mutex_unlock(&s->lock);
    return taken;
}

bool stream_is_barred(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool barred = clock_us(CLOCK_MONOTONIC) < s->barred_until_us;
    pthread_mutex_unlock(&s->lock);
    return barred;
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
