/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher whose sound and pictures are held up, each in its own way: from datagrams to
 * segments, in virtual time. What is asked of it, it answers; its media goes through the intake and
 * both outputs as the pipeline has it. */

#include "harness.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "common/rtcp_packet.h"
#include "hls-bridge/hls_output.h"
#include "hls-bridge/intake.h"
#include "temp_folder.h"

#define MS           1000ll
#define SOUND_US     (20 * MS)
#define PICTURE_US   (40 * MS)
#define STEP_US      (10 * MS)
#define ANSWER_US    (80 * MS) /* from a request to the IDR picture */
#define TARGET_S     2
#define UNIX_US      1700000000000000ll
#define SOUND_BASE   4294900000u
#define PICTURE_BASE 4294000000u
#define SOON_US      (3 * US_PER_S) /* a segment */
#define REPORTED_US  (6 * US_PER_S) /* two reports, and the second after which a step is made */
#define CALM_US      (30 * US_PER_S)

/* What happens to what is captured at a time. */
typedef struct Trouble {
    const char *name;
    /* samples of sound that were lost before they were encoded, in us, up to `at_us` */
    int64_t (*lost_us)(int64_t at_us);
    /* how long it is on its way */
    int64_t (*sound_us)(int64_t at_us), (*pictures_us)(int64_t at_us);
    int64_t calm_us; /* from then on nothing changes */
    uint64_t steps_max;
    bool stays; /* the sound is as late in calm: where it belongs is not known */
} Trouble;

static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                              0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
static const uint8_t idr[] = {0x65, 0x9A, 0x00, 0x04, 0x80, 0x20, 0x30};
static const uint8_t slice[] = {0x41, 0x9A, 0x00, 0x04, 0x04, 0x06};

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static SegmentStore *store;
static CmafOutput *cmaf;
static HlsOutput *output;
static OpusToAac *audio;
static Intake *intake;
static int64_t now_us, asked_us, last_asked_us;
static uint16_t sequence[2];
static int64_t sound_place_us, picture_place_us; /* on the stream's clock, beside the capture's */
static int64_t newest_dts_90k;
static uint64_t calm_asked, calm_forced;

static int64_t wall_clock(void *user, int64_t at_90k)
{
    (void)user;
    return UNIX_US + intake_arrival_of(intake, at_90k);
}

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user;
    assert_true(dts_90k <= pts_90k && dts_90k > newest_dts_90k);
    newest_dts_90k = dts_90k;
    picture_place_us = ticks_to_us(pts_90k - (unit->rtp_ts - PICTURE_BASE));
    hls_output_picture(output, unit, pts_90k, dts_90k);
}

static void on_audio(void *user, const AacFrame *frame)
{
    (void)user;
    hls_output_audio(output, frame);
}

