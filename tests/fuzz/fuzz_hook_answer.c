/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "janus-plugin/hook/hook_answer.h"

static void check_permit(const Permit *permit)
{
    REQUIRE(stream_name_valid(permit->name));
    REQUIRE(strlen(permit->title) <= REQUEST_TITLE_MAX);
    REQUIRE(permit->bitrate >= REQUEST_BITRATE_MIN && permit->bitrate <= REQUEST_BITRATE_MAX);
    REQUIRE(permit->codecs.count <= CODECS_MAX);
    REQUIRE(permit->access >= ACCESS_PUBLIC && permit->access <= ACCESS_PROTECTED);
    REQUIRE(permit->end > 0 && permit->end <= 1000);
}

/* Statuses of each kind; the first byte of the input picks one. */
static const long statuses[] = {200, 204, 301, 403};

static int try_input(const uint8_t *data, size_t size)
{
    Permit permit = {.name = "before", .bitrate = REQUEST_BITRATE_MAX, .end = 1000};
    HookAnswer answer;

    if (size == 0)
        return 0;
    long status = statuses[data[0] % 4];
    hook_answer_read(status, (const char *)data + 1, size - 1, &answer);
    REQUIRE(answer.verdict <= ADMISSION_UNUSABLE);
    REQUIRE(answer.verdict != ADMISSION_ALLOWS || (status <= 299 && !answer.reason[0]));
    REQUIRE(answer.verdict != ADMISSION_UNUSABLE || answer.reason[0]);
    REQUIRE(strlen(answer.reason) < sizeof(answer.reason));
    REQUIRE(!strpbrk(answer.reason, "\r\n\t"));
    if (answer.verdict == ADMISSION_ALLOWS)
        hook_answer_apply(&answer, &permit);
    check_permit(&permit);
    return 0;
}

FUZZ_TARGET(hook_answer, try_input);
