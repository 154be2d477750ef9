/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The whole path of one stream, from datagrams to files, in virtual time and without a disk.
 *
 * The input is a byte of flags (bit 0: no sound, bit 1: no pictures, bits 2 and 3: so many layers
 * more, bit 4: the smallest has a sound of its own, bits 5 and 6: so many sizes that are made of
 * the best one and come later, bit 7: each second publisher sends VP8), and then records: what, the
 * time that passes before it (2 bytes, in 0.1 ms), and what belongs to it:
 *
 *   0  a datagram: track, length (2 bytes), bytes
 *   1  a packet of silence: RTP time since the last one (4 bytes), sequence numbers left out (1)
 *   2  a picture: the same, and a byte: bit 0 an IDR picture, bit 1 a tall one, bits 2-7 its size
 *      with a byte more in front for the layer, if there are several
 *   3  a sender report: track, RTP time since the last packet (4 bytes), NTP time in ms (4 bytes)
 *   4  the publisher goes, and the next one comes
 *   5  nothing but time: the bytes say seconds
 *   6  as 1, as many times as the next byte says, and 7 as 2: the same step each time
 *
 * From 224 on a record has no time: bits 3 and 4 say which of these sizes, bits 0 to 2 what becomes
 * of it (FuzzedFate), and 2 bytes how much or how many bytes follow.
 *
 * Whatever comes: libavformat takes it, media time keeps to real time, what is put in at once is
 * bounded, and so is what is made of each second. What comes later is cut like the best one. */

#include <libavutil/log.h>
#include <string.h>

#include "fuzz.h"
#include "fuzzed_rungs.h"
#include "memory_parts.h"

#include "common/rtcp_packet.h"
#include "hls-bridge/ingest/intake.h"
#include "hls-bridge/segment/packager.h"
#include "hls-bridge/serve/ll_hub.h"
#include "tests/unit/virtual_clock.h"

#define RECORDS_MAX  4000            /* of an input, repeats counted */
#define LENGTH_MAX   (20 * US_PER_S) /* of its time */
#define TICK_US      (50 * US_PER_MS)
#define RESTART_US   (500 * US_PER_MS)
#define FILES_PER_S  100
#define BITRATE      8000000
#define AAC_CALL_MAX 600 /* frames: what was not seen for 10 s, and the lead */
#define ENDS_90K     (LAST_FRAME_90K + samples_to_90k(4 * AAC_FRAME_SAMPLES)) /* with its sound */

#define EARLY_90K (TICKS_PER_S / 10) /* a layer begins so much before the sound */

/* Files are made once: the segment of each output, the part, and the initialisation segment. */
#define COPIES 3

typedef struct Input {
    const uint8_t *data;
    size_t len;
} Input;

static Input in;
static SourceSdp sdp;
static unsigned flags;
static size_t rungs; /* sizes that are made of the best one */
static bool vp8;     /* is sent, */
static bool changes; /* by each second publisher */
static LlHub *hub;
static Packager *packager;
static Segmenter *segmenter;
static Intake *intake;
static int64_t now_us, began_us, starts_90k; /* began: media of this publisher has come */
static int64_t first_90k;                    /* where the stream's clock began */
static const Clock virtual_time = VIRTUAL_CLOCK_US(&now_us);
static bool began, finishing;
static int64_t second_us; /* that is under way */
static MemoryFiles at_second;
static uint64_t frames, records;
static int64_t last_dts_90k[STREAM_TRACKS_MAX];
static uint16_t sequence[STREAM_TRACKS_MAX];
static uint32_t clock_ts[STREAM_TRACKS_MAX];

/* ---- what is held ---- */

static int64_t latest_90k(void)
{
    int64_t since_us = began ? now_us - began_us : 0;
    /* the last picture lasts for a while, and has sound */
    int64_t end_90k = finishing ? ENDS_90K : 1;

    return starts_90k + us_to_90k(since_us + since_us / 1000 + MEDIA_LEAD_US) + end_90k;
}

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user;
    REQUIRE(unit->len > 0);
    REQUIRE(unit->track < sdp.count);
    REQUIRE(dts_90k <= pts_90k && dts_90k > last_dts_90k[unit->track]);
    /* a picture with an order of its own is put behind those that it is decoded after */
    REQUIRE(dts_90k <= latest_90k());
    last_dts_90k[unit->track] = dts_90k;
    segmenter_picture(segmenter, unit, pts_90k, dts_90k);
}

