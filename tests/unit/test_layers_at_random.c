/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Publishers of several sizes that do anything at all, by dice: synthetic media in virtual time,
 * through a packager onto the disk. Each picture says which layer it is of and which one it hangs
 * on, so that every segment can be looked into. */

#include "harness.h"

#include <dirent.h>
#include <stdlib.h>

#include "file_version.h"
#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "instruments/rtp-replay/dice.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "synthetic_sps.h"
#include "temp_folder.h"

#define MS(n)      ((n)*TICKS_PER_S / 1000)
#define STEP       MS(10)
#define LAYERS_MAX 4
#define LISTS_MAX  20
#define SEGMENTS   256
#define PATIENCE   MS(6000) /* while a layer is live, each list has another segment in this time */

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static Segmenter *segmenter;
static int64_t clock_90k;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&clock_90k);
static uint64_t seed;
static Dice dice;
static unsigned faults;
static unsigned run;     /* of the bridge */
static int first_of_run; /* number that lists of CMAF go on at; -1: none has yet */

#define FAULT(...)                                                                                 \
    do {                                                                                           \
        fprintf(stderr, "seed %llu at %.2f s: ", (unsigned long long)seed,                         \
                (double)clock_90k / TICKS_PER_S);                                                  \
        fprintf(stderr, __VA_ARGS__);                                                              \
        fprintf(stderr, "\n");                                                                     \
        faults++;                                                                                  \
    } while (0)

/* ---- pictures ---- */

static const int sizes[][2] = {{80, 45}, {60, 34}, {40, 23}, {30, 17}, {20, 12}, {10, 6}, {45, 80}};

typedef struct Layer {
    int size;                                        /* index; others when it changes */
    int64_t frame;                                   /* from picture to picture */
    int64_t next;                                    /* picture, on the stream's clock */
    int64_t newest;                                  /* that came */
    int64_t late;                                    /* it comes so long after that */
    int64_t ahead;                                   /* its timestamps are wrong by so much */
    int64_t silent_to;                               /* no pictures before */
    int64_t answer;                                  /* from asking to the IDR picture */
    int64_t idr_due;                                 /* 0: not asked */
    double deaf;                                     /* so many requests are lost */
    double pauses, changes, restarts, broken, jumps; /* a picture */
    bool never;                                      /* has an IDR picture */
    bool needs_idr, restart;
    unsigned group, at; /* IDR picture, and the number of the picture after it */
} Layer;

static Layer layer[LAYERS_MAX];
static unsigned layers, groups, tracks_from;

static void add(uint8_t *out, size_t *len, const void *bytes, size_t n)
{
    memcpy(out + *len, bytes, n);
    *len += n;
}

static void send_picture(unsigned index, bool idr)
{
    static const uint8_t start[] = {0, 0, 0, 1}, delimiter[] = {9, 0xF0},
                         pps[] = {0x68, 0xCE, 0x3C, 0x80};
    Layer *l = &layer[index];
    uint8_t bytes[256], sps[32];
    char mark[64];
    size_t len = 0;

    l->group = idr ? ++groups : l->group;
    l->at = idr ? 0 : l->at + 1;
    snprintf(mark, sizeof(mark), "LyR%u%d%06X%06X", index, l->size, l->group, l->at);
    add(bytes, &len, start, 4);
    add(bytes, &len, delimiter, 2);
    if (idr) {
        size_t n = synthetic_sps(sizes[l->size][0], sizes[l->size][1], sps);
        add(bytes, &len, start, 4);
        add(bytes, &len, sps, n);
        add(bytes, &len, start, 4);
        add(bytes, &len, pps, 4);
    }
    add(bytes, &len, start, 4);
    add(bytes, &len, idr ? "\x65\x9a" : "\x41\x9a", 2);
    add(bytes, &len, mark, strlen(mark));
    AccessUnit unit = unit_of(bytes, len, idr);
    unit.track = tracks_from + index;
    unit.restart = idr && l->restart;
    l->restart = l->restart && !idr;
    int64_t pts = l->next + l->ahead;
    if (pts <= l->newest)
        pts = l->newest + 90;
    l->newest = pts;
    segmenter_picture(segmenter, &unit, pts, pts);
}

