/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mutate.h"

#include <string.h>

#define CHANGES_MAX 5  /* of one input: with more nothing is left of what made it good */
#define PIECE_MAX   64 /* bytes that are put in, or left out, at a time */

/* An input that is being changed. */
typedef struct Work {
    uint64_t state; /* of the random numbers */
    uint8_t *bytes;
    size_t len, room;
} Work;

/* splitmix64 */
static uint64_t next_random(Work *w)
{
    uint64_t z = (w->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(Work *w, size_t bound)
{
    return bound ? (size_t)(next_random(w) % bound) : 0;
}

/* Makes room for up to `len` bytes at `at`, which need not be set. Returns how many there is room
 * for. */
static size_t open_gap(Work *w, size_t at, size_t len)
{
    if (len > w->room - w->len)
        len = w->room - w->len;
    memmove(w->bytes + at + len, w->bytes + at, w->len - at);
    w->len += len;
    return len;
}

static void leave_out(Work *w)
{
    size_t at = below(w, w->len), len = 1 + below(w, PIECE_MAX);

    if (len > w->len - at)
        len = w->len - at;
    memmove(w->bytes + at, w->bytes + at + len, w->len - at - len);
    w->len -= len;
}

static void put_in(Work *w)
{
    size_t at = below(w, w->len + 1), len = open_gap(w, at, 1 + below(w, PIECE_MAX));
    int same = next_random(w) & 1 ? (int)below(w, 256) : -1;

    for (size_t i = 0; i < len; i++)
        w->bytes[at + i] = (uint8_t)(same >= 0 ? same : (int)below(w, 256));
}

/* Puts a piece of `from` in, or in the place of what is there. */
static void take_over(Work *w, const uint8_t *from, size_t from_len)
{
    uint8_t piece[PIECE_MAX];
    size_t start = below(w, from_len), len = 1 + below(w, PIECE_MAX), at = below(w, w->len + 1);

    if (len > from_len - start)
        len = from_len - start;
    memcpy(piece, from + start, len); /* it may be what is moved */
    if (next_random(w) & 1)
        len = open_gap(w, at, len);
    else if (len > w->len - at)
        len = w->len - at;
    memcpy(w->bytes + at, piece, len);
}

/* A number of one, two or four bytes, in either order, gets a value at which ranges end, or one
 * near its own. */
static void set_number(Work *w)
{
    static const int64_t ends[] = {0,     1,       -1,        0x7f,       0x80,       0xff,
                                   0x100, 0x7fff,  0x8000,    0xffff,     0x10000,    0x7fffffff,
                                   -0x80, -0x8000, INT32_MIN, 0x40000000, 0x00ffffff, 3};
    size_t size = (size_t)1 << below(w, 3);
    int is_little = (int)(next_random(w) & 1);

    if (w->len < size)
        return;
    uint8_t *at = w->bytes + below(w, w->len - size + 1);
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint32_t)at[i] << (8 * (is_little ? i : size - 1 - i));
    if (next_random(w) & 1)
        value = (uint32_t)ends[below(w, sizeof(ends) / sizeof(ends[0]))];
    else
        value += (uint32_t)below(w, 71) - 35u;
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * (is_little ? i : size - 1 - i)));
}

/* A number in digits gets another digit, or many more; what is no digit gets another letter. */
static void set_letter(Work *w)
{
    static const char letters[] = "0123456789-+.,:;=\"'\\/{}[]<> \t\r\n%&@#aAzZ";

    if (w->len == 0)
        return;
    size_t at = below(w, w->len), start = at;
    for (size_t i = 0; i < w->len; i++, at = (start + i) % w->len) {
        if (w->bytes[at] >= '0' && w->bytes[at] <= '9')
            break;
    }
    if (w->bytes[at] < '0' || w->bytes[at] > '9' || next_random(w) % 4 == 0) {
        w->bytes[start] = (uint8_t)letters[below(w, sizeof(letters) - 1)];
        return;
    }
    w->bytes[at] = (uint8_t)('0' + below(w, 10));
    if (next_random(w) % 4 == 0)
        memset(w->bytes + at, '9', open_gap(w, at, 1 + below(w, 20)));
}

static void change(Work *w, const FuzzInput *other)
{
    switch (below(w, 8)) {
    case 0:
        if (w->len > 0)
            w->bytes[below(w, w->len)] ^= (uint8_t)(1u << below(w, 8));
        break;
    case 1:
        if (w->len > 0)
            w->bytes[below(w, w->len)] = (uint8_t)next_random(w);
        break;
    case 2:
        leave_out(w);
        break;
    case 3:
        put_in(w);
        break;
    case 4:
        if (w->len > 0)
            take_over(w, w->bytes, w->len);
        break;
    case 5:
        if (other->len > 0)
            take_over(w, other->bytes, other->len);
        break;
    case 6:
        set_number(w);
        break;
    default:
        set_letter(w);
    }
}

size_t mutate(const FuzzInput *inputs, size_t count, uint64_t seed, uint8_t *out, size_t room)
{
    Work w = {.state = seed, .bytes = out, .room = room};
    const FuzzInput *from = &inputs[below(&w, count)];

    w.len = from->len < room ? from->len : room;
    if (w.len > 0)
        memcpy(out, from->bytes, w.len);
    for (size_t changes = 1 + below(&w, CHANGES_MAX); changes > 0; changes--)
        change(&w, &inputs[below(&w, count)]);
    return w.len;
}
