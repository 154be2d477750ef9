/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"

#include "instruments/hls-doctor/mp4_rules.h"

/* Boxes are written from the inside out: each function puts what it is given into a box. */
typedef struct Bytes {
    size_t len;
    uint8_t data[512];
} Bytes;

static Bytes join(Bytes a, Bytes b)
{
    memcpy(a.data + a.len, b.data, b.len);
    a.len += b.len;
    return a;
}

static Bytes box(const char *type, Bytes body)
{
    Bytes b = {.len = 8, .data = {0, 0, (uint8_t)((body.len + 8) >> 8), (uint8_t)(body.len + 8)}};

    memcpy(b.data + 4, type, 4);
    return join(b, body);
}

/* `len` zero bytes, of which the one at `at` is `value`. */
static Bytes zeros(size_t len, size_t at, uint8_t value)
{
    Bytes b = {.len = len};

    b.data[at] = value;
    return b;
}

static Bytes text(const char *t)
{
    Bytes b = {.len = strlen(t)};

    memcpy(b.data, t, b.len);
    return b;
}

/* What may be wrong. */
typedef enum Fault {
    NONE,
    NO_FTYP,
    OLD_BRAND,
    NO_MOOV,
    NO_MVEX,
    MOVIE_DURATION,
    TRACK_DURATION,
    NO_TKHD,
    SAMPLES,
    NO_TABLE,
    EARLY_MVEX,
    MEDIA_IN_INIT,
    CUT_SHORT,
    NO_TFDT,
    NO_TFHD,
    ABSOLUTE,
    OTHER_TRACK,
    NO_MDAT,
} Fault;

static Bytes track(Fault f)
{
    Bytes stsz = box("stsz", zeros(12, 11, f == SAMPLES));
    Bytes stbl = f == NO_TABLE ? box("stbl", (Bytes){0}) : box("stbl", stsz);
    Bytes tkhd = zeros(84, 15, 1); /* track_ID */
    tkhd.data[23] = f == TRACK_DURATION;
    Bytes mdia = box("mdia", box("minf", stbl));

    return box("trak", f == NO_TKHD ? mdia : join(box("tkhd", tkhd), mdia));
}

static Bytes init(Fault f)
{
    Bytes ftyp = box("ftyp", text(f == OLD_BRAND ? "iso5....isom" : "iso5....cmfc"));
    Bytes mvhd = box("mvhd", zeros(100, 19, f == MOVIE_DURATION)), mvex = box("mvex", (Bytes){0});
    Bytes moov = mvhd;

    if (f == EARLY_MVEX)
        moov = join(moov, mvex);
    moov = join(moov, track(f));
    if (f != NO_MVEX && f != EARLY_MVEX)
        moov = join(moov, mvex);
    Bytes all = box(f == NO_MOOV ? "free" : "moov", moov);
    if (f != NO_FTYP)
        all = join(ftyp, all);
    if (f == MEDIA_IN_INIT)
        all = join(all, box("mdat", (Bytes){0}));
    all.len -= f == CUT_SHORT;
    return all;
}

static Bytes fragment(Fault f)
{
    Bytes tfhd = zeros(8, 7, f == OTHER_TRACK ? 2 : 1), traf = {0};

    tfhd.data[3] = f == ABSOLUTE;
    if (f != NO_TFHD)
        traf = box("tfhd", tfhd);
    if (f != NO_TFDT)
        traf = join(traf, box("tfdt", zeros(8, 0, 0)));
    Bytes all = box("moof", box("traf", traf));
    if (f != NO_MDAT)
        all = join(all, box("mdat", text("media")));
    all.len -= f == CUT_SHORT;
    return all;
}

static const struct {
    const char *row, *rule;
    Fault fault;
    bool in_media, remark;
} rows[] = {
    {"good init", NULL, NONE, false, false},
    {"good media", NULL, NONE, true, false},
    {"no ftyp", "an initialisation segment does not begin", NO_FTYP, false, false},
    {"brand", "an initialisation segment without a brand", OLD_BRAND, false, false},
    {"no moov", "ftyp is not followed by moov", NO_MOOV, false, false},
    {"no mvex", "an initialisation segment without mvex", NO_MVEX, false, false},
    {"mvhd", "a duration in an initialisation", MOVIE_DURATION, false, false},
    {"tkhd", "a duration in an initialisation", TRACK_DURATION, false, false},
    {"no tkhd", "a track without tkhd", NO_TKHD, false, false},
    {"samples", "samples in an initialisation", SAMPLES, false, false},
    {"no table", "a track without a sample table", NO_TABLE, false, true},
    {"early mvex", "mvex before a track", EARLY_MVEX, false, true},
    {"media", "media in an initialisation", MEDIA_IN_INIT, false, false},
    {"no tfdt", "a fragment without tfdt", NO_TFDT, true, false},
    {"no tfhd", "a fragment without tfhd", NO_TFHD, true, false},
    {"absolute", "a fragment whose addresses", ABSOLUTE, true, false},
    {"other track", "a fragment of a track", OTHER_TRACK, true, false},
    {"no mdat", "media without moof and mdat", NO_MDAT, true, false},
    {"cut short", "a box does not fit", CUT_SHORT, true, false},
    {"cut short init", "ftyp is not followed by moov", CUT_SHORT, false, false},
};

static void boxes(void **state)
{
    const Mp4Tracks one = {1, {1}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Bytes b = rows[i].in_media ? fragment(rows[i].fault) : init(rows[i].fault);
        uint8_t *copy = guarded_copy(b.data, b.len);
        Mp4Tracks tracks;
        teardown(NULL);
        setup(NULL);
        if (rows[i].in_media)
            mp4_rules_media(findings, "x", copy, b.len, &one);
        else
            mp4_rules_init(findings, "x", copy, b.len, &tracks);
        guarded_free(copy, b.len);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
        if (rows[i].fault == NONE && !rows[i].in_media)
            assert_row(tracks.count == 1 && tracks.id[0] == 1, rows[i].row, "%zu tracks",
                       tracks.count);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(boxes, setup, teardown),
};

TEST_GROUP(mp4_rules, tests);
