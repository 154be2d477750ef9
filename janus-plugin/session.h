/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_SESSION_H
#define PLUGIN_SESSION_H

/* One Janus handle that is attached to the plugin, and the tables of all of them.
 *
 * Ownership: its handle holds a session from creation to destruction (plugin_handle). Janus says
 * all that concerns the handle's media (setup, RTP, RTCP, hang-up, detach) on one thread, its loop,
 * so there the session is used without a lock around it. The table of names holds who publishes.
 * Whoever else gets a session from here has a reference of his own, and gives it back with
 * session_unref().
 *
 * Thread-safety: every function may be called from any thread. The fields below `lock` are read and
 * written under it; it is held briefly, and never across a call into Janus, but for PLIs that the
 * listener asks for. Locks are taken in this order: the door (publisher.c), the listener of
 * rtp_sender, one session, then one of the tables, the bridge client. Nothing is called with the
 * tables locked. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <janus/plugins/plugin.h>

#include "h264_sps.h"
#include "mean_rate.h"
#include "request.h"
#include "rtp_packet.h"
#include "rtp_sender.h"
#include "sdp_answer.h"
#include "stream_name.h"
#include "token_bucket.h"
#include "work_pool.h"

typedef enum SessionState {
    SESSION_IDLE,      /* attached, not a publisher */
    SESSION_PREPARING, /* answered; ICE and DTLS are at work */
    SESSION_LIVE,      /* media flows */
} SessionState;

typedef enum BridgeState {
    BRIDGE_NONE,      /* not announced */
    BRIDGE_ANNOUNCED, /* no answer yet */
    BRIDGE_LISTENING,
    BRIDGE_LOST, /* cannot be reached; it is tried again */
} BridgeState;

/* What has come in on one track. */
typedef struct TrackStats {
    RtpUnwrap sequence;
    int64_t first_sequence, highest_sequence;
    uint64_t packets, bytes;
    uint64_t second_bytes; /* in the second that is running */
    uint32_t bitrate;      /* bit/s, in the last whole second */
} TrackStats;

typedef struct StreamName {
    char text[STREAM_NAME_MAX + 1];
} StreamName;

typedef struct Session {
    janus_plugin_session *handle; /* a reference is held, which Janus has given us */
    atomic_int references;
    WorkLane lane; /* requests that wait; the pool guards it */

    pthread_mutex_t lock;
    SessionState state;
    BridgeState bridge;
    bool was_idle;     /* when it was last looked at; see request_desk_close_leftovers() */
    bool detached;     /* its handle has gone: it publishes no more */
    unsigned serial;   /* of what is announced: what is heard of an older one no longer counts */
    StreamName stream; /* under which it publishes or did last; "": it never has */
    char key[REQUEST_KEY_MAX + 1];
    char title[REQUEST_TITLE_MAX + 1];
    bool unlisted;
    uint64_t sdp_id, sdp_version;
    uint32_t bitrate;     /* bit/s, the cap that is asked for */
    uint32_t old_bitrate; /* bit/s, which counts until `old_until_us` */
    int64_t old_until_us;
    bool bitrate_is_asked; /* by REMB, again and again: it was changed, or is not kept to */
    bool paused[2];        /* by `configure`, by MediaKind: not forwarded */
    MediaTracks tracks;
    RtpSender *sender; /* NULL while idle */
    int64_t prepared_us, live_since_us;
    int64_t second_began_us; /* of what is done once a second */
    TrackStats stats[MEDIA_TRACKS_MAX];
    MeanRate rate;        /* of all tracks */
    H264Sps sps;          /* the publisher's last; width 0: none yet */
    double round_trip_ms; /* by the publisher's report; below 0: none yet */

    TokenBucket tries; /* of wrong keys; admission.c has the lock for it */
} Session;

/* The tables. init before, deinit after everything else here; sessions whose handles are still
 * attached live on. */
void session_table_init(void);
void session_table_deinit(void);

/* A new session, which `handle` holds. */
void session_create(janus_plugin_session *handle);

/* The session of `handle`, with a reference for the caller; NULL where there is none any more. */
Session *session_find(janus_plugin_session *handle);

/* The session of `handle`, borrowed, on the handle's loop; NULL where there is none any more. */
Session *session_of_loop(const janus_plugin_session *handle);

/* Takes the session of `handle`, on its loop. Returns it with the handle's reference, or NULL. */
Session *session_remove(janus_plugin_session *handle);

Session *session_ref(Session *session);
void session_unref(Session *session); /* accepts NULL; with no lock of ours held */

/* Who publishes under a name. find: a reference for the caller, or NULL.
 * claim: `session` is it from now on; returns who was before, with a reference, or NULL.
 * release: `session` is it no more, if it was.
 * Claim and release together with the change of `state`, under the session's lock, so that who has
 * a name is not idle. The caller has a reference of his own. */
Session *session_find_publisher(const char *stream);
Session *session_claim_name(Session *session);
void session_release_name(Session *session);

/* How many publish, or are about to. */
size_t session_count_publishers(void);

/* All publishers, and all that are attached, each with a reference, ended by NULL; the caller frees
 * the array with g_free. */
Session **session_publishers(void);
Session **session_all(void);

#endif