/* Does what it does with the next picture. */
static void step_layer(unsigned index)
{
    Layer *l = &layer[index];

    if (l->next >= l->silent_to) {
        if (dice_happens(&dice, l->changes)) {
            int was = l->size;
            l->size = (int)dice_between(&dice, 0, COUNT(sizes) - 1);
            l->needs_idr = true;
            l->restart = l->restart || (l->size != was && l->group != 0);
        }
        if (dice_happens(&dice, l->restarts))
            l->restart = l->needs_idr = true;
        if (dice_happens(&dice, l->broken)) { /* it waits for an IDR picture */
            l->needs_idr = true;
            l->idr_due = clock_90k + l->answer;
        }
        if (dice_happens(&dice, l->jumps))
            l->ahead = dice_between(&dice, MS(-200), MS(2000));
        if (dice_happens(&dice, l->pauses)) {
            l->silent_to = l->next + dice_between(&dice, MS(50), MS(6000));
            l->needs_idr = l->needs_idr || dice_happens(&dice, 0.5);
        }
        bool idr =
            !l->never && ((l->idr_due && clock_90k >= l->idr_due) || (l->needs_idr && !l->idr_due));
        if (idr)
            l->idr_due = 0;
        if (idr || !l->needs_idr)
            send_picture(index, idr);
        l->needs_idr = l->needs_idr && !idr;
    }
    l->next += l->frame;
}

/* ---- viewers ---- */

typedef struct List {
    char name[64];
    bool cmaf;
    bool ended;
    int first, last; /* segment that was seen; -1: none */
    unsigned run;    /* of the bridge, when the last one was seen */
    int64_t moved;   /* when there was another one */
    char extinf[SEGMENTS][16];
    bool parted[SEGMENTS]; /* a discontinuity is before it */
    int number[SEGMENTS];  /* of discontinuities up to it */
    char map[64];
    bool have;
    unsigned layer, group, at; /* of the newest picture, */
    int size;                  /* and the number of discontinuities before it */
    int discontinuities;
    FileVersion version;
} List;

static List list[LISTS_MAX];
static size_t lists;

static char *read_all(const char *name, size_t *len)
{
    char path[600];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    char *text = calloc(1, size + 1);
    *len = fread(text, 1, size, f);
    fclose(f);
    return text;
}

static void check_map(List *s, int msn, int size)
{
    uint8_t sps[32];
    size_t len, n = synthetic_sps(sizes[size][0], sizes[size][1], sps);
    char *init = read_all(s->map, &len);

    if (!init)
        FAULT("%s %d: no %s", s->name, msn, s->map);
    else if (!memmem(init, len, sps, n))
        FAULT("%s %d: %s is not of the pictures", s->name, msn, s->map);
    free(init);
}

static void look_into(List *s, int msn, const char *file)
{
    size_t len, pictures = 0;
    char *data = read_all(file, &len);
    int size_of_segment = -1;

    if (!data) {
        FAULT("%s %d: no %s", s->name, msn, file);
        return;
    }
    for (const char *p = data; (p = memmem(p, len - (size_t)(p - data), "LyR", 3)); p += 3) {
        unsigned l, group, at;
        int size;
        if (sscanf(p, "LyR%1u%1d%6X%6X", &l, &size, &group, &at) != 4)
            continue;
        bool follows = s->have && s->layer == l && s->group == group && at == s->at + 1;
        bool again = s->have && s->layer == l && s->group == group && at == s->at;
        pictures++;
        if (s->have && size != s->size && s->discontinuities == s->number[msn])
            FAULT("%s %d, picture %zu: size %d follows %d without a discontinuity", s->name, msn,
                  pictures, size, s->size);
        if (at != 0 && !follows && !again)
            FAULT("%s %d, picture %zu: %u/%u.%u follows %u/%u.%u", s->name, msn, pictures, l, group,
                  at, s->layer, s->group, s->at);
        if (s->cmaf && size_of_segment >= 0 && size != size_of_segment)
            FAULT("%s %d, picture %zu: another size", s->name, msn, pictures);
        if (s->cmaf && size_of_segment < 0)
            check_map(s, msn, size);
        size_of_segment = size;
        s->have = true;
        s->size = size;
        s->discontinuities = s->number[msn];
        s->layer = l;
        s->group = group;
        s->at = at;
    }
    free(data);
}

