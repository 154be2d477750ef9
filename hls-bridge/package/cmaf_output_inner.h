/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_OUTPUT_INNER_H
#define CMAF_OUTPUT_INNER_H

/* The output from inside, for cmaf_output.c, cmaf_output_tracks.c, and cmaf_follow.c, which makes
 * renditions that come later.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/cmaf_media.h"
#include "package/cmaf_output.h"
#include "package/cmaf_playlists.h"

/* Tracks: the two that there always are, and the first of the others. */
enum { VIDEO, AUDIO, OTHERS };

struct CmafOutput {
    const char *stream;
    const Clock *clock;
    int64_t target_duration_s;
    size_t window;
    int64_t part_us, epoch;
    const char *language; /* borrowed */
    bool low_sound;       /* with several sizes there is a second rendition of sound */
    bool opus;            /* there is one more, of Opus */
    Store *folder;        /* borrowed */
    MediaKeys *keys;      /* borrowed; NULL: there are none */
    LlBoard *board;
    CmafTrack *track[RENDITIONS_MAX]; /* the best video, the sound, and others as they came */
    size_t tracks;
    CmafMedia *media; /* with a line for each track */
    size_t
        track_of[RENDITIONS_MAX]; /* of the publisher's renditions; RENDITION_NONE: it has none */
    CmafMedia
        *follows[RENDITIONS_MAX]; /* of a track, if it is made by media of its own; borrowed */
    int64_t end_90k;              /* where the last publisher's pictures have ended */
    CmafPlaylists *playlists;
    bool keeps_former;     /* files that an earlier run has left, since they are listed */
    OutputSegment segment; /* the newest one */
    Histogram latency;     /* of parts */
    int64_t last_latency_us;
    uint64_t changes; /* of the whole segments that there are */
    int64_t retry_us; /* not before, if lists could not be written */
};

/* Other parts of a track can be listed than before, and other whole segments if `whole`. Returns 0,
 * or -1 with errno. */
int cmaf_output_publish(CmafOutput *output, size_t track, bool whole);

/* As output.h has it. */
int cmaf_output_follow(void *self, size_t track, Output *out);

/* Likewise. */
bool cmaf_output_takes(const void *self, Codec codec);

/* Makes the tracks that there always are, and those that an earlier run has left; the lists go on
 * where they stood. Files of the earlier run that they do not name are removed in time. Returns 0,
 * or -1 with errno. */
int cmaf_output_open_tracks(CmafOutput *output, const OutputParams *params, int64_t now_us);

/* The index of the track of a rendition, which is added if there is none. Returns RENDITION_NONE if
 * there is no room, or no memory. */
size_t cmaf_output_track_of(CmafOutput *output, const Rendition *rendition);

/* The tracks of more sound, likewise, at CmafMoreSound in `more`; RENDITION_NONE, too, if viewers
 * of a publisher that sends `renditions` are to have none. */
void cmaf_output_more_sound(CmafOutput *output, const Renditions *renditions, size_t *more);

/* Removes the other files of an earlier run too, at `at_us`: no list is to name them any more. No
 * file of this run may have been written yet. */
void cmaf_output_remove_former(CmafOutput *output, int64_t at_us);

/* Lets go of keys that no list has a segment of: files that leave lists now stay for less than
 * cmaf_output_former_us(). */
void cmaf_output_keep_keys(const CmafOutput *output);

/* How long files of an earlier run stay once they are not listed any more: a viewer may be about to
 * fetch one. */
int64_t cmaf_output_former_us(const CmafOutput *output);

#endif
