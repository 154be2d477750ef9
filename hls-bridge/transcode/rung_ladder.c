/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/rung_ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/media.h"

#define ENTRY_SIZE 48 /* bytes; a longer one is cut in an error */

#define EXAMPLE "\"720p:2500k, 480p:900k, 240p:250k, audio:48k\""

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits from `*text` on, as many as `most` of them. Returns -1 if there is none, or more. */
static int64_t read_number(const char **text, int most)
{
    int64_t n = 0;
    int digits = 0;

    for (; is_digit(**text) && digits <= most; (*text)++, digits++)
        n = n * 10 + (**text - '0');
    return digits == 0 || digits > most ? -1 : n;
}

/* Reads "900k", "2M" or "2.5M" from `*text` on. Returns bit/s, or -1. */
static int64_t read_rate(const char **text)
{
    int64_t n = read_number(text, 6), thousandths = 0, unit;

    if (n < 0)
        return -1;
    if (**text == '.') {
        int64_t weight = 100;

        for ((*text)++; is_digit(**text); (*text)++, weight /= 10)
            thousandths += (**text - '0') * weight;
    }
    if (**text == 'k')
        unit = 1000;
    else if (**text == 'M')
        unit = 1000000;
    else
        return -1;
    (*text)++;
    return n * unit + thousandths * unit / 1000;
}

/* What is wrong with a rung below those that are there; NULL: nothing. */
static const char *check_rung(const RungLadder *ladder, const Rung *r)
{
    const Rung *above = ladder->count > 0 ? &ladder->rung[ladder->count - 1] : NULL;

    if (r->side < RUNG_SIDE_MIN || r->side > RUNG_SIDE_MAX)
        return "a rung has 90p to 2160p";
    if (r->bitrate < RUNG_BITRATE_MIN || r->bitrate > RUNG_BITRATE_MAX)
        return "a rung has 50k to 50M bit/s";
    if (r->halved && r->side >= RUNG_HALVED_BELOW)
        return "only a rung below 240p may have every second picture alone: leave out the \"/2\"";
    if (above && r->side >= above->side)
        return "the rung before it is no larger: put the largest first, and each size once";
    if (above && r->bitrate >= above->bitrate)
        return "the rung before it has no higher rate: give it a lower one than that";
    if (ladder->count == RUNGS_MAX)
        return "there is room for six rungs: leave one out";
    return NULL;
}

/* Reads one entry without spaces around it. Returns NULL, or what is wrong. */
static const char *read_entry(const char *text, RungLadder *ladder)
{
    Rung r = {0};

    if (strncmp(text, "audio:", 6) == 0) {
        text += 6;
        int64_t rate = read_rate(&text);
        if (rate < RUNG_AUDIO_MIN || rate > RUNG_AUDIO_MAX || *text)
            return "write the sound as \"audio:48k\", of 24k to 128k bit/s";
        if (ladder->audio_bitrate)
            return "there is one second sound: leave out the other \"audio\"";
        ladder->audio_bitrate = rate;
        return NULL;
    }
    r.side = (int)read_number(&text, 4);
    if (r.side < 0 || *text != 'p' || text[1] != ':')
        return "write a rung as \"480p:900k\", the sound as \"audio:48k\", with commas between";
    text += 2;
    r.bitrate = read_rate(&text);
    if (r.bitrate < 0)
        return "the rate is a number with k or M behind it, as 900k or 2.5M";
    if (strcmp(text, "/2") == 0)
        r.halved = true;
    else if (*text)
        return "behind the rate may stand \"/2\", or a comma and the next rung";
    const char *wrong = check_rung(ladder, &r);
    if (!wrong)
        ladder->rung[ladder->count++] = r;
    return wrong;
}

/* An entry as an error shows it: nothing that would spoil a log. */
static void show(char shown[ENTRY_SIZE], const char *entry, size_t len)
{
    size_t n = len < ENTRY_SIZE - 1 ? len : ENTRY_SIZE - 1;

    for (size_t i = 0; i < n; i++)
        shown[i] = entry[i] >= ' ' && entry[i] <= '~' ? entry[i] : '?';
    shown[n] = '\0';
}

