/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SDP_READER_H
#define SDP_READER_H

/* Reads session descriptions (SDP, RFC 8866) in place.
 *
 * Nothing is copied and nothing is allocated: every SdpSlice points into the text handed to
 * sdp_read(), which must outlive the Sdp that describes it. The reader takes any bytes at all; what
 * it cannot read it refuses with a sentence.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDP_MAX_MEDIA        16    /* m= sections read; a browser offers one per track */
#define SDP_MAX_BYTES        65536 /* larger descriptions are refused */
#define SDP_MAX_FORMATS      128   /* of a section: there are no more payload types */
#define SDP_MAX_PAYLOAD_TYPE 127

/* Some bytes of the description, not terminated. An absent value has at == NULL. */
typedef struct SdpSlice {
    const char *at;
    size_t len;
} SdpSlice;

typedef enum SdpKind { SDP_AUDIO, SDP_VIDEO, SDP_APPLICATION, SDP_OTHER } SdpKind;

typedef enum SdpDirection { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE } SdpDirection;

/* One m= section, RFC 8866 section 5.14. */
typedef struct SdpMedia {
    SdpKind kind;
    SdpSlice kind_name;  /* "audio", "video", ... as written */
    uint16_t port;       /* 0: refused or unused */
    SdpSlice proto;      /* "UDP/TLS/RTP/SAVPF" */
    SdpSlice formats;    /* "111 63 9": payload types in order of preference */
    SdpSlice connection; /* address of its c= line, or of the session's */
    SdpDirection direction;
    SdpSlice lines; /* everything below the m= line */
} SdpMedia;

typedef struct Sdp {
    SdpSlice origin;       /* the value of o= */
    SdpSlice session_name; /* the value of s= */
    SdpSlice lines;        /* the session part, above the first m= line */
    SdpMedia media[SDP_MAX_MEDIA];
    size_t media_count;
} Sdp;

/* What a payload type means: the a=rtpmap of it, RFC 8866 section 6.6. */
typedef struct SdpCodec {
    int payload_type;
    SdpSlice name; /* "H264", compare without regard to case */
    uint32_t clock_hz;
    unsigned channels; /* 1 if the line names none */
    SdpSlice fmtp;     /* the parameters of its a=fmtp line; at is NULL if there is none */
} SdpCodec;

/* Reads `len` bytes of `text` into `out`.
 * Returns NULL, or a static sentence that says what is wrong with it; `out` is then unspecified. */
const char *sdp_read(const char *text, size_t len, Sdp *out);

/* The next value of attribute `name` ("rtcp-fb" finds the "..." of a=rtcp-fb:...) in `lines`.
 * Start with *at == 0; each call moves *at on. A bare attribute (a=rtcp-mux) has a value of length
 * 0. Returns false when there are no more. */
bool sdp_next_attribute(SdpSlice lines, const char *name, size_t *at, SdpSlice *value);

/* Whether `lines` have attribute `name`. If `value` is not NULL, it takes the first one's value. */
bool sdp_attribute(SdpSlice lines, const char *name, SdpSlice *value);

/* Walks the payload types of a section in order of preference. Start with *at == 0.
 * Returns the next one (0 to 127), or -1 when there are no more; what is not one is passed over. */
int sdp_next_payload_type(const SdpMedia *media, size_t *at);

/* What payload type `pt` of `media` is. Returns false if the section has no rtpmap for it. */
bool sdp_codec(const SdpMedia *media, int pt, SdpCodec *out);

/* The value of parameter `name` in an fmtp ("a=1;b=2"), names without regard to case.
 * Returns false if it has none. */
bool sdp_fmtp_parameter(SdpSlice fmtp, const char *name, SdpSlice *value);

/* Whether the section lists feedback message `what` ("nack pli") for payload type `pt` or for all
 * (a=rtcp-fb, RFC 4585 section 4.2). */
bool sdp_has_feedback(const SdpMedia *media, int pt, const char *what);

/* Whether a slice is `text`, to the letter or without regard to case. */
bool sdp_equals(SdpSlice slice, const char *text);
bool sdp_equals_nocase(SdpSlice slice, const char *text);

/* A slice that is wholly a decimal number up to `max`. Returns false otherwise. */
bool sdp_number(SdpSlice slice, uint32_t max, uint32_t *out);

#endif
