/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory_parts.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <stdlib.h>
#include <string.h>

#include "hls-bridge/codec/aac_encoder.h"
#include "hls-bridge/base/bridge_log.h"
#include "hls-bridge/store/media_folder.h"

#define NAMES 8192 /* a power of two: more than the bounds let a test make */

MemoryFiles memory_files;

static uint64_t names[NAMES]; /* of what was written, as hashes; 0: none */

void memory_files_reset(void)
{
    memory_files = (MemoryFiles){0};
    memset(names, 0, sizeof(names));
}

/* ---- media_folder ---- */

struct MediaFolder {
    OutputBound *bound;
    Histogram writes;
};

/* Where the name's hash is, or where it would be. */
static uint64_t *place_of(const char *name, uint64_t *hash)
{
    size_t at, tries = 0;

    *hash = 14695981039346656037u; /* FNV-1a */
    while (*name)
        *hash = (*hash ^ (uint8_t)*name++) * 1099511628211u;
    for (at = *hash % NAMES; names[at] && names[at] != *hash && tries < NAMES; tries++)
        at = (at + 1) % NAMES;
    return &names[at];
}

MediaFolder *media_folder_open(const char *directory, const char *stream, const Clock *clock)
{
    MediaFolder *f = calloc(1, sizeof(*f));

    (void)directory;
    (void)stream;
    (void)clock;
    if (f)
        f->writes.bounds = &histogram_of_writes;
    return f;
}

void media_folder_close(MediaFolder **folder)
{
    free(*folder);
    *folder = NULL;
}

void media_folder_discard(MediaFolder *f)
{
    (void)f;
}

void media_folder_limit(MediaFolder *f, OutputBound *bound)
{
    f->bound = bound;
}

/* Returns whether the name was noted before. */
static bool note_name(const char *name)
{
    uint64_t hash, *place = place_of(name, &hash);
    bool before = *place == hash;

    *place = hash;
    return before;
}

int media_folder_write(MediaFolder *f, const char *name, const void *data, size_t len)
{
    (void)f;
    (void)data;
    (void)len;
    note_name(name);
    memory_files.lists++;
    return 0;
}

int media_folder_add(MediaFolder *f, const char *name, const void *data, size_t len)
{
    (void)data;
    if (f->bound && !output_bound_takes_file(f->bound)) {
        errno = EDQUOT;
        return -1;
    }
    memory_files.repeated += note_name(name);
    memory_files.files++;
    memory_files.bytes += len;
    return 0;
}

int media_folder_write_through(MediaFolder *f, const char *name, const void *data, size_t len)
{
    return media_folder_write(f, name, data, len);
}

int media_folder_add_through(MediaFolder *f, const char *name, const void *data, size_t len)
{
    return media_folder_add(f, name, data, len);
}

int media_folder_sync_names(MediaFolder *f)
{
    (void)f;
    return 0;
}

int media_folder_sync_all(MediaFolder *f)
{
    (void)f;
    return 0;
}

int media_folder_overwrite(MediaFolder *f, const char *name, size_t at, const void *data,
                           size_t len)
{
    (void)at;
    return media_folder_write(f, name, data, len);
}

int64_t media_folder_size(const MediaFolder *f, const char *name)
{
    (void)f;
    (void)name;
    return -1;
}

const Histogram *media_folder_writes(const MediaFolder *f)
{
    return &f->writes;
}

ssize_t media_folder_read(const MediaFolder *f, const char *name, void *data, size_t size)
{
    (void)f;
    (void)name;
    (void)data;
    (void)size;
    errno = ENOENT;
    return -1;
}

bool media_folder_has(const MediaFolder *f, const char *name)
{
    uint64_t hash;

    (void)f;
    return *place_of(name, &hash) == hash;
}

void media_folder_remove(MediaFolder *f, const char *name)
{
    (void)f;
    (void)name;
}

void media_folder_remove_later(MediaFolder *f, const char *name, int64_t at_us)
{
    (void)f;
    (void)name;
    (void)at_us;
}

void media_folder_remove_all_later(MediaFolder *f, const char *suffix,
                                   bool (*wanted)(void *user, const char *name), void *user,
                                   int64_t at_us)
{
    (void)f;
    (void)suffix;
    (void)wanted;
    (void)user;
    (void)at_us;
}

int64_t media_folder_expire(MediaFolder *f, int64_t now_us)
{
    (void)f;
    (void)now_us;
    return NEVER_US;
}

/* ---- aac_encoder ---- */

static const uint8_t silence[] = {0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C};
static const uint8_t config[] = {0x11, 0x90}; /* AAC-LC, 48 kHz, stereo */

struct AacEncoder {
    bool begun;
    float input[AAC_CHANNELS][AAC_FRAME_SAMPLES];
};

AacEncoder *aac_encoder_create(int64_t bitrate)
{
    (void)bitrate;
    return calloc(1, sizeof(AacEncoder));
}

void aac_encoder_destroy(AacEncoder **encoder)
{
    free(*encoder);
    *encoder = NULL;
}

float *aac_encoder_input(AacEncoder *e, int channel)
{
    return e->input[channel];
}

int aac_encoder_encode(AacEncoder *e, struct AVPacket *out)
{
    if (!e->begun) {
        e->begun = true;
        return -1;
    }
    if (av_new_packet(out, sizeof(silence)) < 0)
        return -1;
    memcpy(out->data, silence, sizeof(silence));
    return 0;
}

int aac_encoder_delay(const AacEncoder *e)
{
    (void)e;
    return AAC_FRAME_SAMPLES;
}

const uint8_t *aac_encoder_config(const AacEncoder *e, size_t *len)
{
    (void)e;
    *len = sizeof(config);
    return config;
}

/* ---- bridge_log ---- */

void bridge_log_verbose(bool on)
{
    (void)on;
}

void log_error(const char *format, ...)
{
    (void)format;
}

void log_warn(const char *format, ...)
{
    (void)format;
}

void log_info(const char *format, ...)
{
    (void)format;
}

void log_debug(const char *format, ...)
{
    (void)format;
}

void log_debug_of(void *who, const char *format, va_list args)
{
    (void)who;
    (void)format;
    (void)args;
}
