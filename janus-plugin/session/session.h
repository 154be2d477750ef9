/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_SESSION_H
#define PLUGIN_SESSION_H

/* A session is one Janus handle that is attached to the plugin. Here are the sessions, and the
 * tables of them.
 *
 * Ownership: sessions are counted. The handle holds its session from creation to destruction
 * (plugin_handle). Janus calls everything about the handle's media (setup, RTP, RTCP, hang-up,
 * detach) on one thread, the handle's loop, which therefore needs no reference. The table of names
 * holds the sessions that publish. Everybody else who gets a session from here gets a reference
 * with it, and gives it back with session_unref().
 *
 * Thread-safety: every function may be called from any thread. The fields below `lock` are read and
 * written under it. It is held briefly, and never across a call into Janus. (The listener of
 * rtp_sender holds its own while Janus is asked for a key frame.) Locks are taken in this
 * order: the door (publisher_offer.c), the listener of rtp_sender, one session, then one of the
 * tables, the bridge client, or the settings. Nothing is called with the tables locked. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <janus/plugins/plugin.h>

#include "access/permit.h"
#include "core/request.h"
#include "core/work_pool.h"
#include "mean_rate.h"
#include "rtp/layer_map.h"
#include "rtp/track_stats.h"
#include "sdp/sdp_answer.h"
#include "stream_name.h"
#include "token_bucket.h"

typedef enum SessionState {
    SESSION_IDLE,      /* attached, not a publisher */
    SESSION_PREPARING, /* answered; ICE and DTLS are at work */
    SESSION_LIVE,      /* media flows */
} SessionState;

typedef enum BridgeState {
    BRIDGE_NONE,      /* not announced */
    BRIDGE_ANNOUNCED, /* no answer yet */
    BRIDGE_LISTENING,
    BRIDGE_LOST, /* cannot be reached, or does not answer; it is tried again */
} BridgeState;

typedef struct StreamName {
    char text[STREAM_NAME_MAX + 1];
} StreamName;

typedef struct Session {
    janus_plugin_session *handle; /* with a reference, which Janus has given us */
    atomic_int references;
    WorkLane lane; /* its requests that wait; the pool has the lock for it */

    pthread_mutex_t lock;
    SessionState state;
    BridgeState bridge;
    bool was_idle;   /* at the last look; see request_desk_close_leftovers() */
    bool detached;   /* its handle has gone: it never publishes again */
    unsigned serial; /* of its announcement: what the bridge says of an older one is void */
    unsigned turn;   /* how often it has had a name: an end that is due to an earlier one is void */
    StreamName stream; /* which it publishes or published last; "": none yet */
    StreamName asked;  /* as its request named it; the admission webhook may have given another */
    Permit permit;     /* what it may, as long as it publishes */
    char title[REQUEST_TITLE_MAX + 1];
    bool unlisted; /* in no list, whoever may watch it */
    uint64_t sdp_id, sdp_version;
    uint32_t bitrate;     /* bit/s, the cap that it was told */
    uint32_t old_bitrate; /* bit/s, a higher cap that still counts until `old_until_us` */
    int64_t old_until_us;
    bool bitrate_is_asked; /* by REMB each second: it was changed, or is exceeded */
    bool paused[2];        /* by MediaKind: not forwarded, as `configure` wants it */
    MediaTracks tracks;
    struct RtpSender *sender; /* rtp_sender.h; NULL while idle */
    int64_t prepared_us, live_since_us;
    int64_t second_began_us; /* the second at whose end bitrates are taken */
    TrackStats stats[MEDIA_TRACKS_MAX];
    LayerMap layers;
    MeanRate rate;        /* of all tracks */
    double round_trip_ms; /* as the page reported it; below 0: not yet */

    int64_t keyframe_us; /* when the bridge last asked for one; of the listener's thread alone */

    TokenBucket tries; /* of wrong keys; admission has the lock for it */
} Session;

/* The tables. init comes before everything else here, deinit after it. Sessions whose handles are
 * still attached live on. */
void session_table_init(void);
void session_table_deinit(void);

/* Makes a session for `handle`, which holds it. */
void session_create(janus_plugin_session *handle);

/* The session of `handle`, with a reference for the caller; NULL: there is none any more. */
Session *session_find(janus_plugin_session *handle);

/* The session of `handle`, borrowed, on the handle's loop; NULL: there is none any more. */
Session *session_of_loop(const janus_plugin_session *handle);

/* Takes the session from `handle`, on its loop. Returns it with the handle's reference, or NULL. */
Session *session_remove(janus_plugin_session *handle);

Session *session_ref(Session *session);
void session_unref(Session *session); /* accepts NULL; hold no lock */

/* Which session publishes a stream.
 * find: returns it with a reference, or NULL.
 * claim: it is `session` from now on, for its next turn. Returns the one before, with a
 * reference, or NULL.
 * release: it is `session` no longer, if it was.
 * Claim and release when `state` changes, under the session's lock, so that a session that has a
 * name is never idle. The caller has a reference to `session`. */
Session *session_find_publisher(const char *stream);
Session *session_claim_name(Session *session);
void session_release_name(Session *session);

/* Its `turn`, which stays as long as it cannot publish; of NULL 0. */
unsigned session_turn(Session *session);

/* How many sessions publish, or are about to. */
size_t session_count_publishers(void);

/* All sessions that publish, and all that are attached. Each comes with a reference; NULL ends the
 * array, which the caller frees with g_free. */
Session **session_publishers(void);
Session **session_all(void);

#endif