/* A list has another segment. Its number follows the one before, unless viewers have been told of
 * an end: a list that was ended begins again at the number that others have come to. So it is if
 * there is another run of the bridge: it leaves out the segment that was open, of which parts may
 * have been fetched. */
static void note_number(List *s, int msn)
{
    bool again = s->last >= 0 && (s->ended || s->run != run);

    if (s->last >= 0 && msn != s->last + 1 && !again)
        FAULT("%s: %d follows %d", s->name, msn, s->last);
    if (s->cmaf && s->run != run && first_of_run < 0)
        first_of_run = msn;
    if (s->last < 0 || (again && msn != s->last + 1))
        s->first = msn;
    s->ended = false;
    s->last = msn;
    s->run = run;
    s->moved = clock_90k;
}

static void read_list(List *s)
{
    char path[600], *save = NULL, extinf[16] = "";
    int msn = 0, number = 0;
    bool parted = false, gap = false, ended = false;
    size_t len;

    snprintf(path, sizeof(path), "%s/shop/%s", root, s->name);
    if (!file_is_replaced(path, &s->version))
        return;
    char *text = read_all(s->name, &len);
    assert_non_null(text);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (read_tag(line, "#EXT-X-MEDIA-SEQUENCE:", "%d", &msn) ||
            read_tag(line, "#EXT-X-DISCONTINUITY-SEQUENCE:", "%d", &number) ||
            read_tag(line, "#EXTINF:", "%15[^,]", extinf))
            continue;
        if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0) {
            parted = true;
            number++;
        }
        if (strcmp(line, "#EXT-X-GAP") == 0)
            gap = true;
        if (strcmp(line, "#EXT-X-ENDLIST") == 0)
            ended = true;
        if (strncmp(line, "#EXT-X-MAP", 10) == 0)
            sscanf(strstr(line, "URI=\"") + 5, "%63[^\"]", s->map);
        if (line[0] == '#')
            continue;
        assert_in_range(msn, 0, SEGMENTS - 1);
        if (msn > s->last) {
            note_number(s, msn);
            snprintf(s->extinf[msn], sizeof(s->extinf[msn]), "%s", extinf);
            s->parted[msn] = parted;
            s->number[msn] = number;
            if (strtod(extinf, NULL) >= 2.5)
                FAULT("%s %d: %s s", s->name, msn, extinf);
            if (gap)
                FAULT("%s %d: gap", s->name, msn);
            else
                look_into(s, msn, line);
        } else if (msn >= s->first && s->number[msn] != number) {
            FAULT("%s %d: discontinuity %d is now %d", s->name, msn, s->number[msn], number);
        }
        msn++;
        parted = gap = false;
    }
    s->ended = ended;
    free(text);
}

static void find_lists(void)
{
    char path[600];

    snprintf(path, sizeof(path), "%s/shop", root);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        bool cmaf = strncmp(e->d_name, "video", 5) == 0, known = false;
        if (!strstr(e->d_name, ".m3u8") || strstr(e->d_name, "iframe") || e->d_name[0] == '.' ||
            (!cmaf && strncmp(e->d_name, "index", 5) != 0))
            continue;
        for (size_t i = 0; i < lists; i++)
            known = known || strcmp(list[i].name, e->d_name) == 0;
        if (known)
            continue;
        assert_in_range(lists, 0, LISTS_MAX - 1);
        list[lists] = (List){.cmaf = cmaf, .last = -1, .run = run, .moved = clock_90k};
        snprintf(list[lists++].name, sizeof(list[0].name), "%.60s", e->d_name);
    }
    if (d)
        closedir(d);
}

/* The newest number of a list. One that this run of the bridge has not added to is as far as the
 * number that the others have begun with. */
static int position(const List *s)
{
    return s->cmaf && s->run != run && first_of_run >= 0 ? first_of_run - 1 : s->last;
}

