/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sample_bytes.h"
#include "codec/opus_to_aac.h"

#include <libavcodec/avcodec.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

#include "codec/aac_encoder.h"
#include "codec/opus_copy.h"

#define DEFAULT_BITRATE 128000
#define OPUS_PACKET_MAX 5760 /* samples: 120 ms, RFC 6716 section 2.1.4 */
#define OPUS_UNIT       120  /* samples: the decoder makes up multiples of 2.5 ms */

/* Owned. */
typedef struct CodedFrame {
    AVPacket *packet, *low; /* low: NULL if there is none */
} CodedFrame;

struct OpusToAac {
    OpusDecoder *decoder;
    AacEncoder *encoder;
    AacEncoder *low; /* NULL: frames have no sound with fewer bits */
    int64_t low_bitrate;
    OpusCopy *copy; /* NULL: frames have no Opus */
    OpusPacket opus[OPUS_PER_FRAME];
    float *input[AAC_CHANNELS];    /* the encoder's, for the frame that is being collected */
    AVPacket *packet, *packet_low; /* own the bytes of the frame that was taken last */
    int collected;                 /* samples in `input` */
    bool begun;                    /* a frame was put in */
    int64_t position;              /* clock at the next input sample */
    int64_t next_pts;              /* clock at the next output frame */
    CodedFrame *ready;             /* frames that wait to be taken, from `first` on */
    size_t first, count, capacity;
    SampleBytes *given, *given_low;            /* of the frame taken last */
    float pcm[OPUS_PACKET_MAX * AAC_CHANNELS]; /* interleaved */
};

OpusToAac *opus_to_aac_create(const OpusToAacParams *params, const char **error)
{
    const char *wrong = "there is no memory for an audio transcoder";
    int status;

    OpusToAac *o = calloc(1, sizeof(*o));
    if (!o)
        goto fail;
    o->packet = av_packet_alloc();
    if (!o->packet)
        goto fail;
    wrong = "libopus has no decoder";
    o->decoder = opus_decoder_create(SAMPLES_PER_S, AAC_CHANNELS, &status);
    if (!o->decoder)
        goto fail;
    wrong = "libavcodec has no AAC encoder";
    o->encoder =
        aac_encoder_create(params->bitrate ? params->bitrate : DEFAULT_BITRATE, AAC_STEREO);
    if (!o->encoder)
        goto fail;
    o->low_bitrate = params->low_bitrate;
    o->position = params->first_samples;
    o->next_pts = params->first_samples - aac_encoder_delay(o->encoder);
    return o;
fail:
    if (error)
        *error = wrong;
    opus_to_aac_destroy(&o);
    return NULL;
}

static void free_frame(CodedFrame *frame)
{
    av_packet_free(&frame->packet);
    av_packet_free(&frame->low);
}

void opus_to_aac_destroy(OpusToAac **o)
{
    OpusToAac *p = *o;

    if (!p)
        return;
    for (size_t i = p->first; i < p->count; i++)
        free_frame(&p->ready[i]);
    free(p->ready);
    if (p->decoder)
        opus_decoder_destroy(p->decoder);
    aac_encoder_destroy(&p->encoder);
    aac_encoder_destroy(&p->low);
    opus_copy_destroy(&p->copy);
    av_packet_free(&p->packet);
    av_packet_free(&p->packet_low);
    sample_bytes_release(&p->given);
    sample_bytes_release(&p->given_low);
    free(p);
    *o = NULL;
}

int64_t opus_packet_samples(const uint8_t *payload, size_t len)
{
    if (len == 0 || len > INT32_MAX)
        return -1;
    int samples = opus_packet_get_nb_samples(payload, (opus_int32)len, SAMPLES_PER_S);
    return samples > 0 && samples <= OPUS_PACKET_MAX ? samples : -1;
}

