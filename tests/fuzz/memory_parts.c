/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory_parts.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <stdlib.h>
#include <string.h>

#include "hls-bridge/codec/aac_encoder.h"
#include "hls-bridge/base/bridge_log.h"
#include "hls-bridge/store/folder.h"

#define NAMES 8192 /* a power of two: more than the bounds let a test make */

MemoryFiles memory_files;

#define LISTS_MAX 8
#define NAME_SIZE 32

static uint64_t names[NAMES]; /* of what was written, as hashes; 0: none */
static struct {
    char name[NAME_SIZE];
    char *text;
} list_of[LISTS_MAX]; /* what is kept of lists, as text */

void memory_files_reset(void)
{
    memory_files = (MemoryFiles){0};
    memset(names, 0, sizeof(names));
    for (size_t i = 0; i < LISTS_MAX; i++) {
        free(list_of[i].text);
        list_of[i].text = NULL;
    }
}

const char *memory_files_list(const char *name)
{
    for (size_t i = 0; i < LISTS_MAX && list_of[i].text; i++)
        if (strcmp(list_of[i].name, name) == 0)
            return list_of[i].text;
    return NULL;
}

/* Keeps the text of a rendition's list in CMAF. */
static void keep_list(const char *name, const void *data, size_t len)
{
    size_t i = 0;

    if (strncmp(name, "video", 5) != 0 || strlen(name) >= NAME_SIZE)
        return;
    while (i < LISTS_MAX && list_of[i].text && strcmp(list_of[i].name, name) != 0)
        i++;
    if (i == LISTS_MAX)
        return;
    free(list_of[i].text);
    list_of[i].text = strndup(data, len);
    strcpy(list_of[i].name, name);
}

/* ---- a store that notes what it is given ---- */

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

/* Returns whether the name was noted before. */
static bool note_name(const char *name)
{
    uint64_t hash, *place = place_of(name, &hash);
    bool before = *place == hash;

    *place = hash;
    return before;
}

static bool is_list(const char *name)
{
    const char *end = strrchr(name, '.');

    return end && (strcmp(end, ".m3u8") == 0 || strcmp(end, ".mpd") == 0);
}

static int put(void *self, const char *name, const void *data, size_t len, bool through)
{
    (void)self;
    (void)through;
    bool before = note_name(name);
    if (is_list(name)) {
        keep_list(name, data, len);
        memory_files.lists++;
        return 0;
    }
    memory_files.repeated += before;
    memory_files.files++;
    memory_files.bytes += len;
    return 0;
}

static int duplicate(void *self, const char *name, const char *of, bool through)
{
    uint64_t hash;

    if (*place_of(of, &hash) == hash)
        return put(self, name, "", 0, through);
    errno = ENOENT;
    return -1;
}

static int overwrite(void *self, const char *name, size_t at, const void *data, size_t len)
{
    (void)self;
    (void)at;
    (void)data;
    (void)len;
    note_name(name);
    memory_files.lists++;
    return 0;
}

static ssize_t read_file(void *self, const char *name, void *data, size_t size)
{
    (void)self;
    (void)name;
    (void)data;
    (void)size;
    errno = ENOENT;
    return -1;
}

static int64_t size_of(void *self, const char *name)
{
    (void)self;
    (void)name;
    return -1;
}

static void remove_file(void *self, const char *name)
{
    (void)self;
    (void)name;
}

static void list(void *self, void (*each)(void *user, const char *name), void *user)
{
    (void)self;
    (void)each;
    (void)user;
}

static int sync_all(void *self)
{
    (void)self;
    return 0;
}

static void nothing(void *self)
{
    (void)self;
}

Store *folder_open(const char *directory, const char *stream, const Clock *clock)
{
    static const StoreCalls calls = {
        .name = "memory",
        .put = put,
        .duplicate = duplicate,
        .overwrite = overwrite,
        .read = read_file,
        .size = size_of,
        .remove = remove_file,
        .list = list,
        .sync_names = sync_all,
        .sync_all = sync_all,
        .discard = nothing,
        .close = nothing,
    };

    (void)directory;
    (void)stream;
    return store_of(&calls, NULL, clock);
}

Store *folder_open_secret(const char *directory, const char *stream, const Clock *clock)
{
    return folder_open(directory, stream, clock);
}

/* ---- aac_encoder ---- */

static const uint8_t silence[] = {0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C};
static const uint8_t config[] = {0x11, 0x90}; /* AAC-LC, 48 kHz, stereo */

struct AacEncoder {
    bool begun;
    float input[AAC_CHANNELS][AAC_FRAME_SAMPLES];
};

AacEncoder *aac_encoder_create(int64_t bitrate, AacMode mode)
{
    (void)bitrate;
    (void)mode;
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
