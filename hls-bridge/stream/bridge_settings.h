/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_SETTINGS_H
#define BRIDGE_SETTINGS_H

/* hls-bridge.jcfg as a struct; docs/operations.md explains every key.
 *
 * Thread-safety: read-only once it is read. */

#include "base/control_access.h"
#include "base/media.h"
#include "events/webhook_schedule.h"
#include "events/webhook_targets.h"
#include "package/media_key.h"

#define BRIDGE_PATH_SIZE    1024
#define BRIDGE_ADDRESS_SIZE 16
#define BRIDGE_WHEN_SIZE    16
#define BRIDGE_METHOD_SIZE  16
#define BRIDGE_METHODS_SIZE 4096
#define BRIDGE_POLICY_SIZE  8 /* bytes that hold "allow" and "deny" */
#define BRIDGE_LADDERS_SIZE 4096
#define BRIDGE_SOCKET_SIZE  108 /* as long as the kernel takes it */
#define BRIDGE_LISTEN_SIZE  (sizeof("unix:") + BRIDGE_SOCKET_SIZE)
#define BRIDGE_EMITTER_SIZE 65
#define MBIT                1000000 /* bits */

#define BRIDGE_ALSO_SIZE     16
#define BRIDGE_PROFILE_SIZE  16
#define BRIDGE_LADDER_SIZE   128
#define BRIDGE_ENCODER_SIZE  32
#define BRIDGE_LANGUAGE_SIZE 36 /* RFC 5646 asks for room for tags of 35 */

/* Who gives keys of samples, if not the bridge itself. */
typedef struct BridgeKeyServer {
    char url[BRIDGE_PATH_SIZE];         /* empty: nobody */
    char systems[BRIDGE_WHEN_SIZE * 4]; /* names of DRM systems, with commas */
    char header_file[BRIDGE_PATH_SIZE], secret_file[BRIDGE_PATH_SIZE]; /* as key_proof.h has them */
    int64_t timeout_us;                                                /* of one request */
    char away[BRIDGE_WHEN_SIZE];                                       /* "keep" or "stop" */
} BridgeKeyServer;

/* Who is asked whether a viewer may watch, if anybody is. */
typedef struct BridgePlayback {
    char url[BRIDGE_PATH_SIZE]; /* empty: nobody */
    char secret_file[BRIDGE_PATH_SIZE];
    int64_t timeout_us; /* of a question, with all its tries */
    int64_t retries;    /* of a try that failed */
    char on_timeout[BRIDGE_POLICY_SIZE], on_unreachable[BRIDGE_POLICY_SIZE]; /* "allow" or "deny" */
    int64_t keep_us;                   /* an answer that has no end of its own */
    int64_t sessions;                  /* that are remembered */
    int64_t waiting;                   /* questions at the same time */
    int64_t connections;               /* of web servers that ask here */
    char address[BRIDGE_ADDRESS_SIZE]; /* IPv4, where they do */
    int64_t port;
} BridgePlayback;

