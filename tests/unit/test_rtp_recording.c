/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <pcap/pcap.h>

#include "synthetic_rtp.h"
#include "temp_file.h"

#define FRAME_SIZE 2048

/* What is in the recording, and not for others, as "A0 V0 V1 a" (RTCP in small letters). */
static const char *listed(const RtpRecording *r, size_t most)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < r->count && i < most; i++) {
        const RecordedPacket *p = &r->packets[i];
        size_t len = strlen(text);
        if (p->is_rtcp)
            snprintf(text + len, sizeof(text) - len, "%s%c", i ? " " : "",
                     p->track == RTP_AUDIO ? 'a' : 'v');
        else
            snprintf(text + len, sizeof(text) - len, "%s%c%d%s", i ? " " : "",
                     p->track == RTP_AUDIO ? 'A' : 'V', (int)p->sequence, p->starts_idr ? "!" : "");
    }
    return text;
}

static void takes_the_first_publisher_alone(void **state)
{
    RtpRecording *r = rtp_recording_create(0);
    uint8_t data[64];

    (void)state;
    size_t len = synthetic_report(data, RTP_VIDEO, 0); /* before the first packet of its SSRC */
    rtp_recording_add(r, 0, data, len);
    len = synthetic_rtp(data, RTP_VIDEO, 0, 0, "\x41", 1);
    rtp_recording_add(r, 0, data, len);
    rtp_recording_add(r, 0, data, len); /* a capture of all interfaces */
    data[11]++;                         /* another SSRC */
    rtp_recording_add(r, 0, data, len);
    data[1] = 100; /* another payload type */
    rtp_recording_add(r, 0, data, len);
    rtp_recording_add(r, 0, data, rtcp_write_pli(data, 7, SYNTHETIC_SSRC + RTP_VIDEO));
    rtp_recording_add(r, 0, (const uint8_t *)"\x80", 1);
    rtp_recording_finish(r);
    assert_string_equal(listed(r, 99), "v V0");
    assert_false(r->has[RTP_AUDIO]);
    rtp_recording_destroy(&r);
    assert_null(r);
}

/* Packets of three SSRCs of video, a picture each 100 ms, with IDR pictures each second. The second
 * is sent a little before the first, the third from `late_us` on, with IDR pictures of its own. */
static RtpRecording *three_sizes(int64_t late_us, int64_t end_us)
{
    RtpRecording *r = rtp_recording_create(0);
    int64_t sequence[3] = {0};
    uint8_t data[64];

    for (int64_t at = 0; at < end_us; at += 100000) {
        for (unsigned size = 0; size < 3; size++) {
            unsigned number = size == 0 ? 1 : size == 1 ? 0 : 2; /* 0 is the first that is seen */
            bool idr = at % 1000000 == (number == 2 ? late_us % 1000000 : 0);
            if ((at == 0 && size == 0) || (number == 2 && at < late_us))
                continue;
            for (int packet = 0; packet < (idr ? 2 : 1); packet++) {
                size_t len = synthetic_rtp(data, RTP_VIDEO, sequence[number]++, at,
                                           !idr     ? "\x41"
                                           : packet ? "\x65"
                                                    : "\x67",
                                           1);
                data[11] = (uint8_t)(data[11] + number);
                rtp_recording_add(r, at + size * 2000, data, len);
            }
        }
    }
    rtp_recording_finish(r);
    return r;
}

static void takes_all_sizes_of_a_publisher(void **state)
{
    RtpRecording *r = three_sizes(400000, 4000000);

    (void)state;
    assert_true(r->has[RTP_VIDEO] && r->has[RTP_VIDEO + 1] && r->has[RTP_VIDEO + 2]);
    assert_false(r->has[RTP_VIDEO + 3]);
    assert_null(rtp_recording_trim(r, 0));
    bool seen[RTP_TRACKS] = {false};
    for (size_t i = 0; i < r->count; i++) {
        const RecordedPacket *p = &r->packets[i];
        if (!seen[p->track])
            assert_row(p->starts_idr && p->sequence == 0, "begins", "track %u, sequence %d",
                       p->track, (int)p->sequence);
        if (!seen[p->track] && p->track == RTP_VIDEO + 2)
            assert_int_equal(p->timestamp, (400 + 2) * 90);
        seen[p->track] = true;
    }
    assert_true(seen[RTP_VIDEO] && seen[RTP_VIDEO + 1] && seen[RTP_VIDEO + 2]);
    assert_int_equal(r->packets[0].time_us, 0);
    rtp_recording_destroy(&r);
}

