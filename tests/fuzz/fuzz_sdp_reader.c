/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "sdp_reader.h"

static const char *begin, *end;

/* A slice points into the text, or nowhere. */
static void check_slice(SdpSlice slice)
{
    if (!slice.at)
        REQUIRE(slice.len == 0);
    else
        REQUIRE(slice.at >= begin && slice.at <= end && slice.len <= (size_t)(end - slice.at));
}

static void walk_attributes(SdpSlice lines)
{
    static const char *const names[] = {"rtpmap", "fmtp", "rtcp-fb", "rtcp", "rtcp-mux",
                                        "extmap", "mid",  "a",       ""};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t at = 0, last = 0;
        SdpSlice value;
        while (sdp_next_attribute(lines, names[i], &at, &value)) {
            REQUIRE(at > last && at <= lines.len);
            check_slice(value);
            last = at;
        }
    }
}

static void check_codec(const SdpMedia *media, int pt)
{
    static const char *const parameters[] = {"packetization-mode", "profile-level-id", "apt", ""};
    SdpCodec codec;
    SdpSlice value;

    REQUIRE(pt >= 0 && pt <= SDP_MAX_PAYLOAD_TYPE);
    sdp_has_feedback(media, pt, "nack");
    sdp_has_feedback(media, pt, "nack pli");
    if (!sdp_codec(media, pt, &codec))
        return;
    REQUIRE(codec.payload_type == pt);
    check_slice(codec.name);
    check_slice(codec.fmtp);
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (sdp_fmtp_parameter(codec.fmtp, parameters[i], &value))
            check_slice(value);
}

static void walk_section(const SdpMedia *media)
{
    size_t at = 0;
    int pt;

    check_slice(media->kind_name);
    check_slice(media->proto);
    check_slice(media->formats);
    check_slice(media->connection);
    check_slice(media->lines);
    walk_attributes(media->lines);
    for (int n = 0; n < 256 && (pt = sdp_next_payload_type(media, &at)) >= 0; n++)
        check_codec(media, pt);
}

static int try_input(const uint8_t *data, size_t size)
{
    Sdp sdp;

    begin = (const char *)data;
    end = begin + size;
    if (sdp_read(begin, size, &sdp))
        return 0;
    REQUIRE(sdp.media_count <= SDP_MAX_MEDIA);
    check_slice(sdp.origin);
    check_slice(sdp.session_name);
    check_slice(sdp.lines);
    walk_attributes(sdp.lines);
    for (size_t i = 0; i < sdp.media_count; i++)
        walk_section(&sdp.media[i]);
    return 0;
}

FUZZ_TARGET(sdp_reader, try_input);
