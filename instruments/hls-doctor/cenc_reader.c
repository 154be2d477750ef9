/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cenc_reader.h"

#include <string.h>

#include "mp4_boxes.h"

/* Source: ISO/IEC 14496-12 (2022), 8.5.2, 8.8.7, 8.8.8, 8.12; ISO/IEC 23001-7
 * (2016), 7.2, 8.2, 9.5, 10.4. */
enum {
    TFHD_BASE = 0x000001,
    TFHD_DESCRIPTION = 0x000002,
    TFHD_DURATION = 0x000008,
    TFHD_SIZE = 0x000010,
    TRUN_OFFSET = 0x000001,
    TRUN_FIRST_FLAGS = 0x000004,
    TRUN_DURATION = 0x000100,
    TRUN_SIZE = 0x000200,
    TRUN_FLAGS = 0x000400,
    TRUN_COMPOSITION = 0x000800,
    SENC_SUBSAMPLES = 0x000002,
};

/* Bytes of the body of a sample entry before the boxes in it. */
#define VIDEO_ENTRY 78
#define SOUND_ENTRY 28

/* Bytes that are read one after the other. */
typedef struct Reader {
    const uint8_t *at;
    size_t left;
    bool overrun;
} Reader;

/* The next bytes; NULL: there are not so many, and nothing is left. */
static const uint8_t *pass(Reader *r, size_t bytes)
{
    const uint8_t *at = r->at;

    if (bytes > r->left) {
        r->overrun = true;
        r->left = 0;
        return NULL;
    }
    r->at += bytes;
    r->left -= bytes;
    return at;
}

static uint64_t take(Reader *r, size_t bytes)
{
    const uint8_t *at = pass(r, bytes);

    return at ? mp4_number(at, bytes) : 0;
}

/* `out` stays as it is if there are not so many. */
static void take_bytes(Reader *r, uint8_t *out, size_t bytes)
{
    const uint8_t *at = pass(r, bytes);

    if (at)
        memcpy(out, at, bytes);
}

static Reader reader(const Mp4Box *box)
{
    return (Reader){box->body, box->len, false};
}

/* The name of a box, whose body is at `body`. */
static void rename_box(uint8_t *data, const Mp4Box *box, const char *type)
{
    uint8_t *name = data + (box->body - data) - 4;

    /* a box of more than 4 GB has its length between its name and its body */
    if (memcmp(name, box->type, 4) == 0)
        memcpy(name, type, 4);
}

/* ---- the initialisation segment ---- */

/* Reads 'tenc'. Returns whether it is whole and says that samples are encrypted. */
static bool read_tenc(const Mp4Box *tenc, CencTrack *t)
{
    Reader r = reader(tenc);
    bool pattern = take(&r, 4) >> 24 > 0;

    take(&r, 1);
    unsigned blocks = (unsigned)take(&r, 1);
    bool encrypted = take(&r, 1) == 1;
    t->crypt = pattern ? blocks >> 4 : 0;
    t->skip = pattern ? blocks & 15 : 0;
    t->vector_len = (size_t)take(&r, 1);
    take_bytes(&r, t->kid, sizeof(t->kid));
    size_t len = t->vector_len == 0 ? (size_t)take(&r, 1) : 0;
    if (t->vector_len > AES_BYTES || len > AES_BYTES)
        return false;
    take_bytes(&r, t->vector, len);
    return encrypted && !r.overrun;
}

/* Reads 'sinf', and makes its entry one of the original format. */
static void read_entry(uint8_t *data, const Mp4Box *entry, CencTrack *t, bool *encrypted)
{
    bool video = mp4_box_is(entry, "encv");
    Mp4Boxes boxes = mp4_boxes_in(entry, video ? VIDEO_ENTRY : SOUND_ENTRY);
    Mp4Box sinf = {0}, frma, schm, schi, tenc;
    char format[5] = "";

    while (mp4_box_next(&boxes, &sinf))
        if (mp4_box_is(&sinf, "sinf"))
            break;
    if (!mp4_box_is(&sinf, "sinf") || !mp4_box_child(&sinf, "frma", &frma) || frma.len < 4 ||
        !mp4_box_child(&sinf, "schm", &schm) || schm.len < 8 ||
        !mp4_box_child(&sinf, "schi", &schi) || !mp4_box_child(&schi, "tenc", &tenc) ||
        !read_tenc(&tenc, t))
        return;
    memcpy(t->scheme, schm.body + 4, 4);
    memcpy(format, frma.body, 4);
    rename_box(data, entry, format);
    rename_box(data, &sinf, "free");
    *encrypted = true;
}