static void leaves_out_video_that_follows_the_first(void **state)
{
    RtpRecording *r = three_sizes(3500000, 4000000);

    (void)state;
    assert_true(r->has[RTP_VIDEO + 1]);
    assert_false(r->has[RTP_VIDEO + 2]); /* it begins when the others are about to end */
    assert_true(r->count > 50);
    for (size_t i = 0; i < r->count; i++)
        assert_true(r->packets[i].track <= RTP_VIDEO + 1);
    rtp_recording_destroy(&r);
}

static void leaves_out_what_ends_a_session(void **state)
{
    RtpRecording *r = rtp_recording_create(0);
    uint8_t data[64];

    (void)state;
    rtp_recording_add(r, 0, data, synthetic_rtp(data, RTP_AUDIO, 0, 0, "\xFC", 1));
    size_t len = synthetic_report(data, RTP_AUDIO, 0);
    memcpy(data + len, "\x81\xCB\0\x01\0\0\x03\xE8", 8);
    rtp_recording_add(r, 0, data, len + 8);
    rtp_recording_finish(r);
    assert_string_equal(listed(r, 99), "A0");
    rtp_recording_destroy(&r);
}

static void finds_idr_pictures_however_they_are_packed(void **state)
{
    static const struct {
        const char *name, *packets[3];
        size_t len[3];
        bool idr;
    } rows[] = {
        {"single units", {"\x67", "\x68", "\x65"}, {1, 1, 1}, true},
        {"all in one", {"\x18\0\x02\x67\1\0\x02\x65\1"}, {9}, true},
        {"an IDR picture in fragments",
         {"\x18\0\x02\x67\1\0\x02\x68\1", "\x7C\x85", "\x7C\x45"},
         {9, 2, 2},
         true},
        {"a fragment that does not start one", {"\x67", "\x7C\x45"}, {1, 2}, false},
        {"no SPS", {"\x68", "\x65"}, {1, 1}, false},
        {"the SPS stands second", {"\x65", "\x67"}, {1, 1}, false},
        {"no IDR", {"\x67", "\x41"}, {1, 1}, false},
        {"a length beyond the end", {"\x18\xFF\xFF\x67\0"}, {5}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        RtpRecording *r = rtp_recording_create(0);
        uint8_t data[64];
        for (int k = 0; k < 3 && rows[i].packets[k]; k++)
            rtp_recording_add(
                r, k, data,
                synthetic_rtp(data, RTP_VIDEO, k, 0, rows[i].packets[k], rows[i].len[k]));
        rtp_recording_finish(r);
        assert_row(r->packets[0].starts_idr == rows[i].idr, rows[i].name, "%s", listed(r, 3));
        rtp_recording_destroy(&r);
    }
}

static void is_cut_to_whole_seconds_from_an_idr_picture(void **state)
{
    RtpRecording *r = synthetic_recording(3 * 1000000 + SYNTHETIC_LEAD_US + 100000);

    (void)state;
    assert_null(rtp_recording_trim(r, 0));
    assert_int_equal(r->span_us, 3000000);
    assert_int_equal(r->start_unix_us, SYNTHETIC_UNIX_US + SYNTHETIC_LEAD_US);
    assert_string_equal(listed(r, 6), "V0! V1 A0 A1 V2 A2");
    assert_int_equal(r->packets[0].time_us, 0);
    assert_int_equal(r->sequences[RTP_AUDIO], 150);
    assert_int_equal(r->sequences[RTP_VIDEO], 75 + 3);
    RtpRecordingFacts audio = rtp_recording_facts(r, RTP_AUDIO);
    RtpRecordingFacts video = rtp_recording_facts(r, RTP_VIDEO);
    assert_int_equal(audio.packets, 150);
    assert_int_equal(audio.longest_gap, 960);
    assert_int_equal(audio.missing, 0);
    assert_int_equal(video.packets, 78);
    assert_int_equal(video.idrs, 3);
    assert_int_equal(video.idr_gap_us, 1000000);
    assert_int_equal(video.longest_gap, 3600);
    assert_int_equal(audio.reports + video.reports, 12);
    rtp_recording_destroy(&r);
}

static void is_cut_to_what_is_asked_for(void **state)
{
    RtpRecording *r = synthetic_recording(3 * 1000000 + SYNTHETIC_LEAD_US + 100000);

    (void)state;
    assert_null(rtp_recording_trim(r, 2000000));
    assert_int_equal(r->span_us, 2000000);
    assert_int_equal(r->sequences[RTP_AUDIO], 100);
    assert_int_equal(rtp_recording_facts(r, RTP_VIDEO).idrs, 2);
    rtp_recording_destroy(&r);
}

static void says_why_it_cannot_be_cut(void **state)
{
    RtpRecording *r = synthetic_recording(SYNTHETIC_LEAD_US);

    (void)state;
    assert_non_null(strstr(rtp_recording_trim(r, 0), "IDR"));
    rtp_recording_destroy(&r);
    r = synthetic_recording(SYNTHETIC_LEAD_US + 1000000);
    assert_non_null(strstr(rtp_recording_trim(r, 0), "less than a second"));
    rtp_recording_destroy(&r);
}

/* ---- pcap ---- */

/* A UDP datagram behind a link layer's header. */
static size_t frame(uint8_t *out, int link, const uint8_t *payload, size_t len)
{
    size_t at = link == DLT_EN10MB ? 14 : link == DLT_LINUX_SLL ? 16 : link == DLT_RAW ? 0 : 20;

    memset(out, 0, FRAME_SIZE);
    if (link == DLT_LINUX_SLL2)
        synthetic_put(out, 2, 0x0800);
    else if (at > 0)
        synthetic_put(out + at - 2, 2, 0x0800);
    out[at] = 0x46; /* an option, so that the header is longer than most */
    synthetic_put(out + at + 2, 2, 24 + 8 + len);
    out[at + 9] = 17;
    synthetic_put(out + at + 24 + 4, 2, 8 + len);
    memcpy(out + at + 32, payload, len);
    return at + 32 + len;
}

/* Writes one packet of each track a second after the other; `missing` bytes of each are not
 * there. */
static void write_pcap(const char *path, int link, size_t missing)
{
    pcap_t *dead = pcap_open_dead(link, 65535);
    pcap_dumper_t *dumper = pcap_dump_open(dead, path);
    uint8_t data[64], out[FRAME_SIZE];

    assert_non_null(dumper);
    for (RtpTrack track = 0; track < RTP_TRACKS; track++) {
        size_t len = synthetic_rtp(data, track, 0, 0, "\x41", 1);
        len = frame(out, link, data, len);
        const struct pcap_pkthdr header = {
            .ts = {1700000000 + track, 5}, .caplen = (bpf_u_int32)(len - missing), .len = 99};
        pcap_dump((u_char *)dumper, &header, out);
    }
    pcap_dump_close(dumper);
    pcap_close(dead);
}

static void reads_what_tcpdump_writes(void **state)
{
    static const struct {
        const char *name;
        int link;
    } rows[] = {{"Ethernet", DLT_EN10MB},
                {"cooked", DLT_LINUX_SLL},
                {"cooked, version 2", DLT_LINUX_SLL2},
                {"raw", DLT_RAW}};
    char path[TEMP_FILE_SIZE], error[RTP_RECORDING_ERROR_SIZE] = "";

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        temp_file(path, "");
        write_pcap(path, rows[i].link, 0);
        RtpRecording *r = rtp_recording_read(path, error);
        assert_row(r, rows[i].name, "%s", error);
        assert_string_equal(listed(r, 9), "A0 V0");
        assert_int_equal(r->start_unix_us, 1700000000000005);
        assert_int_equal(r->packets[1].time_us, 1000000);
        assert_int_equal(r->packets[1].len, 17);
        rtp_recording_destroy(&r);
        unlink(path);
    }
}

