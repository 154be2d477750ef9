/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "stream/mailbox.h"
#include "stream/pipeline.h"

#define LIVE_PERIOD_US   (50 * US_PER_MS) /* between two looks at the clock while live */
#define IDLE_PERIOD_US   US_PER_S         /* and else */
#define STATUS_PERIOD_US (250 * US_PER_MS)
#define RETRY_US         US_PER_S /* of what could not be done */
#define OPEN_RETRY_US    (200 * US_PER_MS)

/* A stream that was just made stays for so long: whom it was made for is about to publish. */
#define STAY_LEAST_US (2 * US_PER_S)

/* The disk takes a stream's media again if it has refused none for so long. */
#define DISK_CALM_US (10 * US_PER_S)

/* For how long a publisher that sends more than it may is kept out. */
#define BAR_US (10 * US_PER_S)

/* Who does the stream's work. */
typedef enum Phase {
    PHASE_RUNS,  /* its thread */
    PHASE_RESTS, /* whoever tends it; the thread has ended, or is about to */
    PHASE_GONE,  /* nobody: it has been removed */
} Phase;

typedef enum Opening {
    OPENING,
    OPENED,
    OPEN_FAILED, /* the thread has ended */
} Opening;

struct Stream {
    char name[STREAM_NAME_MAX + 1];
    StreamParams params;
    pthread_t thread;
    bool has_thread; /* to be joined; of those who publish and destroy */
    Mailbox *mail;
    pthread_mutex_t lock; /* guards the next four */
    StreamStatus status;
    Opening opening;
    int open_error;        /* errno of OPEN_FAILED */
    bool awaited;          /* who makes the stream waits to hear of it */
    pthread_cond_t opened; /* it is not OPENING any more */
    _Atomic Phase phase;
    atomic_bool hurried;
    atomic_uint_fast64_t silent; /* publishers from whom nothing ever came */
    _Atomic int64_t left_us;     /* the last publisher went, or the stream was made; monotonic */

    /* Guards what follows. The thread holds it from its beginning to its end, so that nobody but
     * the thread touches what is the thread's; while the stream rests, whoever tends it does. */
    pthread_mutex_t owner;
    Packager *packager;
    Pipeline *pipeline;
    Source *source; /* NULL: no publisher */
    bool fixed;     /* it is opened again when the publisher has gone */
    SourceSdp fixed_sdp;
    bool taken_up; /* the folder was opened, and read */
    StreamState state;
    bool stopping;           /* the next run of the bridge goes on with it */
    int64_t since_us;        /* the state began */
    int64_t deadline_us;     /* when it ends, HELD and ENDED */
    int64_t barred_until_us; /* a publisher that was ended is kept out */
    bool broadcast;          /* one has begun, with a publisher, and has not ended */
    bool shown;              /* and something of it came */
    bool end_refused;        /* by the disk; told */
    uint64_t failed_writes;  /* of media */
    int64_t write_failed_us; /* the last of them, while that is told; 0: it is not */
    int64_t next_status_us;
    int64_t live_since_unix_us;
    uint64_t publishers, excessive;
    SourceProblem problem; /* of the publisher; told */
};

/* Tells what has happened to the stream. */
static void emit(const Stream *s, Event event)
{
    memcpy(event.stream, s->name, sizeof(event.stream));
    event_queue_emit(s->params.events, &event);
}

static int64_t time_us(const Stream *s)
{
    return clock_monotonic_us(s->params.packager.clock);
}

/* Nothing was ever listed, by an earlier run neither: nobody can want it. */
static bool is_void(const Stream *s)
{
    return packager_is_empty(s->packager);
}

static void set_state(Stream *s, StreamState state, int64_t deadline_us)
{
    s->state = state;
    s->since_us = time_us(s);
    s->deadline_us = deadline_us;
    s->next_status_us = 0;
}

/* ---- publishers ---- */

/* The publisher's first packet makes the stream live, however many more wait: what is held may end
 * at any look, and then takes no more media. */
