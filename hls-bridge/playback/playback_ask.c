/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playback/playback_ask.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base64url.h"
#include "utc_text.h"

#define BEGIN       "/session/"
#define TOKEN_MAX   512 /* characters, as nginx takes them */
#define PAYLOAD_MAX 400
#define NETWORK_V6  8 /* bytes of an IPv6 address that a viewer keeps */

/* A part of the path, up to the next slash. Not terminated. */
typedef struct Part {
    const char *at;
    size_t len;
} Part;

static Part next_part(const char **path)
{
    Part part = {*path, strcspn(*path, "/")};

    *path += part.len + (part.at[part.len] == '/');
    return part;
}

/* Reads the payload of "v1.KID.PAYLOAD.SIGNATURE". Returns the object, or NULL. */
static json_t *read_claims(Part token, char text[PLAYBACK_CLAIMS_SIZE])
{
    const char *kid = memchr(token.at, '.', token.len), *end = token.at + token.len;
    const char *payload = kid ? memchr(kid + 1, '.', (size_t)(end - kid - 1)) : NULL;
    const char *mac = payload ? memchr(payload + 1, '.', (size_t)(end - payload - 1)) : NULL;

    if (!mac || mac - payload - 1 > PAYLOAD_MAX || token.len > TOKEN_MAX)
        return NULL;
    long len = base64url_decode(payload + 1, (size_t)(mac - payload - 1), (unsigned char *)text,
                                PLAYBACK_CLAIMS_SIZE - 1);
    if (len < 0)
        return NULL;
    text[len] = '\0';
    json_t *claims = json_loadb(text, (size_t)len, 0, NULL);
    if (json_is_object(claims))
        return claims;
    json_decref(claims);
    return NULL;
}

/* Writes what a viewer keeps as it goes on; returns the bytes. 0: it is no address. */
static size_t write_network(const char *address, uint8_t network[sizeof(struct in6_addr)])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (inet_pton(AF_INET, address, network) == 1)
        return sizeof(struct in_addr);
    if (inet_pton(AF_INET6, address, network) != 1)
        return 0;
    if (memcmp(network, mapped, sizeof(mapped)) != 0)
        return NETWORK_V6;
    memmove(network, network + sizeof(mapped), sizeof(struct in_addr));
    return sizeof(struct in_addr);
}

/* Each part goes in with its length before it, so that no two sessions are written alike. */
static bool add(EVP_MD_CTX *hash, const void *bytes, size_t len)
{
    uint32_t size = (uint32_t)len;

    return EVP_DigestUpdate(hash, &size, sizeof(size)) == 1 &&
           EVP_DigestUpdate(hash, bytes, len) == 1;
}

static bool name_session(PlaybackAsk *ask, const json_t *claims, Part token)
{
    uint8_t network[sizeof(struct in6_addr)];
    size_t len = write_network(ask->address, network);
    const char *sid = json_string_value(json_object_get(claims, "sid"));
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = hash && (len > 0 || !*ask->address) &&
                EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
                add(hash, ask->stream, strlen(ask->stream)) && add(hash, network, len) &&
                add(hash, sid ? "s" : "t", 1) &&
                add(hash, sid ? sid : token.at, sid ? strlen(sid) : token.len) &&
                EVP_DigestFinal_ex(hash, ask->session, NULL) == 1;

    EVP_MD_CTX_free(hash);
    return good;
}

bool playback_ask_read(const char *path, PlaybackAsk *out)
{
    *out = (PlaybackAsk){0};
    if (strncmp(path, BEGIN, strlen(BEGIN)) != 0)
        return false;
    path += strlen(BEGIN);
    Part address = next_part(&path), token = next_part(&path);
    if (address.len >= sizeof(out->address) || !stream_name_valid(path))
        return false;
    snprintf(out->stream, sizeof(out->stream), "%s", path);
    if (address.len != 1 || *address.at != '-')
        memcpy(out->address, address.at, address.len);
    else
        address.len = 0;
    json_t *claims = read_claims(token, out->claims);
    bool good = claims && name_session(out, claims, token);
    json_decref(claims);
    return good;
}

char *playback_ask_question(const PlaybackAsk *ask, int64_t now_us)
{
    char time[UTC_TEXT_SIZE];
    TextBuffer when = text_buffer(time, sizeof(time));

    utc_text_add(&when, now_us, 0);
    json_t *claims = json_loads(ask->claims, 0, NULL);
    json_t *question =
        json_pack("{s:s, s:s, s:{s:s, s:s*, s:o}}", "type", "playback", "timestamp", time, "data",
                  "stream", ask->stream, "address", *ask->address ? ask->address : NULL, "token",
                  claims ? claims : json_object());
    char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    json_decref(question);
    return text;
}
