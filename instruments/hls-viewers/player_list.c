/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "player_list.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_S     1000000
#define SECONDS_MAX  86400       /* of a duration; more is absurd */
#define SEQUENCE_MAX (1ll << 53) /* of a media sequence number */
#define ITEMS_MAX    100000u     /* segments, and parts, of a list */

static const char no_memory[] = "there is no memory";

/* A list under way. */
typedef struct Reading {
    PlayerList *list;
    int64_t first_msn;
    bool variant_next, gap;
    int64_t open_parts; /* of the segment that is not yet listed */
    const char *wrong;
} Reading;

static char *after(char *line, const char *tag)
{
    size_t n = strlen(tag);

    return strncmp(line, tag, n) == 0 ? line + n : NULL;
}

/* The value of an attribute, which ends at a comma; the line is cut there. NULL: there is none. */
static char *attribute(char *attributes, const char *name)
{
    size_t n = strlen(name);

    for (char *at = attributes; *at;) {
        char *value = strncmp(at, name, n) == 0 && at[n] == '=' ? at + n + 1 : NULL;
        bool quoted = false;
        for (; *at && (quoted || *at != ','); at++)
            quoted ^= *at == '"';
        if (value && *value == '"' && at[-1] == '"' && at - value >= 2) {
            at[-1] = '\0';
            return value + 1;
        }
        if (value) {
            *at = '\0';
            return value;
        }
        at += *at == ',';
    }
    return NULL;
}

/* Whether attribute `name` is YES; leaves the line as it is. */
static bool is_yes(const char *attributes, const char *name)
{
    const char *at = strstr(attributes, name);

    return at && strncmp(at + strlen(name), "=YES", 4) == 0;
}

static int64_t seconds_us(Reading *r, const char *text)
{
    char *end;
    double seconds = text ? strtod(text, &end) : 0;

    if (text && (end == text || !(seconds >= 0 && seconds < SECONDS_MAX)))
        r->wrong = "a duration is absurd";
    return r->wrong ? 0 : (int64_t)(seconds * US_PER_S);
}

/* ---- items ---- */

static void add(Reading *r, PlayerItem **items, size_t *count, PlayerItem item)
{
    if ((*count & (*count - 1)) == 0) { /* full at each power of two */
        PlayerItem *grown = realloc(*items, (*count ? 2 * *count : 1) * sizeof(*grown));
        if (!grown) {
            r->wrong = no_memory;
            return;
        }
        *items = grown;
    }
    if (*count == ITEMS_MAX)
        r->wrong = "it has more than a player can follow";
    else
        (*items)[(*count)++] = item;
}

static int64_t open_msn(const Reading *r)
{
    return r->first_msn + r->list->skipped + (int64_t)r->list->segments;
}

static void add_segment(Reading *r, const char *uri)
{
    add(r, &r->list->segment, &r->list->segments, (PlayerItem){{open_msn(r), 0}, uri, r->gap});
    r->open_parts = 0;
    r->gap = false;
}

static void add_part(Reading *r, char *attributes)
{
    bool gap = is_yes(attributes, "GAP");
    const char *uri = attribute(attributes, "URI");

    if (!uri)
        r->wrong = "a part has no URI";
    else
        add(r, &r->list->part, &r->list->parts,
            (PlayerItem){{open_msn(r), r->open_parts++}, uri, gap});
}

static void read_hint(Reading *r, char *attributes)
{
    if (strstr(attributes, "TYPE=PART"))
        r->list->hint =
            (PlayerItem){{open_msn(r), r->open_parts}, attribute(attributes, "URI"), false};
}

/* ---- lines ---- */

static void read_media(Reading *r, char *attributes)
{
    if (strstr(attributes, "TYPE=AUDIO") && !r->list->audio)
        r->list->audio = attribute(attributes, "URI");
}

static void read_uri(Reading *r, char *line)
{
    if (!r->list->multivariant)
        add_segment(r, line);
    else if (r->variant_next && !r->list->video)
        r->list->video = line;
    r->variant_next = false;
}

static bool has_items(const Reading *r)
{
    return r->list->segments > 0 || r->list->parts > 0;
}

static void read_sequence(Reading *r, const char *text)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    if (end == text || *end != '\0' || value < 0 || value > SEQUENCE_MAX || has_items(r))
        r->wrong = "its EXT-X-MEDIA-SEQUENCE cannot be";
    else
        r->first_msn = value;
}

