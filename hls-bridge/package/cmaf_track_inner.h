/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_TRACK_INNER_H
#define CMAF_TRACK_INNER_H

/* A track from inside, for cmaf_track.c, cmaf_track_parts.c, cmaf_track_copy.c and
 * cmaf_track_files.c alone.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/byte_buffer.h"
#include "codec/picture_config.h"
#include "codec/picture_repeat.h"
#include "package/cmaf_track.h"
#include "package/part_cutter.h"
#include "package/rate_meter.h"
#include "package/segment_cipher.h"

/* Initialisation segments whose pictures are remembered: those of whole segments that have just
 * been listed, some of which wait for another rendition's before a manifest has them. */
#define INITS_KEPT 8

/* What an initialisation segment is for. */
typedef struct CmafInit {
    int64_t msn; /* that names it */
    VideoFormat format;
} CmafInit;

struct CmafTrack {
    CmafTrackParams params;
    char name[CMAF_TRACK_NAME_SIZE];
    int64_t per_second; /* unit of times */
    CmafMux *mux;
    PartCutter cutter;
    int64_t start;         /* of the segment */
    ByteBuffer segment;    /* what its parts hold */
    SegmentCipher *cipher; /* NULL: parts and segments are written as they are */
    ByteBuffer encrypted;  /* what is written in place of a part */
    bool lacks_key;        /* of the segment, which could not be made: its parts are gaps */
    size_t samples;        /* that it has */
    bool gap;              /* something of it could not be written */
    bool failing;          /* said in the log */
    int64_t init_msn;      /* names the initialisation segment in use */
    bool init_due;         /* which could not be written yet */
    int64_t parts_msn;     /* of older segments it is noted when their parts are to be removed */
    bool configured;       /* by pictures, once at least */
    bool copies_init;     /* the configuration is that of another track's initialisation segment, */
    int64_t copied_msn;   /* which this names */
    PictureConfig config; /* that the initialisation segment has */
    CmafInit init[INITS_KEPT]; /* each at its number modulo INITS_KEPT */
    size_t inits;              /* that there ever were */
    PictureRepeat repeat;
    RateMeter meter, keys; /* keys: of the IDR pictures that begin segments, alone */
    Promise promise;
    CmafTrackStats stats;
    LlPlaylist list;
};

/* What there is to say of a segment that has its last part. */
typedef struct CmafWhole {
    size_t len; /* bytes */
    int64_t duration_90k, samples;
    bool gap; /* its file is not there */
} CmafWhole;

/* The open segment is whole: lists it. */
void cmaf_track_list_whole(CmafTrack *track, const CmafWhole *whole, int64_t now_us);

/* The segment that has just begun, and all that come, have this configuration of pictures. */
void cmaf_track_adopt(CmafTrack *track, const PictureConfig *config);

/* Whether a file was written: says in the log if none can be, and if they can again. Returns
 * `good`. */
bool cmaf_track_note_write(CmafTrack *track, const char *name, bool good);

/* Takes off the list what is due, segments and parts, and says when their files may go. What is no
 * longer listed may still be fetched, for its duration and that of the longest playlist that held
 * it (RFC 8216 section 6.2.2). */
void cmaf_track_drop_old(CmafTrack *track, int64_t now_us);

/* Writes a file. What cannot be written is a gap for viewers, said once. */
bool cmaf_track_store(CmafTrack *track, const char *name, const void *data, size_t len);

/* Makes what is to be written of a part of the open segment, and of the segment once it is whole:
 * encrypted, if the track is. A part is borrowed until the next call then. Return false if it
 * cannot be had. */
bool cmaf_track_encrypt_part(CmafTrack *track, CmafBytes *part);
bool cmaf_track_encrypt_whole(CmafTrack *track);

/* The key of the samples of the open segment. Returns false if they stay clear. */
bool cmaf_track_sample_key(const CmafTrack *track, CbcsKey *out);

/* The open segment has no part yet: if its key is another than that of the muxer, the muxer and the
 * list go on with it. */
void cmaf_track_use_key(CmafTrack *track);

/* The open segment, and all that come, have another initialisation segment, that of the muxer. */
void cmaf_track_begin_init(CmafTrack *track);

/* Remembers what pictures the initialisation segment of the open segment is for. */
void cmaf_track_note_init(CmafTrack *track, const VideoFormat *format);

/* Writes the initialisation segment, if that is still to be done. Returns whether it is there. */
bool cmaf_track_write_init(CmafTrack *track);

/* The segment has its last part. */
void cmaf_track_complete(CmafTrack *track, int64_t now_us);

/* A duration in 1/90000 s. */
int64_t cmaf_track_to_90k(const CmafTrack *track, int64_t duration);

#endif
