/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher of sound and of three sizes of its pictures, through the segmenter and all outputs:
 * every rendition is cut at the same place, to the tick, and has the same numbers. */

#include "harness.h"

#include <stdlib.h>
#include <unistd.h>

#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)
#define TALL  "RESOLUTION=720x1280"

#define LOW_SOUND "audio-low.m3u8"

enum { SOUND, BEST, MID, LOW, TRACKS };

/* What one track of pictures does. */
typedef struct Sending {
    int64_t off_90k;   /* of its pictures, from where the best's are placed */
    int64_t late_90k;  /* it comes so much later than the best */
    bool denies;       /* IDR pictures: it answers no request */
    int64_t stops_90k; /* it sends nothing from then on; 0: never */
    bool restarts;     /* its IDR pictures begin something else, as after a step on the clock */
    int64_t early_90k; /* its pictures are decoded so much before they are shown */
    int64_t tall_90k;  /* its pictures are tall from this one on, an IDR picture; 0: never */
    int64_t rests_90k; /* it sends nothing for so long before that one */
    int64_t twice_90k; /* so long before that one is a wide IDR picture; 0: there is none */
    int keys;          /* so many pictures are one IDR picture, asked for or not; 0: none is */
    bool flips;        /* these are wide and tall by turns */
} Sending;

static const char *const lists[TRACKS] = {"audio.m3u8", "video.m3u8", "video-mid.m3u8",
                                          "video-low.m3u8"};
static const char *const classic[TRACKS] = {NULL, "index.m3u8", "index-mid.m3u8", "index-low.m3u8"};
static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static Segmenter *segmenter;
static int64_t clock_90k, next_sample;
static int64_t sound_late_90k; /* it comes so much later than the best pictures */
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&clock_90k);
static Sending sending[TRACKS];
static int64_t idr_90k[64]; /* when pictures are IDR ones */
static size_t idrs;
static int64_t sent_90k[TRACKS]; /* the picture that is next */

static Renditions renditions(void)
{
    Renditions r = renditions_of(true, true);

    r.count = TRACKS;
    r.item[MID] = (Rendition){.kind = TRACK_VIDEO, .name = "mid"};
    r.item[LOW] = (Rendition){.kind = TRACK_VIDEO, .name = "low"};
    return r;
}

static int64_t now_us(void)
{
    return ticks_to_us(clock_90k);
}

static int setup_bounded(int64_t restart_us)
{
    temp_folder(root);
    clock_90k = PUBLISHER_START_90K;
    hub = ll_hub_create(NULL);
    PackagerParams params = shop_packager(root, hub, &virtual_time);
    params.outputs.window = 20;
    params.low_bitrate = 48000;
    params.bound.restart_us = restart_us;
    packager = packager_open(&params, now_us());
    assert_non_null(packager);
    segmenter = packager_segmenter(packager);
    memset(sending, 0, sizeof(sending));
    sound_late_90k = 0;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_bounded(0);
}

static int teardown(void **state)
{
    (void)state;
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return 0;
}

/* ---- a publisher ---- */

static void begin_with(const Renditions *sent)
{
    clock_90k = segmenter_end_90k(segmenter) > clock_90k ? segmenter_end_90k(segmenter) : clock_90k;
    next_sample = clock_90k * 8 / 15;
    for (int i = BEST; i < TRACKS; i++)
        sent_90k[i] = clock_90k;
    idrs = 0;
    idr_90k[idrs++] = clock_90k;
    segmenter_begin(segmenter, sent, synthetic_wall_clock, NULL);
}

static void begin(void)
{
    const Renditions sent = renditions();

    begin_with(&sent);
}

static bool is_idr(int64_t at_90k)
{
    for (size_t i = 0; i < idrs; i++)
        if (idr_90k[i] == at_90k)
            return true;
    return false;
}

/* Sends what of a track has come by now. */
static void send_pictures(int track)
{
    Sending *s = &sending[track];

    for (; sent_90k[track] + s->late_90k <= clock_90k; sent_90k[track] += PUBLISHER_STEP_90K) {
        int64_t at = sent_90k[track];
        bool tall = s->tall_90k != 0 && at >= s->tall_90k;
        bool idr = (is_idr(at) && !(s->denies && at > PUBLISHER_START_90K)) || at == s->tall_90k;
        AccessUnit unit = unit_of(synthetic_slice, sizeof(synthetic_slice), false);
        int64_t number = (at - PUBLISHER_START_90K) / PUBLISHER_STEP_90K;
        if (s->keys) {
            idr = number % s->keys == 0;
            tall = s->flips && number / s->keys % 2;
        }
        if (idr)
            unit = unit_of(tall ? synthetic_tall : synthetic_wide, sizeof(synthetic_wide), true);
        if (s->twice_90k && at == s->tall_90k) {
            AccessUnit wide = unit_of(synthetic_wide, sizeof(synthetic_wide), true);
            wide.track = (size_t)track;
            segmenter_picture(segmenter, &wide, at - s->twice_90k, at - s->twice_90k);
        }
        unit.track = (size_t)track;
        unit.restart = idr && s->restarts;
        bool rests = at < s->tall_90k && at >= s->tall_90k - s->rests_90k;
        if (!rests && (s->stops_90k == 0 || at < s->stops_90k))
            segmenter_picture(segmenter, &unit, at + s->off_90k, at + s->off_90k - s->early_90k);
    }
}

