/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <errno.h>

#include "base/bridge_log.h"
#include "serve/ll_hub.h"

/* Opens to everybody what was protected, once nothing is left of it. */
static void open_up(Stream *s)
{
    bool over = stream_is_void(s) || (s->state == STREAM_ENDED && packager_clear(s->packager) == 0);

    if (over && packager_protect(s->packager, false) == 0 && !packager_is_protected(s->packager))
        return;
    log_warn(
        "%s: this publisher's stream is for everybody, but is protected, since it goes on "
        "with one that was: end that first",
        s->name);
}

/* Returns 0, or -1 with errno. A request from when it was for everybody does not get what
 * comes now. */
static int protect(Stream *s)
{
    bool was_open = !packager_is_protected(s->packager);
    LlHub *hub = s->params.packager.outputs.ll_hub;

    if (packager_protect(s->packager, true) < 0)
        return -1;
    if (was_open && hub)
        ll_hub_bar_held(hub, s->name);
    return 0;
}

bool stream_set_access(Stream *s, const Ingest *source)
{
    if (!source->protected && packager_is_protected(s->packager))
        open_up(s);
    if (!source->protected || protect(s) == 0) {
        if (s->access_refused && source->protected)
            stream_emit(s, (Event){.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_ACCESS}});
        s->access_refused = s->access_refused && !source->protected;
        return true;
    }
    stream_emit(s,
                (Event){.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_ACCESS, .error = errno}});
    s->access_refused = true;
    return false;
}