static void note_first(Stream *s)
{
    if (s->state == STREAM_LIVE || !source_has_been_heard(s->source))
        return;
    s->publishers++;
    s->live_since_unix_us = clock_unix_us(s->params.packager.clock);
    Event event = {.kind = s->shown ? EVENT_RESUMED : EVENT_LIVE,
                   .live = {.video = source_has(s->source, TRACK_VIDEO),
                            .audio = source_has(s->source, TRACK_AUDIO),
                            .publishers = s->publishers}};
    snprintf(event.live.title, sizeof(event.live.title), "%s", source_title(s->source));
    emit(s, event);
    s->broadcast = s->shown = true;
    set_state(s, STREAM_LIVE, NEVER_US);
}

/* The publisher goes, or has gone: writes out what there is. */
static void leave(Stream *s, int64_t now_us, EventHeldReason reason)
{
    if (!s->source)
        return;
    pipeline_finish(s->pipeline, now_us);
    note_first(s); /* what it reads last may be all that ever came: an end is due behind that */
    source_destroy(&s->source);
    bool was_live = s->state == STREAM_LIVE, empty = is_void(s);
    s->live_since_unix_us = 0;
    if (was_live)
        set_state(s, STREAM_HELD, time_us(s) + s->params.hold_us);
    if (empty &&
        s->state == STREAM_HELD) /* as a bar is remembered by the stream, it stays as long */
        s->deadline_us = now_us < s->barred_until_us ? s->barred_until_us : now_us;
    if (was_live)
        emit(s, (Event){.kind = EVENT_HELD,
                        .held = {.reason = reason,
                                 .empty = empty,
                                 .hold_us = empty ? 0 : s->params.hold_us}});
    else if (!s->shown && reason != HELD_TAKEN_OVER)
        s->broadcast = false;
}

/* Ends the publisher, though nobody has asked for it. */
static void end_publisher(Stream *s, int64_t now_us, EventHeldReason reason)
{
    leave(s, now_us, reason);
    atomic_store(&s->left_us, now_us);
    mailbox_leave(s->mail);
}

static void enter(Stream *s, Source *source)
{
    s->source = source;
    s->problem = PROBLEM_NONE;
    pipeline_begin(s->pipeline, source);
}

static Source *open_source(const Stream *s, const SourceSdp *sdp, bool fixed_ports,
                           uint16_t *failed_port)
{
    SourceParams params = {
        .sdp = sdp,
        .fixed_ports = fixed_ports,
        .stand_in = s->params.stand_in,
        .backlog = s->params.backlog,
        .clock = s->params.packager.clock,
    };

    return source_create(&params, time_us(s), failed_port);
}

/* Listens again on the fixed ports, for whoever comes next. */
static void listen_again(Stream *s)
{
    Source *source = open_source(s, &s->fixed_sdp, true, NULL);

    if (!source) {
        log_error("%s: the ports cannot be opened again: %s", s->name, strerror(errno));
        return;
    }
    mailbox_take(s->mail);
    enter(s, source);
}

/* Ends a publisher that sends far more than he may: what he takes is the others'. Who sends to
 * fixed ports was asked to. Returns whether he was ended. */
static bool end_excess(Stream *s, int64_t now_us)
{
    int64_t bitrate;

    if (s->fixed || !source_bitrate(s->source, &bitrate) ||
        bitrate <= STREAM_EXCESS_FACTOR * s->params.source_bitrate)
        return false;
    emit(s, (Event){.kind = EVENT_TOO_MUCH,
                    .too_much = {.bitrate = bitrate, .most = s->params.source_bitrate}});
    s->excessive++;
    s->barred_until_us = now_us + BAR_US;
    mailbox_bar(s->mail, s->barred_until_us);
    end_publisher(s, now_us, HELD_TOO_MUCH);
    return true;
}

static void check_publisher(Stream *s, int64_t now_us)
{
    if (end_excess(s, now_us) ||
        now_us - source_last_heard_us(s->source) < s->params.source_timeout_us)
        return;
    if (s->fixed && s->state != STREAM_LIVE)
        return; /* it may wait for as long as it likes */
    if (!source_has_been_heard(s->source)) {
        emit(s, (Event){.kind = EVENT_SILENT});
        atomic_fetch_add(&s->silent, 1);
    }
    end_publisher(s, now_us, HELD_NO_PACKETS);
    if (s->fixed)
        listen_again(s);
}

/* A new broadcast begins, if none is under way. */
static void start_broadcast(Stream *s)
{
    if (s->broadcast)
        return;
    s->broadcast = true;
    emit(s, (Event){.kind = EVENT_STARTED});
}