static void publish(int64_t ms)
{
    for (int64_t end = clock_90k + MS(ms); clock_90k < end; clock_90k += MS(10)) {
        segmenter_set_time(segmenter, now_us());
        for (int i = BEST; i < TRACKS; i++)
            send_pictures(i);
        for (; samples_to_90k(next_sample) < clock_90k - sound_late_90k;
             next_sample += AAC_FRAME_SAMPLES)
            segmenter_sound(segmenter,
                            &(AacFrame){.data = synthetic_aac,
                                        .len = sizeof(synthetic_aac),
                                        .pts_samples = next_sample,
                                        .low = {synthetic_aac, sizeof(synthetic_aac), NULL}});
        if (segmenter_tick(segmenter, clock_90k, now_us()) && idrs < COUNT(idr_90k)) {
            int64_t next = sent_90k[BEST];
            for (int i = MID; i < TRACKS; i++) /* all sizes answer with the same picture */
                next = sent_90k[i] > next ? sent_90k[i] : next;
            idr_90k[idrs++] = next;
        }
        packager_expire(packager, now_us(), now_us());
    }
}

/* ---- what viewers find ---- */

/* The text of a list of one rendition that must be the same in all. */
static void cuts_of(const char *list, char *out, size_t room)
{
    size_t len = 0;

    for (const char *line = text_of(root, list), *end; (end = strchr(line, '\n')); line = end + 1)
        if (strncmp(line, "#EXTINF:", 8) == 0 || strncmp(line, "#EXT-X-MEDIA-S", 14) == 0 ||
            strncmp(line, "#EXT-X-DISCONTINUITY", 20) == 0 ||
            strncmp(line, "#EXT-X-TARGETDURATION", 21) == 0 ||
            strncmp(line, "#EXT-X-PART-INF", 15) == 0 ||
            strncmp(line, "#EXT-X-PROGRAM-DATE-TIME", 24) == 0)
            len += (size_t)snprintf(out + len, room - len, "%.*s\n", (int)(end - line), line);
    assert_true(len > 0 && len < room);
}

static void assert_cut_alike(void)
{
    char best[8192], other[8192];

    cuts_of(lists[BEST], best, sizeof(best));
    for (int i = MID; i < TRACKS; i++) {
        cuts_of(lists[i], other, sizeof(other));
        assert_string_equal(other, best);
    }
}

static void assert_size_is_parted(const char *list, const char *segment, int len, bool parted,
                                  bool *tall)
{
    static const uint8_t sizes[][3] = {{0x40, 0x28, 0x02}, {0x40, 0x5A, 0x05}}; /* of both SPS */
    static uint8_t file[1 << 18];
    char path[192];

    snprintf(path, sizeof(path), "%s/shop/%.*s", root, len, segment);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t size = fread(file, 1, sizeof(file), f);
    fclose(f);
    bool is[2] = {memmem(file, size, sizes[0], 3), memmem(file, size, sizes[1], 3)};
    assert_row(is[0] != is[1], list, "%.*s: wide %d, tall %d", len, segment, is[0], is[1]);
    assert_row(parted || is[1] == *tall, list, "%.*s: another size", len, segment);
    *tall = is[1];
}

/* What decoders are set up by is another behind a discontinuity alone: in a list of CMAF the map,
 * in one of transport streams the size of the pictures. Returns whether they are tall at last. */
static bool assert_parted(const char *list, bool cmaf)
{
    bool parted = true, tall = false;
    char text[8192];

    snprintf(text, sizeof(text), "%s", text_of(root, list));
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        const char *map = strncmp(line, "#EXT-X-MAP:URI=\"", 16) == 0 ? line + 16 : NULL;
        parted = parted || strncmp(line, "#EXT-X-DISCONTINUITY\n", 21) == 0;
        assert_row(!map || parted, list, "%.*s", (int)(end - line), line);
        if (map || (!cmaf && *line != '#'))
            assert_size_is_parted(list, map ? map : line, (int)strcspn(map ? map : line, "\"\n"),
                                  parted, &tall);
        parted = parted && *line == '#';
    }
    return tall;
}

