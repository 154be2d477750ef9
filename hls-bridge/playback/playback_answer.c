/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playback/playback_answer.h"

void playback_answer_read(long status, const char *body, size_t len, PlaybackAnswer *out)
{
    static const PlaybackVerdict verdicts[] = {[ADMISSION_ALLOWS] = PLAYBACK_ALLOWS,
                                               [ADMISSION_DENIES] = PLAYBACK_DENIES,
                                               [ADMISSION_UNUSABLE] = PLAYBACK_UNUSABLE};
    json_t *fields;

    *out = (PlaybackAnswer){0};
    out->verdict = verdicts[admission_answer_read(status, body, len, &fields, out->reason)];
    const char *wrong = admission_answer_end(fields, &out->end);
    json_decref(fields);
    if (wrong)
        *out = playback_answer_without(PLAYBACK_UNUSABLE, wrong);
}

PlaybackAnswer playback_answer_without(PlaybackVerdict verdict, const char *reason)
{
    PlaybackAnswer answer = {.verdict = verdict};

    admission_copy_sentence(answer.reason, sizeof(answer.reason), reason);
    return answer;
}