/* Does what others have asked for. Returns false where the thread is to stop. */
static bool read_mail(Stream *s, int64_t now_us)
{
    Mail mail = mailbox_read(s->mail);

    s->stopping = mail.stop;
    if (mail.unpublish)
        leave(s, now_us, HELD_GONE);
    if (mail.source) {
        s->fixed = mail.fixed;
        s->fixed_sdp = mail.sdp;
        if (mail.replaced)
            emit(s, (Event){.kind = EVENT_TAKEN_OVER});
        leave(s, now_us, HELD_TAKEN_OVER);
        enter(s, mail.source);
        start_broadcast(s);
    }
    bool unwanted = mail.hurry || (mail.unpublish && is_void(s));
    if (unwanted && !s->source && s->state == STREAM_HELD)
        s->deadline_us = now_us;
    if (s->stopping)
        leave(s, now_us, HELD_STOPPING);
    return !s->stopping;
}

/* ---- status ---- */

/* Tells what is wrong with the video, when it is found and when it is over. */
static SourceProblem note_problem(Stream *s, const IntakeStats *media)
{
    SourceProblem problem = source_problem(media);

    if (problem != s->problem && problem != PROBLEM_NONE)
        emit(s, (Event){.kind = EVENT_PROBLEM,
                        .problem = {source_problem_name(problem), source_problem_text(problem)}});
    else if (problem != s->problem)
        emit(s, (Event){.kind = EVENT_PROBLEM_OVER});
    s->problem = problem;
    return problem;
}

/* Tells that the disk refuses media, and that it takes them again. */
static void note_writes(Stream *s, const HlsOutputStats *output, int64_t now_us)
{
    const CmafTrackStats *track = output->low_latency.track;
    uint64_t failed =
        output->failed_writes + track[LL_VIDEO].failed_writes + track[LL_AUDIO].failed_writes;
    Event event = {.disk = {.part = DISK_MEDIA}};

    if (failed > s->failed_writes) {
        if (s->write_failed_us == 0) {
            event.kind = EVENT_DISK_TROUBLE;
            emit(s, event);
        }
        s->write_failed_us = now_us;
    } else if (s->write_failed_us != 0 && s->state == STREAM_LIVE &&
               now_us - s->write_failed_us >= DISK_CALM_US) {
        event.kind = EVENT_DISK_WORKS;
        emit(s, event);
        s->write_failed_us = 0;
    }
    s->failed_writes = failed;
}

static void update_status(Stream *s, int64_t now_us)
{
    const Playlist *playlist = packager_playlist(s->packager);
    Thumbnail *thumbnail = packager_thumbnail(s->packager);

    if (now_us < s->next_status_us)
        return;
    s->next_status_us = now_us + STATUS_PERIOD_US;
    thumbnail_update(thumbnail);
    StreamStatus status = {
        .at_us = now_us,
        .state = s->state,
        .since_us = s->since_us,
        .live_since_unix_us = s->live_since_unix_us,
        .publishers = s->publishers,
        .excessive = s->excessive,
        .bitrate = -1,
        .has_source = s->source && source_has_been_heard(s->source),
        .unlisted = s->source && source_is_unlisted(s->source),
        .output = hls_output_stats(packager_output(s->packager)),
        .thumbnail = thumbnail_stats(thumbnail),
        .target_duration_s = playlist->target_duration_s,
        .media_sequence = playlist->media_sequence,
        .discontinuity_sequence = playlist->discontinuity_sequence,
        .playlist_segments = playlist->count,
    };

    memcpy(status.name, s->name, sizeof(status.name));
    note_writes(s, &status.output, now_us);
    if (status.has_source) {
        int64_t bitrate;
        status.source = source_stats(s->source);
        status.problem = note_problem(s, &status.source.media);
        memcpy(status.title, source_title(s->source), sizeof(status.title));
        if (source_bitrate(s->source, &bitrate))
            status.bitrate = bitrate;
    }
    pthread_mutex_lock(&s->lock);
    s->status = status;
    pthread_mutex_unlock(&s->lock);
}

/* ---- the thread ---- */

/* Returns whether there is more to take in. */
static bool run_source(Stream *s, int64_t now_us)
{
    bool more = pipeline_run(s->pipeline, now_us);

    note_first(s);
    if (!more)
        check_publisher(s, now_us);
    return more;
}

