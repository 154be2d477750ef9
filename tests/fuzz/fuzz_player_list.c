/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "instruments/hls-viewers/player_list.h"

static void require_ordered(const PlayerItem *items, size_t count, PlayerPlace end)
{
    for (size_t i = 0; i < count; i++) {
        REQUIRE(items[i].uri);
        REQUIRE(player_place_compare(items[i].at, end) < 0);
        REQUIRE(i == 0 || player_place_compare(items[i - 1].at, items[i].at) < 0);
    }
}

static int try_input(const uint8_t *data, size_t size)
{
    const char *wrong = NULL;
    PlayerList *list = player_list_read((const char *)data, size, &wrong);

    if (!list) {
        REQUIRE(wrong && *wrong);
        return 0;
    }
    REQUIRE(!wrong);
    REQUIRE(list->multivariant ? list->video != NULL : list->target_us > 0);
    require_ordered(list->segment, list->segments, list->end);
    require_ordered(list->part, list->parts, list->end);
    for (size_t i = 0; i < list->parts; i++)
        REQUIRE(player_list_part(list, list->part[i].at) == &list->part[i]);
    for (size_t i = 0; i < list->segments; i++)
        REQUIRE(player_list_segment(list, list->segment[i].at.msn) == &list->segment[i]);
    REQUIRE(!player_list_part(list, list->end) && !player_list_segment(list, list->end.msn));
    player_list_destroy(&list);
    return 0;
}

FUZZ_TARGET(player_list, try_input);
