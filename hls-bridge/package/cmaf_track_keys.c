/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_track_inner.h"

/* The keys of samples. A key has an initialisation segment of its own, which every player takes:
 * those that read groups of samples ('seig') for that are few. */

#include <string.h>

#include "base/bridge_log.h"

_Static_assert(CBCS_KEY_SIZE == MEDIA_KEY_SIZE && CBCS_KEY_SIZE == MEDIA_KEY_ID_SIZE, "AES-128");

bool cmaf_track_sample_key(const CmafTrack *t, CbcsKey *out)
{
    const LlSegment *s = &t->list.segment[t->list.window.count];

    *out = (CbcsKey){0};
    if (media_keys_cipher(t->params.keys, NUMBERS_LL) != MEDIA_CBCS)
        return false;
    if (!s->key)
        return true; /* nobody sees what is made now: its parts are gaps */
    memcpy(out->id, s->key->id, sizeof(out->id));
    memcpy(out->key, s->key->key, sizeof(out->key));
    memcpy(out->iv, s->key->id, sizeof(out->iv)); /* random, and one for each key, as it must be */
    if (s->key->cpix) {
        memcpy(out->iv, s->key->cpix->iv, sizeof(out->iv));
        out->pssh = s->key->cpix->pssh;
        out->pssh_len = s->key->cpix->pssh_len;
    }
    return true;
}

void cmaf_track_use_key(CmafTrack *t)
{
    CbcsKey key;

    if (!t->mux || t->lacks_key || !cmaf_track_sample_key(t, &key) ||
        memcmp(cmaf_mux_key(t->mux)->id, key.id, sizeof(key.id)) == 0)
        return;
    t->lacks_key = cmaf_mux_set_key(t->mux, &key) < 0;
    if (t->lacks_key)
        log_error("%s: %s: there is no memory to encrypt", t->params.stream, t->list.kind);
    cmaf_track_begin_init(t);
    if (t->params.kind == TRACK_VIDEO)
        cmaf_track_note_init(t, &t->config.format);
}
