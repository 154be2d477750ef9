/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"

#include "sdp_reader.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

#define assert_slice(slice, text, name)                                                            \
    assert_row(sdp_equals(slice, text), name, "\"%.*s\"", (int)(slice).len,                        \
               (slice).at ? (slice).at : "")

static SdpSlice slice_of(const char *text)
{
    return (SdpSlice){text, strlen(text)};
}

/* A section with these lines below it. */
static SdpMedia media_of(const char *lines)
{
    return (SdpMedia){.lines = slice_of(lines)};
}

static void refuses_with_a_sentence(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        const char *sentence; /* a part of it; NULL: it can be read */
    } rows[] = {
        {"version alone", "v=0\r\n", NULL},
        {"no line end at all", "v=0", NULL},
        {"bare newlines", "v=0\ns=-\nm=audio 9 RTP/AVP 0\n", NULL},
        {"empty lines", "\r\n\nv=0\r\n\r\ns=-\r\n", NULL},
        {"empty", "", "v=0"},
        {"no version", "o=- 1 2 IN IP4 127.0.0.1\r\nv=0\r\n", "v=0"},
        {"another version", "v=1\r\n", "v=0"},
        {"a longer version", "v=00\r\n", "v=0"},
        {"not a line of SDP", HEAD "hello\r\n", "x=..."},
        {"one character", HEAD "a\r\n", "x=..."},
        {"an empty value", HEAD "i=\r\n", NULL},
        {"a section", HEAD "m=audio 9 RTP/AVP 0\r\n", NULL},
        {"a section without formats", HEAD "m=audio 9 RTP/AVP\r\n", NULL},
        {"a section without a protocol", HEAD "m=audio 9\r\n", "m= line"},
        {"a section without a port", HEAD "m=audio\r\n", "m= line"},
        {"a section of nothing", HEAD "m=\r\n", "m= line"},
        {"the last port", HEAD "m=audio 65535 RTP/AVP 0\r\n", NULL},
        {"a port too high", HEAD "m=audio 65536 RTP/AVP 0\r\n", "m= line"},
        {"a negative port", HEAD "m=audio -1 RTP/AVP 0\r\n", "m= line"},
        {"a port that is a word", HEAD "m=audio any RTP/AVP 0\r\n", "m= line"},
        {"a number of ports", HEAD "m=audio 9/2 RTP/AVP 0\r\n", NULL},
        {"an address", HEAD "c=IN IP4 10.0.0.1\r\n", NULL},
        {"an address that is missing", HEAD "c=IN IP4\r\n", "c= line"},
        {"an address that is missing in a section", HEAD "m=audio 9 RTP/AVP 0\r\nc=IN\r\n",
         "c= line"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].text);
        uint8_t *text = guarded_copy(rows[i].text, len);
        Sdp sdp;
        const char *wrong = sdp_read((char *)text, len, &sdp);
        bool as_expected = rows[i].sentence ? wrong && strstr(wrong, rows[i].sentence) : !wrong;
        assert_row(as_expected, rows[i].name, "%s", wrong ? wrong : "read");
        guarded_free(text, len);
    }
}

static void refuses_a_nul_byte(void **state)
{
    static const char text[] = "v=0\r\ns=\0\r\n";
    Sdp sdp;

    (void)state;
    assert_non_null(strstr(sdp_read(text, sizeof(text) - 1, &sdp), "NUL"));
}

static void holds_to_its_limits(void **state)
{
    static char text[SDP_MAX_BYTES + 1];
    char sections[1024] = "v=0\r\n";
    Sdp sdp;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "v=0\ni=", 6);
    assert_null(sdp_read(text, SDP_MAX_BYTES, &sdp));
    assert_non_null(strstr(sdp_read(text, SDP_MAX_BYTES + 1, &sdp), "64 KiB"));

    for (int i = 0; i < SDP_MAX_MEDIA; i++)
        strcat(sections, "m=audio 9 RTP/AVP 0\r\n");
    assert_null(sdp_read(sections, strlen(sections), &sdp));
    assert_int_equal(sdp.media_count, SDP_MAX_MEDIA);
    strcat(sections, "m=audio 9 RTP/AVP 0\r\n");
    assert_non_null(strstr(sdp_read(sections, strlen(sections), &sdp), "more than 16"));

    strcpy(sections, "v=0\r\nm=video 9 RTP/AVP");
    for (int i = 0; i < SDP_MAX_FORMATS; i++)
        strcat(sections, " 96");
    assert_null(sdp_read(sections, strlen(sections), &sdp));
    strcat(sections, " 96");
    assert_non_null(sdp_read(sections, strlen(sections), &sdp));
}

