/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CODEC_NAME_H
#define CODEC_NAME_H

/* Names codecs as CODECS does (RFC 6381).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <libavcodec/avcodec.h>

/* Writes what CODECS would say of a stream, by its initialisation segment, or by what libav has
 * found in a transport stream. Leaves `out` as it is if that is not known. */
void codec_name(const AVCodecParameters *codec, char *out, size_t size);

/* How long a packet of sound is by itself, in 1/90000 s: AAC has one length; of Opus its first two
 * bytes tell (RFC 6716, 3.1), whatever the container says. */
int64_t codec_sound_90k(const AVCodecParameters *codec, const uint8_t *data, int size);

#endif