/* Segments of a list that has parts, and how many of these segments begin with an IDR picture. */
static int segments_of(const char *list, int *independent)
{
    bool first = true;
    int n = 0;

    *independent = 0;
    for (const char *line = text_of(root, list), *end; (end = strchr(line, '\n')); line = end + 1) {
        if (strncmp(line, "#EXT-X-PART:", 12) == 0 && first) {
            first = false;
            n++;
            *independent += memmem(line, (size_t)(end - line), "INDEPENDENT=YES", 15) != NULL;
        } else if (strncmp(line, "#EXTINF:", 8) == 0) {
            first = true;
        }
    }
    assert_true(n > 2);
    return n;
}

/* ---- tests ---- */

static void every_rendition_is_cut_at_the_same_tick(void **state)
{
    (void)state;
    sending[MID] = (Sending){.off_90k = 123, .late_90k = MS(30)};
    sending[LOW] = (Sending){.off_90k = -457, .late_90k = MS(10)};
    begin();
    publish(9000);
    segmenter_finish(segmenter, now_us());
    assert_cut_alike();
    for (int i = BEST; i < TRACKS; i++) {
        int independent, n = segments_of(lists[i], &independent);
        assert_row(independent == n, lists[i], "%d of %d segments begin with an IDR picture",
                   independent, n);
        assert_row(read_list(root, lists[i]).gaps == 0, lists[i], "%d gaps",
                   read_list(root, lists[i]).gaps);
    }
    const char *master = text_of(root, "master.m3u8");
    assert_true(strstr(master, "\nvideo.m3u8\n") && strstr(master, "\nvideo-mid.m3u8\n") &&
                strstr(master, "\nvideo-low.m3u8\n"));
}

/* The IDR picture of each segment, by its range of bytes; the list ends when that of media does. */
static void i_frames_are_listed_of_each(void **state)
{
    static const char *const iframes[TRACKS] = {NULL, "iframes.m3u8", "iframes-mid.m3u8",
                                                "iframes-low.m3u8"};
    char master[8192], name[LL_NAME_SIZE + 8], range[40];

    (void)state;
    sending[MID] = (Sending){.off_90k = 123, .late_90k = MS(30)};
    begin();
    publish(9000);
    segmenter_finish(segmenter, now_us());
    snprintf(master, sizeof(master), "%s", text_of(root, "master.m3u8"));
    for (int i = BEST; i < TRACKS; i++) {
        int segments = read_list(root, lists[i]).segments;
        assert_int_equal(read_list(root, iframes[i]).segments, segments);
        snprintf(name, sizeof(name), "URI=\"%s\"", iframes[i]);
        assert_non_null(strstr(master, name));
        const char *text = text_of(root, iframes[i]);
        assert_null(strstr(text, "#EXT-X-GAP"));
        /* moof with a trun of five pictures of 12 bytes, mdat's head, and the picture */
        const char *at = strstr(text, "#EXT-X-BYTERANGE:");
        assert_non_null(at);
        snprintf(range, sizeof(range), "%.*s", (int)strcspn(at, "\n"), at);
        assert_row(atoi(range + 17) > 100 && atoi(range + 17) < 300, iframes[i], "%s", range);
        assert_non_null(strstr(range, "@0"));
    }
    assert_int_equal(packager_end(packager), 0);
    for (int i = BEST; i < TRACKS; i++)
        assert_non_null(strstr(text_of(root, iframes[i]), "\n#EXT-X-ENDLIST\n"));
}

/* Players of DASH read exact times: they are the same in every representation. */
static void manifests_have_the_same_timeline_for_each(void **state)
{
    const char *timeline[TRACKS] = {NULL};
    size_t len[TRACKS] = {0};
    int n = 0;

    (void)state;
    sending[MID] = (Sending){.off_90k = 123, .late_90k = MS(30)};
    sending[LOW] = (Sending){.off_90k = -457, .late_90k = MS(10)};
    begin();
    publish(9000);
    segmenter_finish(segmenter, now_us());
    for (const char *at = text_of(root, "manifest.mpd");
         n < TRACKS && (at = strstr(at, "<SegmentTimeline>")); at++, n++) {
        timeline[n] = at;
        len[n] = (size_t)(strstr(at, "</SegmentTimeline>") - at);
    }
    assert_int_equal(n, TRACKS); /* three of pictures, and the sound behind them */
    for (int i = 1; i < 3; i++) {
        assert_int_equal(len[i], len[0]);
        assert_memory_equal(timeline[i], timeline[0], len[0]);
    }
}

/* How many segments a SegmentTimeline has. */
static int timeline_length(const char *at)
{
    const char *end = strstr(at, "</SegmentTimeline>");
    int n = 0;

    while ((at = strstr(at, "<S ")) && at < end) {
        const char *repeated = strstr(at, " r=\"");
        n += 1 + (repeated && repeated < strchr(at, '>') ? atoi(repeated + 4) : 0);
        at++;
    }
    return n;
}

