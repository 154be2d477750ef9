/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CMAF_MUX_H
#define CMAF_MUX_H

/* Makes CMAF of one track in memory: an initialisation segment, and fragments (one moof, one mdat).
 *
 * Times are in the track's own unit: 1/90000 s for video, 1/48000 s for audio. Fragments carry them
 * as they are, on the stream's clock: the first sample of a fragment is decoded at its start and
 * the last one lasts until its end, so that fragments join without a gap, whatever the pictures do.
 * No picture of a segment's last fragment is shown into the next one, unless they are reordered.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include "base/byte_buffer.h"
#include "base/media.h"
#include "package/cenc_cbcs.h"
#include "package/part_cutter.h"
#include "package/sample_queue.h"

typedef struct CmafMux CmafMux;

typedef struct CmafMuxParams {
    TrackKind kind;
    bool opus;             /* the sound is Opus, not AAC */
    const uint8_t *config; /* AudioSpecificConfig or opus_copy_head; or as picture_config.h writes
                              it */
    size_t config_len;
    const VideoFormat *format; /* of video; borrowed */
    bool keeps_sets;    /* samples have their parameter sets too, for players that have missed this
                           initialisation segment */
    const CbcsKey *key; /* encrypts all samples (cenc_cbcs.h), pictures of H.264 alone; NULL: they
                           stay clear */
} CmafMuxParams;

/* Bytes that are borrowed until the next call; an initialisation segment until its muxer has
 * another key, or ends. */
typedef struct CmafBytes {
    const uint8_t *data;
    size_t len;
} CmafBytes;

typedef struct CmafFragment {
    CmafBytes bytes;
    size_t samples;
    bool independent;  /* it begins with a sample that needs no other */
    size_t first_len;  /* bytes up to the end of that */
    SampleBytes *last; /* of its last sample; borrowed until the next cut */
    bool last_key;     /* which needs no other */
} CmafFragment;

/* The params are copied. Returns NULL with a static sentence in `error`. */
CmafMux *cmaf_mux_create(const CmafMuxParams *params, const char **error);

/* What is collected is lost. Accepts NULL, leaves NULL. */
void cmaf_mux_destroy(CmafMux **mux);

CmafBytes cmaf_mux_init(const CmafMux *mux);

/* The key of its samples; NULL: they stay clear. Borrowed. */
const CbcsKey *cmaf_mux_key(const CmafMux *mux);

/* Fragments from now on have another key, and another initialisation segment. Only of a muxer that
 * has one. Returns 0, or -1 if there is no memory, or libcrypto fails: then there are none. */
int cmaf_mux_set_key(CmafMux *mux, const CbcsKey *key);

/* Collect a sample; the bytes are held, or copied if they are only borrowed. Of an access unit
 * in Annex B, delimiter and parameter sets are left out; the latter are in the initialisation
 * segment. Return 0, or -1 if there is no memory. */
int cmaf_mux_picture(CmafMux *mux, const AccessUnit *unit, int64_t pts, int64_t dts);
int cmaf_mux_sound(CmafMux *mux, const AacFrame *frame);
int cmaf_mux_opus(CmafMux *mux, const OpusPacket *packet);

/* The same of a picture that is shown and decoded at `at`, before all others that wait. */
int cmaf_mux_picture_first(CmafMux *mux, const AccessUnit *unit, int64_t at);

/* Of the samples that wait and are decoded before `before`, the newest one but `newer`; NULL: there
 * are not so many. Borrowed until the next call. */
const QueuedSample *cmaf_mux_waiting(const CmafMux *mux, int64_t before, size_t newer);

/* Of the places where a sample of sound begins, and `end` where the newest one ends: the first at
 * `at` or later, and the last at `at` or earlier, INT64_MIN if there is none. */
int64_t cmaf_mux_from(const CmafMux *mux, int64_t at, int64_t end);
int64_t cmaf_mux_up_to(const CmafMux *mux, int64_t at, int64_t end);

/* How long the samples of sound that wait are together, from `start` on, if no more of them are to
 * be longer than `most`: but one at least. 0: one more may find room, as long as the newest. */
int64_t cmaf_mux_fit(const CmafMux *mux, int64_t start, int64_t most);

/* Appends a fragment of the samples that are decoded before `cut->until` to `to`, where its bytes
 * stay until something else is appended. What was to be decoded or shown before its start is at its
 * start. Returns 0, 1 if there is no sample, or -1 if there is no memory: the samples are gone
 * then.
 */
int cmaf_mux_cut(CmafMux *mux, const PartCut *cut, ByteBuffer *to, CmafFragment *out);

#endif
