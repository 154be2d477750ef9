/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A browser's three sizes through a network that loses packets: how often what feeds a rendition
 * changes. In virtual time; large pictures are of many packets, so they are lost more often. */

#include "harness.h"

#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "instruments/rtp-replay/dice.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "synthetic_sps.h"
#include "temp_folder.h"

#define MS(n)     ((n)*TICKS_PER_S / 1000)
#define LAYERS    3
#define FRAME     (TICKS_PER_S / 30)
#define STEP      MS(10)
#define UNDER_WAY 16      /* pictures of a layer */
#define TRIP      MS(50)  /* from a browser to the bridge and back */
#define AGAIN     MS(300) /* a browser takes no other request for an IDR picture before */
#define ASK_AGAIN MS(400) /* a layer that cannot go on asks so often */
#define SECONDS   60

typedef struct Network {
    double loss;          /* of packets, at random */
    int64_t burst, every; /* all are lost for so long, so often; 0: not */
    bool resends;         /* what is lost, once it is asked for */
} Network;

typedef struct Picture {
    int64_t pts, arrives;
    bool idr, whole;
} Picture;

typedef struct Layer {
    Picture way[UNDER_WAY]; /* the oldest first */
    size_t count;
    bool waits; /* for an IDR picture */
    int64_t asked;
} Layer;

static const struct {
    int across, down, idr_packets, packets;
} of_layer[LAYERS] = {{80, 45, 24, 5}, {40, 23, 8, 2}, {20, 12, 3, 1}};

static Segmenter *segmenter;
static int64_t clock_90k;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&clock_90k);
static Layer layer[LAYERS];
static Dice dice;
static int64_t idr_at;   /* the browser's next one, of all layers; 0: none is asked for */
static int64_t answered; /* its newest request that was not too soon */

static void ask(void)
{
    int64_t at = clock_90k + TRIP;

    if (at < answered + AGAIN)
        return;
    answered = at;
    idr_at = idr_at ? idr_at : at;
}

/* Sends a picture of a layer on its way. */
static void send_off(const Network *net, size_t index, int64_t pts, bool idr)
{
    Layer *l = &layer[index];
    int packets = idr ? of_layer[index].idr_packets : of_layer[index].packets;
    bool burst = net->every && pts % net->every < net->burst, lost = burst, late = false;

    for (int i = 0; i < packets; i++) {
        bool first = burst || dice_happens(&dice, net->loss);
        late = late || first;
        lost = lost || (first && (!net->resends || dice_happens(&dice, net->loss)));
    }
    int64_t at = pts + TRIP / 2 + (!late ? 0 : !net->resends ? MS(60) : lost ? MS(200) : 2 * TRIP);
    if (l->count > 0 && l->way[l->count - 1].arrives > at)
        at = l->way[l->count - 1].arrives; /* what comes behind waits for it */
    assert_in_range(l->count, 0, UNDER_WAY - 1);
    l->way[l->count++] = (Picture){pts, at, idr, !lost};
}

static void put_in(size_t index, const Picture *p)
{
    static const uint8_t start[] = {0, 0, 0, 1}, delimiter[] = {9, 0xF0},
                         pps[] = {0x68, 0xCE, 0x3C, 0x80}, key[] = {0x65, 0x9a, 1, 2},
                         slice[] = {0x41, 0x9a, 1, 2};
    uint8_t bytes[128], sps[32];
    const struct {
        const void *nal;
        size_t len;
    } nal[] = {{delimiter, 2},
               {sps, synthetic_sps(of_layer[index].across, of_layer[index].down, sps)},
               {pps, 4},
               {p->idr ? key : slice, 4}};
    size_t len = 0;

    for (size_t i = 0; i < COUNT(nal); i++) {
        if (!p->idr && (i == 1 || i == 2))
            continue;
        memcpy(bytes + len, start, 4);
        memcpy(bytes + len + 4, nal[i].nal, nal[i].len);
        len += 4 + nal[i].len;
    }
    AccessUnit unit = unit_of(bytes, len, p->idr);
    unit.track = 1 + index;
    segmenter_picture(segmenter, &unit, p->pts, p->pts);
}