int rung_ladder_read(const char *text, RungLadder *ladder, char *error)
{
    char entry[ENTRY_SIZE], shown[ENTRY_SIZE];

    *ladder = (RungLadder){0};
    *error = '\0';
    text += strspn(text, " \t");
    if (!*text)
        return 0;
    for (;; text++) {
        text += strspn(text, " \t");
        size_t len = strcspn(text, ","), bare = len;
        while (bare > 0 && is_space(text[bare - 1]))
            bare--;
        show(shown, text, bare);
        snprintf(entry, sizeof(entry), "%.*s", (int)(bare < ENTRY_SIZE ? bare : 0), text);
        const char *wrong =
            bare == 0 ? "a rung is missing: take the comma out" : read_entry(entry, ladder);
        if (wrong) {
            snprintf(error, RUNG_LADDER_ERROR_SIZE, "\"%s\" in the ladder: %s", shown, wrong);
            break;
        }
        text += len;
        if (!*text)
            break;
    }
    if (!*error && ladder->count == 0)
        snprintf(error, RUNG_LADDER_ERROR_SIZE,
                 "the ladder has no rung of pictures: write one, as " EXAMPLE);
    if (!*error)
        return 0;
    *ladder = (RungLadder){0};
    return -1;
}

int rung_ladder_read_pictures(const char *text, RungLadder *ladder, char *error)
{
    if (rung_ladder_read(text, ladder, error) < 0)
        return -1;
    if (ladder->audio_bitrate == 0)
        return 0;
    *ladder = (RungLadder){0};
    snprintf(error, RUNG_LADDER_ERROR_SIZE,
             "a second sound is for transcode.ladder or transcode.ladders: leave out \"audio\"");
    return -1;
}

/* ---- sizes ---- */

/* The source itself, cut to even sides: an encoder of 4:2:0 can do no other. */
static RungSize whole(int width, int height)
{
    return (RungSize){width < 2 ? 2 : width & ~1, height < 2 ? 2 : height & ~1};
}

static RungSize size_of(int side, int width, int height)
{
    int shorter = width < height ? width : height;
    RungSize own = whole(width, height);
    RungSize size = {nearest_even((int64_t)width * side, shorter),
                     nearest_even((int64_t)height * side, shorter)};

    if (side == shorter || size.width > own.width || size.height > own.height)
        return own;
    return size;
}

size_t rung_ladder_sizes(const RungLadder *ladder, int width, int height, RungSize *size)
{
    int shorter = width < height ? width : height;
    size_t made = 0;

    memset(size, 0, RUNGS_MAX * sizeof(*size));
    if (width <= 0 || height <= 0 || width > RUNG_SOURCE_SIDE_MAX || height > RUNG_SOURCE_SIDE_MAX)
        return 0;
    for (size_t i = 0; i < ladder->count; i++) {
        if (ladder->rung[i].side > shorter)
            continue;
        size[i] = size_of(ladder->rung[i].side, width, height);
        made++;
    }
    if (made == 0 && ladder->count > 0) {
        size[ladder->count - 1] = whole(width, height);
        made = 1;
    }
    return made;
}

size_t rung_ladder_all_sizes(const RungLadder *ladder, int width, int height, RungSize *size)
{
    size_t made = rung_ladder_sizes(ladder, width, height, size);

    for (size_t i = 0; made > 0 && i < ladder->count; i++)
        if (size[i].width == 0)
            size[i] = whole(width, height);
    return made > 0 ? ladder->count : 0;
}

int64_t rung_ladder_bitrate(const Rung *rung, const RungSize *size)
{
    int64_t shorter = size->width < size->height ? size->width : size->height, side = rung->side;
    int64_t rate =
        shorter < side ? rung->bitrate * shorter * shorter / (side * side) : rung->bitrate;

    return rate < RUNG_BITRATE_MIN ? RUNG_BITRATE_MIN : rate;
}
