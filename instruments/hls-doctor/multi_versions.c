/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "multi_versions.h"

void multi_versions_add(MultiVersions *v, const M3u8Multi *multi)
{
    const M3u8Multi *newest = multi_versions_newest(v);

    /* what differs in padding alone costs a place, and changes no answer */
    if (!newest || memcmp(newest, multi, sizeof(*multi)) != 0)
        v->kept[v->count++ % MULTI_VERSIONS_KEPT] = *multi;
}

const M3u8Multi *multi_versions_at(const MultiVersions *v, size_t n)
{
    if (n == 0 || n > v->count || n + MULTI_VERSIONS_KEPT <= v->count)
        return NULL;
    return &v->kept[(n - 1) % MULTI_VERSIONS_KEPT];
}

const M3u8Multi *multi_versions_newest(const MultiVersions *v)
{
    return multi_versions_at(v, v->count);
}

const M3u8Variant *multi_versions_variant(const MultiVersions *v, size_t n, bool iframes,
                                          const M3u8Variant *variant)
{
    const M3u8Multi *m = multi_versions_at(v, n);
    const M3u8Variant *found = NULL;

    if (!m)
        return NULL;
    const M3u8Variant *of = iframes ? m->iframe : m->variant;
    size_t count = iframes ? m->iframe_count : m->variant_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(of[i].uri, variant->uri) == 0 &&
            (!found || strcmp(of[i].audio, variant->audio) == 0))
            found = &of[i];
    return found;
}

size_t multi_versions_since(const MultiVersions *v, size_t newest)
{
    size_t oldest = v->count > MULTI_VERSIONS_KEPT ? v->count - MULTI_VERSIONS_KEPT + 1 : 1;

    return newest > oldest ? newest : oldest;
}