/* Takes over what is in `frame`. */
static void queue_frame(OpusToAac *o, CodedFrame frame)
{
    if (o->first == o->count)
        o->first = o->count = 0;
    if (o->count == o->capacity) {
        size_t capacity = o->capacity ? o->capacity * 2 : 8;
        CodedFrame *ready = realloc(o->ready, capacity * sizeof(*ready));
        if (!ready) {
            free_frame(&frame);
            return;
        }
        o->ready = ready;
        o->capacity = capacity;
    }
    o->ready[o->count++] = frame;
}

/* Encodes the samples that `encoder` was given. Returns NULL if there is no frame. */
static AVPacket *encode(AacEncoder *encoder)
{
    AVPacket *packet = av_packet_alloc();

    if (packet && aac_encoder_encode(encoder, packet) < 0)
        av_packet_free(&packet);
    return packet;
}

/* Gives the other encoder the same samples: before the first one encodes them, which may write over
 * them. */
static bool give_low(OpusToAac *o)
{
    for (int c = 0; c < AAC_CHANNELS; c++) {
        float *to = o->low ? aac_encoder_input(o->low, c) : NULL;
        if (!to)
            return false;
        memcpy(to, o->input[c], AAC_FRAME_SAMPLES * sizeof(float));
    }
    return true;
}

int opus_to_aac_with_low(OpusToAac *o, bool with)
{
    with = with && o->low_bitrate > 0;
    if (!with)
        aac_encoder_destroy(&o->low);
    if (!with || o->low)
        return 0;
    o->low = aac_encoder_create(o->low_bitrate, AAC_MONO);
    if (!o->low)
        return -1;
    AVPacket *none =
        o->begun ? encode(o->low) : NULL; /* it begins a frame late, as the other has */
    av_packet_free(&none);
    return 0;
}

int opus_to_aac_with_opus(OpusToAac *o, bool with)
{
    if (!with)
        opus_copy_destroy(&o->copy);
    else if (!o->copy)
        o->copy = opus_copy_create(o->position - AAC_FRAME_SAMPLES); /* where AAC begins */
    return with && !o->copy ? -1 : 0;
}

static void encode_frame(OpusToAac *o)
{
    CodedFrame frame = {.low = give_low(o) ? encode(o->low) : NULL};

    o->collected = 0;
    frame.packet = encode(o->encoder);
    if (frame.packet) {
        frame.packet->pts = o->next_pts;
        queue_frame(o, frame);
    } else {
        free_frame(&frame);
    }
    /* time passes whatever comes out; the encoder begins one frame late */
    if (o->begun)
        o->next_pts += AAC_FRAME_SAMPLES;
    o->begun = true;
}

static bool begin_frame(OpusToAac *o)
{
    for (int c = 0; c < AAC_CHANNELS; c++)
        if (!(o->input[c] = aac_encoder_input(o->encoder, c)))
            return false;
    return true;
}

/* Puts `samples` of interleaved PCM in; NULL: silence. */
static void put(OpusToAac *o, const float *pcm, int64_t samples)
{
    while (samples > 0) {
        if (o->collected == 0 && !begin_frame(o))
            return;
        int room = AAC_FRAME_SAMPLES - o->collected;
        int n = samples < room ? (int)samples : room;
        for (int c = 0; c < AAC_CHANNELS; c++) {
            float *out = o->input[c] + o->collected;
            if (pcm)
                for (const float *end = out + n, *from = pcm + c; out < end; from += AAC_CHANNELS)
                    *out++ = *from;
            else
                memset(out, 0, (size_t)n * sizeof(*out));
        }
        pcm = pcm ? pcm + n * AAC_CHANNELS : NULL;
        o->collected += n;
        o->position += n;
        samples -= n;
        if (o->collected == AAC_FRAME_SAMPLES)
            encode_frame(o);
    }
}