/* All segments that manifest.mpd names are there. Returns how many. */
static int assert_manifest_is_whole(void)
{
    char path[TEMP_FOLDER_SIZE + 96];
    int all = 0;

    for (const char *at = text_of(root, "manifest.mpd"); (at = strstr(at, "startNumber=\""));) {
        int first = atoi(at + 13), n = timeline_length(at);
        const char *media = strstr(at, "media=\"") + 7;
        for (int i = first; i < first + n; i++, all++) {
            snprintf(path, sizeof(path), "%s/shop/%.*s%d.m4s", root, (int)strcspn(media, "$"),
                     media, i);
            assert_row(access(path, F_OK) == 0, path, "it is listed, and not there");
        }
        at = media;
    }
    return all;
}

/* Whether the initialisation segment `name` is for pictures of that size. */
static bool init_has_size(const char *name, size_t len, int width, int height)
{
    char path[TEMP_FOLDER_SIZE + 96], data[4096];

    snprintf(path, sizeof(path), "%s/shop/%.*s", root, (int)len, name);
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(data, 1, sizeof(data), file) : 0;
    if (file)
        fclose(file);
    const unsigned char *entry = memmem(data, size, "avc1", 4);
    return entry && (entry[28] << 8 | entry[29]) == width && (entry[30] << 8 | entry[31]) == height;
}

/* What manifest.mpd says of pictures is what their initialisation segments have. Returns how many
 * there are. */
static int assert_manifest_is_true(void)
{
    int n = 0, width, height;

    for (const char *at = text_of(root, "manifest.mpd"), *size;
         (at = strstr(at, "<Representation ")) && (size = strstr(at, " width=\""));) {
        const char *init = strstr(at++, "initialization=\"") + 16;
        if (size > init)
            continue; /* sound */
        assert_int_equal(sscanf(size, " width=\"%d\" height=\"%d", &width, &height), 2);
        size_t len = strcspn(init, "\"");
        assert_row(init_has_size(init, len, width, height), "manifest.mpd", "%.*s is not %dx%d",
                   (int)len, init, width, height);
        n++;
    }
    return n;
}

/* Not once more for each rendition that comes to the end of one. */
static void a_manifest_is_written_once_for_each_segment(void **state)
{
    char before[4096] = "";
    int written = 0;

    (void)state;
    sound_late_90k = MS(100);
    begin();
    for (int i = 0; i < 900; i++) {
        publish(10);
        if (strncmp(before, text_of(root, "manifest.mpd"), sizeof(before) - 1) == 0)
            continue;
        snprintf(before, sizeof(before), "%s", text_of(root, "manifest.mpd"));
        written++;
    }
    assert_in_range(written, 4, 8);
    assert_int_equal(read_list(root, "audio.m3u8").segments, written);
    segmenter_finish(segmenter, now_us());
    assert_int_equal(assert_manifest_is_whole(),
                     (TRACKS + 1) * (written + 1)); /* with the second sound */
}

/* A publisher of sound alone sends for so long. */
static void publish_sound(int64_t ms)
{
    const Renditions sent = renditions_of(true, false);

    begin_with(&sent);
    for (int i = BEST; i < TRACKS; i++)
        sending[i].stops_90k = 1;
    publish(ms);
    segmenter_finish(segmenter, now_us());
}

/* The second of two that send sound alone takes the pictures of who was before off their list. */
static void a_manifest_names_no_pictures_that_are_gone(void **state)
{
    (void)state;
    begin();
    publish(5000);
    segmenter_finish(segmenter, now_us());
    assert_in_range(assert_manifest_is_whole(), 10, 25);
    publish_sound(5000);
    publish_sound(5000);
    assert_int_equal(packager_end(packager), 0);
    clock_90k += 1000 * TICKS_PER_S;
    packager_expire(packager, now_us(), now_us());
    assert_in_range(assert_manifest_is_whole(), 4, 20);
}

/* What a multivariant playlist says of the variant `uri`. */
static const char *variant_of(const char *master, const char *uri)
{
    static char line[512];
    const char *at = strstr(master, uri);

    assert_non_null(at);
    const char *begins = at - 1;
    while (begins > master && begins[-1] != '\n')
        begins--;
    snprintf(line, sizeof(line), "%.*s", (int)(at - begins), begins);
    return line;
}