static int setup(void **state)
{
    static const char offer[] =
        "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 6000 RTP/AVPF 111\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n"
        "m=video 6002 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
        "a=fmtp:96 packetization-mode=1\r\na=rtcp-mux\r\n";
    const SegmentStoreParams segments = {root, "shop", 6, TARGET_S, NULL};
    const OpusToAacParams sound = {.first_samples = 10 * SAMPLES_PER_S};
    const IntakeSink sink = {NULL, on_picture, on_audio};
    SourceSdp sdp;
    size_t config_len;

    (void)state;
    temp_folder(root);
    now_us = 1000 * US_PER_S;
    asked_us = last_asked_us = newest_dts_90k = 0;
    hub = ll_hub_create(25 * US_PER_S);
    store = segment_store_open(&segments, now_us);
    audio = opus_to_aac_create(&sound, NULL);
    const uint8_t *config = opus_to_aac_config(audio, &config_len);
    CmafOutputParams low_latency = {
        .stream = "shop",
        .directory = root,
        .hub = hub,
        .part_us = 200 * US_PER_MS,
        .target_duration_s = TARGET_S,
        .window = 6,
        .aac_config = config,
        .aac_config_len = config_len,
    };
    cmaf = cmaf_output_open(&low_latency, now_us);
    HlsOutputParams params = {
        .stream = "shop",
        .store = store,
        .writes_ts = true,
        .cmaf = cmaf,
        .segment_us = TARGET_S * US_PER_S,
        .aac_config = config,
        .aac_config_len = config_len,
    };
    output = hls_output_create(&params);
    assert_null(source_sdp_read(offer, sizeof(offer) - 1, &sdp));
    intake = intake_create(&sdp);
    assert_true(output && intake);
    intake_start(intake, &sink, audio, hls_output_end_90k(output));
    hls_output_begin(output, true, true, wall_clock, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    intake_destroy(&intake);
    hls_output_destroy(&output);
    cmaf_output_close(&cmaf);
    segment_store_close(&store);
    opus_to_aac_destroy(&audio);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return 0;
}

/* ---- a publisher ---- */

static void put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static void send_rtp(size_t track, uint32_t ts, bool marker, const uint8_t *payload, size_t len)
{
    uint8_t packet[128];

    put(packet, 2, 0x8000u | (marker ? 0x80 : 0) | (track == 0 ? 111 : 96));
    put(packet + 2, 2, sequence[track]++);
    put(packet + 4, 4, ts);
    put(packet + 8, 4, 1000 + track);
    memcpy(packet + 12, payload, len);
    intake_datagram(intake, track, packet, 12 + len, now_us);
}

static void send_report(size_t track, int64_t at_us, uint32_t ts)
{
    uint8_t report[28];

    put(report, 4, 0x80C80006);
    put(report + 4, 4, 1000 + track);
    put(report + 8, 8, rtcp_ntp_from_unix_us(UNIX_US + at_us));
    put(report + 16, 4, ts);
    put(report + 20, 8, 0);
    intake_datagram(intake, track, report, sizeof(report), now_us);
}

static uint32_t sound_ts(const Trouble *t, int64_t at_us)
{
    return SOUND_BASE + (uint32_t)us_to_samples(at_us - t->lost_us(at_us));
}

static void send_sound(const Trouble *t, int64_t at_us)
{
    static const uint8_t silence[] = {0xF8, 0xFF, 0xFE}; /* 20 ms, stereo */

    /* what falls into a time that was lost is not encoded */
    if (t->lost_us(at_us) - t->lost_us(at_us - SOUND_US) >= SOUND_US)
        return;
    int64_t before = opus_to_aac_position(audio);
    send_rtp(0, sound_ts(t, at_us), false, silence, sizeof(silence));
    int64_t after = opus_to_aac_position(audio);
    if (after - before >= us_to_samples(SOUND_US)) /* it was not too late */
        sound_place_us = samples_to_us(after) - at_us - SOUND_US;
    if (at_us % US_PER_S == 0)
        send_report(0, at_us, sound_ts(t, at_us));
}

static void send_picture(int64_t at_us)
{
    uint32_t ts = PICTURE_BASE + (uint32_t)us_to_90k(at_us);
    bool key = asked_us != 0 && at_us >= asked_us + ANSWER_US;

    if (key) {
        send_rtp(1, ts, false, sps, sizeof(sps));
        send_rtp(1, ts, false, pps, sizeof(pps));
        asked_us = 0;
    }
    send_rtp(1, ts, true, key ? idr : slice, key ? sizeof(idr) : sizeof(slice));
    if (at_us % US_PER_S == 0)
        send_report(1, at_us, ts);
}

/* ---- what the bridge does at a time ---- */

static void ask(int64_t at_us)
{
    if (now_us - last_asked_us < 100 * MS)
        return;
    last_asked_us = now_us;
    if (asked_us == 0)
        asked_us = at_us;
}

static void tick(int64_t at_us)
{
    int64_t clock_90k;

    intake_tick(intake, now_us);
    if (intake_needs_idr(intake) && now_us - last_asked_us >= 400 * MS)
        ask(at_us);
    if (intake_clock(intake, now_us, &clock_90k) && hls_output_tick(output, clock_90k, now_us))
        ask(at_us);
}

/* Everything that is wrong in calm would be said here. */
static void check_calm(const Trouble *t, int64_t for_us, const IntakeStats *in,
                       const HlsOutputStats *out)
{
    int64_t skew_us = picture_place_us - sound_place_us;

    assert_row(out->cutter.asked > calm_asked, t->name, "nobody was asked");
    assert_row(out->cutter.cut_forced == calm_forced, t->name,
               "a segment begins without an IDR picture");
    calm_asked = out->cutter.asked;
    if (for_us < REPORTED_US)
        return;
    assert_row(llabs(in->timeline.correction_us) <= TIMELINE_STEP_US, t->name,
               "%lld us are to be corrected", (long long)in->timeline.correction_us);
    assert_row(t->stays || llabs(skew_us) <= TIMELINE_STEP_US, t->name, "%lld us of skew",
               (long long)skew_us);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* How many segments lie behind the last discontinuity of a low-latency list; -1: it has none. */
static int behind_discontinuity(const char *name, size_t *all)
{
    static char text[65536];
    char path[TEMP_FOLDER_SIZE + 32];

    snprintf(path, sizeof(path), "%s/shop/%s.m3u8", root, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    const char *before = strstr(text, "#EXT-X-DISCONTINUITY-SEQUENCE:"), *last = NULL;
    *all = (before ? strtoul(strchr(before, ':') + 1, NULL, 10) : 0) +
           count(text, "#EXT-X-DISCONTINUITY\n");
    for (const char *at = text; (at = strstr(at, "#EXT-X-DISCONTINUITY\n")); at++)
        last = at;
    return last ? (int)count(last, "#EXTINF:") : -1;
}

/* A step is a discontinuity in every list, and in the same place. */
static void check_lists(const Trouble *t, uint64_t steps)
{
    const Playlist *list = segment_store_playlist(store);
    size_t all = list->discontinuity_sequence;
    int behind = -1;

    for (size_t i = 0; i < list->count; i++)
        if (list->segments[i].discontinuity) {
            all++;
            behind = (int)(list->count - i);
        }
    assert_row(all == steps, t->name, "%zu discontinuities, %llu steps", all,
               (unsigned long long)steps);
    for (LlRendition which = 0; which < LL_RENDITIONS; which++) {
        size_t ll_all;
        int ll_behind = behind_discontinuity(which == LL_VIDEO ? "video" : "audio", &ll_all);
        assert_row(ll_all == all && ll_behind == behind, t->name,
                   "%zu discontinuities, %d behind; %zu, %d", ll_all, ll_behind, all, behind);
    }
}

static void run(const Trouble *t)
{
    int64_t began_us = now_us, sound_us = 0, picture_us = 0;

    for (int64_t at_us = 0; at_us < t->calm_us + CALM_US; at_us += STEP_US) {
        now_us = began_us + at_us;
        for (; sound_us + t->sound_us(sound_us) <= at_us; sound_us += SOUND_US)
            send_sound(t, sound_us);
        for (; picture_us + t->pictures_us(picture_us) <= at_us; picture_us += PICTURE_US)
            send_picture(picture_us);
        tick(at_us);
        IntakeStats in = intake_stats(intake);
        HlsOutputStats out = hls_output_stats(output);
        if (at_us == t->calm_us + SOON_US) {
            calm_asked = out.cutter.asked - 1;
            calm_forced = out.cutter.cut_forced;
        }
        if (at_us >= t->calm_us + SOON_US && (at_us - t->calm_us) % SOON_US == 0)
            check_calm(t, at_us - t->calm_us, &in, &out);
    }
    IntakeStats in = intake_stats(intake);
    assert_row(in.audio.moves + in.audio.slips > 0, t->name, "nothing has happened");
    assert_row(in.timeline.steps <= t->steps_max, t->name, "%llu steps",
               (unsigned long long)in.timeline.steps);
    check_lists(t, in.timeline.steps);
}

/* ---- what may happen ---- */

static int64_t none(int64_t at_us)
{
    (void)at_us;
    return 0;
}

static int64_t network(int64_t at_us)
{
    (void)at_us;
    return 30 * MS;
}

/* A machine that is too busy to record: 0.9 s of sound are lost every six seconds. */
static int64_t loses(int64_t at_us)
{
    int64_t for_us = smaller(at_us, 50 * US_PER_S) - 20 * US_PER_S;

    return for_us < 0 ? 0 : for_us / (6 * US_PER_S) * 900 * MS;
}

/* What it sends comes in bursts. */
static int64_t bursts(int64_t at_us)
{
    int64_t in_us = at_us % (1500 * MS);

    if (at_us < 20 * US_PER_S || at_us > 50 * US_PER_S)
        return 30 * MS;
    return 30 * MS + (in_us < 700 * MS ? 700 * MS - in_us : 0);
}

/* It waits, longer and longer. */
static int64_t waits(int64_t at_us)
{
    return 30 * MS + (at_us < 20 * US_PER_S ? 0 : smaller(4500 * MS, (at_us - 20 * US_PER_S) / 4));
}

/* The same, and then all of it comes. */
static int64_t waits_and_comes(int64_t at_us)
{
    if (at_us < 30 * US_PER_S)
        return smaller(waits(at_us), 1500 * MS);
    return 30 * MS + (at_us < 31500 * MS ? 31500 * MS - at_us : 0);
}

static void within_a_segment_of_calm_all_is_well(void **state)
{
    static const Trouble rows[] = {
        {"the sound's clock stands still", loses, network, network, 50 * US_PER_S, 0, false},
        {"and the sound comes in bursts", loses, bursts, network, 50 * US_PER_S, 8, false},
        {"and so do the pictures", loses, bursts, bursts, 50 * US_PER_S, 4, false},
        {"the sound waits for good", none, waits, network, 40 * US_PER_S, 3, true},
        {"the sound waits", none, waits_and_comes, network, 32 * US_PER_S, 3, false},
        {"all waits", none, waits_and_comes, waits_and_comes, 32 * US_PER_S, 1, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        run(&rows[i]);
        teardown(state);
        setup(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(within_a_segment_of_calm_all_is_well, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