/* Ends what is held open. */
static void end_held(Stream *s, int64_t now_us)
{
    if (packager_end(s->packager) < 0) {
        if (!s->end_refused)
            emit(s,
                 (Event){.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_END, .error = errno}});
        s->end_refused = true;
        s->deadline_us = now_us + RETRY_US;
        return;
    }
    if (s->end_refused)
        emit(s, (Event){.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_END}});
    s->end_refused = false;
    emit(s, (Event){.kind = EVENT_ENDED,
                    .ended = {.listed = packager_listing(s->packager) == LISTING_ENDED}});
    set_state(s, STREAM_ENDED, now_us + s->params.keep_us);
    s->broadcast = s->shown = false;
    if (s->source) /* one that came while it was held, and has not sent yet */
        start_broadcast(s);
}

/* Removes what was kept, unless the disk refuses or a publisher comes. Returns whether nothing is
 * left. */
static bool remove_all(Stream *s, int64_t now_us)
{
    if (packager_clear(s->packager) < 0) {
        s->deadline_us = now_us + RETRY_US;
        return false;
    }
    if (!mailbox_close(s->mail))
        return false;
    packager_discard(s->packager);
    emit(s, (Event){.kind = EVENT_REMOVED});
    return true;
}

/* Does what is due of a stream that is not live, and says who goes on with it. */
static Phase run_deadline(Stream *s, int64_t now_us)
{
    if (s->state == STREAM_HELD && now_us >= s->deadline_us) {
        if (!is_void(s))
            end_held(s, now_us);
        else if (s->source) /* somebody is expected */
            s->deadline_us = now_us + RETRY_US;
        else if (remove_all(s, now_us))
            return PHASE_GONE;
    }
    if (s->state == STREAM_ENDED && !s->source && mailbox_rest(s->mail))
        return PHASE_RESTS;
    return PHASE_RUNS;
}

/* When there is something to do though nothing comes. */
static int64_t next_look_us(const Stream *s, int64_t now_us, int64_t expire_us)
{
    int64_t at_us = now_us + (s->source ? LIVE_PERIOD_US : IDLE_PERIOD_US);

    if (s->state == STREAM_HELD)
        at_us = smaller(at_us, s->deadline_us);
    return smaller(at_us, expire_us);
}

/* An earlier run may have left it held, or ended. */
static void take_up(Stream *s, int64_t now_us)
{
    const Playlist *playlist = packager_playlist(s->packager);
    bool ended = packager_listing(s->packager) == LISTING_ENDED;
    int64_t stay_us = ended ? s->params.keep_us : s->params.hold_us;

    if (stay_us < STAY_LEAST_US || is_void(s))
        stay_us = STAY_LEAST_US;
    set_state(s, ended ? STREAM_ENDED : STREAM_HELD, now_us + stay_us);
    s->broadcast = s->shown = s->state == STREAM_HELD && !is_void(s);
    if (packager_listing(s->packager) == LISTING_NONE && !is_void(s))
        log_warn("%s: what an earlier run has listed is lost, or may be; only its numbers go on",
                 s->name);
    if (playlist->count > 0 && s->state == STREAM_HELD)
        log_info("%s: taken up from an earlier run at segment %llu", s->name,
                 (unsigned long long)playlist_next_sequence(playlist));
    update_status(s, now_us);
}

/* Returns whether somebody waits to hear of it. */
static bool end_opening(Stream *s, Opening opening, int error)
{
    pthread_mutex_lock(&s->lock);
    bool awaited = s->awaited;
    if (awaited || opening == OPENED)
        s->opening = opening;
    s->open_error = error;
    pthread_cond_signal(&s->opened);
    pthread_mutex_unlock(&s->lock);
    return awaited;
}

/* Returns false with errno. */
static bool open_folder(Stream *s)
{
    if (s->packager) /* the stream has rested */
        return packager_wake(s->packager) == 0;
    s->packager = packager_open(&s->params.packager, time_us(s));
    s->pipeline =
        s->packager ? pipeline_create(s->name, s->packager, s->params.packager.clock) : NULL;
    if (s->pipeline)
        return true;
    int error = errno;
    packager_close(&s->packager);
    errno = error;
    return false;
}

/* Nobody publishes, so what cannot be opened need not be. Returns false where somebody does. */
static bool give_up(Stream *s)
{
    return s->packager ? mailbox_rest(s->mail) : mailbox_close(s->mail);
}

