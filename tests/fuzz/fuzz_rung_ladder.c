/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "hls-bridge/transcode/named_ladders.h"

/* Whatever a rung is, it is not larger than its source by more than a pixel of a tiny one. */
static void check_sizes(const RungLadder *l, int width, int height, bool all)
{
    RungSize size[RUNGS_MAX];
    size_t made = all ? rung_ladder_all_sizes(l, width, height, size)
                      : rung_ladder_sizes(l, width, height, size);
    size_t there = 0;
    int last = INT32_MAX;

    for (size_t i = 0; i < RUNGS_MAX; i++) {
        RungSize s = size[i];
        if (s.width == 0)
            continue;
        there++;
        REQUIRE(i < l->count && s.width >= 2 && s.height >= 2);
        REQUIRE(s.width % 2 == 0 && s.height % 2 == 0);
        REQUIRE((s.width <= width || width < 2) && (s.height <= height || height < 2));
        int64_t rate = rung_ladder_bitrate(&l->rung[i], &s);
        REQUIRE(rate >= RUNG_BITRATE_MIN && rate <= l->rung[i].bitrate);
        REQUIRE(s.height <= last);
        last = s.height;
    }
    REQUIRE(made == there);
    REQUIRE(!all || made == 0 || made == l->count);
}

/* The input is a source's size, four bytes, and the text of a ladder. */
static int try_input(const uint8_t *data, size_t size)
{
    char text[512], error[RUNG_LADDER_ERROR_SIZE];
    RungLadder l;

    if (size < 4 || size - 4 >= sizeof(text))
        return 0;
    memcpy(text, data + 4, size - 4);
    text[size - 4] = '\0';
    int status = rung_ladder_read(text, &l, error);
    REQUIRE(memchr(error, '\0', sizeof(error)));
    REQUIRE((status == 0) == (*error == '\0'));
    REQUIRE(l.count <= RUNGS_MAX && (status == 0 || l.count == 0));
    for (size_t i = 0; i < l.count; i++) {
        REQUIRE(l.rung[i].side >= RUNG_SIDE_MIN && l.rung[i].side <= RUNG_SIDE_MAX);
        REQUIRE(l.rung[i].bitrate >= RUNG_BITRATE_MIN && l.rung[i].bitrate <= RUNG_BITRATE_MAX);
    }
    char why[NAMED_LADDERS_ERROR_SIZE];
    if (named_ladders_check(text, why) == 0)
        named_ladders_find(text, "shop", &l);
    REQUIRE(memchr(why, '\0', sizeof(why)));
    check_sizes(&l, data[0] << 8 | data[1], data[2] << 8 | data[3], false);
    check_sizes(&l, data[0] << 8 | data[1], data[2] << 8 | data[3], true);
    return 0;
}

FUZZ_TARGET(rung_ladder, try_input);
