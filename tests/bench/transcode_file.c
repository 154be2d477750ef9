/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gives the pictures of a file to hls-transcoder, as the bridge would, and writes what comes of
 * each rung to DIR/rung-N.h264: for transcode.mjs.
 *
 * Usage: transcode-file PROGRAM FILE LADDER DIR fast|live [ENCODER]
 * `fast` waits for each picture's answer, `live` gives them as their times say. Prints JSON. */

#include <libavformat/avformat.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/media.h"
#include "transcode/transcoder.h"

#define PICTURES_MAX 20000

typedef struct Bench {
    Transcoder *t;
    FILE *file[RUNGS_MAX];
    int width[RUNGS_MAX], height[RUNGS_MAX]; /* as it was told last */
    size_t units[RUNGS_MAX];
    int64_t bytes[RUNGS_MAX];
    int64_t *late_us[RUNGS_MAX]; /* of each unit, behind its picture */
    size_t given;
    int64_t given_us[PICTURES_MAX]; /* when each was given */
    int64_t pts_90k[PICTURES_MAX];
} Bench;

static Bench bench;

static int64_t now_us(void)
{
    return clock_monotonic_us(clock_system());
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "transcode-file: %s\n", what);
    exit(EXIT_FAILURE);
}

static void keep_unit(const WireUnit *u)
{
    size_t i = bench.given;

    while (i > 0 && bench.pts_90k[i - 1] != u->pts_90k)
        i--;
    if (i == 0)
        die("a unit of no picture");
    bench.late_us[u->rung][bench.units[u->rung]++] = now_us() - bench.given_us[i - 1];
    bench.bytes[u->rung] += (int64_t)u->len;
    if (fwrite(u->data, 1, u->len, bench.file[u->rung]) != u->len)
        die("the disk is full");
}

/* Waits for it up to `wait_us`, and takes what has come. */
static void turn(int64_t wait_us)
{
    bool writes;
    struct pollfd fd = {.fd = transcoder_fd(bench.t, &writes), .events = POLLIN};
    const struct timespec wait = {.tv_sec = wait_us / US_PER_S,
                                  .tv_nsec = wait_us % US_PER_S * 1000};
    TranscoderNews news;

    if (writes)
        fd.events |= POLLOUT;
    ppoll(&fd, 1, &wait, NULL);
    transcoder_work(bench.t, now_us());
    while ((news = transcoder_take(bench.t, now_us())).says != TRANSCODER_NOTHING) {
        if (news.says == TRANSCODER_UNIT) {
            keep_unit(&news.unit);
        } else if (news.rung.width > 0) {
            bench.width[news.rung.rung] = news.rung.width;
            bench.height[news.rung.rung] = news.rung.height;
        }
    }
    TranscoderStats s = transcoder_stats(bench.t);
    if (*s.refused || s.faults > 0)
        die(*s.refused ? s.refused : "the transcoder failed");
}

static void wait_for_answers(void)
{
    while (transcoder_stats(bench.t).waiting > 0)
        turn(US_PER_S);
}

static void give(const AVPacket *packet, bool live)
{
    static int64_t begun_us;
    int64_t pts_90k = (int64_t)bench.given * 3000;

    if (bench.given == PICTURES_MAX)
        die("the file is too long");
    if (bench.given == 0)
        begun_us = now_us();
    while (live && now_us() - begun_us < ticks_to_us(pts_90k))
        turn(begun_us + ticks_to_us(pts_90k) - now_us());
    bench.pts_90k[bench.given] = pts_90k;
    bench.given_us[bench.given++] = now_us();
    transcoder_picture(bench.t,
                       &(TranscoderPicture){.pts_90k = pts_90k,
                                            .key = packet->flags & AV_PKT_FLAG_KEY,
                                            .data = packet->data,
                                            .len = (size_t)packet->size},
                       now_us());
    if (!live)
        wait_for_answers();
}

