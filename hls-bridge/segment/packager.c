/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/packager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "package/cmaf_dash.h"
#include "package/cmaf_output.h"
#include "package/null_output.h"
#include "package/thumbnail.h"
#include "package/ts_output.h"

#define CONFIG_MAX 64 /* bytes of an AudioSpecificConfig; AAC-LC takes 5 at the most */

/* All outputs that there are. One that stands on another comes after it. */
static const OutputOpen output_opens[] = {
    ts_output_open, cmaf_output_open, cmaf_dash_open, thumbnail_output_open, null_output_open,
};

_Static_assert(sizeof(output_opens) / sizeof(output_opens[0]) <= OUTPUTS_MAX, "all may be open");

struct Packager {
    OutputBound bound;
    const char *stream;
    int64_t audio_bitrate, low_bitrate;
    bool opus; /* outputs take it */
    OutputFiles files;
    OpusToAac *audio; /* NULL while it rests */
    uint8_t aac_config[CONFIG_MAX];
    size_t aac_config_len;
    TsOutput *ts; /* one of the outputs; NULL: it is switched off */
    Outputs outputs;
    Segmenter *segmenter;
};

/* Every encoder of a stream has the same configuration, so the outputs keep the first. */
static int open_audio(Packager *p)
{
    OpusToAacParams audio = {.bitrate = p->audio_bitrate, .low_bitrate = p->low_bitrate};
    const char *error = "the AAC encoder has too long a configuration";
    size_t len = 0;

    p->audio = opus_to_aac_create(&audio, &error);
    const uint8_t *config = p->audio ? opus_to_aac_config(p->audio, &len) : NULL;
    if (config && len <= CONFIG_MAX) {
        memcpy(p->aac_config, config, len);
        p->aac_config_len = len;
        return 0;
    }
    log_error("%s: %s", p->stream, error);
    opus_to_aac_destroy(&p->audio);
    errno = ENOMEM;
    return -1;
}

void packager_rest(Packager *p)
{
    opus_to_aac_destroy(&p->audio);
}

int packager_wake(Packager *p)
{
    return p->audio ? 0 : open_audio(p);
}

/* Opens all outputs that are not switched off. Returns 0, or -1 with errno. */
static int open_outputs(Packager *p, const PackagerParams *params, int64_t now_us,
                        int64_t *target_duration_s)
{
    OutputSettings settings = params->outputs;
    OutputParams output = {
        .stream = params->stream,
        .settings = &settings,
        .clock = params->clock,
        .bound = &p->bound,
        .aac_config = p->aac_config,
        .aac_config_len = p->aac_config_len,
        .files = &p->files,
        .target_duration_s = (params->outputs.segment_us + US_PER_S - 1) / US_PER_S,
    };

    settings.low_sound = params->low_bitrate > 0;
    for (size_t i = 0; i < sizeof(output_opens) / sizeof(output_opens[0]); i++) {
        int status = output_opens[i](&output, now_us, &p->outputs.item[p->outputs.count]);
        if (status < 0)
            return -1;
        p->outputs.count += status == 0;
    }
    p->ts = output.ts;
    *target_duration_s = output.target_duration_s;
    return 0;
}

Packager *packager_open(const PackagerParams *params, int64_t now_us)
{
    Packager *p = calloc(1, sizeof(*p));
    SegmenterParams segmenter = {.stream = params->stream,
                                 .segment_us = params->outputs.segment_us};

    if (!p)
        return NULL;
    p->bound = output_bound(&params->bound);
    p->stream = params->stream;
    p->audio_bitrate = params->audio_bitrate;
    p->low_bitrate = params->low_bitrate;
    p->opus = params->outputs.opus && params->outputs.ll_hub;
    segmenter.outputs = &p->outputs;
    segmenter.bound = &p->bound;
    const OutputFilesParams files = {params->directory, params->stream, &p->bound,
                                     params->outputs.encryption, params->clock};
    if (output_files_open(&p->files, &files) == 0 && open_audio(p) == 0 &&
        open_outputs(p, params, now_us, &segmenter.target_duration_s) == 0 &&
        (p->segmenter = segmenter_create(&segmenter)))
        return p;
    int error = errno;
    packager_close(&p);
    errno = error;
    return NULL;
}

void packager_close(Packager **packager)
{
    Packager *p = *packager;

    if (!p)
        return;
    segmenter_destroy(&p->segmenter);
    outputs_close(&p->outputs);
    opus_to_aac_destroy(&p->audio);
    output_files_close(&p->files);
    free(p);
    *packager = NULL;
}

void packager_choose_sound(Packager *p, const Renditions *sent)
{
    const Renditions known = outputs_renditions(&p->outputs);
    bool several = renditions_are_ladder(sent) ||
                   (renditions_have(sent, TRACK_AUDIO) && renditions_have(sent, TRACK_VIDEO) &&
                    renditions_count(&known, TRACK_VIDEO) > 1);

    if (opus_to_aac_with_low(p->audio, several) < 0)
        log_error("%s: there is no memory for a second AAC encoder; the smallest size has no sound",
                  p->stream);
    if (opus_to_aac_with_opus(p->audio, p->opus && renditions_have(sent, TRACK_AUDIO)) < 0)
        log_error("%s: there is no memory to copy Opus", p->stream);
}

OpusToAac *packager_audio(const Packager *p)
{
    return p->audio;
}

Segmenter *packager_segmenter(const Packager *p)
{
    return p->segmenter;
}

OutputStats packager_stats(const Packager *p)
{
    OutputStats stats = outputs_stats(&p->outputs);

    histogram_merge(&stats.writes, output_files_writes(&p->files));
    return stats;
}

const Playlist *packager_playlist(const Packager *p)
{
    return p->ts ? ts_output_playlist(p->ts) : NULL;
}

bool packager_takes(const Packager *p, Codec codec)
{
    return outputs_take(&p->outputs, codec);
}

bool packager_is_empty(const Packager *p)
{
    return outputs_are_empty(&p->outputs);
}

Listing packager_listing(const Packager *p)
{
    return outputs_listing(&p->outputs);
}

int packager_end(Packager *p)
{
    if (outputs_end(&p->outputs) < 0)
        return -1;
    output_files_settle(&p->files); /* nobody waits for it: the next publisher is a while away */
    return 0;
}

int packager_clear(Packager *p)
{
    return outputs_clear(&p->outputs);
}

int packager_protect(Packager *p, bool on)
{
    return output_files_protect(&p->files, on);
}

bool packager_is_protected(const Packager *p)
{
    return p->files.protected;
}

void packager_discard(Packager *p)
{
    output_files_discard(&p->files);
}

int64_t packager_expire(Packager *p, int64_t now_us, int64_t files_us)
{
    int64_t output_us = outputs_expire(&p->outputs, now_us);
    int64_t file_us = output_files_expire(&p->files, files_us);

    return smaller(output_us, file_us == NEVER_US ? NEVER_US : file_us + now_us - files_us);
}
