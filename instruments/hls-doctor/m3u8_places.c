/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where segments and parts stand in a list. */

#include "m3u8.h"

const M3u8Segment *m3u8_segment(const M3u8 *m, uint64_t sequence)
{
    uint64_t first = m->media_sequence + m->skipped;

    if (sequence < first || sequence - first >= m->count)
        return NULL;
    return &m->segments[sequence - first];
}

uint64_t m3u8_next_sequence(const M3u8 *m)
{
    return m->media_sequence + m->skipped + m->count;
}

size_t m3u8_open_parts(const M3u8 *m)
{
    return m->open ? m->open->part_count : 0;
}

bool m3u8_has(const M3u8 *m, uint64_t sequence, size_t part)
{
    uint64_t next = m3u8_next_sequence(m);

    return sequence < next || (sequence == next && part < m3u8_open_parts(m));
}
