/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACKAGER_H
#define PACKAGER_H

/* All that makes files of one stream's media, and outlives its publishers: the AAC encoder, the
 * segmenter, and the outputs, of which it has the list.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "codec/opus_to_aac.h"
#include "package/playlist.h"
#include "segment/segmenter.h"

typedef struct Packager Packager;

typedef struct PackagerParams {
    const char *stream;    /* a valid stream name; borrowed */
    const char *directory; /* of all streams; exists; wanted by packager_open() alone */
    int64_t audio_bitrate, low_bitrate; /* of the sound, and of that with fewer bits beside several
                                           sizes; 0: there is none */
    OutputSettings outputs;             /* which there are */
    OutputBoundParams bound;            /* of what publishers can make it put out */
    const Clock *clock;                 /* borrowed */
} PackagerParams;

/* Opens the stream's folder; what an earlier run has left there is taken up. Returns NULL with
 * errno. */
Packager *packager_open(const PackagerParams *params, int64_t now_us);

/* What is not yet written is lost: finish the output first. Accepts NULL, leaves NULL. */
void packager_close(Packager **packager);

/* Nobody publishes, and nobody is expected: gives the encoder back, which is most of what a stream
 * takes in memory. The output must be finished. Only a wake makes the sound's part usable again. */
void packager_rest(Packager *packager);

/* Somebody publishes again, after a rest. Returns 0, or -1 with errno: then it still rests. */
int packager_wake(Packager *packager);

/* A publisher begins that sends these: its sound is encoded with fewer bits too, if it sends
 * several sizes, or viewers know several. */
void packager_choose_sound(Packager *packager, const Renditions *sent);

/* Its parts, borrowed: what sound goes through, and what takes the media. */
OpusToAac *packager_audio(const Packager *packager);
Segmenter *packager_segmenter(const Packager *packager);

/* Whether viewers get pictures of this codec as they are sent. */
bool packager_takes(const Packager *packager, Codec codec);

/* What the outputs have done. */
OutputStats packager_stats(const Packager *packager);

/* The playlist of .ts segments as it stands; borrowed. NULL: there is none. */
const Playlist *packager_playlist(const Packager *packager);

/* Whether nothing was ever listed, nor by an earlier run. */
bool packager_is_empty(const Packager *packager);

/* What is listed, by an earlier run perhaps: LISTING_OPEN if any playlist is open. */
Listing packager_listing(const Packager *packager);

/* Ends all playlists: EXT-X-ENDLIST. Returns 0, or -1 with errno; call it again then. */
int packager_end(Packager *packager);

/* Removes everything of an ended stream but the playlists, for their numbers. Returns 0, or -1 with
 * errno; call it again then. */
int packager_clear(Packager *packager);

/* As output_files_protect(), and whether it is so. */
int packager_protect(Packager *packager, bool on);
bool packager_is_protected(const Packager *packager);

/* As store_discard(): close it then. */
void packager_discard(Packager *packager);

/* Lets each output expire at `now_us`, and removes files whose time is over at `files_us`, which is
 * `now_us` or before. Returns when to call it next, by `now_us`; NEVER_US: there is no need. */
int64_t packager_expire(Packager *packager, int64_t now_us, int64_t files_us);

#endif