static void the_smallest_has_a_sound_of_its_own(void **state)
{
    char sound[8192], low[8192];

    (void)state;
    begin();
    publish(9000);
    segmenter_finish(segmenter, now_us());
    cuts_of(lists[SOUND], sound, sizeof(sound));
    cuts_of(LOW_SOUND, low, sizeof(low));
    assert_string_equal(low, sound);
    assert_int_equal(read_list(root, LOW_SOUND).gaps, 0);
    const char *master = text_of(root, "master.m3u8");
    assert_non_null(strstr(master, "GROUP-ID=\"audio-low\""));
    assert_non_null(strstr(variant_of(master, "\nvideo.m3u8"), "AUDIO=\"audio\""));
    assert_non_null(strstr(variant_of(master, "\nvideo-mid.m3u8"), "AUDIO=\"audio\""));
    assert_non_null(strstr(variant_of(master, "\nvideo-low.m3u8"), "AUDIO=\"audio-low\""));
    const char *mpd = text_of(root, "manifest.mpd");
    assert_int_equal(strstr(mpd, "id=\"audio-low\"") > strstr(mpd, "contentType=\"audio\""), 1);
}

static void one_size_has_one_sound(void **state)
{
    const Renditions sent = renditions_of(true, true);

    (void)state;
    begin_with(&sent);
    publish(5000);
    segmenter_finish(segmenter, now_us());
    assert_int_equal(read_list(root, lists[SOUND]).gaps, 0);
    assert_false(is_there(root, LOW_SOUND, strlen(LOW_SOUND)));
    assert_null(strstr(text_of(root, "master.m3u8"), "low"));
}

static void one_without_an_idr_picture_shows_those_of_another(void **state)
{
    int independent;

    (void)state;
    sending[MID] = (Sending){.off_90k = 45, .denies = true};
    begin();
    publish(9000);
    segmenter_finish(segmenter, now_us());
    assert_cut_alike();
    for (int i = BEST; i < TRACKS; i++) {
        int n = segments_of(lists[i], &independent);
        assert_row(n == independent, lists[i], "%d of %d begin with an IDR picture", independent,
                   n);
    }
    LadderStats ladder = segmenter_stats(segmenter).ladder;
    assert_int_equal(ladder.renditions, 3);
    assert_int_equal(ladder.rendition[1].own, 1);
    assert_int_equal(ladder.rendition[1].feeds, 2); /* the next smaller one */
}

static void one_that_stops_goes_on_with_another(void **state)
{
    (void)state;
    sending[LOW].stops_90k = PUBLISHER_START_90K + MS(4000);
    begin();
    publish(12000);
    segmenter_finish(segmenter, now_us());
    assert_cut_alike();
    assert_int_equal(read_list(root, lists[LOW]).gaps, 0);
    OutputStats stats = packager_stats(packager);
    assert_int_equal(stats.low_latency.others, 3); /* with the second sound */
    assert_string_equal(stats.low_latency.other[1].name, "video-low");
    /* what it showed last stands until the other's IDR picture comes, which is asked for at once */
    uint64_t repeated = stats.low_latency.other[1].track.repeated;
    assert_row(repeated > 0 && repeated <= 4, "repeated", "%d", (int)repeated);
    int independent, n = segments_of(lists[LOW], &independent);
    assert_int_equal(n, independent);
}

/* The next one sends one size: the lists of others go on with that, until somebody sends them. */
static void no_rendition_goes_when_a_publisher_sends_fewer(void **state)
{
    const Renditions one = renditions_of(true, true);

    (void)state;
    begin();
    publish(5000);
    segmenter_finish(segmenter, now_us());
    segmenter_begin(segmenter, &one, synthetic_wall_clock, NULL);
    for (int i = BEST; i < TRACKS; i++)
        sent_90k[i] = clock_90k = segmenter_end_90k(segmenter);
    idr_90k[idrs++] = clock_90k;
    next_sample = clock_90k * 8 / 15;
    publish(5000);
    assert_cut_alike();
    segmenter_finish(segmenter, now_us());
    begin();
    publish(7000);
    segmenter_finish(segmenter, now_us());
    for (int i = BEST; i < TRACKS; i++) {
        int independent, n = segments_of(lists[i], &independent);
        assert_false(strstr(text_of(root, lists[i]), "#EXT-X-ENDLIST"));
        assert_int_equal(n, independent);
    }
    assert_cut_alike();
}

/* One that is put right on the clock parts nothing for those who watch another. */
static void only_the_best_makes_discontinuities(void **state)
{
    (void)state;
    for (int i = BEST; i <= MID; i++) {
        setup(state);
        sending[i].restarts = true;
        begin();
        publish(7000);
        segmenter_finish(segmenter, now_us());
        assert_cut_alike();
        for (int k = SOUND; k < TRACKS; k++)
            assert_row(!strstr(text_of(root, lists[k]), "#EXT-X-DISCONTINUITY\n") == (i == MID),
                       lists[k], "restarts of %s", lists[i]);
        teardown(state);
    }
}