/* What has come of a layer, as ingest deals with it. */
static void take(size_t index)
{
    Layer *l = &layer[index];

    while (l->count > 0 && l->way[0].arrives <= clock_90k) {
        Picture p = l->way[0];
        memmove(&l->way[0], &l->way[1], --l->count * sizeof(l->way[0]));
        l->waits = !p.whole || (l->waits && !p.idr);
        if (l->waits)
            segmenter_broken(segmenter, 1 + index, clock_90k);
        else
            put_in(index, &p);
        if (l->waits && clock_90k >= l->asked + ASK_AGAIN) {
            l->asked = clock_90k;
            ask();
        }
    }
}

static void publish(const Network *net)
{
    int64_t end = clock_90k + SECONDS * TICKS_PER_S, next = clock_90k, sample = clock_90k * 8 / 15;

    memset(layer, 0, sizeof(layer));
    answered = -AGAIN;
    idr_at = next;
    for (; clock_90k < end; clock_90k += STEP) {
        segmenter_set_time(segmenter, ticks_to_us(clock_90k));
        for (; next <= clock_90k; next += FRAME) {
            bool idr = idr_at && next >= idr_at;
            for (size_t i = 0; i < LAYERS; i++)
                send_off(net, i, next, idr);
            idr_at = idr ? 0 : idr_at;
        }
        for (; samples_to_90k(sample) <= clock_90k - MS(60); sample += AAC_FRAME_SAMPLES)
            segmenter_sound(segmenter, &(AacFrame){.data = synthetic_aac,
                                                   .len = sizeof(synthetic_aac),
                                                   .pts_samples = sample});
        for (size_t i = 0; i < LAYERS; i++)
            take(i);
        if (segmenter_tick(segmenter, clock_90k, ticks_to_us(clock_90k)))
            ask();
    }
}

static SegmenterStats play(const Network *net)
{
    static const char *const names[LAYERS] = {"high", "mid", "low"};
    char root[TEMP_FOLDER_SIZE];
    Renditions sent = renditions_of(true, false);

    for (size_t i = 0; i < LAYERS; i++) {
        sent.item[sent.count].kind = TRACK_VIDEO;
        snprintf(sent.item[sent.count++].name, RENDITION_NAME_SIZE, "%s", names[i]);
    }
    temp_folder(root);
    clock_90k = PUBLISHER_START_90K;
    LlHub *hub = ll_hub_create(NULL);
    PackagerParams params = shop_packager(root, hub, &virtual_time);
    Packager *packager = packager_open(&params, ticks_to_us(clock_90k));
    assert_non_null(packager);
    segmenter = packager_segmenter(packager);
    segmenter_begin(segmenter, &sent, synthetic_wall_clock, NULL);
    publish(net);
    SegmenterStats stats = segmenter_stats(segmenter);
    segmenter_finish(segmenter, ticks_to_us(clock_90k));
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return stats;
}

static void loss_seldom_changes_what_feeds_a_rendition(void **state)
{
    static const struct {
        const char *name;
        Network net;
        uint64_t most; /* in three minutes: an IDR picture may be lost where a segment is due */
    } rows[] = {
        {"no loss", {.loss = 0}, 0},
        {"2 %, sent again", {.loss = 0.02, .resends = true}, 0},
        {"5 %, sent again", {.loss = 0.05, .resends = true}, 6},
        {"2 %", {.loss = 0.02}, 80},
        {"5 %", {.loss = 0.05}, 130},
        {"bursts", {.burst = MS(150), .every = MS(5000)}, 0},
        {"bursts, sent again", {.burst = MS(150), .every = MS(5000), .resends = true}, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t switches = 0;
        for (uint64_t seed = 1; seed <= 3; seed++) {
            dice = dice_of(seed);
            SegmenterStats stats = play(&rows[i].net);
            switches += stats.ladder.switches;
            assert_in_range(stats.cutter.cut_at_idr, 28, 40);
            assert_int_equal(stats.cutter.cut_forced, 0);
        }
        assert_row(switches <= rows[i].most, rows[i].name, "%llu changes, not %llu at the most",
                   (unsigned long long)switches, (unsigned long long)rows[i].most);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(loss_seldom_changes_what_feeds_a_rendition),
};

TEST_GROUP(lossy_layers, tests);
