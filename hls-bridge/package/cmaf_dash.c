/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_dash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"

struct CmafDash {
    CmafDashParams params;
    int64_t next_msn[LL_RENDITIONS]; /* that is not in the manifest yet */
    DashManifest manifest;
    bool due; /* the file could not be written */
    char text[DASH_TEXT_SIZE];
};

CmafDash *cmaf_dash_create(const CmafDashParams *params)
{
    CmafDash *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->params = *params;
    d->manifest.target_duration_s = params->target_duration_s;
    for (int i = 0; i < LL_RENDITIONS; i++)
        d->manifest.list[i] = cmaf_track_playlist(params->track[i]);
    return d;
}

void cmaf_dash_destroy(CmafDash **dash)
{
    free(*dash);
    *dash = NULL;
}

void cmaf_dash_begin(CmafDash *d, const bool *has)
{
    dash_manifest_begin(&d->manifest, has);
    for (int i = 0; i < LL_RENDITIONS; i++)
        d->next_msn[i] = ll_playlist_next_msn(d->manifest.list[i]);
}

/* Takes over what a rendition's playlist has, and lets go of what it has no more. Returns whether
 * there was something. */
static bool follow(CmafDash *d, LlRendition which, const DashPicture *picture)
{
    const LlPlaylist *list = d->manifest.list[which];
    int64_t end = ll_playlist_next_msn(list), *next = &d->next_msn[which];

    if (*next >= end)
        return false;
    dash_manifest_drop(&d->manifest, which, list->media_sequence);
    for (*next = *next > list->media_sequence ? *next : list->media_sequence; *next < end; ++*next)
        dash_manifest_add(&d->manifest, which, *next, &list->segment[*next - list->media_sequence],
                          picture);
    return true;
}

/* Returns 0, or -1 with errno: then it is due. */
static int write_manifest(CmafDash *d)
{
    size_t len = dash_manifest_write(&d->manifest, clock_unix_us(d->params.clock), d->text);

    d->due = media_folder_write(d->params.folder, DASH_MANIFEST_FILE, d->text, len) < 0;
    if (!d->due)
        return 0;
    int error = errno;
    log_debug("%s: " DASH_MANIFEST_FILE " cannot be written: %s", d->params.stream,
              strerror(error));
    errno = error;
    return -1;
}

void cmaf_dash_publish(CmafDash *d)
{
    const H264Sps *sps = cmaf_track_sps(d->params.track[LL_VIDEO]);
    DashPicture picture = {
        .width = sps->width,
        .height = sps->height,
        .frame_rate_milli = ll_playlist_frames_milli(d->manifest.list[LL_VIDEO]),
    };
    bool news = false;

    h264_sps_codec(sps, picture.codec);
    for (int i = 0; i < LL_RENDITIONS; i++) {
        d->manifest.bandwidth[i] = cmaf_track_stats(d->params.track[i]).peak_bitrate;
        news = (d->manifest.has[i] && follow(d, (LlRendition)i, &picture)) || news;
    }
    if (news && dash_manifest_has_media(&d->manifest))
        write_manifest(d);
}

bool cmaf_dash_is_due(const CmafDash *d)
{
    return d->due;
}

void cmaf_dash_write_due(CmafDash *d)
{
    if (d->due)
        write_manifest(d);
}

int cmaf_dash_end(CmafDash *d)
{
    if (!dash_manifest_has_media(&d->manifest)) {
        cmaf_dash_clear(d);
        return 0;
    }
    dash_manifest_end(&d->manifest);
    return write_manifest(d);
}

void cmaf_dash_clear(CmafDash *d)
{
    dash_manifest_clear(&d->manifest);
    d->due = false;
    media_folder_remove(d->params.folder, DASH_MANIFEST_FILE);
}