static void watch(void)
{
    find_lists();
    for (size_t i = 0; i < lists; i++)
        read_list(&list[i]);
    for (size_t i = 0; i < lists; i++)
        for (size_t k = 0; k < i; k++)
            if (list[i].cmaf == list[k].cmaf && !list[i].ended && !list[k].ended &&
                abs(position(&list[i]) - position(&list[k])) > 1)
                FAULT("%s is at %d and %s at %d", list[i].name, list[i].last, list[k].name,
                      list[k].last);
}

static void compare(void)
{
    for (size_t i = 1; i < lists; i++)
        for (size_t k = 0; k < i; k++) {
            List *a = &list[i], *b = &list[k];
            if (a->cmaf != b->cmaf)
                continue;
            int from = a->first > b->first ? a->first : b->first;
            int to = a->last < b->last ? a->last : b->last;
            for (int n = from; n <= to; n++) {
                if (strcmp(a->extinf[n], b->extinf[n]) != 0)
                    FAULT("%s and %s %d: %s and %s s", a->name, b->name, n, a->extinf[n],
                          b->extinf[n]);
                bool begins = n == a->first || n == b->first; /* a list cannot begin with one */
                if ((a->parted[n] != b->parted[n] && !begins) || a->number[n] != b->number[n])
                    FAULT("%s and %s %d: discontinuity %d and %d", a->name, b->name, n,
                          a->number[n], b->number[n]);
            }
        }
}

/* ---- publishers ---- */

static double rarely(double most)
{
    return dice_happens(&dice, 0.6) ? 0 : most * (double)dice_between(&dice, 1, 100) / 100;
}

static void roll_layer(Layer *l, int64_t now)
{
    *l = (Layer){
        .size = (int)dice_between(&dice, 0, COUNT(sizes) - 1),
        .frame = dice_happens(&dice, 0.8) ? MS(33) : MS(dice_between(&dice, 16, 1000)),
        .next = now + MS(dice_between(&dice, 0, 60)),
        .late = MS(dice_between(&dice, 0, 90)),
        .ahead = dice_happens(&dice, 0.7) ? MS(dice_between(&dice, -15, 15)) : 0,
        .silent_to = dice_happens(&dice, 0.2) ? now + MS(dice_between(&dice, 0, 5000)) : 0,
        .answer = MS(dice_between(&dice, 20, 400)),
        .deaf = rarely(0.5),
        .pauses = rarely(0.03),
        .changes = rarely(0.02),
        .restarts = rarely(0.005),
        .broken = rarely(0.02),
        .jumps = dice_happens(&dice, 0.85) ? 0 : 0.01,
        .never = dice_happens(&dice, 0.05),
        .needs_idr = true,
    };
    if (dice_happens(&dice, 0.04))
        l->ahead = MS(2000);
}

static void send_sound(int64_t *sample, int64_t until)
{
    for (; samples_to_90k(*sample) <= until; *sample += AAC_FRAME_SAMPLES)
        segmenter_sound(segmenter, &(AacFrame){.data = synthetic_aac,
                                               .len = sizeof(synthetic_aac),
                                               .pts_samples = *sample});
}

static bool is_well(const Layer *l)
{
    return l->frame == MS(33) && !l->never && l->silent_to == 0 && l->ahead < MS(100) &&
           l->deaf + l->pauses + l->changes + l->restarts + l->broken + l->jumps == 0;
}

/* Sends what has come by now, and asks for IDR pictures if the segmenter wants one. */
static void step(void)
{
    for (unsigned i = 0; i < layers; i++)
        while (layer[i].next + layer[i].late <= clock_90k)
            step_layer(i);
    if (segmenter_tick(segmenter, clock_90k, ticks_to_us(clock_90k)))
        for (unsigned i = 0; i < layers; i++)
            if (layer[i].idr_due == 0 && !dice_happens(&dice, layer[i].deaf))
                layer[i].idr_due = clock_90k + layer[i].answer;
    packager_expire(packager, ticks_to_us(clock_90k), ticks_to_us(clock_90k));
}

