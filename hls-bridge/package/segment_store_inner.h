/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_STORE_INNER_H
#define SEGMENT_STORE_INNER_H

/* The store from inside, for segment_store.c, and segment_recovery.c, which takes up what an
 * earlier run has left.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/segment_cipher.h"
#include "package/segment_store.h"

#define SEGMENT_SUFFIX ".ts"

typedef struct SegmentList {
    char rendition[RENDITION_NAME_SIZE]; /* "": the best */
    char file[PLAYLIST_NAME_SIZE];
    int64_t first_msn; /* the first segment that it has */
    bool due;          /* the file could not be written */
} SegmentList;

struct SegmentStore {
    Store *folder; /* borrowed */
    NumberLog *numbers;
    MediaKeys *keys;       /* borrowed; NULL: there are none */
    SegmentCipher *cipher; /* NULL: segments are clear */
    ByteBuffer encrypted;  /* a segment */
    bool durable;
    int64_t began_s;   /* wall clock at open: makes names unique beyond the life of any numbering */
    Playlist playlist; /* of the best; all others have the same segments */
    size_t lists;
    SegmentList list[SEGMENT_LISTS_MAX];
    char text[PLAYLIST_TEXT_SIZE];
};

/* The numbers that come next. */
Numbers segment_store_numbers(const SegmentStore *store);

/* Makes sure that they are not used again. Returns 0, or -1 with errno: then no playlist must be
 * seen that has come to them. */
int segment_store_reserve(SegmentStore *store);

/* Lets go of keys that no segment of the playlist has; the files of others go at `at_us`. */
void segment_store_keep_keys(SegmentStore *store, int64_t at_us);

/* Takes up what an earlier run has left, as far as it can be relied on. Returns 0, or -1 with
 * errno: then the disk keeps what is there to itself. */
int segment_store_recover(SegmentStore *store, const SegmentStoreParams *params, int64_t now_us);

#endif