static void says_what_is_wrong_with_a_file(void **state)
{
    char path[TEMP_FILE_SIZE], error[RTP_RECORDING_ERROR_SIZE] = "";

    (void)state;
    temp_file(path, "no pcap file at all");
    assert_null(rtp_recording_read(path, error));
    assert_non_null(strstr(error, "unknown file format"));
    write_pcap(path, DLT_EN10MB, 3);
    assert_null(rtp_recording_read(path, error));
    assert_non_null(strstr(error, "cut short"));
    write_pcap(path, DLT_EN10MB, 40); /* not even all of the IP header */
    assert_null(rtp_recording_read(path, error));
    assert_non_null(strstr(error, "no RTP"));
    write_pcap(path, DLT_IEEE802_11, 0);
    assert_null(rtp_recording_read(path, error));
    assert_non_null(strstr(error, "link layer"));
    unlink(path);
    assert_null(rtp_recording_read(path, error));
    assert_non_null(strstr(error, "No such file"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takes_the_first_publisher_alone),
    cmocka_unit_test(takes_all_sizes_of_a_publisher),
    cmocka_unit_test(leaves_out_video_that_follows_the_first),
    cmocka_unit_test(leaves_out_what_ends_a_session),
    cmocka_unit_test(finds_idr_pictures_however_they_are_packed),
    cmocka_unit_test(is_cut_to_whole_seconds_from_an_idr_picture),
    cmocka_unit_test(is_cut_to_what_is_asked_for),
    cmocka_unit_test(says_why_it_cannot_be_cut),
    cmocka_unit_test(reads_what_tcpdump_writes),
    cmocka_unit_test(says_what_is_wrong_with_a_file),
};

TEST_GROUP(rtp_recording, tests);