/* Opens the folder. Where that fails, who waits to hear of it is told; where nobody waits any more,
 * it is tried again as long as somebody publishes. Returns false where it is given up. */
static bool open_stream(Stream *s)
{
    const struct timespec pause = {.tv_nsec = OPEN_RETRY_US * 1000};

    bool failed = false;

    while (!open_folder(s)) {
        int error = errno;
        if (end_opening(s, OPEN_FAILED, error))
            return false;
        if (!failed)
            emit(s, (Event){.kind = EVENT_DISK_TROUBLE,
                            .disk = {.part = DISK_FOLDER, .error = error}});
        failed = true;
        if (mailbox_is_stopped(s->mail) || give_up(s))
            return false;
        nanosleep(&pause, NULL);
    }
    if (failed)
        emit(s, (Event){.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_FOLDER}});
    if (!s->taken_up)
        take_up(s, time_us(s));
    s->taken_up = true;
    end_opening(s, OPENED, 0);
    return true;
}

/* Returns who goes on when the thread has ended. */
static Phase work(Stream *s)
{
    int64_t now_us = time_us(s);
    bool mail = true; /* there may be */

    while (!mail || read_mail(s, now_us)) {
        bool more = s->source && run_source(s, now_us);
        Phase phase = run_deadline(s, now_us);
        if (phase != PHASE_RUNS)
            return phase;
        int64_t expire_us = pipeline_expire(s->pipeline, now_us);
        update_status(s, now_us);
        mail = more || pipeline_rest(s->pipeline, now_us, next_look_us(s, now_us, expire_us),
                                     mailbox_fd(s->mail));
        now_us = time_us(s);
    }
    return PHASE_GONE;
}

static void close_folder(Stream *s)
{
    source_destroy(&s->source);
    pipeline_destroy(&s->pipeline);
    packager_close(&s->packager);
}

static void *run(void *data)
{
    Stream *s = data;

    pthread_mutex_lock(&s->owner);
    Phase phase = open_stream(s) ? work(s) : s->packager ? PHASE_RESTS : PHASE_GONE;
    if (phase == PHASE_RESTS) {
        packager_rest(s->packager);
        s->next_status_us = 0;
        update_status(s, time_us(s));
    } else {
        close_folder(s); /* nobody need come by for it */
    }
    pthread_mutex_unlock(&s->owner);
    atomic_store(&s->phase, phase);
    return NULL;
}

/* Returns 0, or -1 with errno. */
static int start_thread(Stream *s)
{
    atomic_store(&s->phase, PHASE_RUNS);
    errno = pthread_create(&s->thread, NULL, run, s);
    s->has_thread = errno == 0;
    return s->has_thread ? 0 : -1;
}

static void join_thread(Stream *s)
{
    if (s->has_thread)
        pthread_join(s->thread, NULL);
    s->has_thread = false;
}

/* ---- create and destroy ---- */

static void free_stream(Stream *s)
{
    close_folder(s);
    mailbox_destroy(&s->mail);
    pthread_cond_destroy(&s->opened);
    pthread_mutex_destroy(&s->owner);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* Waits for the folder, `wait_us` at most. Returns false with errno where it cannot be opened. */
static bool wait_until_open(Stream *s, int64_t wait_us)
{
    const struct timespec until = clock_wait_end(wait_us);
    int waited = 0;

    pthread_mutex_lock(&s->lock);
    while (s->opening == OPENING && waited == 0)
        waited = pthread_cond_timedwait(&s->opened, &s->lock, &until);
    Opening opening = s->opening;
    s->awaited = false;
    errno = s->open_error;
    pthread_mutex_unlock(&s->lock);
    if (opening == OPENING && wait_us > 0)
        log_warn("%s: its folder takes long to open; what comes meanwhile waits", s->name);
    return opening != OPEN_FAILED;
}

/* A stream of which nothing is known but its name. */
static Stream *make(const StreamParams *params)
{
    Stream *s = calloc(1, sizeof(*s));
    pthread_condattr_t monotonic;

    if (!s)
        return NULL;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->opened, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->owner, NULL);
    snprintf(s->name, sizeof(s->name), "%s", params->packager.stream);
    memcpy(s->status.name, s->name, sizeof(s->status.name));
    s->status.state = STREAM_HELD;
    s->params = *params;
    s->params.packager.stream = s->name;
    s->status.since_us = time_us(s);
    atomic_init(&s->left_us, s->status.since_us);
    s->status.bitrate = -1;
    s->awaited = true;
    return s;
}

