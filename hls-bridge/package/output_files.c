/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/output_files.h"

#include "store/folder.h"
#include "store/number_log.h"

/* Returns 0, or -1 with errno. */
static int open_keys(OutputFiles *f, const OutputFilesParams *params)
{
    const MediaKeysParams keys = {params->encryption, params->stream, params->clock};
    const char *directory = params->encryption.directory;

    if (!directory || (params->encryption.cipher == MEDIA_CLEAR &&
                       !media_keys_are_left(directory, params->stream)))
        return 0;
    f->keys = media_keys_open(&keys);
    return f->keys ? 0 : -1;
}

int output_files_open(OutputFiles *f, const OutputFilesParams *params)
{
    f->folder = folder_open(params->directory, params->stream, params->clock);
    if (f->folder)
        store_limit(f->folder, params->bound);
    f->protected = f->folder && store_has(f->folder, PROTECTED_FILE);
    f->numbers = f->folder ? number_log_open(f->folder) : NULL;
    return f->numbers ? open_keys(f, params) : -1;
}

void output_files_close(OutputFiles *f)
{
    media_keys_close(&f->keys);
    number_log_close(&f->numbers);
    store_close(&f->folder);
}

void output_files_settle(OutputFiles *f)
{
    if (store_sync_all(f->folder) == 0)
        number_log_settle(f->numbers);
}

int output_files_protect(OutputFiles *f, bool on)
{
    if (on == f->protected)
        return 0;
    if (on && (store_put(f->folder, PROTECTED_FILE, "", 0, STORE_THROUGH) < 0 ||
               store_sync_names(f->folder) < 0))
        return -1;
    if (!on)
        store_remove(f->folder, PROTECTED_FILE);
    f->protected = store_has(f->folder, PROTECTED_FILE);
    return 0;
}

void output_files_discard(OutputFiles *f)
{
    store_discard(f->folder);
}

int64_t output_files_expire(OutputFiles *f, int64_t now_us)
{
    int64_t key_us = media_keys_expire(f->keys, now_us);

    return smaller(key_us, store_expire(f->folder, now_us));
}

const Histogram *output_files_writes(const OutputFiles *f)
{
    return store_writes(f->folder);
}
