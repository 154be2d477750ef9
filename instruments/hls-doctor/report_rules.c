/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_rules.h"

#include <inttypes.h>
#include <string.h>

ListEdge list_edge(const M3u8 *m)
{
    int64_t next = (int64_t)m3u8_next_sequence(m), open = (int64_t)m3u8_open_parts(m);

    if (open > 0)
        return (ListEdge){next, open - 1};
    return (ListEdge){next - 1,
                      m->count > 0 ? (int64_t)m->segments[m->count - 1].part_count - 1 : -1};
}

bool list_edge_before(ListEdge a, ListEdge b)
{
    return a.msn < b.msn || (a.msn == b.msn && a.part < b.part);
}

ListEdge list_edge_reported(const M3u8Report *r, ListEdge own)
{
    return (ListEdge){r->last_msn >= 0 ? r->last_msn : own.msn,
                      r->last_part >= 0 ? r->last_part : own.part};
}

void report_rules_list(Findings *f, const RenditionView *view, size_t count, size_t which)
{
    const M3u8 *m = view[which].list;

    if (m->ended || !m->has_part_inf)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        for (size_t k = 0; k < m->report_count; k++)
            n += m->reports[k].uri && strcmp(m->reports[k].uri, view[i].uri) == 0;
        if (i != which && n != 1)
            findings_add(f, "not one EXT-X-RENDITION-REPORT of each other rendition (B.1)",
                         "%s: %zu of %s", view[which].uri, n, view[i].uri);
        if (i == which && n > 0)
            findings_add(f, "an EXT-X-RENDITION-REPORT of the list itself (B.1)", "%s",
                         view[which].uri);
    }
    for (size_t k = 0; k < m->report_count; k++)
        if (!m->reports[k].uri || strstr(m->reports[k].uri, "://"))
            findings_add(f, "an EXT-X-RENDITION-REPORT without a relative URI (4.4.5.4)", "%s",
                         view[which].uri);
}

void report_rules_one(Findings *f, const char *name, const M3u8Report *r, ListEdge own,
                      ListEdge least)
{
    ListEdge said = list_edge_reported(r, own);

    if (list_edge_before(said, least))
        findings_add(f, "an EXT-X-RENDITION-REPORT is older than its playlist (4.4.5.4)",
                     "%s: %" PRId64 ".%" PRId64 " of %s, known to be %" PRId64 ".%" PRId64, name,
                     said.msn, said.part, r->uri, least.msn, least.part);
}

void report_rules_promise(Findings *f, const char *name, ListEdge promised, ListEdge there)
{
    if (list_edge_before(there, promised))
        findings_add(f, "an EXT-X-RENDITION-REPORT names what is not there (4.4.5.4)",
                     "%s: %" PRId64 ".%" PRId64 " was reported, there is %" PRId64 ".%" PRId64,
                     name, promised.msn, promised.part, there.msn, there.part);
}