int opus_to_aac_decode(OpusToAac *o, const uint8_t *payload, size_t len, int64_t samples,
                       int64_t skip)
{
    int n = opus_decode_float(o->decoder, payload, (opus_int32)len, o->pcm, OPUS_PACKET_MAX, 0);

    bool good = n == samples + skip;

    put(o, good ? o->pcm + skip * AAC_CHANNELS : NULL, samples);
    if (o->copy && good)
        opus_copy_packet(o->copy, payload, len, samples + skip, o->position);
    else if (o->copy)
        opus_copy_fill(o->copy, OPUS_FILL_SILENCE, o->position);
    return good ? 0 : -1;
}

int opus_to_aac_rebuild(OpusToAac *o, const uint8_t *payload, size_t len, int64_t samples)
{
    int whole = (int)(samples / OPUS_UNIT * OPUS_UNIT);
    int n = 0;

    if (whole > 0 && whole <= OPUS_PACKET_MAX)
        n = opus_decode_float(o->decoder, payload, (opus_int32)len, o->pcm, whole, 1);
    if (n < 0)
        n = 0;
    put(o, NULL, samples - n);
    put(o, o->pcm, n);
    if (o->copy)
        opus_copy_fill(o->copy, OPUS_FILL_CONCEAL, o->position);
    return n == whole ? 0 : -1;
}

int64_t opus_to_aac_conceal(OpusToAac *o, int64_t samples)
{
    int64_t all = samples = smaller(samples, OPUS_TO_AAC_MOST);

    while (samples >= OPUS_UNIT) {
        int64_t most = smaller(samples, OPUS_PACKET_MAX);
        int n =
            opus_decode_float(o->decoder, NULL, 0, o->pcm, (int)(most / OPUS_UNIT * OPUS_UNIT), 0);
        if (n <= 0)
            break;
        put(o, o->pcm, n);
        samples -= n;
    }
    put(o, NULL, samples);
    if (o->copy)
        opus_copy_fill(o->copy, OPUS_FILL_CONCEAL, o->position);
    return all;
}

int64_t opus_to_aac_silence(OpusToAac *o, int64_t samples)
{
    int64_t most = smaller(samples, OPUS_TO_AAC_MOST);

    put(o, NULL, most);
    if (o->copy)
        opus_copy_fill(o->copy, OPUS_FILL_SILENCE, o->position);
    return most;
}

/* What outputs get of a packet, of which `given` holds a copy; none of NULL. */
static AacBytes bytes_of(const AVPacket *packet, SampleBytes **given)
{
    sample_bytes_release(given);
    if (!packet)
        return (AacBytes){0};
    *given = sample_bytes_create(packet->data, (size_t)packet->size, NULL, 0);
    return (AacBytes){packet->data, (size_t)packet->size, *given};
}

bool opus_to_aac_take(OpusToAac *o, AacFrame *out)
{
    if (o->first == o->count)
        return false;
    av_packet_free(&o->packet);
    av_packet_free(&o->packet_low);
    o->packet = o->ready[o->first].packet;
    o->packet_low = o->ready[o->first++].low;
    AacBytes all = bytes_of(o->packet, &o->given), low = bytes_of(o->packet_low, &o->given_low);
    *out = (AacFrame){.data = all.data,
                      .len = all.len,
                      .pts_samples = o->packet->pts,
                      .bytes = all.bytes,
                      .low = low,
                      .opus = o->opus};
    if (o->copy)
        out->opus_count = opus_copy_take(o->copy, out->pts_samples + 1, o->opus, OPUS_PER_FRAME);
    return true;
}

int64_t opus_to_aac_position(const OpusToAac *o)
{
    return o->position;
}

void opus_to_aac_new_source(OpusToAac *o, int64_t first_samples)
{
    opus_decoder_ctl(o->decoder, OPUS_RESET_STATE);
    if (first_samples <= o->position)
        return;
    o->collected = 0;
    o->position = first_samples;
    o->next_pts = first_samples - aac_encoder_delay(o->encoder);
    if (o->copy)
        opus_copy_restart(o->copy, first_samples - AAC_FRAME_SAMPLES);
}

const uint8_t *opus_to_aac_config(const OpusToAac *o, size_t *len)
{
    return aac_encoder_config(o->encoder, len);
}