static void reads_session_and_sections(void **state)
{
    static const char text[] =
        "v=0\r\no=alice 1 2 IN IP4 10.0.0.1\r\ns=A shop\r\nc=IN IP4 224.2.1.1/127\r\n"
        "t=0 0\r\na=tool:x\r\n"
        "m=audio 5006 RTP/AVP 111\r\ni=the voice\r\n"
        "m=video 5004/2 UDP/TLS/RTP/SAVPF  96 97\r\nc=IN IP6 ::1\r\na=mid:1\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
        "m=text 0 RTP/AVP 98\r\ns=not the session's\r\no=nor this\r\n";
    static const struct {
        SdpKind kind;
        const char *kind_name, *proto, *formats, *connection, *lines;
        uint16_t port;
    } rows[] = {
        {SDP_AUDIO, "audio", "RTP/AVP", " 111", "224.2.1.1", "i=the voice\r\n", 5006},
        {SDP_VIDEO, "video", "UDP/TLS/RTP/SAVPF", "  96 97", "::1", "c=IN IP6 ::1\r\na=mid:1\r\n",
         5004},
        {SDP_APPLICATION, "application", "UDP/DTLS/SCTP", " webrtc-datachannel", "224.2.1.1", "",
         9},
        {SDP_OTHER, "text", "RTP/AVP", " 98", "224.2.1.1", "s=not the session's\r\no=nor this\r\n",
         0},
    };
    Sdp sdp;

    (void)state;
    assert_null(sdp_read(text, strlen(text), &sdp));
    assert_slice(sdp.origin, "alice 1 2 IN IP4 10.0.0.1", "origin");
    assert_slice(sdp.session_name, "A shop", "session name");
    assert_int_equal(sdp.lines.len, strstr(text, "m=audio") - text);
    assert_int_equal(sdp.media_count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const SdpMedia *media = &sdp.media[i];
        assert_row(media->kind == rows[i].kind, rows[i].kind_name, "%d", media->kind);
        assert_slice(media->kind_name, rows[i].kind_name, rows[i].kind_name);
        assert_slice(media->proto, rows[i].proto, rows[i].kind_name);
        assert_slice(media->formats, rows[i].formats, rows[i].kind_name);
        assert_slice(media->connection, rows[i].connection, rows[i].kind_name);
        assert_slice(media->lines, rows[i].lines, rows[i].kind_name);
        assert_row(media->port == rows[i].port, rows[i].kind_name, "%d", media->port);
    }
}

static void has_no_address_if_none_is_named(void **state)
{
    static const char text[] = "v=0\r\nm=audio 9 RTP/AVP 0\r\n";
    Sdp sdp;

    (void)state;
    assert_null(sdp_read(text, strlen(text), &sdp));
    assert_null(sdp.media[0].connection.at);
    assert_null(sdp.origin.at);
    assert_null(sdp.session_name.at);
}

static void finds_the_direction(void **state)
{
    static const struct {
        const char *name, *session, *section;
        SdpDirection direction;
    } rows[] = {{"nobody says", "", "", SDP_SENDRECV},
                {"the session says", "a=sendonly\r\n", "", SDP_SENDONLY},
                {"the section says", "", "a=recvonly\r\n", SDP_RECVONLY},
                {"the section knows better", "a=inactive\r\n", "a=sendrecv\r\n", SDP_SENDRECV},
                {"inactive", "", "a=inactive\r\n", SDP_INACTIVE},
                {"a longer name", "", "a=sendonly-ish\r\n", SDP_SENDRECV}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        Sdp sdp;
        snprintf(text, sizeof(text), "v=0\r\n%sm=audio 9 RTP/AVP 0\r\n%sm=video 9 RTP/AVP 96\r\n",
                 rows[i].session, rows[i].section);
        assert_null(sdp_read(text, strlen(text), &sdp));
        assert_row(sdp.media[0].direction == rows[i].direction, rows[i].name, "%d",
                   sdp.media[0].direction);
    }
}

