/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/playback/playback_answer.h"
#include "hls-bridge/playback/playback_ask.h"

/* Statuses of each kind; the first byte of the input picks one. */
static const long statuses[] = {200, 204, 301, 403};

static void try_answer(long status, const uint8_t *data, size_t size)
{
    PlaybackAnswer answer;

    playback_answer_read(status, (const char *)data, size, &answer);
    REQUIRE(answer.verdict <= ADMISSION_UNUSABLE);
    REQUIRE(answer.verdict != ADMISSION_ALLOWS || (status <= 299 && !answer.reason[0]));
    REQUIRE(answer.verdict == ADMISSION_ALLOWS || answer.end == 0);
    REQUIRE(answer.end >= 0 && answer.end <= ADMISSION_TIME_MAX);
    REQUIRE(answer.verdict != ADMISSION_UNUSABLE || answer.reason[0]);
    REQUIRE(strlen(answer.reason) < sizeof(answer.reason));
    REQUIRE(!strpbrk(answer.reason, "\r\n\t"));
}

static void try_ask(const char *path)
{
    PlaybackAsk ask, again;

    if (!playback_ask_read(path, &ask))
        return;
    REQUIRE(stream_name_valid(ask.stream));
    REQUIRE(strlen(ask.address) < sizeof(ask.address) && strlen(ask.claims) < sizeof(ask.claims));
    char *body = playback_ask_question(&ask, 0);
    REQUIRE(body && strstr(body, "\"type\":\"playback\""));
    free(body);
    REQUIRE(playback_ask_read(path, &again));
    REQUIRE(memcmp(ask.session, again.session, sizeof(ask.session)) == 0);
}

/* The input is a byte, which picks a status, and what is a path as well as an answer. */
static int try_input(const uint8_t *data, size_t size)
{
    char path[2048];

    if (size == 0)
        return 0;
    try_answer(statuses[data[0] % 4], data + 1, size - 1);
    if (size > sizeof(path))
        return 0;
    memcpy(path, data + 1, size - 1);
    path[size - 1] = '\0';
    try_ask(path);
    return 0;
}

FUZZ_TARGET(playback, try_input);