static void read_track(uint8_t *data, const Mp4Box *trak, CencTracks *out)
{
    Mp4Box tkhd, stbl, stsd, entry;
    CencTrack t = {0};
    bool encrypted = false;

    if (!mp4_box_child(trak, "tkhd", &tkhd) || !mp4_track_id(&tkhd, &t.id) ||
        !mp4_sample_table(trak, &stbl) || !mp4_box_child(&stbl, "stsd", &stsd))
        return;
    Mp4Boxes entries = mp4_boxes_in(&stsd, 8);
    while (mp4_box_next(&entries, &entry))
        if (mp4_box_is(&entry, "encv") || mp4_box_is(&entry, "enca"))
            read_entry(data, &entry, &t, &encrypted);
    if (encrypted && out->count < MP4_TRACKS_MAX)
        out->track[out->count++] = t;
}

void cenc_reader_init(uint8_t *data, size_t len, CencTracks *out)
{
    Mp4Boxes boxes = {data, len, false};
    Mp4Box moov, box;

    *out = (CencTracks){0};
    while (mp4_box_next(&boxes, &moov)) {
        if (!mp4_box_is(&moov, "moov"))
            continue;
        Mp4Boxes inner = mp4_boxes_in(&moov, 0);
        while (mp4_box_next(&inner, &box)) {
            if (mp4_box_is(&box, "trak"))
                read_track(data, &box, out);
            if (mp4_box_is(&box, "pssh"))
                rename_box(data, &box, "free");
        }
    }
}

/* ---- media ---- */

/* A fragment of a track that is decrypted. */
typedef struct Fragment {
    const CencTrack *track;
    const uint8_t *key; /* NULL: there is none */
    uint8_t *data;      /* all that there is, */
    size_t len;
    size_t at;        /* where the next sample begins in it */
    uint32_t size;    /* of a sample, if its run does not say */
    Reader senc;      /* behind how many there are */
    uint64_t entries; /* of it, that are left */
    size_t *budget;   /* bytes that samples may still have: none is decrypted twice */
    bool subsamples, broken;
} Fragment;

/* Bytes that are protected: by the pattern, or all whole blocks. */
static void decrypt(Fragment *f, const uint8_t *vector, uint8_t *at, size_t len)
{
    size_t crypt = f->track->crypt * (size_t)AES_BYTES, skip = f->track->skip * (size_t)AES_BYTES;

    if (crypt == 0 || skip == 0) {
        crypt = len - len % AES_BYTES;
        skip = 0;
    }
    f->broken |= aes_reader_pattern(f->key, vector, at, len, crypt, skip) < 0;
}

/* A sample of `size` bytes, of which perhaps not all are there. */
static void decrypt_sample(Fragment *f, size_t size)
{
    uint8_t vector[AES_BYTES] = {0}, *at = f->data + f->at;
    size_t n = 0;

    memcpy(vector, f->track->vector, sizeof(vector));
    if (f->entries > 0) {
        f->entries--;
        take_bytes(&f->senc, vector, f->track->vector_len);
        n = f->subsamples ? (size_t)take(&f->senc, 2) : 0;
    } else if (f->subsamples || f->track->vector_len > 0) {
        f->broken = true; /* nobody says where it is protected */
        return;
    }
    if (!f->subsamples && f->key)
        decrypt(f, vector, at, size);
    for (; n > 0 && !f->senc.overrun; n--) {
        size_t clear = (size_t)take(&f->senc, 2), is_protected = (size_t)take(&f->senc, 4);
        if (clear > size || is_protected > size - clear) {
            f->broken = true;
            return;
        }
        if (f->key)
            decrypt(f, vector, at + clear, is_protected);
        at += clear + is_protected;
        size -= clear + is_protected;
    }
    f->broken |= f->senc.overrun;
}

