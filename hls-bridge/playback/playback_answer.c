/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playback/playback_answer.h"

void playback_answer_read(long status, const char *body, size_t len, PlaybackAnswer *out)
{
    json_t *fields;

    *out = (PlaybackAnswer){0};
    out->verdict = admission_answer_read(status, body, len, &fields, out->reason);
    const char *wrong = admission_answer_end(fields, &out->end);
    json_decref(fields);
    if (wrong)
        *out = playback_answer_without(ADMISSION_UNUSABLE, wrong);
}

PlaybackAnswer playback_answer_without(AdmissionVerdict verdict, const char *reason)
{
    PlaybackAnswer answer = {.verdict = verdict};

    admission_copy_sentence(answer.reason, sizeof(answer.reason), reason);
    return answer;
}
