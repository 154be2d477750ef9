/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LIBAV_ERRORS_H
#define LIBAV_ERRORS_H

/* What libav logs as an error while it decodes: it has no other count of them.
 *
 * Thread-safety: libav has one log, so one thread counts at a time. */

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stddef.h>

/* Takes libav's log over, for good: nothing is printed. */
void libav_errors_listen(void);

/* Counts from 0 on, until libav_errors_end(), which returns how many there were. */
void libav_errors_begin(void);
size_t libav_errors_end(void);

/* Within a count: whether what happens now is left out. */
void libav_errors_pause(bool paused);

/* One more, that was seen elsewhere. */
void libav_errors_add(void);

/* av_read_frame(). What a parser says meanwhile does not count: it has not seen the segments
 * before, as a decoder may have. */
int libav_errors_read(AVFormatContext *format, AVPacket *packet);

/* What was said first since it was forgotten, or since the last count began that found something;
 * "": nothing. Valid until the next call. */
const char *libav_errors_first(void);
void libav_errors_forget(void);

#endif
