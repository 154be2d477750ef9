/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "hls-bridge/transcode/transcode_wire.h"

/* What is read as a message is written as the same bytes again. */
static void check_message(const WireMessage *m, const uint8_t *data, size_t len)
{
    ByteBuffer again = {0};

    if (m->kind == WIRE_PICTURE)
        REQUIRE(m->picture.data >= data && m->picture.data + m->picture.len == data + len);
    if (m->kind == WIRE_UNIT)
        REQUIRE(m->unit.data >= data && m->unit.data + m->unit.len == data + len);
    if (m->kind == WIRE_SHOW)
        REQUIRE(m->show.data >= data && m->show.data + m->show.len == data + len);
    if (m->kind == WIRE_SHOWN)
        REQUIRE(m->shown.data >= data && m->shown.data + m->shown.len == data + len);
    REQUIRE(transcode_wire_write(m, &again) == 0);
    REQUIRE(again.len == len && memcmp(again.data, data, len) == 0);
    byte_buffer_free(&again);
}

/* The input is what one side sends: 't' to the transcoder, anything else from it. */
static int try_input(const uint8_t *data, size_t size)
{
    WireSide side = size > 0 && data[0] == 't' ? WIRE_TO_TRANSCODER : WIRE_FROM_TRANSCODER;
    WireMessage m;
    long len;

    if (size == 0)
        return 0;
    data++;
    size--;
    while ((len = transcode_wire_read(side, data, size, &m)) > 0) {
        REQUIRE((size_t)len <= size);
        check_message(&m, data, (size_t)len);
        data += len;
        size -= (size_t)len;
    }
    return 0;
}

FUZZ_TARGET(transcode_wire, try_input);