static void walks_attributes(void **state)
{
    static const struct {
        const char *name;
        const char *lines;
        const char *attribute;
        const char *values[4]; /* up to the first NULL */
    } rows[] = {
        {"two of them", "a=fmtp:96 x\r\na=mid:1\r\na=fmtp:97 y\r\n", "fmtp", {"96 x", "97 y"}},
        {"a bare one", "a=rtcp-mux\r\n", "rtcp-mux", {""}},
        {"an empty value", "a=mid:\r\n", "mid", {""}},
        {"a colon in the value", "a=extmap:4 urn:x\r\n", "extmap", {"4 urn:x"}},
        {"none", "a=mid:1\r\n", "fmtp", {NULL}},
        {"no lines", "", "mid", {NULL}},
        {"a longer name", "a=rtcp-mux\r\na=rtcp:9\r\n", "rtcp", {"9"}},
        {"a shorter name", "a=rtc\r\n", "rtcp", {NULL}},
        {"another type of line", "b=mid:1\r\na mid:1\r\na=mid:2\r\n", "mid", {"2"}},
        {"names are told by case", "a=MID:1\r\n", "mid", {NULL}},
        {"no line end behind the last", "a=mid:1\na=mid:2", "mid", {"1", "2"}},
        {"many carriage returns", "a=mid:1\r\r\r\n", "mid", {"1"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        SdpSlice lines = slice_of(rows[i].lines), value;
        size_t at = 0, n = 0;
        for (; sdp_next_attribute(lines, rows[i].attribute, &at, &value); n++) {
            assert_row(n < COUNT(rows[i].values) && rows[i].values[n], rows[i].name,
                       "more than %zu", n);
            assert_slice(value, rows[i].values[n], rows[i].name);
        }
        assert_row(!rows[i].values[n], rows[i].name, "only %zu", n);
        assert_false(sdp_next_attribute(lines, rows[i].attribute, &at, &value));
    }
}

static void finds_the_first_attribute(void **state)
{
    SdpSlice lines = slice_of("a=mid:1\r\na=mid:2\r\na=rtcp-mux\r\n"), value;

    (void)state;
    assert_true(sdp_attribute(lines, "mid", &value));
    assert_slice(value, "1", "mid");
    assert_true(sdp_attribute(lines, "rtcp-mux", NULL));
    assert_false(sdp_attribute(lines, "rtcp-rsize", NULL));
}

static void walks_payload_types(void **state)
{
    static const struct {
        const char *name;
        const char *formats;
        int types[6]; /* up to the first -1 */
    } rows[] = {
        {"in order of preference", " 111 63 9 0", {111, 63, 9, 0, -1}},
        {"none", "", {-1}},
        {"spaces alone", "   ", {-1}},
        {"the bounds", " 0 127", {0, 127, -1}},
        {"beyond them", " 128 96 1000", {96, -1}},
        {"not numbers", " webrtc-datachannel 9x -1 96", {96, -1}},
        {"many spaces", "  96   97  ", {96, 97, -1}},
        {"leading zeros", " 0096", {96, -1}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        SdpMedia media = {.formats = slice_of(rows[i].formats)};
        size_t at = 0, n = 0;
        int pt;
        while ((pt = sdp_next_payload_type(&media, &at)) >= 0) {
            assert_row(pt == rows[i].types[n], rows[i].name, "%d at %zu", pt, n);
            n++;
        }
        assert_row(rows[i].types[n] == -1, rows[i].name, "ends after %zu", n);
        assert_int_equal(sdp_next_payload_type(&media, &at), -1);
    }
}

static void knows_codecs(void **state)
{
    static const struct {
        const char *name;
        const char *lines;
        int pt;
        bool found;
        const char *codec;
        uint32_t clock_hz;
        unsigned channels;
        const char *fmtp; /* NULL: none */
    } rows[] = {
        {"video", "a=rtpmap:96 H264/90000\r\n", 96, true, "H264", 90000, 1, NULL},
        {"audio", "a=rtpmap:111 opus/48000/2\r\n", 111, true, "opus", 48000, 2, NULL},
        {"with parameters", "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n", 97, true, "rtx", 90000,
         1, "apt=96"},
        {"parameters first, as Firefox writes them",
         "a=fmtp:109 maxplaybackrate=48000;stereo=1\r\na=rtpmap:109 opus/48000/2\r\n", 109, true,
         "opus", 48000, 2, "maxplaybackrate=48000;stereo=1"},
        {"spaces around the parameters", "a=rtpmap:96 H264/90000\r\na=fmtp:96   a=1; b=2  \r\n", 96,
         true, "H264", 90000, 1, "a=1; b=2"},
        {"no parameters behind the number", "a=rtpmap:96 H264/90000\r\na=fmtp:96\r\n", 96, true,
         "H264", 90000, 1, ""},
        {"another's parameters", "a=rtpmap:96 H264/90000\r\na=fmtp:97 apt=96\r\n", 96, true, "H264",
         90000, 1, NULL},
        {"another's line", "a=rtpmap:96 H264/90000\r\n", 97, false, NULL, 0, 0, NULL},
        {"no lines", "", 96, false, NULL, 0, 0, NULL},
        {"no name", "a=rtpmap:96\r\n", 96, false, NULL, 0, 0, NULL},
        {"no clock", "a=rtpmap:96 H264\r\n", 96, false, NULL, 0, 0, NULL},
        {"a clock that is a word", "a=rtpmap:96 H264/fast\r\n", 96, false, NULL, 0, 0, NULL},
        {"the fastest clock", "a=rtpmap:96 x/4294967295\r\n", 96, true, "x", 4294967295u, 1, NULL},
        {"a clock beyond it", "a=rtpmap:96 x/4294967296\r\n", 96, false, NULL, 0, 0, NULL},
        {"channels that are a word", "a=rtpmap:96 x/8000/all\r\n", 96, true, "x", 8000, 1, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        SdpMedia media = media_of(rows[i].lines);
        SdpCodec codec;
        bool found = sdp_codec(&media, rows[i].pt, &codec);
        assert_row(found == rows[i].found, rows[i].name, "%d", found);
        if (!found)
            continue;
        assert_row(codec.payload_type == rows[i].pt, rows[i].name, "%d", codec.payload_type);
        assert_slice(codec.name, rows[i].codec, rows[i].name);
        assert_row(codec.clock_hz == rows[i].clock_hz, rows[i].name, "%u", codec.clock_hz);
        assert_row(codec.channels == rows[i].channels, rows[i].name, "%u", codec.channels);
        assert_row(!codec.fmtp.at == !rows[i].fmtp, rows[i].name, "%p", (void *)codec.fmtp.at);
        if (rows[i].fmtp)
            assert_slice(codec.fmtp, rows[i].fmtp, rows[i].name);
    }
}

static void finds_parameters(void **state)
{
    static const struct {
        const char *name, *fmtp, *parameter;
        const char *value; /* NULL: there is none */
    } rows[] = {
        {"the first", "a=1;b=2", "a", "1"},
        {"the last", "a=1;b=2", "b", "2"},
        {"a space behind the semicolon", "a=1; b=2 ;c=3", "b", "2"},
        {"without regard to case", "Profile-Level-Id=42e01f", "profile-level-id", "42e01f"},
        {"an equals sign in the value", "sprop=Z0I=,aM4=;x=1", "sprop", "Z0I=,aM4="},
        {"no value", "usedtx;stereo=1", "usedtx", ""},
        {"an empty value", "a=;b=2", "a", ""},
        {"a longer name", "ab=1", "a", NULL},
        {"a shorter name", "a=1", "ab", NULL},
        {"none", "", "a", NULL},
        {"semicolons alone", ";;;", "a", NULL},
        {"not of this form, as of telephone-event", "0-15", "a", NULL},
        {"the first of two", "a=1;a=2", "a", "1"},
    };
    SdpSlice value;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool found = sdp_fmtp_parameter(slice_of(rows[i].fmtp), rows[i].parameter, &value);
        assert_row(found == (rows[i].value != NULL), rows[i].name, "%d", found);
        if (found)
            assert_slice(value, rows[i].value, rows[i].name);
    }
    assert_false(sdp_fmtp_parameter((SdpSlice){NULL, 0}, "a", &value));
}

static void knows_feedback(void **state)
{
    static const struct {
        const char *name, *lines, *what;
        bool listed;
    } rows[] = {
        {"listed", "a=rtcp-fb:96 nack\r\n", "nack", true},
        {"a parameter is another message", "a=rtcp-fb:96 nack pli\r\n", "nack", false},
        {"with its parameter", "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n", "nack pli", true},
        {"for all", "a=rtcp-fb:* transport-cc\r\n", "transport-cc", true},
        {"for another", "a=rtcp-fb:97 nack\r\n", "nack", false},
        {"a space at the end", "a=rtcp-fb:96 nack \r\n", "nack", true},
        {"nothing but the number", "a=rtcp-fb:96\r\n", "nack", false},
        {"nothing at all", "a=rtcp-fb:\r\na=rtcp-fb\r\n", "nack", false},
        {"no lines", "", "nack", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        SdpMedia media = media_of(rows[i].lines);
        bool listed = sdp_has_feedback(&media, 96, rows[i].what);
        assert_row(listed == rows[i].listed, rows[i].name, "%d", listed);
    }
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        uint32_t max;
        bool ok;
        uint32_t number;
    } rows[] = {{"0", 127, true, 0},
                {"127", 127, true, 127},
                {"128", 127, false, 0},
                {"0127", 127, true, 127},
                {"", 127, false, 0},
                {"-1", 127, false, 0},
                {"+1", 127, false, 0},
                {" 1", 127, false, 0},
                {"1x", 127, false, 0},
                {"0x1", 127, false, 0},
                {"4294967295", UINT32_MAX, true, UINT32_MAX},
                {"4294967296", UINT32_MAX, false, 0},
                {"9999999999", UINT32_MAX, false, 0},
                {"18446744073709551616", UINT32_MAX, false, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t number = 77;
        bool ok = sdp_number(slice_of(rows[i].text), rows[i].max, &number);
        assert_row(ok == rows[i].ok, rows[i].text, "%d", ok);
        if (ok)
            assert_row(number == rows[i].number, rows[i].text, "%u", number);
    }
}

static void compares_slices(void **state)
{
    (void)state;
    assert_true(sdp_equals(slice_of("H264"), "H264"));
    assert_false(sdp_equals(slice_of("h264"), "H264"));
    assert_false(sdp_equals(slice_of("H26"), "H264"));
    assert_false(sdp_equals(slice_of("H264x"), "H264"));
    assert_true(sdp_equals((SdpSlice){"H264x", 4}, "H264"));
    assert_true(sdp_equals(slice_of(""), ""));
    assert_true(sdp_equals_nocase(slice_of("h264"), "H264"));
    assert_false(sdp_equals_nocase(slice_of("h265"), "H264"));
    /* what is absent equals nothing, the empty text neither */
    assert_false(sdp_equals((SdpSlice){NULL, 0}, ""));
    assert_false(sdp_equals_nocase((SdpSlice){NULL, 0}, ""));
}

/* Asks everything that can be asked of a description. */
static void walk(const Sdp *sdp)
{
    for (size_t i = 0; i < sdp->media_count; i++) {
        const SdpMedia *media = &sdp->media[i];
        size_t at = 0;
        SdpSlice value;
        int pt;
        while ((pt = sdp_next_payload_type(media, &at)) >= 0) {
            SdpCodec codec;
            if (sdp_codec(media, pt, &codec))
                sdp_fmtp_parameter(codec.fmtp, "apt", &value);
            sdp_has_feedback(media, pt, "nack pli");
        }
        for (at = 0; sdp_next_attribute(media->lines, "extmap", &at, &value);)
            continue;
    }
}

static void never_reads_past_the_end(void **state)
{
    size_t whole;
    char *offer = fixture_read("offers/firefox-janus.sdp", &whole);

    (void)state;
    for (size_t len = 0; len <= whole; len++) {
        uint8_t *cut = guarded_copy(offer, len);
        Sdp sdp;
        if (!sdp_read((char *)cut, len, &sdp))
            walk(&sdp);
        guarded_free(cut, len);
    }
    free(offer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(refuses_with_a_sentence),
    cmocka_unit_test(refuses_a_nul_byte),
    cmocka_unit_test(holds_to_its_limits),
    cmocka_unit_test(reads_session_and_sections),
    cmocka_unit_test(has_no_address_if_none_is_named),
    cmocka_unit_test(finds_the_direction),
    cmocka_unit_test(walks_attributes),
    cmocka_unit_test(finds_the_first_attribute),
    cmocka_unit_test(walks_payload_types),
    cmocka_unit_test(knows_codecs),
    cmocka_unit_test(finds_parameters),
    cmocka_unit_test(knows_feedback),
    cmocka_unit_test(reads_numbers),
    cmocka_unit_test(compares_slices),
    cmocka_unit_test(never_reads_past_the_end),
};

TEST_GROUP(sdp_reader, tests);
