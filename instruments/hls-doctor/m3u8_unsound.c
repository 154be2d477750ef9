/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8_unsound.h"

#include <string.h>

#include "m3u8_attributes.h"
#include "m3u8_values.h"

/* rfc8216bis, sections 4.4.1 to 4.4.3 and 4.4.5.2. */
static const char *const once[] = {
    "#EXT-X-VERSION:",        "#EXT-X-TARGETDURATION:",
    "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-DISCONTINUITY-SEQUENCE:",
    "#EXT-X-PLAYLIST-TYPE:",  "#EXT-X-SERVER-CONTROL:",
    "#EXT-X-PART-INF:",       "#EXT-X-SKIP:",
    "#EXT-X-ENDLIST",         "#EXT-X-INDEPENDENT-SEGMENTS",
    "#EXT-X-START:",          "#EXT-X-I-FRAMES-ONLY",
};

/* Those whose value is an attribute list. */
static const char *const with_attributes[] = {
    "#EXT-X-SERVER-CONTROL:", "#EXT-X-PART-INF:",         "#EXT-X-SKIP:", "#EXT-X-PART:",
    "#EXT-X-PRELOAD-HINT:",   "#EXT-X-RENDITION-REPORT:", "#EXT-X-MAP:",  "#EXT-X-KEY:",
};

void m3u8_note_unsound(M3u8 *m, unsigned *seen, const char *line)
{
    const char *value;

    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
        if (m3u8_after(line, once[i])) {
            if (*seen & 1u << i)
                m->repeated = once[i];
            *seen |= 1u << i;
        }
    for (size_t i = 0; i < sizeof(with_attributes) / sizeof(with_attributes[0]); i++)
        if ((value = m3u8_after(line, with_attributes[i])) && !m3u8_attributes_sound(value))
            m->malformed = with_attributes[i];
}