Stream *stream_create(const StreamParams *params, int64_t wait_us)
{
    Stream *s = make(params);

    if (!s)
        return NULL;
    s->mail = mailbox_create();
    if (s->mail && start_thread(s) == 0 && wait_until_open(s, wait_us))
        return s;
    int error = errno;
    join_thread(s);
    free_stream(s);
    errno = error;
    return NULL;
}

void stream_stop(Stream *s)
{
    mailbox_stop(s->mail);
}

void stream_destroy(Stream **stream)
{
    if (!*stream)
        return;
    stream_stop(*stream);
    join_thread(*stream);
    free_stream(*stream);
    *stream = NULL;
}

/* ---- for other threads ---- */

/* Somebody has come who is to be read of. Returns 0, or -1 with errno. */
static int wake(Stream *s)
{
    join_thread(s); /* it has ended, but for a last look */
    if (start_thread(s) == 0)
        return 0;
    int error = errno;
    mailbox_unpublish(s->mail);
    mailbox_rest(s->mail);
    atomic_store(&s->phase, PHASE_RESTS);
    errno = error;
    return -1;
}

int stream_publish(Stream *s, const SourceSdp *sdp, bool fixed_ports, uint16_t *ports,
                   bool *replaced, uint16_t *failed_port)
{
    Source *source = open_source(s, sdp, fixed_ports, failed_port);

    if (!source)
        return -1;
    source_ports(source, ports);
    atomic_store(&s->hurried, false);
    switch (mailbox_publish(s->mail, source, sdp, fixed_ports, replaced)) {
    case MAILBOX_ENTERED:
        return 0;
    case MAILBOX_WAKES:
        return wake(s);
    case MAILBOX_CLOSED:
        break;
    }
    source_destroy(&source);
    errno = EAGAIN;
    return -1;
}

bool stream_hurry(Stream *s)
{
    if (atomic_exchange(&s->hurried, true))
        return false;
    mailbox_hurry(s->mail);
    return true;
}

void stream_wake(Stream *s)
{
    mailbox_wake(s->mail);
}

void stream_tend(Stream *s, int64_t now_us, bool remove)
{
    bool gone = false;

    if (pthread_mutex_trylock(&s->owner) != 0)
        return; /* it is awake */
    if (stream_is_resting(s)) {
        if (remove || now_us >= s->deadline_us)
            gone = remove_all(s, now_us);
        pipeline_expire(s->pipeline, now_us);
    }
    pthread_mutex_unlock(&s->owner);
    if (gone) /* the last that is done here: from now on the stream may be destroyed */
        atomic_store(&s->phase, PHASE_GONE);
}

int stream_unpublish(Stream *s)
{
    if (mailbox_is_taken(s->mail)) /* first, so that it is right whenever the stream is not taken */
        atomic_store(&s->left_us, time_us(s));
    return mailbox_unpublish(s->mail);
}

bool stream_is_taken(Stream *s)
{
    return mailbox_is_taken(s->mail);
}

bool stream_is_barred(Stream *s)
{
    return mailbox_is_barred(s->mail, time_us(s));
}

uint64_t stream_silent(const Stream *s)
{
    return atomic_load(&s->silent);
}

bool stream_is_opening(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool opening = s->opening == OPENING;
    pthread_mutex_unlock(&s->lock);
    return opening && !stream_is_gone(s);
}

bool stream_is_gone(const Stream *s)
{
    return atomic_load(&s->phase) == PHASE_GONE;
}

bool stream_is_resting(const Stream *s)
{
    return atomic_load(&s->phase) == PHASE_RESTS;
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

int64_t stream_left_us(const Stream *s)
{
    return atomic_load(&s->left_us);
}

StreamState stream_state(Stream *s, int64_t *since_us)
{
    pthread_mutex_lock(&s->lock);
    StreamState state = s->status.state;
    if (since_us)
        *since_us = s->status.since_us;
    pthread_mutex_unlock(&s->lock);
    return state;
}

int64_t stream_bitrate(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t bitrate = s->status.bitrate;
    pthread_mutex_unlock(&s->lock);
    return bitrate;
}