/* The browser is short of time, and takes a smaller size for one of its layers. */
static void one_that_changes_its_size_does_so_behind_a_discontinuity(void **state)
{
    (void)state;
    for (int i = BEST; i < TRACKS; i++) {
        setup(state);
        sending[i].tall_90k = PUBLISHER_START_90K + 80 * PUBLISHER_STEP_90K;
        begin();
        publish(9000);
        segmenter_finish(segmenter, now_us());
        assert_cut_alike();
        assert_in_range(assert_manifest_is_true(), 6, 9);
        for (int k = BEST; k < TRACKS; k++) {
            assert_row(assert_parted(lists[k], true) == (k == i), lists[k], "%s changes", lists[i]);
            assert_row(assert_parted(classic[k], false) == (k == i), classic[k], "%s changes",
                       lists[i]);
            assert_int_equal(read_list(root, lists[k]).gaps, 0);
        }
        teardown(state);
    }
}

/* A sender with B-frames, whose one size takes the place of all: its IDR picture is decoded before
 * the cut at which it is shown. */
static void others_change_their_size_with_the_one_that_feeds_them(void **state)
{
    setup(state);
    sending[MID].stops_90k = sending[LOW].stops_90k = PUBLISHER_START_90K + 40 * PUBLISHER_STEP_90K;
    sending[BEST].early_90k = 2 * PUBLISHER_STEP_90K;
    sending[BEST].tall_90k = PUBLISHER_START_90K + 160 * PUBLISHER_STEP_90K;
    begin();
    publish(12000);
    segmenter_finish(segmenter, now_us());
    assert_cut_alike();
    for (int k = BEST; k < TRACKS; k++)
        assert_true(assert_parted(lists[k], true));
    teardown(state);
}

/* It sends an IDR picture just before the one of another size: that one ends its segment, and is
 * not taken for what the next one begins with, whether the sound has come by then or not. */
static void an_idr_picture_just_before_a_cut_stays_there(void **state)
{
    for (int ms = 1; ms <= 31; ms += 6)
        for (int sound_ms = -60; sound_ms <= 60; sound_ms += 60) {
            setup(state);
            sound_late_90k = MS(sound_ms);
            sending[MID].stops_90k = sending[LOW].stops_90k =
                PUBLISHER_START_90K + 40 * PUBLISHER_STEP_90K;
            sending[BEST].tall_90k = PUBLISHER_START_90K + 160 * PUBLISHER_STEP_90K;
            sending[BEST].twice_90k = MS(ms);
            begin();
            publish(12000);
            segmenter_finish(segmenter, now_us());
            assert_cut_alike();
            for (int k = BEST; k < TRACKS; k++) {
                assert_row(assert_parted(lists[k], true), lists[k], "%d ms, sound %d ms", ms,
                           sound_ms);
                assert_row(assert_parted(classic[k], false), classic[k], "%d ms, sound %d ms", ms,
                           sound_ms);
            }
            teardown(state);
        }
}

static size_t discontinuities(const char *list)
{
    size_t n = 0;

    for (const char *at = text_of(root, list); (at = strstr(at, "#EXT-X-DISCONTINUITY\n")); at++)
        n++;
    return n;
}

/* The first picture after a rest comes behind the limit of its segment, which ends there: so the
 * next one has begun before it, in all that it feeds. No size stands still for a segment. */
static void others_change_their_size_with_one_that_comes_late(void **state)
{
    (void)state;
    for (int rest = 1; rest < 8; rest += 2)
        for (int at = 123; at < 190; at += 6) {
            setup(state);
            sending[MID].stops_90k = sending[LOW].stops_90k =
                PUBLISHER_START_90K + 40 * PUBLISHER_STEP_90K;
            sending[BEST].denies = true;
            sending[BEST].tall_90k = PUBLISHER_START_90K + at * PUBLISHER_STEP_90K;
            sending[BEST].rests_90k = rest * PUBLISHER_STEP_90K;
            begin();
            publish(12000);
            segmenter_finish(segmenter, now_us());
            assert_cut_alike();
            for (int k = BEST; k < TRACKS; k++) {
                assert_row(assert_parted(lists[k], true), lists[k], "picture %d after %d: %s", at,
                           rest, text_of(root, lists[k]));
                assert_row(discontinuities(lists[k]) == 1, lists[k], "%zu, picture %d after %d",
                           discontinuities(lists[k]), at, rest);
            }
            teardown(state);
        }
}

/* All that there were, by the number of the newest. */
static int64_t number_of_segments(const char *list)
{
    const char *at = strstr(text_of(root, list), "#EXT-X-MEDIA-SEQUENCE:");

    assert_non_null(at);
    return strtoll(at + 22, NULL, 10) + read_list(root, list).segments;
}

/* One that changes its size with each IDR picture, and sends many: most are refused, and no segment
 * ends for one but at a discontinuity, of which there is at most one in half a second. */
