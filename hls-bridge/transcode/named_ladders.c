/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/named_ladders.h"

#include <stdio.h>
#include <string.h>

#include "base/stream_texts.h"

static const char *sentence_of(StreamTextProblem problem)
{
    switch (problem) {
    case STREAM_TEXT_NO_EQUALS:
        return "write it as \"shop = 480p:900k, 240p:250k; other = 360p:500k\"";
    case STREAM_TEXT_NO_NAME:
        return "before \"=\" stands a stream's name, or its beginning and a "
               "star: " STREAM_NAME_RULE;
    case STREAM_TEXT_LONG:
        return "a ladder is longer than 255 characters";
    default:
        return NULL;
    }
}

int named_ladders_check(const char *text, char *error)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    StreamTextProblem problem;
    StreamText entry;
    RungLadder ladder;

    *error = '\0';
    while (stream_texts_next(&text, &entry, &problem)) {
        const char *wrong = sentence_of(problem);
        if (!wrong && rung_ladder_read(entry.text, &ladder, why) == 0)
            continue;
        snprintf(error, NAMED_LADDERS_ERROR_SIZE, "%s%s%s", wrong ? "" : entry.stream,
                 wrong ? "" : ": ", wrong ? wrong : why);
        return -1;
    }
    return 0;
}

bool named_ladders_find(const char *text, const char *stream, RungLadder *ladder)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    StreamText entry;

    return stream_texts_find(text, stream, &entry) &&
           rung_ladder_read(entry.text, ladder, why) == 0;
}

bool named_ladders_have_rungs(const char *text)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    StreamTextProblem problem;
    StreamText entry;
    RungLadder ladder;

    while (stream_texts_next(&text, &entry, &problem))
        if (rung_ladder_read(entry.text, &ladder, why) == 0 && ladder.count > 0)
            return true;
    return false;
}
