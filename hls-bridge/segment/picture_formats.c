/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/picture_formats.h"

#include "codec/picture_config.h"

bool picture_formats_differ(const PictureFormats *f, size_t rendition, const AccessUnit *idr)
{
    const VideoFormat *before = &f->of[rendition];
    VideoFormat now = {0};

    return before->width > 0 && picture_format(idr, &now) && video_format_restarts(&now, before);
}

void picture_formats_note(PictureFormats *f, size_t rendition, const AccessUnit *idr)
{
    VideoFormat now = {0};

    if (picture_format(idr, &now))
        f->of[rendition] = now;
}

void picture_formats_part(PictureFormats *f, int64_t start_90k, int64_t first_90k)
{
    f->parted_90k = start_90k;
    f->first_90k = first_90k;
}

bool picture_formats_allow(const PictureFormats *f, size_t rendition, const AccessUnit *idr,
                           int64_t pts_90k, int64_t last_90k)
{
    bool first_behind =
        last_90k < f->parted_90k && (pts_90k == f->parted_90k || pts_90k == f->first_90k);

    return first_behind || !picture_formats_differ(f, rendition, idr);
}
