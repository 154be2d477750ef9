/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PARTS_H
#define PARTS_H

/* Everything that runs beside main.
 *
 * Thread-safety: main's thread alone. */

#include "control/control_api.h"
#include "keys/key_server.h"
#include "playback/playback_gate.h"
#include "serve/ll_server.h"
#include "stream/caretaker.h"
#include "transcode/thumbnail_process.h"

#define PARTS_PLACE_SIZE (BRIDGE_LISTEN_SIZE + 16)

/* Zero-initialise. */
typedef struct Parts {
    EventQueue *events;
    LlHub *ll_hub;
    char transcoder[BRIDGE_PATH_SIZE]; /* the program hls-transcoder */
    ThumbnailProcess *thumbnail_process;
    Thumbnailer *thumbnailer;
    EncoderBudget encoders; /* of all streams */
    RungsParams rungs;      /* what is transcoded of each */
    FolderReaders *readers; /* of rungs that are made for viewers; NULL: there are none */
    KeyServer *keys;        /* NULL: streams make their own */
    PlaybackGate *playback; /* NULL: nobody is asked about viewers */
    StreamTable *table;
    PublicList *list;
    Caretaker *caretaker;
    ControlApi *api;
    LlServer *ll_server;
} Parts;

/* Makes all of them but the caretaker; the control API listens, and answers nobody yet. Returns 0,
 * or -1 after a sentence on stderr. */
int parts_start(const BridgeSettings *settings, Parts *parts);

/* Where the control API is asked. Returns `text`. */
const char *parts_control_place(const BridgeSettings *settings, char text[PARTS_PLACE_SIZE]);

/* Ends all that there are of them, or the process with `status` if one takes longer than 0.8 s: the
 * log says what held it up. */
void parts_stop(Parts *parts, int status);

#endif