/* Where the samples of a run are, from byte `moof` of the data on. */
static void decrypt_run(Fragment *f, size_t moof, const Mp4Box *trun)
{
    Reader r = reader(trun);
    uint32_t flags = (uint32_t)take(&r, 4) & 0xFFFFFF, count = (uint32_t)take(&r, 4);

    if (flags & TRUN_OFFSET)
        f->at = moof + (size_t)take(&r, 4);
    if (flags & TRUN_FIRST_FLAGS)
        take(&r, 4);
    if (!(flags & (TRUN_SIZE | TRUN_DURATION | TRUN_FLAGS | TRUN_COMPOSITION)) && f->size == 0)
        return; /* samples of no bytes, as many as it likes */
    for (uint32_t i = 0; i < count && !f->broken; i++) {
        take(&r, flags & TRUN_DURATION ? 4 : 0);
        size_t size = flags & TRUN_SIZE ? (size_t)take(&r, 4) : f->size;
        take(&r, flags & TRUN_FLAGS ? 4 : 0);
        take(&r, flags & TRUN_COMPOSITION ? 4 : 0);
        if (r.overrun || f->at > f->len || size > f->len - f->at)
            return; /* the end is not there: a part of a file, or one that libav complains of */
        if (size > *f->budget) {
            f->broken = true;
            return;
        }
        *f->budget -= size;
        decrypt_sample(f, size);
        f->at += size;
    }
}

static void read_tfhd(Fragment *f, const Mp4Box *tfhd)
{
    Reader r = reader(tfhd);
    uint32_t flags = (uint32_t)take(&r, 4) & 0xFFFFFF;

    take(&r, 4); /* track_ID */
    if (flags & TFHD_BASE)
        take(&r, 8);
    if (flags & TFHD_DESCRIPTION)
        take(&r, 4);
    if (flags & TFHD_DURATION)
        take(&r, 4);
    if (flags & TFHD_SIZE)
        f->size = (uint32_t)take(&r, 4);
}

static void read_senc(Fragment *f, const Mp4Box *senc)
{
    f->senc = reader(senc);
    f->subsamples = take(&f->senc, 4) & SENC_SUBSAMPLES;
    f->entries = take(&f->senc, 4);
}

/* Boxes that speak of encryption alone. */
static void clear_boxes(uint8_t *data, const Mp4Box *traf)
{
    static const char *const names[] = {"senc", "saiz", "saio"};
    Mp4Boxes boxes = mp4_boxes_in(traf, 0);
    Mp4Box box;

    while (mp4_box_next(&boxes, &box))
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (mp4_box_is(&box, names[i]))
                rename_box(data, &box, "free");
}

static const CencTrack *track_of(const CencTracks *tracks, const Mp4Box *tfhd)
{
    for (size_t i = 0; i < tracks->count; i++)
        if (tfhd->len >= 8 && tracks->track[i].id == mp4_number(tfhd->body + 4, 4))
            return &tracks->track[i];
    return NULL;
}

/* All runs of a track fragment. */
static CencResult decrypt_fragment(Fragment *f, size_t moof, const Mp4Box *traf)
{
    Mp4Boxes boxes = mp4_boxes_in(traf, 0);
    Mp4Box box;

    if (strcmp(f->track->scheme, "cbcs") != 0)
        return CENC_UNKNOWN;
    if (mp4_box_child(traf, "senc", &box))
        read_senc(f, &box);
    while (mp4_box_next(&boxes, &box))
        if (mp4_box_is(&box, "trun"))
            decrypt_run(f, moof, &box);
    clear_boxes(f->data, traf);
    if (f->broken)
        return CENC_BROKEN;
    return f->key ? CENC_DECRYPTED : CENC_NO_KEY;
}

CencResult cenc_reader_media(const CencTracks *tracks, uint8_t *data, size_t len,
                             CencFindKey find_key, const void *user)
{
    Mp4Boxes boxes = {data, len, false};
    CencResult result = CENC_CLEAR;
    size_t budget = len;
    Mp4Box moof, traf, tfhd;

    for (const uint8_t *start = boxes.at; mp4_box_next(&boxes, &moof); start = boxes.at) {
        Mp4Boxes inner = mp4_boxes_in(&moof, 0);
        while (mp4_box_is(&moof, "moof") && mp4_box_next(&inner, &traf)) {
            Fragment f = {.data = data, .len = len, .budget = &budget};
            if (!mp4_box_is(&traf, "traf") || !mp4_box_child(&traf, "tfhd", &tfhd) ||
                !(f.track = track_of(tracks, &tfhd)))
                continue;
            f.key = find_key(user, f.track->kid);
            read_tfhd(&f, &tfhd);
            CencResult each = decrypt_fragment(&f, (size_t)(start - data), &traf);
            result = each > result ? each : result;
        }
    }
    return result;
}
