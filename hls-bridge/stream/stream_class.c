/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_table_inner.h"

/* A page looks twice a second, and whoever asks for many pages keeps to that for each stream. */
#define LOOKS_AT_ONCE 64
#define LOOK_PAUSE_US (20 * US_PER_MS) /* between two from then on */

bool stream_table_has_class(const StreamTable *t)
{
    return t->settings->shows_class;
}

/* A stream that a class may look at; NULL with why not. The lock is held. */
static Stream *find(StreamTable *t, const char *name, ClassResult *result)
{
    Stream *stream = NULL;

    if (!stream_table_has_class(t))
        *result = CLASS_OFF;
    else if (!token_bucket_take(&t->looks, LOOK_PAUSE_US, LOOKS_AT_ONCE,
                                clock_monotonic_us(t->clock)))
        *result = CLASS_TOO_OFTEN;
    else if (!(stream = stream_table_find(t, name)))
        *result = CLASS_NO_STREAM;
    else
        *result = CLASS_DONE;
    return stream;
}

ClassResult stream_table_look(StreamTable *t, const char *name, StreamStatus *out)
{
    ClassResult result;

    pthread_mutex_lock(&t->lock);
    Stream *stream = find(t, name, &result);
    if (stream)
        stream_status(stream, out);
    pthread_mutex_unlock(&t->lock);
    return result;
}

ClassResult stream_table_trouble(StreamTable *t, const char *name, const TroubleOrder *order)
{
    ClassResult result;

    pthread_mutex_lock(&t->lock);
    Stream *stream = find(t, name, &result);
    if (stream && !stream_is_taken(stream))
        result = CLASS_NO_STREAM;
    else if (stream)
        stream_trouble(stream, order);
    pthread_mutex_unlock(&t->lock);
    return result;
}