static void on_audio(void *user, const AacFrame *frame)
{
    (void)user;
    REQUIRE(samples_to_90k(frame->pts_samples) <= latest_90k());
    frames++;
    segmenter_sound(segmenter, frame);
}

static WallTime wall_clock(void *user, int64_t at_90k)
{
    (void)user;
    return (WallTime){VIRTUAL_WALL_US + intake_arrival_of(intake, at_90k), VIRTUAL_WALL_US};
}

static void check_second(void)
{
    uint64_t files = memory_files.files - at_second.files;
    uint64_t bytes = memory_files.bytes - at_second.bytes;

    if (now_us - second_us < US_PER_S)
        return;
    uint64_t seconds = (uint64_t)((now_us - second_us) / US_PER_S) + OUTPUT_BOUND_BURST_S + 3;
    REQUIRE(files <= FILES_PER_S * (1 + rungs) * seconds);
    REQUIRE(bytes <= (COPIES * BITRATE / 8 + 100000) * (1 + rungs) * seconds);
    at_second = memory_files;
    second_us = now_us;
}

static void check(void)
{
    const Playlist *list = packager_playlist(packager);

    REQUIRE(frames <= AAC_CALL_MAX);
    frames = 0;
    check_second();
    for (size_t i = 0; i < list->window.count; i++)
        REQUIRE(list->segments[i].common.duration_90k + TICKS_PER_S / 2 <
                (list->window.target_duration_s + 1) * TICKS_PER_S);
    REQUIRE(memory_files.repeated == 0);
    /* however segments are cut, they hold no more time than media may take */
    REQUIRE(segmenter_stats(segmenter).durations.sum_us <=
            ticks_to_us(latest_90k() + ENDS_90K + EARLY_90K - first_90k));
    REQUIRE(segmenter_stats(segmenter).bound.files == 0); /* the last resort: nothing came to it */
}

/* ---- the stream ---- */

static void begin(void)
{
    static const IntakeSink sink = {.picture = on_picture, .audio = on_audio};
    bool audio = sdp.track[0].kind == TRACK_AUDIO;
    Renditions renditions = source_sdp_renditions(&sdp);

    fuzzed_rungs_describe(rungs, &renditions);
    intake = intake_create(&sdp);
    REQUIRE(intake);
    began = false;
    for (size_t i = 0; i < STREAM_TRACKS_MAX; i++)
        last_dts_90k[i] = INT64_MIN;
    packager_choose_sound(packager, &renditions);
    starts_90k = segmenter_end_90k(segmenter);
    if (audio) {
        int64_t sound_90k = samples_to_90k(opus_to_aac_position(packager_audio(packager)));
        starts_90k = sound_90k > starts_90k ? sound_90k : starts_90k;
    }
    intake_start(intake, &sink, audio ? packager_audio(packager) : NULL,
                 segmenter_end_90k(segmenter));
    segmenter_begin(segmenter, &renditions, wall_clock, NULL);
    fuzzed_rungs_begin(segmenter, &renditions);
}

/* Whoever changes from one size to another goes on where it is. */
static void check_cuts(void)
{
    const char *best = memory_files_list("video.m3u8");

    for (size_t i = 0; i < rungs && !changes; i++) { /* there may be no best one */
        char name[32];
        snprintf(name, sizeof(name), "video-r%zu.m3u8", i);
        const char *list = memory_files_list(name);
        REQUIRE(!list || (best && fuzzed_rungs_are_cut_alike(best, list)));
    }
}

static void finish(void)
{
    finishing = true;
    intake_finish(intake, segmenter_pictures_end_90k(segmenter));
    finishing = false;
    fuzzed_rungs_work(now_us);
    segmenter_finish(segmenter, now_us);
    fuzzed_rungs_end();
    intake_destroy(&intake);
    check();
    check_cuts();
}

static void tick(void)
{
    int64_t clock_90k;

    intake_tick(intake, now_us);
    if (intake_clock(intake, now_us, &clock_90k)) {
        REQUIRE(clock_90k <= latest_90k());
        segmenter_tick(segmenter, clock_90k, now_us);
    }
    fuzzed_rungs_work(now_us);
    packager_expire(packager, now_us, now_us);
    check();
}

static void pass(int64_t us)
{
    for (; us > 0 && now_us < LENGTH_MAX; us -= TICK_US) {
        now_us += smaller(us, TICK_US);
        tick();
    }
}

