/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/output_files.h"

#include "store/folder.h"
#include "store/number_log.h"

int output_files_open(OutputFiles *f, const char *directory, const char *stream, OutputBound *bound,
                      const Clock *clock)
{
    f->folder = folder_open(directory, stream, clock);
    if (f->folder)
        store_limit(f->folder, bound);
    f->protected = f->folder && store_has(f->folder, PROTECTED_FILE);
    f->numbers = f->folder ? number_log_open(f->folder) : NULL;
    return f->numbers ? 0 : -1;
}

void output_files_close(OutputFiles *f)
{
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
    return store_expire(f->folder, now_us);
}

const Histogram *output_files_writes(const OutputFiles *f)
{
    return store_writes(f->folder);
}