typedef struct BridgeSettings {
    char directory[BRIDGE_PATH_SIZE]; /* of all streams */
    int64_t segment_us;
    int64_t window; /* segments in a playlist */
    int64_t hold_us, keep_us, source_timeout_us;
    int64_t thumbnail_us;                 /* between two of a stream; 0: none */
    char also[BRIDGE_ALSO_SIZE];          /* the name of one more output; empty: none */
    int64_t restart_us;                   /* between two restarts of a stream's pictures */
    int64_t files_per_s;                  /* of media, that a stream may make */
    bool writes_ts;                       /* the classic playlist, of .ts segments */
    bool durable;                         /* which survives a power cut while it is live */
    bool ll_enabled;                      /* low-latency HLS */
    char ll_profile[BRIDGE_PROFILE_SIZE]; /* how near live: "near", "default" or "far" */
    int64_t ll_part_us;     /* about how long its parts are; 0: as the profile has it */
    int64_t ll_wait_us;     /* for how long a request waits for a stream to begin */
    int64_t ll_memory;      /* bytes of a rendition's newest parts in memory */
    int64_t ll_connections; /* connections to its server */
    int64_t ll_timeout_us;  /* that a request, and its answer, may take */
    bool ll_dash;           /* a DASH manifest of its segments */
    char ll_address[BRIDGE_ADDRESS_SIZE]; /* IPv4, of the server that holds requests */
    int64_t ll_port;
    char ll_socket[BRIDGE_SOCKET_SIZE];           /* path of its Unix socket, empty: none */
    int64_t backlog;                              /* bytes of a publisher that may wait */
    int64_t audio_bitrate;                        /* bit/s */
    int64_t low_bitrate;                          /* bit/s; 0: none */
    bool opus;                                    /* copied too */
    char language[BRIDGE_LANGUAGE_SIZE];          /* of the sound, as RFC 5646 has it */
    char ladder[BRIDGE_LADDER_SIZE];              /* what is transcoded; empty: nothing */
    char ladders[BRIDGE_LADDERS_SIZE];            /* of single streams; empty: none */
    char encoder[BRIDGE_ENCODER_SIZE];            /* as libavcodec names it */
    int64_t encoders, encoders_each;              /* of all streams, of one */
    char transcode_when[BRIDGE_WHEN_SIZE];        /* "always" or "watched" */
    int64_t transcode_idle_us;                    /* a rung is made without a viewer, then */
    int64_t encoder_threads;                      /* of one that makes more than 720p */
    int64_t transcoder_mib;                       /* MiB that the process of a stream may take */
    char transcoder[BRIDGE_PATH_SIZE];            /* the program; empty: the one installed */
    char encryption_method[BRIDGE_METHOD_SIZE];   /* "none", "aes-128" or "cbcs" */
    char encryption_streams[BRIDGE_METHODS_SIZE]; /* methods of single streams; empty: none */
    int64_t encryption_rotate;                    /* segments for each key; 0: one for good */
    int64_t samples_rotate;                       /* likewise with "cbcs", at low latency */
    char encryption_directory[BRIDGE_PATH_SIZE];  /* of keys */
    char encryption_key_uri[MEDIA_KEY_URI_SIZE];  /* where players get them; empty: here */
    char clearkey_uri[MEDIA_KEY_URI_SIZE];        /* of licences, for DASH; empty: none */
    BridgeKeyServer keys;
    BridgePlayback playback;
    bool encryption_thumbnails; /* small pictures of encrypted streams, which everybody can see */
    char control_address[BRIDGE_ADDRESS_SIZE]; /* IPv4; loopback if there is no token */
    int64_t control_port;
    char control_listen[BRIDGE_LISTEN_SIZE];   /* "unix:PATH", instead of these two; or empty */
    char control_token_file[BRIDGE_PATH_SIZE]; /* empty: no token is asked for */
    bool shows_class;                          /* control.class */
    ControlAccess control;                     /* its token is read by bridge_settings_check() */
    int64_t max_streams;
    int64_t max_held, max_ended; /* 0: as many as max_streams */
    int64_t max_names;           /* of streams that were removed, and have numbers to go on with */
    int64_t source_bitrate;      /* bit/s that one publisher may send */
    int64_t bandwidth_mbit;      /* per second, that all may; 0: as much as they like */
    char events_janus[BRIDGE_PATH_SIZE]; /* target of Janus-style events; empty: none */
    char events_emitter[BRIDGE_EMITTER_SIZE];
    int64_t events_queue;                    /* events that may wait for a sink */
    int64_t events_file;                     /* bytes of a file of events */
    char events_directory[BRIDGE_PATH_SIZE]; /* of the queues of webhooks */
    WebhookTargets webhooks;
    WebhookLimits webhook_limits; /* of each of them */
} BridgeSettings;

/* The defaults of all settings. */
BridgeSettings bridge_settings_defaults(void);

/* Reads `file` over what `settings` holds. Returns 0, or -1 with a sentence in `error`
 * (SETTINGS_ERROR_SIZE bytes). */
int bridge_settings_read(const char *file, BridgeSettings *settings, char *error);

/* How many streams may be held open without a publisher, and how many that have ended may be kept.
 */
int64_t bridge_settings_max_held(const BridgeSettings *settings);
int64_t bridge_settings_max_ended(const BridgeSettings *settings);

/* The length of parts: as configured, by `ll.part` or else by `ll.profile`, if that gives a segment
 * of the configured length a sensible number of parts. */
int64_t bridge_settings_part_us(const BridgeSettings *settings);

/* The bit rate of a stream's second sound, which the smallest of several sizes has: what its ladder
 * says, else audio.low_bitrate; 0: none. */
int64_t bridge_settings_low_bitrate(const BridgeSettings *settings, const char *stream);

/* How long a rung is still made when nobody asks for it, which is at least three segments, so that
 * a player's next look is not missed; 0: it is always made. */
int64_t bridge_settings_rung_idle_us(const BridgeSettings *settings);

/* The path of the Unix socket of `control.listen`; "": there is none. Borrowed. */
const char *bridge_settings_control_socket(const BridgeSettings *settings);

/* Checks what ranges cannot: without a token, the control API is on loopback only, and the token
 * file can be read; the folder exists or can be made, can be written, and belongs to nobody else.
 * Returns 0, or -1 with a sentence. */
int bridge_settings_check(BridgeSettings *settings, char *error);

#endif