static void take(size_t track, const uint8_t *data, size_t len)
{
    if (records++ >= RECORDS_MAX || track >= sdp.count || len > RTP_PACKET_MAX)
        return;
    if (!began && len > 0) {
        began = true;
        began_us = now_us;
    }
    /* of exactly its size, so that a sanitizer sees where it ends */
    uint8_t *copy = malloc(len ? len : 1);
    REQUIRE(copy);
    memcpy(copy, data, len);
    segmenter_set_time(segmenter, now_us);
    intake_datagram(intake, track, copy, len, now_us);
    free(copy);
    check();
}

/* ---- the input ---- */

static uint32_t number(size_t bytes)
{
    uint32_t value = 0;

    for (; bytes > 0 && in.len > 0; bytes--, in.data++, in.len--)
        value = value << 8 | *in.data;
    return value;
}

static void put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

/* Of a kind: of pictures one of the layers, which the input names if there are several. */
static size_t next_track(TrackKind kind)
{
    size_t first = sdp.track[0].kind == TRACK_AUDIO;

    if (kind == TRACK_AUDIO)
        return 0;
    return first + (sdp.count > first + 1 ? number(1) % (sdp.count - first) : 0);
}

static void send_rtp(size_t track, bool marker, const uint8_t *payload, size_t len)
{
    bool audio = track < sdp.count && sdp.track[track].kind == TRACK_AUDIO;
    uint8_t data[RTP_PACKET_MAX];

    put(data, 2, 0x8000u | (unsigned)marker << 7 | (audio ? 111 : 96));
    put(data + 2, 2, sequence[track]++);
    put(data + 4, 4, clock_ts[track]);
    put(data + 8, 4, 1000u + track);
    memcpy(data + RTP_HEADER_SIZE, payload, len);
    take(track, data, RTP_HEADER_SIZE + len);
}

/* RFC 7741: a descriptor, and a frame of which nothing but its head is read. */
static void send_vp8(size_t track, unsigned what)
{
    uint8_t frame[1200] = {0x10, what & 1 ? 0x10 : 0x11, 0x02, 0x00, 0x9D, 0x01, 0x2A};

    frame[8] = what & 2 ? 2 : 5; /* 1280x720, or 512x720 */
    frame[9] = 0xD0;
    frame[10] = 2;
    send_rtp(track, true, frame, 12 + (what >> 2) * 18);
}

