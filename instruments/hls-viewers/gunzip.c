/* SPDX-License-Identifier: GPL-3.0-or-later */
#define ZLIB_CONST /* it does not change what it reads */
#include "gunzip.h"

#include <stdlib.h>
#include <zlib.h>

#define AS_GZIP 16 /* to be added to zlib's windowBits */

/* Inflates into a buffer that grows. Returns it, or NULL. */
static char *unpack(z_stream *z, size_t max, const char **wrong)
{
    char *out = NULL;
    int status = Z_OK;

    for (size_t size = 4096; status == Z_OK; size *= 4) {
        char *grown = z->total_out < max ? realloc(out, size < max ? size : max) : NULL;
        if (!grown) {
            *wrong = "it unpacks to more than there is room for";
            break;
        }
        out = grown;
        z->next_out = (Bytef *)out + z->total_out;
        z->avail_out = (uInt)((size < max ? size : max) - z->total_out);
        status = inflate(z, Z_NO_FLUSH);
    }
    if (status == Z_STREAM_END && z->avail_in == 0)
        return out;
    if (status != Z_OK)
        *wrong = "it is not one whole gzip";
    free(out);
    return NULL;
}

char *gunzip(const char *data, size_t len, size_t max, size_t *out_len, const char **wrong)
{
    z_stream z = {.next_in = (const Bytef *)data, .avail_in = (uInt)len};

    *wrong = NULL;
    if (inflateInit2(&z, MAX_WBITS + AS_GZIP) != Z_OK) {
        *wrong = "there is no memory";
        return NULL;
    }
    char *out = unpack(&z, max, wrong);
    *out_len = z.total_out;
    inflateEnd(&z);
    return out;
}