static void one_that_flips_makes_no_short_segments(void **state)
{
    /* pictures from one IDR picture to the next, of the best and of that one */
    static const int keys[][2] = {{8, 4}, {6, 3}, {5, 4}, {4, 1}, {5, 2}, {1, 1}};

    for (size_t i = 0; i < COUNT(keys); i++) {
        setup_bounded(US_PER_S / 2);
        sending[BEST].keys = keys[i][0];
        sending[MID] = (Sending){.keys = keys[i][1], .flips = true};
        begin();
        publish(9000);
        segmenter_finish(segmenter, now_us());
        assert_cut_alike();
        assert_true(assert_manifest_is_true() >= 3);
        size_t segments = (size_t)number_of_segments(lists[BEST]);
        size_t parted = discontinuities(lists[BEST]);
        assert_row(segments > 3 && segments <= parted + 7 && parted <= 2 * 9, lists[BEST],
                   "%zu segments, %zu discontinuities, keys %d and %d", segments, parted,
                   keys[i][0], keys[i][1]);
        teardown(state);
    }
}

/* The length of a list's first segment, in s. */
static double first_length(const char *list)
{
    const char *first = strstr(text_of(root, list), "#EXTINF:");

    assert_non_null(first);
    return strtod(first + 8, NULL);
}

/* The smallest size is waited for. Meanwhile the thread is not run, so that all sound of that time
 * comes at once, before anybody sees that the size has not come: the first segment has all of its
 * sound even so. */
static void sound_of_a_wait_is_kept(void **state)
{
    for (int stands_ms = 0; stands_ms <= 1900; stands_ms += 100) {
        teardown(state);
        setup(state);
        sending[LOW].stops_90k = PUBLISHER_START_90K;
        begin();
        publish(900);
        clock_90k += MS(stands_ms);
        for (; samples_to_90k(next_sample) < clock_90k; next_sample += AAC_FRAME_SAMPLES)
            segmenter_sound(segmenter, &(AacFrame){.data = synthetic_aac,
                                                   .len = sizeof(synthetic_aac),
                                                   .pts_samples = next_sample});
        publish(6000);
        double pictures = first_length(lists[BEST]), sound = first_length(lists[SOUND]);
        assert_row(sound > pictures - 0.022, lists[SOUND],
                   "after %d ms %.3f s of sound, %.3f of pictures", stands_ms, sound, pictures);
    }
}

