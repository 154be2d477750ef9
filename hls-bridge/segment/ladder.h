/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LADDER_H
#define LADDER_H

/* Says which layer feeds which rendition.
 *
 * A layer is what a publisher sends: one size of its picture. It may pause, come back, come late or
 * never. A rendition is what viewers see; it has a name, and never goes once it is listed. So each
 * rendition has a layer of its own if there is one, and while that one is silent it is *filled*
 * with the pictures of another. What feeds a rendition changes at a cut and nowhere else.
 *
 * Layers are ranked by the size of their pictures, not by the order in which they are described.
 * The best live one leads: segments are cut at its IDR pictures. Any other must have an IDR picture
 * within LADDER_APART_90K of a cut, to feed the renditions from there on.
 *
 * A layer is silent if another one has brought LADDER_SILENT_PICTURES since its last picture, over
 * LADDER_SILENT_90K or more: media that came tells, not the machine's speed. If all stop, none is
 * silent. If packets of the layer come, but no pictures can be made of them since some were lost,
 * it is *broken*: it has been asked for an IDR picture, and most likely is back within a round
 * trip. So it is silent after LADDER_BROKEN_90K, and only if a segment is due it does not lead.
 *
 * Pure: time is the stream's own clock, an argument. Thread-safety: one thread. */

#include "base/rendition.h"
#include "segment/segmenter_stats.h"

#define LADDER_NONE RENDITIONS_MAX

/* A publisher's layers may begin one after the other. Renditions wait so long for the others, from
 * the first one's IDR picture on. */
#define LADDER_WAIT_90K TICKS_PER_S

/* IDR pictures of two layers that are placed no further apart are of one moment: a browser makes
 * them from one picture, on one request. Sender reports place them to within a few milliseconds;
 * before the first reports, arrival does, and a large picture arrives later than a small one. What
 * begins with the cut is put at it to the tick, so a generous bound costs nothing. */
#define LADDER_APART_90K (TICKS_PER_S * 100 / 1000)

#define LADDER_SILENT_90K      (TICKS_PER_S * 300 / 1000)
#define LADDER_SILENT_PICTURES 3
#define LADDER_BROKEN_90K      TICKS_PER_S

typedef struct LadderLayer {
    char label[RENDITION_NAME_SIZE];
    int64_t bitrate;   /* that was announced; 0: not known */
    int width, height; /* of its newest IDR picture; 0: none has come */
    int64_t area;      /* of its first one */
    size_t rank;       /* 0: the best */
    bool live;
    bool broken;                      /* live, but without pictures for as long as silence takes */
    int64_t broken_90k;               /* when its packets last came without any */
    int64_t newest_90k;               /* picture, */
    int64_t idr_90k;                  /* and IDR picture */
    uint8_t behind[VIDEO_TRACKS_MAX]; /* pictures of others since then */
    uint64_t idrs;
} LadderLayer;

typedef struct LadderRendition {
    char name[RENDITION_NAME_SIZE]; /* "": the best */
    size_t own;                     /* layer; LADDER_NONE: this publisher has none for it */
    size_t feeds; /* the layer that does since the newest cut; LADDER_NONE: none */
} LadderRendition;

typedef struct Ladder {
    size_t layers; /* of this publisher */
    LadderLayer layer[VIDEO_TRACKS_MAX];
    size_t renditions; /* the best first; they outlive publishers */
    LadderRendition rendition[VIDEO_TRACKS_MAX];
    bool mapped;       /* renditions have layers */
    uint64_t switches; /* of what feeds a rendition */
    uint64_t fillings; /* of them, to a layer that is not its own */
} Ladder;

/* A publisher begins. `sent` are its renditions as it describes them, of which video counts;
 * `listed` are the names of video renditions that viewers know, the best first as far as that is
 * known. Renditions that are not listed any more are forgotten. */
void ladder_begin(Ladder *ladder, const Renditions *sent, const Renditions *listed);

/* A picture of a layer has come. `width` and `height` are those of an IDR picture, 0: not known.
 * Returns whether a layer that feeds a rendition has fallen silent with it. */
bool ladder_picture(Ladder *ladder, size_t layer, bool idr, int width, int height, int64_t pts_90k);

/* Packets of a layer came at `at_90k`, of which no picture can be made. */
void ladder_broken(Ladder *ladder, size_t layer, int64_t at_90k);

/* Whether each layer has had an IDR picture. */
bool ladder_is_complete(const Ladder *ladder);

/* Gives renditions their layers. For a layer that has not come, its announced bitrate or the order
 * of the description stands for its size; if it turns out to be another when it comes, they change.
 */
void ladder_map(Ladder *ladder);

/* The best layer that is live, not broken, and has had an IDR picture; LADDER_NONE: there is none.
 */
size_t ladder_best(const Ladder *ladder);

/* Whether IDR pictures of two layers are of one moment. */
static inline bool ladder_same_moment(int64_t a_90k, int64_t b_90k)
{
    return a_90k - b_90k <= LADDER_APART_90K && b_90k - a_90k <= LADDER_APART_90K;
}

/* Whether a live layer has not come to `pts_90k` yet, where `layer` has an IDR picture. */
bool ladder_awaits_others(const Ladder *ladder, size_t layer, int64_t pts_90k);

/* What would feed each rendition if there were a cut: `ready` tells which layers have an IDR
 * picture there. `lead` is one of these, and feeds the best rendition. */
typedef struct LadderPlan {
    size_t feeds[VIDEO_TRACKS_MAX]; /* layer, by rendition */
    bool changes;                   /* one of them differs from what feeds it now */
} LadderPlan;

LadderPlan ladder_plan(const Ladder *ladder, size_t lead, const bool *ready);

/* The cut is made. */
void ladder_cut(Ladder *ladder, const LadderPlan *plan);

/* For the status. */
LadderStats ladder_stats(const Ladder *ladder);

#endif
