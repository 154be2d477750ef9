/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/serve/ll_hub.h"
#include "hls-bridge/package/ll_playlist.h"

#define TEXT_SIZE 4096

static LlHub *hub;
static LlBoard *board;

static void open_hub(void)
{
    const LlNews news = {{7, 10, 3, 15, false}, 77, 0, "text", "delta", 4, 5};

    hub = ll_hub_create(NULL);
    board = ll_hub_join(hub, "shop", 6000000, 200000);
    REQUIRE(board && ll_board_add(board, "video") == 0 && ll_board_add(board, "video-low") == 1);
    REQUIRE(ll_board_keep(board, 0, 8, 2, "part", 4) == 0);
    REQUIRE(ll_board_publish(board, 0, &news) == 0 && ll_board_publish(board, 1, &news) == 0);
}

static void on_event(void *user)
{
    (void)user;
}

/* The names that are parsed are those that are written. */
static void check_names(const char *file)
{
    char list[LL_LIST_NAME_SIZE], again[LL_LIST_NAME_SIZE + 64];
    LlPartName part;

    if (ll_names_list(file, list)) {
        snprintf(again, sizeof(again), "%s.m3u8", list);
        REQUIRE(strcmp(again, file) == 0);
    }
    if (ll_names_part(file, &part)) {
        REQUIRE(part.epoch >= 0 && part.msn >= 0 && part.part >= 0);
        REQUIRE(strncmp(file, part.list, strlen(part.list)) == 0);
        REQUIRE(file[strlen(part.list)] == '-');
        snprintf(again, sizeof(again), "%s.m3u8", part.list);
        REQUIRE(ll_names_list(again, list) && strcmp(list, part.list) == 0);
    }
}

/* A request for the part that a viewer calls `name`. */
static void ask_for_part(const char *name)
{
    LlTicket ticket = {.pause = on_event, .wake = on_event};
    LlText *bytes = NULL;
    LlAnswer answer = ll_hub_part(hub, "shop", name, 1, &ticket, &bytes);

    REQUIRE(answer == LL_ANSWER_READY || answer == LL_ANSWER_HELD ||
            answer == LL_ANSWER_NOT_FOUND || answer == LL_ANSWER_BAD);
    REQUIRE((answer == LL_ANSWER_READY) == (bytes != NULL));
    ll_text_release(bytes);
    ll_hub_forget(hub, &ticket);
    REQUIRE(ll_hub_stats(hub).held == 0);
}

/* The values of the three directives, a line each; an empty one is not there. */
static void ask_for_playlist(char *text)
{
    const char *value[3] = {NULL};
    LlDirectives directives;
    LlEdge edge = {7, 10, 3, 15, false};
    char *rest = text;

    for (int i = 0; i < 3 && rest; i++) {
        char *line = strsep(&rest, "\n");
        value[i] = *line ? line : NULL;
    }
    if (ll_directives_read(value[0], value[1], value[2], &directives))
        return;
    REQUIRE(directives.msn >= -1 && directives.part >= -1);
    REQUIRE(directives.part < 0 || directives.msn >= 0);
    LlVerdict verdict = ll_edge_verdict(&edge, directives.msn, directives.part);
    REQUIRE(verdict == LL_READY || verdict == LL_WAIT || verdict == LL_BAD);
}

/* The input is what a viewer asks for, or what an earlier run has left on the disk. */
static int try_input(const uint8_t *data, size_t size)
{
    char text[TEXT_SIZE];
    int64_t msn, sequence;

    if (!hub)
        open_hub();
    if (size >= TEXT_SIZE)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (ll_playlist_resume(text, &msn, &sequence) == 0)
        REQUIRE(msn >= 0 && sequence >= 0);
    check_names(text);
    ask_for_part(text);
    ask_for_playlist(text);
    return 0;
}

FUZZ_TARGET(low_latency, try_input);