static void send_picture(size_t track, unsigned what)
{
    static const uint8_t wide[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                                   0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
    static const uint8_t tall[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x5A, 0x05,
                                   0x0D, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
    static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
    if (vp8) {
        send_vp8(track, what);
        return;
    }
    uint8_t slice[1200] = {what & 1 ? 0x65 : 0x41, 0x9A, 0x00, 0x04, 0x80, 0x20, 0x30};

    if (what & 1) {
        send_rtp(track, false, what & 2 ? tall : wide, sizeof(wide));
        send_rtp(track, false, pps, sizeof(pps));
    }
    send_rtp(track, true, slice, 7 + (what >> 2) * 18);
}

static void send_media(TrackKind kind, unsigned times)
{
    size_t track = next_track(kind);
    uint32_t step = number(4);
    uint16_t left_out = (uint16_t)number(1);
    unsigned what = kind == TRACK_VIDEO ? number(1) : 0;
    int64_t pause_us = times ? (int64_t)number(2) * 100 : 0;

    for (unsigned i = 0; i <= times && records < RECORDS_MAX; i++) {
        sequence[track] = (uint16_t)(sequence[track] + left_out);
        clock_ts[track] += step;
        if (kind == TRACK_AUDIO)
            send_rtp(track, false, (const uint8_t *)"\xF8\xFF\xFE", 3);
        else
            send_picture(track, times && i % 2 ? what ^ 2 : what);
        pass(i < times ? pause_us : 0);
    }
}

static void send_report(void)
{
    size_t track = next_track(number(1) & 1 ? TRACK_VIDEO : TRACK_AUDIO);
    uint32_t ts = clock_ts[track] + number(4);
    uint8_t data[28];

    put(data, 4, 0x80C80006);
    put(data + 4, 4, 1000u + track);
    put(data + 8, 8, rtcp_ntp_from_unix_us(1700000000 * US_PER_S + number(4) * US_PER_MS));
    put(data + 16, 4, ts);
    put(data + 20, 8, 0);
    take(track, data, sizeof(data));
}

static void send_datagram(void)
{
    size_t track = number(1), len = number(2);

    len = len < in.len ? len : in.len;
    take(track, in.data, len);
    in.data += len;
    in.len -= len;
}

/* What a publisher says of its media. */
static void describe(bool sends_vp8)
{
    bool sound = !(flags & 1), pictures = !sound || !(flags & 2);
    unsigned layers = pictures ? 1 + (flags >> 2 & 3) : 0;
    char offer[1024];

    vp8 = sends_vp8;
    int n = snprintf(offer, sizeof(offer), "v=0\r\nc=IN IP4 127.0.0.1\r\n%s",
                     sound ? "m=audio 5000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n" : "");
    for (unsigned i = 0; i < layers; i++) {
        n += snprintf(offer + n, sizeof(offer) - (size_t)n,
                      "m=video %u RTP/AVPF 96\r\na=rtpmap:96 %s/90000\r\n"
                      "a=fmtp:96 packetization-mode=1\r\na=rtcp-fb:96 nack\r\n",
                      5002 + 2 * i, vp8 ? "VP8" : "H264");
        if (layers > 1)
            n += snprintf(offer + n, sizeof(offer) - (size_t)n, "a=label:l%u\r\n", i);
    }
    REQUIRE(!source_sdp_read(offer, (size_t)n, &sdp));
}

static void change_rung(unsigned what)
{
    size_t value = number(2), len = value < in.len ? value : in.len;

    if ((what & 7) != FUZZED_SPOILT)
        len = 0;
    fuzzed_rungs_change(what >> 3 & 3, what & 7, (unsigned)value, in.data, len);
    in.data += len;
    in.len -= len;
}

static void run_record(void)
{
    unsigned byte = number(1), what = byte % 8;

    if (byte >= 224) {
        change_rung(byte);
        return;
    }
    int64_t pause_us = (int64_t)number(2) * 100;

    pass(what == 5 ? pause_us * 1000 : pause_us);
    switch (what) {
    case 0:
        send_datagram();
        break;
    case 1:
    case 2:
        send_media(what == 1 ? TRACK_AUDIO : TRACK_VIDEO, 0);
        break;
    case 3:
        send_report();
        break;
    case 4:
        finish();
        if (changes)
            describe(!vp8);
        begin();
        break;
    case 5:
        break;
    default:
        send_media(what == 6 ? TRACK_AUDIO : TRACK_VIDEO, number(1));
        break;
    }
}

/* libavformat complains of what it does not take. */
static void on_complaint(void *who, int level, const char *format, va_list args)
{
    (void)who;
    if (level <= AV_LOG_ERROR)
        vfprintf(stderr, format, args);
    REQUIRE(level > AV_LOG_ERROR);
}

static int try_input(const uint8_t *data, size_t size)
{
    in = (Input){data, size};
    flags = number(1);
    changes = flags & 128;
    describe(false);
    memory_files_reset();
    at_second = memory_files;
    now_us = second_us = 1;
    rungs = sdp.count > 1 || sdp.track[0].kind == TRACK_VIDEO ? flags >> 5 & 3 : 0;
    frames = records = 0;
    for (size_t i = 0; i < STREAM_TRACKS_MAX; i++) {
        sequence[i] = 65530;
        clock_ts[i] = sdp.track[i].kind == TRACK_AUDIO ? 4294000000u : 77;
    }
    av_log_set_callback(on_complaint);
    if (!hub)
        hub = ll_hub_create(NULL);
    const PackagerParams params = {
        .stream = "shop",
        .directory = "nowhere",
        .outputs = {.segment_us = 2 * US_PER_S,
                    .window = 6,
                    .writes_ts = true,
                    .ll_hub = hub,
                    .opus = flags & 16,
                    .ll_part_us = 200 * US_PER_MS,
                    .ll_dash = true},
        .audio_bitrate = 128000,
        .low_bitrate = flags & 16 ? 48000 : 0,
        .clock = &virtual_time,
        .bound = {RESTART_US, FILES_PER_S, BITRATE},
    };
    packager = packager_open(&params, now_us);
    REQUIRE(packager);
    segmenter = packager_segmenter(packager);
    first_90k = segmenter_end_90k(segmenter);
    begin();
    while (in.len > 0 && records < RECORDS_MAX && now_us < LENGTH_MAX)
        run_record();
    finish();
    packager_close(&packager);
    return 0;
}

FUZZ_TARGET(pipeline, try_input);
