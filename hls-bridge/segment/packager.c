/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/packager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"

#define CONFIG_MAX 64 /* bytes of an AudioSpecificConfig; AAC-LC takes 5 at the most */

struct Packager {
    OutputBound bound;
    const char *stream;
    int64_t audio_bitrate;
    SegmentStore *store;
    OpusToAac *audio; /* NULL while it rests */
    uint8_t aac_config[CONFIG_MAX];
    size_t aac_config_len;
    CmafOutput *cmaf; /* NULL: no low-latency HLS */
    HlsOutput *output;
    Thumbnail *thumbnail;
};

/* Every encoder of a stream has the same configuration, so the outputs keep a copy of the first. */
static int open_audio(Packager *p)
{
    OpusToAacParams audio = {.bitrate = p->audio_bitrate};
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

static int open_cmaf(Packager *p, const PackagerParams *params, int64_t now_us)
{
    CmafOutputParams cmaf = {
        .stream = params->stream,
        .directory = params->directory,
        .hub = params->ll_hub,
        .numbers = segment_store_numbers(p->store),
        .part_us = params->ll_part_us,
        .target_duration_s = packager_playlist(p)->target_duration_s,
        .window = params->window,
        .dash = params->ll_dash,
        .bound = &p->bound,
        .clock = params->clock,
        .aac_config = p->aac_config,
        .aac_config_len = p->aac_config_len,
    };

    p->cmaf = cmaf_output_open(&cmaf, now_us);
    return p->cmaf ? 0 : -1;
}

static int open_output(Packager *p, const PackagerParams *params)
{
    HlsOutputParams output = {
        .stream = params->stream,
        .store = p->store,
        .writes_ts = params->writes_ts,
        .cmaf = p->cmaf,
        .segment_us = params->segment_us,
        .bound = &p->bound,
        .clock = params->clock,
        .aac_config = p->aac_config,
        .aac_config_len = p->aac_config_len,
    };

    p->output = hls_output_create(&output);
    return p->output ? 0 : -1;
}

static int open_thumbnail(Packager *p, const PackagerParams *params)
{
    p->thumbnail = thumbnail_open(params->thumbnailer, params->directory, params->stream,
                                  params->thumbnail_us, params->clock);
    return p->thumbnail ? 0 : -1;
}

Packager *packager_open(const PackagerParams *params, int64_t now_us)
{
    SegmentStoreParams store = {
        .directory = params->directory,
        .stream = params->stream,
        .window = params->window,
        .target_duration_s = (params->segment_us + US_PER_S - 1) / US_PER_S,
        .durable = params->durable,
        .clock = params->clock,
    };
    Packager *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->bound = output_bound(&params->bound);
    store.bound = &p->bound;
    p->stream = params->stream;
    p->audio_bitrate = params->audio_bitrate;
    p->store = segment_store_open(&store, now_us);
    if (p->store && open_audio(p) == 0 && (!params->ll_hub || open_cmaf(p, params, now_us) == 0) &&
        open_output(p, params) == 0 && open_thumbnail(p, params) == 0)
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
    thumbnail_close(&p->thumbnail);
    hls_output_destroy(&p->output);
    cmaf_output_close(&p->cmaf);
    opus_to_aac_destroy(&p->audio);
    segment_store_close(&p->store);
    free(p);
    *packager = NULL;
}

OpusToAac *packager_audio(const Packager *p)
{
    return p->audio;
}

HlsOutput *packager_output(const Packager *p)
{
    return p->output;
}

Thumbnail *packager_thumbnail(const Packager *p)
{
    return p->thumbnail;
}

const Playlist *packager_playlist(const Packager *p)
{
    return segment_store_playlist(p->store);
}

bool packager_is_empty(const Packager *p)
{
    return playlist_next_sequence(packager_playlist(p)) == 0 &&
           (!p->cmaf || cmaf_output_is_empty(p->cmaf));
}

Listing packager_listing(const Packager *p)
{
    Listing classic = playlist_listing(packager_playlist(p));
    Listing cmaf = p->cmaf ? cmaf_output_listing(p->cmaf) : LISTING_NONE;

    return classic > cmaf ? classic : cmaf;
}

int packager_end(Packager *p)
{
    int error = segment_store_end(p->store) < 0 ? errno : 0;

    /* one that refuses does not keep the others from their end */
    if (p->cmaf && cmaf_output_end(p->cmaf) < 0)
        error = errno;
    if (!error)
        segment_store_settle(
            p->store); /* nobody waits for it: who publishes next is a while away */
    errno = error;
    return error ? -1 : 0;
}

int packager_clear(Packager *p)
{
    int error = segment_store_clear(p->store) < 0 ? errno : 0;

    if (p->cmaf && cmaf_output_clear(p->cmaf) < 0)
        error = errno;
    errno = error;
    if (error)
        return -1;
    thumbnail_remove(p->thumbnail);
    return 0;
}

void packager_discard(Packager *p)
{
    segment_store_discard(p->store);
}

int64_t packager_expire(Packager *p, int64_t now_us, int64_t files_us)
{
    int64_t file_us = segment_store_expire(p->store, files_us);
    int64_t cmaf_us = p->cmaf ? cmaf_output_expire(p->cmaf, now_us, files_us) : NEVER_US;

    file_us = file_us == NEVER_US ? NEVER_US : file_us + now_us - files_us;
    return smaller(cmaf_us, file_us);
}