/* What a list hints at. */
static void hint_of(const char *list, char hint[LL_NAME_SIZE])
{
    const char *at = strstr(text_of(root, list), "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"");

    assert_non_null(at);
    sscanf(at + 35, "%79[^\"]", hint);
}

/* The part that a list has hinted at comes. */
static void assert_hint_is_kept(const char *list, char hint[LL_NAME_SIZE])
{
    char before[LL_NAME_SIZE], part[LL_NAME_SIZE + 8];

    snprintf(before, sizeof(before), "%s", hint);
    hint_of(list, hint);
    snprintf(part, sizeof(part), "URI=\"%s\"", before);
    if (before[0] && strcmp(before, hint) != 0)
        assert_row(strstr(text_of(root, list), part), list, "%s never comes, but %s", before, hint);
}

/* The network stands for so long, and what it holds comes at once: an IDR picture is among it that
 * was asked for, later than parts were made without it. */
static void part_that_is_hinted_at_comes(void **state)
{
    for (int at_ms = 3500; at_ms < 4200; at_ms += 30) {
        char hint[TRACKS][LL_NAME_SIZE] = {""};
        teardown(state);
        setup(state);
        begin();
        for (int ms = 0; ms < 9000; ms += 10) {
            for (int i = BEST; i < TRACKS; i++)
                sending[i].late_90k = ms >= at_ms && ms < at_ms + 500 ? TICKS_PER_S : 0;
            publish(10);
            for (int i = SOUND; i < TRACKS && ms > 2500; i++)
                assert_hint_is_kept(lists[i], hint[i]);
        }
        segmenter_finish(segmenter, now_us());
        assert_cut_alike();
        assert_int_equal(read_list(root, lists[BEST]).gaps, 0);
    }
}

/* Early pictures of a publisher that never began are not the first ones of the next. */
static void what_came_too_early_goes_with_its_publisher(void **state)
{
    AccessUnit early = unit_of(synthetic_tall, sizeof(synthetic_tall), true);

    (void)state;
    sending[LOW].stops_90k = PUBLISHER_START_90K;
    begin();
    early.track = LOW;
    segmenter_picture(segmenter, &early, clock_90k, clock_90k);
    segmenter_finish(segmenter, now_us());
    begin();
    publish(3000);
    segmenter_finish(segmenter, now_us());
    const OutputStats stats = packager_stats(packager);
    const CmafTrackStats *low = &stats.low_latency.other[1].track;
    assert_true(low->parts > 10);
    assert_int_equal(low->gaps, 0);
    assert_null(strstr(text_of(root, "master.m3u8"), TALL));
}

static void the_best_is_the_one_that_leads(void **state)
{
    Renditions sent = renditions();

    (void)state;
    assert_int_equal(SOUND, 0); /* and the sizes behind it, as they are described */
    sent.item[BEST].bitrate = 100000;
    sent.item[MID].bitrate = 300000;
    sent.item[LOW].bitrate = 900000; /* all are of one size, so this tells */
    begin_with(&sent);
    assert_int_equal(segmenter_best(segmenter), BEST); /* none has come */
    publish(3000);
    assert_int_equal(segmenter_best(segmenter), LOW);
    sending[LOW].stops_90k = clock_90k;
    publish(3000);
    assert_int_equal(segmenter_best(segmenter), MID);
    segmenter_finish(segmenter, now_us());
}

/* The number of the segment that follows those of a list, and how many it has. */
static void numbers_of(const char *list, char out[32])
{
    const char *text = text_of(root, list), *first = strstr(text, "#EXT-X-MEDIA-SEQUENCE:");
    long count = 0;

    assert_non_null(first);
    for (const char *at = text; (at = strstr(at, "#EXTINF")); at++)
        count++;
    long number = strtol(first + strlen("#EXT-X-MEDIA-SEQUENCE:"), NULL, 10);
    snprintf(out, 32, "%ld, %ld listed", number + count, count);
}

static void assert_same_numbers(char out[32])
{
    char pictures[32];

    numbers_of("audio.m3u8", out);
    numbers_of("video.m3u8", pictures);
    assert_string_equal(out, pictures);
}

/* Sound comes later than pictures, and segments may be short: one that has ended before its sound
 * came has its number there too. So has the last one of who goes meanwhile, and nothing that is
 * listed goes when the next publisher comes. */
static void sound_that_is_late_has_all_numbers(void **state)
{
    for (int64_t ms = 4000; ms <= 4600; ms += 40) {
        char numbers[32];
        setup(state);
        sound_late_90k = MS(400);
        /* the first segment is shorter than the sound is late */
        for (int i = BEST; i < TRACKS; i++)
            sending[i].tall_90k = PUBLISHER_START_90K + MS(200);
        begin();
        publish(ms);
        segmenter_finish(segmenter, now_us());
        assert_same_numbers(numbers);
        begin();
        publish(5000);
        segmenter_finish(segmenter, now_us());
        assert_same_numbers(numbers);
        assert_true(strstr(text_of(root, "audio.m3u8"), "#EXT-X-MEDIA-SEQUENCE:0\n"));
        teardown(state);
    }
}

static void all_lists_end_and_are_cleared(void **state)
{
    (void)state;
    begin();
    publish(5000);
    segmenter_finish(segmenter, now_us());
    assert_int_equal(packager_end(packager), 0);
    for (int i = SOUND; i < TRACKS; i++)
        assert_true(strstr(text_of(root, lists[i]), "#EXT-X-ENDLIST"));
    assert_int_equal(packager_clear(packager), 0);
    for (int i = SOUND; i < TRACKS; i++)
        assert_null(strstr(text_of(root, lists[i]), "#EXTINF"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(every_rendition_is_cut_at_the_same_tick),
    TEST(i_frames_are_listed_of_each),
    TEST(manifests_have_the_same_timeline_for_each),
    TEST(a_manifest_is_written_once_for_each_segment),
    TEST(a_manifest_names_no_pictures_that_are_gone),
    TEST(the_smallest_has_a_sound_of_its_own),
    TEST(one_size_has_one_sound),
    TEST(one_without_an_idr_picture_shows_those_of_another),
    TEST(one_that_stops_goes_on_with_another),
    TEST(no_rendition_goes_when_a_publisher_sends_fewer),
    cmocka_unit_test(sound_that_is_late_has_all_numbers),
    cmocka_unit_test(only_the_best_makes_discontinuities),
    cmocka_unit_test(one_that_changes_its_size_does_so_behind_a_discontinuity),
    cmocka_unit_test(others_change_their_size_with_the_one_that_feeds_them),
    cmocka_unit_test(an_idr_picture_just_before_a_cut_stays_there),
    cmocka_unit_test(others_change_their_size_with_one_that_comes_late),
    cmocka_unit_test(one_that_flips_makes_no_short_segments),
    TEST(what_came_too_early_goes_with_its_publisher),
    TEST(the_best_is_the_one_that_leads),
    TEST(sound_of_a_wait_is_kept),
    TEST(part_that_is_hinted_at_comes),
    TEST(all_lists_end_and_are_cleared),
};

TEST_GROUP(renditions, tests);