static void read_skip(Reading *r, char *attributes)
{
    const char *text = attribute(attributes, "SKIPPED-SEGMENTS");
    long long value = text ? strtoll(text, NULL, 10) : 0;

    if (value < 1 || value > SEQUENCE_MAX || r->list->skipped > 0 || has_items(r))
        r->wrong = "its EXT-X-SKIP cannot be";
    else
        r->list->skipped = value;
}

static void read_control(PlayerList *l, const char *attributes)
{
    l->can_block = is_yes(attributes, "CAN-BLOCK-RELOAD");
    l->can_skip = strstr(attributes, "CAN-SKIP-UNTIL=");
}

static void read_line(Reading *r, char *line)
{
    PlayerList *l = r->list;
    char *value;

    if ((value = after(line, "#EXT-X-TARGETDURATION:")))
        l->target_us = seconds_us(r, value);
    else if ((value = after(line, "#EXT-X-MEDIA-SEQUENCE:")))
        read_sequence(r, value);
    else if ((value = after(line, "#EXT-X-PART-INF:")))
        l->part_target_us = seconds_us(r, attribute(value, "PART-TARGET"));
    else if ((value = after(line, "#EXT-X-SERVER-CONTROL:")))
        read_control(l, value);
    else if ((value = after(line, "#EXT-X-PART:")))
        add_part(r, value);
    else if ((value = after(line, "#EXT-X-PRELOAD-HINT:")))
        read_hint(r, value);
    else if ((value = after(line, "#EXT-X-MAP:")))
        l->map = attribute(value, "URI");
    else if ((value = after(line, "#EXT-X-MEDIA:")))
        read_media(r, value);
    else if (after(line, "#EXT-X-STREAM-INF:"))
        l->multivariant = r->variant_next = true;
    else if ((value = after(line, "#EXT-X-SKIP:")))
        read_skip(r, value);
    else if (strcmp(line, "#EXT-X-GAP") == 0)
        r->gap = true;
    else if (strcmp(line, "#EXT-X-ENDLIST") == 0)
        l->ended = true;
    else if (*line != '#' && *line != '\0')
        read_uri(r, line);
}

static void read_all(Reading *r)
{
    char *rest = NULL;

    if (strncmp(r->list->text, "#EXTM3U", 7) != 0)
        r->wrong = "it does not begin with #EXTM3U";
    for (char *line = strtok_r(r->list->text, "\r\n", &rest); line && !r->wrong;
         line = strtok_r(NULL, "\r\n", &rest))
        read_line(r, line);
    r->list->end = (PlayerPlace){open_msn(r), r->open_parts};
    if (r->wrong)
        return;
    if (!r->list->multivariant && r->list->target_us == 0)
        r->wrong = "EXT-X-TARGETDURATION is missing";
    if (r->list->multivariant && !r->list->video)
        r->wrong = "it names no variant";
}

PlayerList *player_list_read(const char *text, size_t len, const char **wrong)
{
    Reading r = {.list = calloc(1, sizeof(PlayerList))};

    if (r.list)
        r.list->text = strndup(text, len);
    if (r.list && r.list->text)
        read_all(&r);
    else
        r.wrong = no_memory;
    if (r.wrong)
        player_list_destroy(&r.list);
    *wrong = r.wrong;
    return r.list;
}

void player_list_destroy(PlayerList **list)
{
    if (!*list)
        return;
    free((*list)->segment);
    free((*list)->part);
    free((*list)->text);
    free(*list);
    *list = NULL;
}

/* ---- places ---- */

int player_place_compare(PlayerPlace a, PlayerPlace b)
{
    if (a.msn != b.msn)
        return a.msn < b.msn ? -1 : 1;
    return (a.part > b.part) - (a.part < b.part);
}

const PlayerItem *player_list_part(const PlayerList *l, PlayerPlace at)
{
    for (size_t i = l->parts; i-- > 0;) {
        int order = player_place_compare(l->part[i].at, at);
        if (order == 0)
            return &l->part[i];
        if (order < 0)
            break;
    }
    return NULL;
}

const PlayerItem *player_list_segment(const PlayerList *l, int64_t msn)
{
    if (l->segments == 0 || msn < l->segment[0].at.msn)
        return NULL;
    uint64_t i = (uint64_t)(msn - l->segment[0].at.msn);
    return i < l->segments ? &l->segment[i] : NULL;
}
