/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SOURCE_SDP_H
#define SOURCE_SDP_H

/* What a publisher says of its tracks in a session description, and the answer to it (RFC 3264).
 *
 * Accepted are Opus (RFC 7587), one section, and a codec of video_codec.h, up to VIDEO_TRACKS_MAX
 * sections: the same pictures in other sizes, the best first, all in the codec of the first. A
 * section beyond these is refused. Of several codecs in a section it takes the one that most
 * viewers can play: H.264 (packetization-mode 0 or 1, RFC 6184), else the first that is not VP8.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <netinet/in.h>

#include "base/rendition.h"
#include "ingest/ingest.h"
#include "sdp_reader.h"

#define SOURCE_PARAMETER_SETS_MAX  4
#define SOURCE_PARAMETER_SET_BYTES 256
#define SOURCE_SETS_BYTES          2048 /* of all parameter sets; one has 10 to 40 */
#define SOURCE_ANSWER_SIZE         8192

typedef struct SourceTrackSdp {
    TrackKind kind;
    Codec codec;                    /* of video */
    char name[RENDITION_NAME_SIZE]; /* of its rendition; "": the first of its kind */
    size_t section;                 /* index of its m= section */
    int payload_type;
    uint32_t clock_hz;
    struct in_addr address; /* of the c= line */
    uint16_t port;          /* of the m= line */
    uint16_t rtcp_port;     /* of a=rtcp, or the next one; 0: rtcp-mux */
    bool nack;              /* what is lost is sent again */
    size_t parameter_sets;  /* NAL units of sprop-parameter-sets, or of sprop-vps, -sps and -pps */
    struct {
        uint16_t at, len; /* in SourceSdp.sets */
    } parameter_set[SOURCE_PARAMETER_SETS_MAX];
} SourceTrackSdp;

/* The audio track, if there is one, stands first; the others stand as the description has them. */
typedef struct SourceSdp {
    size_t count;
    SourceTrackSdp track[STREAM_TRACKS_MAX];
    size_t sets_len;
    uint8_t sets[SOURCE_SETS_BYTES]; /* the parameter sets of all tracks */
    size_t sections;                 /* of the description, for the answer */
    SdpKind section_kind[SDP_MAX_MEDIA];
    char title[INGEST_TITLE_SIZE];   /* the session's name; "": none */
    bool unlisted;                   /* a=unlisted: no list of what is live names it */
    bool protected;                  /* a=access:protected: only who has a token may watch it */
    bool has_ladder;                 /* a=ladder: what it is to be transcoded to, */
    char ladder[INGEST_LADDER_SIZE]; /* as rung_ladder.h has it; it is not read here */
} SourceSdp;

/* Reads a description. Returns NULL, or a static sentence that says what is wrong with it. */
const char *source_sdp_read(const char *text, size_t len, SourceSdp *out);

/* What the publisher sends, in the order of the tracks. */
Renditions source_sdp_renditions(const SourceSdp *sdp);

/* Tells an ingest all that the description says of its publisher. */
void source_sdp_describe(const SourceSdp *sdp, Ingest *ingest);

/* Writes the answer: `ports[i]` on `address` is where track i is to be sent; other sections are
 * refused. `text` has SOURCE_ANSWER_SIZE bytes. Returns its length. */
size_t source_sdp_answer(const SourceSdp *sdp, const char *address, const uint16_t *ports,
                         char *text);

#endif
