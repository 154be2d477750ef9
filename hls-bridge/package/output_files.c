/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/output_files.h"

#include "store/media_folder.h"
#include "store/number_log.h"

int output_files_open(OutputFiles *f, const char *directory, const char *stream, const Clock *clock)
{
    f->folder = media_folder_open(directory, stream, clock);
    f->numbers = f->folder ? number_log_open(f->folder) : NULL;
    return f->numbers ? 0 : -1;
}

void output_files_close(OutputFiles *f)
{
    number_log_close(&f->numbers);
    media_folder_close(&f->folder);
}

void output_files_settle(OutputFiles *f)
{
    if (media_folder_sync_all(f->folder) == 0)
        number_log_settle(f->numbers);
}

void output_files_discard(OutputFiles *f)
{
    media_folder_discard(f->folder);
}
