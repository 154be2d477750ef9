/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODE_WIRE_H
#define TRANSCODE_WIRE_H

/* The messages between the bridge and hls-transcoder, over a stream socket. The first one settles
 * what a process is for: WIRE_CONFIGURE for the rungs of one stream, WIRE_SHOW for thumbnails.
 *
 * A message is a head of eight bytes (a mark, the kind, two zeros, the length of what follows) and
 * its body; numbers are big-endian. Neither side trusts the other: each value has a range, and what
 * is out of it is no message.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "base/byte_buffer.h"
#include "transcode/rung_ladder.h"
#include "video_codec.h"

#define WIRE_HEAD         8
#define WIRE_PICTURE_MAX  (8 << 20) /* bytes of a coded picture, in both directions */
#define WIRE_BODY_MAX     (WIRE_PICTURE_MAX + 16)
#define WIRE_PTS_END_90K  (1ll << 55) /* all times lie between minus this and this */
#define WIRE_TEXT_MAX     240         /* characters of a sentence */
#define WIRE_ENCODER_SIZE 32          /* bytes of an encoder's name, its end included */
#define WIRE_THREADS_MAX  16
#define WIRE_MEMORY_MAX   65535       /* MiB */
#define WIRE_JPEG_MAX     (256 << 10) /* bytes of a thumbnail; noise of its size has half of that */

/* What a test has the transcoder do with its next picture, as a decoder that an attacker has taken
 * over would. Each of them but the last two is forbidden, and ends it. */
typedef enum TranscodeFault {
    TRANSCODE_NO_FAULT,
    TRANSCODE_OPENS_FILE,
    TRANSCODE_OPENS_SOCKET,
    TRANSCODE_RUNS_PROGRAM,
    TRANSCODE_TAKES_MEMORY, /* until there is no more */
    TRANSCODE_HANGS,
    TRANSCODE_FAULTS /* one above the last */
} TranscodeFault;

typedef enum WireKind {
    WIRE_CONFIGURE = 1, /* to the transcoder; once, before all else */
    WIRE_PICTURE,       /* to it: a coded picture */
    WIRE_WANT,          /* to it: which rungs are wanted; all are at first */
    WIRE_SHOW,          /* to it: a key picture, of which a thumbnail is wanted */
    WIRE_READY = 16,    /* from it: it has shut itself in, and takes pictures */
    WIRE_REFUSED,       /* from it: it cannot do what is configured; a sentence says why */
    WIRE_RUNG,          /* from it: what a rung is from its next picture on */
    WIRE_UNIT,          /* from it: a coded picture of a rung */
    WIRE_TOOK,          /* from it: it is done with a picture, with all that came of it before */
    WIRE_SHOWN,         /* from it: what came of WIRE_SHOW */
} WireKind;

typedef enum WireSide { WIRE_TO_TRANSCODER, WIRE_FROM_TRANSCODER } WireSide;

typedef struct TranscodeConfig {
    Codec codec;                     /* of the source: its pictures are as AccessUnit has them */
    RungLadder ladder;               /* its sound is nobody's business here, and not sent */
    char encoder[WIRE_ENCODER_SIZE]; /* as libavcodec names it */
    int threads;                     /* for each encoder of a large rung, 1 or more */
    int memory_mib;                  /* that it may take beyond what it begins with; 0: any */
    TranscodeFault fault;            /* tests alone */
} TranscodeConfig;

typedef struct WirePicture {
    uint32_t id; /* which WIRE_TOOK names */
    int64_t pts_90k;
    bool key; /* a decoder can begin here */
    const uint8_t *data;
    size_t len; /* 1 to WIRE_PICTURE_MAX */
} WirePicture;

typedef struct WireUnit {
    size_t rung; /* index in the ladder */
    int64_t pts_90k;
    bool idr;
    const uint8_t *data; /* Annex B: delimiter first, parameter sets before an IDR picture */
    size_t len;          /* 1 to WIRE_PICTURE_MAX */
} WireUnit;

typedef struct WireRung {
    size_t rung;
    int width, height; /* pixels; 0: it stands still from here on */
    bool behind;       /* ... since the transcoder cannot keep up */
} WireRung;

/* All counts are since the start of the process. */
typedef struct WireTook {
    uint32_t id;
    uint32_t decoded, damaged, skipped; /* pictures: given out, lost to damage, left out by pace */
    uint32_t busy_us;                   /* that this picture took */
    uint32_t lag_us;                    /* that it was behind when it was begun with */
} WireTook;

typedef struct WireShow {
    Codec codec;
    TranscodeFault fault; /* tests alone */
    const uint8_t *data;  /* as WirePicture */
    size_t len;           /* 1 to WIRE_PICTURE_MAX */
} WireShow;

typedef enum WireShownHow {
    SHOWN_WHOLE,
    SHOWN_DAMAGED,   /* it cannot be decoded in full */
    SHOWN_ENDED,     /* whoever decoded it has ended */
    SHOWN_FORBIDDEN, /* ... for what it may not do */
    SHOWN_OPEN,      /* nobody has decoded it, who could not shut itself in */
    SHOWN_HOWS       /* one above the last */
} WireShownHow;

typedef struct WireShown {
    WireShownHow how;
    const uint8_t *data; /* JPEG */
    size_t len;          /* 1 to WIRE_JPEG_MAX if it is whole, and else 0 */
} WireShown;

/* What is borrowed is part of what was read. */
typedef struct WireMessage {
    WireKind kind;
    union {
        TranscodeConfig configure;
        WirePicture picture;
        uint32_t want; /* bit i: rung i */
        char refused[WIRE_TEXT_MAX + 1];
        WireRung rung;
        WireUnit unit;
        WireTook took;
        WireShow show;
        WireShown shown;
    };
} WireMessage;

/* Adds a message. Its values are in their ranges; a sentence that is too long is cut. Returns 0, or
 * -1 if there is no memory: then nothing is added. */
int transcode_wire_write(const WireMessage *message, ByteBuffer *out);

/* Reads the message at the beginning of `data` that goes to `side`. Returns how many bytes it has;
 * 0: it is not there in full yet; -1: what is there is no such message. */
long transcode_wire_read(WireSide side, const uint8_t *data, size_t len, WireMessage *message);

#endif
