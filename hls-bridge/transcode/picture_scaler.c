/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/picture_scaler.h"

#include <libswscale/swscale.h>
#include <stdbool.h>
#include <string.h>

/* Sharper than averages of areas. Exact rounding costs nothing that can be measured; Lanczos costs
 * 5 % of the whole and is hardly better (tests/bench/transcode.mjs). */
#define METHOD (SWS_BICUBIC | SWS_ACCURATE_RND)

static bool is_full_range(const AVFrame *frame)
{
    return frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
           frame->format == AV_PIX_FMT_YUVJ422P || frame->format == AV_PIX_FMT_YUVJ444P;
}

/* The matrix of an RGB source's pictures does not matter, that of others stays as it is. */
static int set_ranges(struct SwsContext *sws, const AVFrame *from, int full_range)
{
    const int *matrix =
        sws_getCoefficients(from->colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_DEFAULT);

    return sws_setColorspaceDetails(sws, matrix, full_range, matrix, 0, 0, 1 << 16, 1 << 16);
}

static bool is_interlaced(const AVFrame *frame)
{
#ifdef AV_FRAME_FLAG_INTERLACED
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

/* Makes room for pictures of another size than before. Returns 0 or -1. */
static int prepare_frame(PictureScaler *s, int width, int height)
{
    if (s->frame && s->frame->width == width && s->frame->height == height)
        return 0;
    picture_scaler_free(s);
    s->frame = av_frame_alloc();
    if (!s->frame)
        return -1;
    s->frame->width = width;
    s->frame->height = height;
    s->frame->format = AV_PIX_FMT_YUV420P;
    if (av_frame_get_buffer(s->frame, 0) == 0)
        return 0;
    av_frame_free(&s->frame);
    return -1;
}

/* Gets ready for pictures such as `from`, of which `lines` are taken. Returns 1, 0 if it is ready,
 * or -1.
 */
static int prepare(PictureScaling *s, const AVFrame *from, int lines, const AVFrame *to)
{
    int full_range = is_full_range(from);

    if (s->sws && s->width == from->width && s->lines == lines && s->format == from->format &&
        s->full_range == full_range)
        return 0;
    sws_freeContext(s->sws);
    *s = (PictureScaling){
        .width = from->width, .lines = lines, .format = from->format, .full_range = full_range};
    if (sws_isSupportedInput(from->format))
        s->sws = sws_getContext(from->width, lines, from->format, to->width, to->height,
                                AV_PIX_FMT_YUV420P, METHOD, NULL, NULL, NULL);
    if (!s->sws)
        return -1;
    set_ranges(s->sws, from, full_range); /* what it cannot convert, it leaves as it is */
    return 1;
}

const AVFrame *picture_scaler_make(PictureScaler *s, const AVFrame *from, int width, int height)
{
    bool interlaced = is_interlaced(from);
    /* the fields of a picture alternate in the lines of each plane */
    int times = interlaced ? 2 : 1, lines = (from->height + times - 1) / times;
    int linesize[AV_NUM_DATA_POINTERS];
    PictureScaling *scaling = &s->of[interlaced];

    if (from->width == width && from->height == height && from->format == AV_PIX_FMT_YUV420P &&
        !is_full_range(from) && !interlaced)
        return from;
    if (prepare_frame(s, width, height) < 0)
        return NULL;
    int status = prepare(scaling, from, lines, s->frame);
    if (status < 0 || av_frame_make_writable(s->frame) < 0)
        return NULL;
    s->built += (unsigned)status;
    for (int i = 0; i < AV_NUM_DATA_POINTERS; i++)
        linesize[i] = from->linesize[i] * times;
    if (sws_scale(scaling->sws, (const uint8_t *const *)from->data, linesize, 0, lines,
                  s->frame->data, s->frame->linesize) != height)
        return NULL;
    s->frame->pts = from->pts;
    s->frame->sample_aspect_ratio = from->sample_aspect_ratio;
    s->frame->color_range = AVCOL_RANGE_MPEG;
    s->frame->color_primaries = from->color_primaries;
    s->frame->color_trc = from->color_trc;
    s->frame->colorspace =
        from->colorspace == AVCOL_SPC_RGB ? AVCOL_SPC_UNSPECIFIED : from->colorspace;
    return s->frame;
}

void picture_scaler_free(PictureScaler *s)
{
    for (int i = 0; i < 2; i++)
        sws_freeContext(s->of[i].sws);
    av_frame_free(&s->frame);
    memset(s, 0, sizeof(*s));
}
