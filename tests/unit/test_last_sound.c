/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher that falls silent, and goes at any time after that: its sound ends with its pictures,
 * those that stand still while nothing comes among them. In virtual time, from datagrams to lists.
 */

#include "media_rig.h"

#define MS         US_PER_MS
#define PICTURE_MS 40
#define OPUS_MS    20
#define STEP_MS    50 /* from one look of the stream's thread to the next */
#define SPEAKS_MS  5000
#define SILENT_MS  3000 /* more than a segment lasts */
/* Its first frame begins up to one later than the pictures, and its last one ends up to one sooner.
 */
#define APART_S (2.0 * AAC_FRAME_SAMPLES / SAMPLES_PER_S)

static MediaRig rig;

static void send_picture(int64_t at_ms, bool idr)
{
    /* 1280x720 */
    static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                                  0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
    static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
    static const uint8_t key[] = {0x65, 0x9A, 0x00, 0x04, 0x80, 0x20, 0x30};
    static const uint8_t slice[] = {0x41, 0x9A, 0x00, 0x04, 0x04, 0x06};
    uint32_t ts = (uint32_t)(at_ms * 90);

    if (idr) {
        rig_send(&rig, RIG_PICTURES, ts, false, sps, sizeof(sps));
        rig_send(&rig, RIG_PICTURES, ts, false, pps, sizeof(pps));
        rig_send(&rig, RIG_PICTURES, ts, true, key, sizeof(key));
    } else {
        rig_send(&rig, RIG_PICTURES, ts, true, slice, sizeof(slice));
    }
}

/* The seconds that a list has. */
static double seconds_of(const char *list)
{
    double all = 0;

    for (const char *at = rig_read(&rig, list); (at = strstr(at, "#EXTINF:")); at++)
        all += strtod(at + strlen("#EXTINF:"), NULL);
    return all;
}

/* Speaks, is silent for so long, and goes. */
static void play(int64_t silent_ms)
{
    bool wants_idr = true;
    int64_t begins_us;

    rig_open(&rig, true);
    begins_us = rig.now_us;
    for (int64_t at_ms = 0; at_ms <= SPEAKS_MS + silent_ms; at_ms += 10) {
        rig.now_us = begins_us + at_ms * MS;
        if (at_ms < SPEAKS_MS && at_ms % OPUS_MS == 0)
            rig_send_silence(&rig, (uint32_t)(at_ms * 48));
        if (at_ms < SPEAKS_MS && at_ms % PICTURE_MS == 0) {
            send_picture(at_ms, wants_idr);
            wants_idr = false;
        }
        if (at_ms % STEP_MS == 0)
            wants_idr = rig_tick(&rig) || wants_idr;
    }
    intake_finish(rig.intake, segmenter_pictures_end_90k(rig.segmenter));
    segmenter_finish(rig.segmenter, rig.now_us);
}

static void it_ends_where_the_pictures_do(void **state)
{
    uint64_t forced = 0;

    (void)state;
    for (int64_t silent_ms = 0; silent_ms <= SILENT_MS; silent_ms += STEP_MS) {
        play(silent_ms);
        double pictures_s = seconds_of("video.m3u8"), sound_s = seconds_of("audio.m3u8");
        assert_row(pictures_s > (double)SPEAKS_MS / 1000 - 0.1, "too few", "%.3f s", pictures_s);
        assert_row(sound_s > pictures_s - APART_S && sound_s < pictures_s + APART_S, "not as long",
                   "silent for %lld ms: %.3f s of pictures, %.3f s of sound", (long long)silent_ms,
                   pictures_s, sound_s);
        assert_null(strstr(rig_read(&rig, "audio.m3u8"), "GAP"));
        forced += segmenter_stats(rig.segmenter).cutter.cut_forced;
        rig_close(&rig);
    }
    assert_true(forced > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_ends_where_the_pictures_do),
};

TEST_GROUP(last_sound, tests);
