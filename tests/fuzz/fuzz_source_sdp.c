/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/ingest/source_sdp.h"

static int try_input(const uint8_t *data, size_t size)
{
    static const uint16_t ports[STREAM_TRACKS_MAX] = {5004, 5006, 5008, 5010, 5012,
                                                      5014, 5016, 5018, 5020};
    static SourceSdp sdp, back;
    static char answer[SOURCE_ANSWER_SIZE];

    const char *wrong = source_sdp_read((const char *)data, size, &sdp);
    if (wrong) {
        REQUIRE(*wrong);
        return 0;
    }
    REQUIRE(sdp.count > 0 && sdp.count <= STREAM_TRACKS_MAX && sdp.sections <= SDP_MAX_MEDIA);
    for (size_t i = 0; i < sdp.count; i++) {
        REQUIRE(sdp.track[i].section < sdp.sections);
        REQUIRE(strlen(sdp.track[i].name) < RENDITION_NAME_SIZE);
        REQUIRE(sdp.track[i].kind == TRACK_VIDEO || i == 0);
        for (size_t k = 0; k < i; k++)
            REQUIRE(sdp.track[k].kind != sdp.track[i].kind ||
                    strcmp(sdp.track[k].name, sdp.track[i].name) != 0);
        REQUIRE(sdp.track[i].parameter_sets <= SOURCE_PARAMETER_SETS_MAX);
        for (size_t k = 0; k < sdp.track[i].parameter_sets; k++)
            REQUIRE(sdp.track[i].parameter_set[k].len <= SOURCE_PARAMETER_SET_BYTES &&
                    (size_t)sdp.track[i].parameter_set[k].at + sdp.track[i].parameter_set[k].len <=
                        sdp.sets_len);
    }
    size_t len = source_sdp_answer(&sdp, "127.0.0.1", ports, answer);
    REQUIRE(len == strlen(answer) && len < SOURCE_ANSWER_SIZE);
    REQUIRE(!source_sdp_read(answer, len, &back) && back.count == sdp.count);
    return 0;
}

FUZZ_TARGET(source_sdp, try_input);