static Codec codec_of(enum AVCodecID id)
{
    switch (id) {
    case AV_CODEC_ID_H264:
        return CODEC_H264;
    case AV_CODEC_ID_VP8:
        return CODEC_VP8;
    case AV_CODEC_ID_VP9:
        return CODEC_VP9;
    case AV_CODEC_ID_AV1:
        return CODEC_AV1;
    case AV_CODEC_ID_HEVC:
        return CODEC_H265;
    default:
        die("this codec is not for hls-transcoder");
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void print(size_t rungs)
{
    TranscoderStats s = transcoder_stats(bench.t);
    struct rusage used;

    transcoder_destroy(&bench.t); /* its process is a child that has ended from here on */
    getrusage(RUSAGE_CHILDREN, &used);
    printf(
        "{\"pictures\":%zu,\"skipped\":%llu,\"damaged\":%llu,\"cpuS\":%.3f,\"peakKb\":%ld,"
        "\"busyS\":%.3f,\"mediaS\":%.3f,\"rungs\":[",
        bench.given, (unsigned long long)s.skipped, (unsigned long long)s.damaged,
        (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
            (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
        used.ru_maxrss, (double)s.busy_us / 1e6, (double)s.media_us / 1e6);
    for (size_t i = 0; i < rungs; i++) {
        size_t n = bench.units[i];
        qsort(bench.late_us[i], n, sizeof(int64_t), compare);
        printf(
            "%s{\"width\":%d,\"height\":%d,\"units\":%zu,\"bytes\":%lld,\"p50Ms\":%.1f,"
            "\"p95Ms\":%.1f,\"maxMs\":%.1f}",
            i ? "," : "", bench.width[i], bench.height[i], n, (long long)bench.bytes[i],
            n ? (double)bench.late_us[i][n / 2] / 1e3 : 0,
            n ? (double)bench.late_us[i][n * 95 / 100] / 1e3 : 0,
            n ? (double)bench.late_us[i][n - 1] / 1e3 : 0);
        fclose(bench.file[i]);
    }
    printf("]}\n");
}

static void open_rungs(const RungLadder *ladder, const char *folder)
{
    for (size_t i = 0; i < ladder->count; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/rung-%zu.h264", folder, i);
        bench.file[i] = fopen(path, "w");
        bench.late_us[i] = calloc(PICTURES_MAX, sizeof(int64_t));
        if (!bench.file[i] || !bench.late_us[i])
            die("the folder cannot be written to");
    }
}

int main(int argc, char **argv)
{
    TranscoderParams params = {.name = "bench", .config = {.threads = 1, .memory_mib = 1024}};
    AVFormatContext *in = NULL;
    AVPacket *packet = av_packet_alloc();
    char error[RUNG_LADDER_ERROR_SIZE];

    if (argc < 6)
        die("usage: transcode-file PROGRAM FILE LADDER DIR fast|live [ENCODER]");
    if (rung_ladder_read(argv[3], &params.config.ladder, error) < 0)
        die(error);
    if (!packet || avformat_open_input(&in, argv[2], NULL, NULL) < 0 ||
        avformat_find_stream_info(in, NULL) < 0)
        die("the file cannot be read");
    params.program = argv[1];
    params.config.codec = codec_of(in->streams[0]->codecpar->codec_id);
    snprintf(params.config.encoder, sizeof(params.config.encoder), "%s",
             argc > 6 ? argv[6] : "libx264");
    open_rungs(&params.config.ladder, argv[4]);
    bench.t = transcoder_create(&params);
    if (!bench.t)
        die("there is no memory");
    while (!transcoder_stats(bench.t).runs)
        turn(US_PER_S / 10);
    for (; av_read_frame(in, packet) >= 0; av_packet_unref(packet))
        give(packet, strcmp(argv[5], "live") == 0);
    wait_for_answers();
    print(params.config.ladder.count);
    avformat_close_input(&in);
    av_packet_free(&packet);
    return EXIT_SUCCESS;
}
