/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "libav_errors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
    bool counting, reading;
    size_t errors;
    char first[128];
} heard;

/* Whether a demuxer says it, and not a parser that it has, which speaks in the name of a codec. */
static bool is_of_demuxer(void *context)
{
    const AVClass *class = context ? *(const AVClass **)context : NULL;

    return class && (class->get_category ? class->get_category(context) : class->category) ==
                        AV_CLASS_CATEGORY_DEMUXER;
}

static void on_log(void *context, int level, const char *format, va_list args)
{
    if (level > AV_LOG_ERROR || !heard.counting || (heard.reading && !is_of_demuxer(context)))
        return;
    if (heard.errors++ == 0) {
        vsnprintf(heard.first, sizeof(heard.first), format, args);
        heard.first[strcspn(heard.first, "\n")] = '\0';
    }
}

void libav_errors_listen(void)
{
    av_log_set_callback(on_log);
}

void libav_errors_begin(void)
{
    heard.counting = true;
    heard.errors = 0;
}

size_t libav_errors_end(void)
{
    heard.counting = false;
    return heard.errors;
}

void libav_errors_pause(bool paused)
{
    heard.counting = !paused;
}

void libav_errors_add(void)
{
    heard.errors += heard.counting;
}

int libav_errors_read(AVFormatContext *format, AVPacket *packet)
{
    heard.reading = true;
    int status = av_read_frame(format, packet);
    heard.reading = false;
    return status;
}

const char *libav_errors_first(void)
{
    return heard.first;
}

void libav_errors_forget(void)
{
    heard.first[0] = '\0';
}
