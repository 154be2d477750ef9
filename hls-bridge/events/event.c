/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event.h"

const char *event_name(EventKind kind)
{
    static const char *const names[EVENT_KINDS] = {
        [EVENT_STARTED] = "started",
        [EVENT_LIVE] = "live",
        [EVENT_HELD] = "held",
        [EVENT_RESUMED] = "resumed",
        [EVENT_ENDED] = "ended",
        [EVENT_REMOVED] = "removed",
        [EVENT_TAKEN_OVER] = "taken-over",
        [EVENT_REFUSED] = "refused",
        [EVENT_KICKED] = "kicked",
        [EVENT_TOO_MUCH] = "too-much",
        [EVENT_SILENT] = "silent",
        [EVENT_PROBLEM] = "problem",
        [EVENT_PROBLEM_OVER] = "problem-over",
        [EVENT_DISK_TROUBLE] = "disk-trouble",
        [EVENT_DISK_WORKS] = "disk-works",
        [EVENT_SLOW] = "slow",
        [EVENT_CAUGHT_UP] = "caught-up",
        [EVENT_RUNGS_SLOW] = "rungs-slow",
        [EVENT_RUNGS_WELL] = "rungs-well",
    };
    return names[kind];
}

const char *event_held_reason(EventHeldReason reason)
{
    static const char *const names[EVENT_HELD_REASONS] = {
        [HELD_GONE] = "gone",         [HELD_TAKEN_OVER] = "taken-over",
        [HELD_TOO_MUCH] = "too-much", [HELD_NO_PACKETS] = "no-packets",
        [HELD_STOPPING] = "stopping",
    };
    return names[reason];
}

const char *event_disk_part(EventDiskPart part)
{
    static const char *const names[EVENT_DISK_PARTS] = {
        [DISK_FOLDER] = "folder",
        [DISK_MEDIA] = "media",
        [DISK_END] = "end",
        [DISK_ACCESS] = "access",
    };
    return names[part];
}
