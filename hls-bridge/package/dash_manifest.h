/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DASH_MANIFEST_H
#define DASH_MANIFEST_H

/* The whole CMAF segments of low-latency HLS as a DASH manifest (ISO 23009-1, live profile).
 *
 * Its timeline is the time of day: availabilityStartTime is 1970, for ever, so nothing has to be
 * remembered over a restart, and a player's distance to live is what it seems. A period begins
 * where the media does not simply go on: with a publisher, a discontinuity or an initialisation
 * segment, and so with a key, behind a segment that could not be written, and where the stream's
 * clock and the time of day have come apart. Within one, times are those of the media, exactly.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/rendition.h"
#include "package/ll_playlist.h"
#include "package/media_key.h"

#define DASH_MANIFEST_FILE "manifest.mpd"

#define DASH_PERIODS_MAX 32

/* Bytes that hold the text of any manifest, with what it says of DRM systems in each set. */
#define DASH_DRM_SIZE (CPIX_PSSH_SIZE / 3 * 4 + CPIX_SYSTEMS_MAX * 256)
#define DASH_TEXT_SIZE                                                                             \
    (53248 * (RENDITIONS_MAX + 1) + DASH_PERIODS_MAX * RENDITIONS_MAX * DASH_DRM_SIZE)

/* What there is to say of a rendition; of sound, its codec alone. */
typedef struct DashPicture {
    char codec[VIDEO_FORMAT_NAME_SIZE]; /* "avc1.42C01F", "opus" */
    int width, height;
    int32_t frame_rate_milli; /* 30000 is 30 a second; 0: not known */
} DashPicture;

/* Renditions are known by their indexes: the best video, the sound, and from DASH_OTHERS on others
 * of either, which a period may lack. */
enum { DASH_VIDEO, DASH_AUDIO, DASH_OTHERS };

/* What a rendition has in a period. */
typedef struct DashSpan {
    bool promised;  /* it has, or is to have, segments */
    uint32_t count; /* of segments */
    int64_t init_msn, first_msn;
    DashPicture picture;
} DashSpan;

/* A rendition. Times are in its own unit. */
typedef struct DashTrack {
    const LlPlaylist *list; /* for the names of files; borrowed */
    TrackKind kind;
    int64_t bandwidth; /* bit/s of the largest segment */
    DashSpan span[DASH_PERIODS_MAX];
    size_t count;                   /* of segments of all periods, one behind the other: */
    int64_t start[LL_SEGMENTS_MAX]; /* of each, and how long it is */
    int32_t duration[LL_SEGMENTS_MAX];
} DashTrack;

typedef struct DashPeriod {
    int64_t id;            /* never used again: the media sequence number that it began with */
    int64_t start_unix_us; /* and the same on the stream's clock: */
    int64_t start_90k;
    uint8_t kid[MEDIA_KEY_ID_SIZE]; /* of the key of all samples (cbcs); zeros: they are clear */
    const CpixKey *cpix; /* of a key server's key; borrowed while a segment of it is listed; NULL */
} DashPeriod;

typedef struct DashManifest {
    size_t renditions;                /* that there are; they only become more */
    DashTrack *track[RENDITIONS_MAX]; /* of each, all zero but for its list at first; borrowed */
    int64_t target_duration_s;
    const char *stream;       /* its name; and where players get licences of ClearKey, as */
    const char *clearkey_uri; /* media_key_fill_in() has it, "": they know; both borrowed */
    bool ended;
    bool has[RENDITIONS_MAX]; /* of the publisher */
    bool interrupted;         /* a period begins with the next segment */
    size_t periods;
    DashPeriod period[DASH_PERIODS_MAX];
} DashManifest;

/* What comes next is another publisher's, which sends these renditions: `has` tells of each. */
void dash_manifest_begin(DashManifest *manifest, const bool *has);

/* Adds a whole segment, in the order of their numbers; of one time, the video's first. `picture` is
 * of the rendition. What cannot be listed is left out. */
void dash_manifest_add(DashManifest *manifest, size_t which, int64_t msn, const LlSegment *segment,
                       const DashPicture *picture);

/* Takes a rendition's segments before `msn` off. */
void dash_manifest_drop(DashManifest *manifest, size_t which, int64_t msn);

/* Nothing is to come. What is listed is the whole presentation now: it begins where its first
 * segment does, at the same time of day. */
void dash_manifest_end(DashManifest *manifest);

/* Takes everything off. */
void dash_manifest_clear(DashManifest *manifest);

/* Whether there is something to list. */
bool dash_manifest_has_media(const DashManifest *manifest);

/* Writes the text, terminated, into `text` (DASH_TEXT_SIZE bytes). Returns its length. */
size_t dash_manifest_write(const DashManifest *manifest, int64_t now_unix_us, char *text);

#endif