/* Rolls what a publisher has. */
static Renditions roll_publisher(bool sound)
{
    static const char *const labels[] = {"", "high", "mid", "low", "a", "b"};
    Renditions sent = renditions_of(sound, false);

    layers = (unsigned)dice_between(&dice, 1, LAYERS_MAX);
    if (dice_happens(&dice, 0.5))
        layers = 3;
    int first = (int)dice_between(&dice, 0, 5);
    tracks_from = sound;
    for (unsigned i = 0; i < layers; i++) {
        Rendition *r = &sent.item[sent.count++];
        r->kind = TRACK_VIDEO;
        if (layers > 1)
            snprintf(r->name, sizeof(r->name), "%s", labels[(first + (int)i) % 6]);
        r->bitrate = dice_happens(&dice, 0.3) ? dice_between(&dice, 1, 3000000) : 0;
        roll_layer(&layer[i], clock_90k);
    }
    if (dice_happens(&dice, 0.5))
        layer[dice_between(&dice, 0, layers - 1)] =
            (Layer){.frame = MS(33), .next = clock_90k, .answer = MS(50), .needs_idr = true};
    return sent;
}

static void publish(void)
{
    bool sound = dice_happens(&dice, 0.8);
    int64_t end_90k = segmenter_end_90k(segmenter);

    clock_90k = clock_90k > end_90k ? clock_90k : end_90k;
    const Renditions sent = roll_publisher(sound);
    int64_t sample = clock_90k * 8 / 15, began = clock_90k;
    segmenter_begin(segmenter, &sent, synthetic_wall_clock, NULL);
    for (size_t i = 0; i < lists; i++)
        list[i].moved = clock_90k;
    bool well = false;
    for (unsigned i = 0; i < layers; i++)
        well = well || is_well(&layer[i]);
    for (int64_t end = clock_90k + MS(dice_between(&dice, 3000, 25000)); clock_90k < end;
         clock_90k += STEP) {
        segmenter_set_time(segmenter, ticks_to_us(clock_90k));
        if (sound)
            send_sound(&sample, clock_90k - MS(60));
        step();
        if ((clock_90k - began) / STEP % 40 == 0)
            watch();
        for (size_t i = 0; well && i < lists; i++)
            if (clock_90k - list[i].moved > PATIENCE) {
                FAULT("%s stands still", list[i].name);
                list[i].moved = clock_90k + 10 * PATIENCE;
            }
    }
    segmenter_finish(segmenter, ticks_to_us(clock_90k));
    watch();
}

static void open_packager(void)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);

    packager = packager_open(&params, ticks_to_us(clock_90k));
    assert_non_null(packager);
    segmenter = packager_segmenter(packager);
}

/* Publishers one after the other, and now and then another run of the bridge. */
static void play(uint64_t which)
{
    seed = which;
    dice = dice_of(seed);
    temp_folder(root);
    clock_90k = PUBLISHER_START_90K;
    hub = ll_hub_create(NULL);
    open_packager();
    lists = groups = 0;
    run = 0;
    for (int64_t n = dice_between(&dice, 1, 4); n > 0; n--) {
        publish();
        clock_90k += MS(dice_between(&dice, 0, 5000));
        if (dice_happens(&dice, 0.15)) {
            packager_close(&packager);
            run++;
            first_of_run = -1;
            open_packager();
        }
    }
    compare();
    for (size_t i = 0; i < lists; i++)
        file_version_forget(&list[i].version);
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
}

static void no_list_is_damaged_whatever_layers_do(void **state)
{
    static const uint64_t seeds[] = {1,    2,    3,    4,    7,    19,   37,   43,  62,
                                     68,   70,   84,   140,  166,  178,  197,  216, 236,
                                     255,  257,  260,  304,  335,  771,  810,  820, 1095,
                                     1271, 1974, 5201, 5273, 5298, 5305, 5338, 5373};

    (void)state;
    for (size_t i = 0; i < COUNT(seeds); i++)
        play(seeds[i]);
    assert_int_equal(faults, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_list_is_damaged_whatever_layers_do),
};

TEST_GROUP(layers_at_random, tests);
