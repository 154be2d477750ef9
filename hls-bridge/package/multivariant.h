/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MULTIVARIANT_H
#define MULTIVARIANT_H

/* A multivariant playlist (rfc8216bis, section 4.4.6), as Apple's authoring rules want it: which
 * media playlists show the same in which size, and what each of them needs.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/rendition.h"
#include "base/media.h"

#define MULTIVARIANT_TEXT_SIZE 16384 /* bytes that hold the text of any */

typedef struct Variant {
    const char *uri;                    /* of the media playlist */
    char codec[VIDEO_FORMAT_NAME_SIZE]; /* of its pictures: "avc1.42C01F"; "": it is the sound alone
                                         */
    int width, height;
    int64_t frame_rate_milli;                   /* 30000 is 30 a second; 0: not known */
    int64_t bandwidth;                          /* bit/s of the largest segment, with the sound */
    int64_t average_bandwidth;                  /* bit/s */
    bool low;                                   /* its sound is that with fewer bits */
    bool opus;                                  /* its sound is Opus */
    const char *iframes;                        /* of its I-frame playlist; NULL: there is none */
    int64_t iframes_bandwidth, iframes_average; /* bit/s, likewise */
} Variant;

/* All strings are borrowed. */
typedef struct Multivariant {
    bool sound;            /* there is some with each variant */
    const char *audio;     /* URI of a playlist that has it; NULL: it is in those of the variants */
    const char *low_audio; /* the same, with fewer bits; NULL: there is none */
    const char *opus;      /* the same, of Opus */
    const char *language;  /* of that, as BCP 47 has it: "en"; "und": nobody knows */
    size_t variants;       /* at least one; the best first, those with Opus last */
    Variant variant[2 * VIDEO_TRACKS_MAX];
} Multivariant;

/* Whether what viewers may have read, `listed`, is not true any more, or says another thing. Some
 * figures change a little all the time; that is not new. */
bool multivariant_is_new(const Multivariant *multivariant, const Multivariant *listed);

/* Writes the text, terminated, into `text` (MULTIVARIANT_TEXT_SIZE bytes). Returns its length. */
size_t multivariant_write(const Multivariant *multivariant, char *text);

#endif
