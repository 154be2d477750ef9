/* SPDX-License-Identifier: GPL-3.0-or-later */

/* hls-playback-token: makes playback tokens for protected streams, and the secrets that they are
 * signed with. docs/protocol.md has their form; nginx/gate.pm reads them. */

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base64url.h"
#include "stream_name.h"

#define ID_SIZE      33  /* bytes of a secret's ID and its end */
#define SECRET_SIZE  129 /* likewise of a secret */
#define SECRET_BYTES 32  /* random ones of a new secret, as many as HMAC-SHA256 makes use of */
#define MAC_BYTES    32
#define LIFE_MAX_S   (366ll * 24 * 3600)
#define COUNT_MAX    100000
#define TEXT_MAX     128 /* bytes of an address and of a session's ID */

static const char usage[] =
    "Usage: hls-playback-token --keys FILE [OPTIONS] STREAM\n"
    "       hls-playback-token --new-key\n"
    "Makes a token with which one viewer may watch a protected stream:\n"
    "/p/TOKEN/live/STREAM/index.m3u8, or /watch.html?stream=STREAM#token=TOKEN.\n"
    "\n"
    "  -k, --keys FILE     the secrets that nginx has (gate.conf); the first in the file signs\n"
    "  -f, --for TIME      how long it is good: 90s, 15m, 2h, 30d (2h)\n"
    "  -p, --prefix        STREAM is how the names of all streams begin that it is good for\n"
    "  -a, --address IP    good from this IPv4 address, or from this one's IPv6 network (/64)\n"
    "  -s, --session ID    of the viewer: to tell which token was passed on, and to end it\n"
    "  -n, --number N      make N of them; with --session each has its number behind the ID\n"
    "      --new-key       print a new secret, as a line for that file: put it first, reload\n"
    "                      nginx, and take the old one off when its last token is over\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit status: 0 it was made, 1 it could not be, 2 wrong arguments.\n";

typedef struct TokenOptions {
    const char *keys, *stream, *address, *session;
    int64_t life_s;
    long number;
    bool prefix;
} TokenOptions;

typedef struct TokenKey {
    char id[ID_SIZE], secret[SECRET_SIZE];
} TokenKey;

static int fail(int status, const char *what, const char *more)
{
    fprintf(stderr, "hls-playback-token: %s%s\n", what, more);
    return status;
}

/* ---- secrets ---- */

static int print_new_key(void)
{
    unsigned char bytes[SECRET_BYTES], id[4];
    char secret[BASE64URL_SIZE(SECRET_BYTES)];

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes) ||
        getrandom(id, sizeof(id), 0) != sizeof(id))
        return fail(1, "the system has no random numbers", "");
    base64url_encode(bytes, sizeof(bytes), secret);
    printf("k%02x%02x%02x%02x %s;\n", id[0], id[1], id[2], id[3], secret);
    return 0;
}

/* Reads the first secret of a file of lines "ID SECRET;", as nginx's map includes it. */
static int read_key(const char *file, TokenKey *key)
{
    char line[512];
    int end = 0;
    FILE *f = fopen(file, "r");

    if (!f)
        return fail(1, "cannot be opened: ", file);
    while (end == 0 && fgets(line, sizeof(line), f))
        sscanf(line, " %32[A-Za-z0-9_-] %128[A-Za-z0-9_-] ;%n", key->id, key->secret, &end);
    fclose(f);
    if (end > 0 && strlen(key->secret) >= SECRET_BYTES)
        return 0;
    return fail(
        1, "has no secret of 32 to 128 characters; hls-playback-token --new-key makes one: ", file);
}

/* ---- a token ---- */

/* What it says, as JSON; the caller frees it. */
static char *claims(const TokenOptions *o, long number)
{
    char session[TEXT_MAX + 32];
    json_t *object = json_object();

    json_object_set_new(object, o->prefix ? "prefix" : "stream", json_string(o->stream));
    json_object_set_new(object, "exp", json_integer((json_int_t)time(NULL) + o->life_s));
    if (o->address)
        json_object_set_new(object, "ip", json_string(o->address));
    if (o->session) {
        snprintf(session, sizeof(session), o->number > 1 ? "%s-%ld" : "%s", o->session, number);
        json_object_set_new(object, "sid", json_string(session));
    }
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static int print_token(const TokenOptions *o, const TokenKey *key, long number)
{
    unsigned char mac[MAC_BYTES];
    unsigned mac_len;
    char signature[BASE64URL_SIZE(MAC_BYTES)];
    char *said = claims(o, number), *body = NULL;
    char *payload = said ? malloc(BASE64URL_SIZE(strlen(said))) : NULL;

    if (payload)
        base64url_encode((unsigned char *)said, strlen(said), payload);
    bool good = payload && asprintf(&body, "v1.%s.%s", key->id, payload) > 0 &&
                HMAC(EVP_sha256(), key->secret, (int)strlen(key->secret), (unsigned char *)body,
                     strlen(body), mac, &mac_len);
    if (good) {
        base64url_encode(mac, mac_len, signature);
        printf("%s.%s\n", body, signature);
    }
    free(said);
    free(payload);
    free(body);
    return good ? 0 : fail(1, "it could not be signed", "");
}

/* ---- the command line ---- */

static bool read_life(const char *text, int64_t *life_s)
{
    char *unit;
    long long n = strtoll(text, &unit, 10);
    int64_t s = *unit == '\0' || strcmp(unit, "s") == 0 ? 1
                : strcmp(unit, "m") == 0                ? 60
                : strcmp(unit, "h") == 0                ? 3600
                : strcmp(unit, "d") == 0                ? 24 * 3600
                                                        : 0;

    if (!isdigit((unsigned char)*text) || s == 0 || n < 1 || n > LIFE_MAX_S / s)
        return false;
    *life_s = n * s;
    return true;
}

/* Returns NULL, or what is wrong. */
static const char *read_option(int option, const char *text, TokenOptions *o)
{
    char *end;

    switch (option) {
    case 'k':
        o->keys = text;
        break;
    case 'f':
        return read_life(text, &o->life_s) ? NULL
                                           : "--for takes a time, as 90s, 15m, 2h or 30d, up to "
                                             "366d";
    case 'p':
        o->prefix = true;
        break;
    case 'a':
        o->address = text;
        return strlen(text) <= TEXT_MAX ? NULL : "--address is too long";
    case 's':
        o->session = text;
        return strlen(text) <= TEXT_MAX && !strchr(text, ' ')
                   ? NULL
                   : "--session takes up to 128 characters, and no spaces";
    default:
        o->number = strtol(text, &end, 10);
        return *text && !*end && o->number >= 1 && o->number <= COUNT_MAX
                   ? NULL
                   : "--number takes a whole number, 1 to 100000";
    }
    return NULL;
}

/* Returns -1 to go on, or the exit status. */
static int read_options(int argc, char **argv, TokenOptions *o)
{
    static const struct option names[] = {
        {"keys", required_argument, NULL, 'k'},
        {"for", required_argument, NULL, 'f'},
        {"prefix", no_argument, NULL, 'p'},
        {"address", required_argument, NULL, 'a'},
        {"session", required_argument, NULL, 's'},
        {"number", required_argument, NULL, 'n'},
        {"new-key", no_argument, NULL, 'N'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "k:f:pa:s:n:h", names, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (option == 'N')
            return print_new_key();
        const char *wrong = option == '?' ? "" : read_option(option, optarg, o);
        if (wrong)
            return fail(2, wrong,
                        *wrong ? "; try hls-playback-token --help"
                               : "try hls-playback-token --help");
    }
    if (optind + 1 != argc || !o->keys)
        return fail(
            2, "name the file of secrets (--keys) and one stream; try hls-playback-token --help",
            "");
    o->stream = argv[optind];
    if (!stream_name_valid(o->stream))
        return fail(2, STREAM_NAME_RULE, "");
    return -1;
}

int main(int argc, char **argv)
{
    TokenOptions options = {.life_s = 2 * 3600, .number = 1};
    TokenKey key;
    int status = read_options(argc, argv, &options);

    if (status < 0) {
        status = read_key(options.keys, &key);
        for (long i = 0; status == 0 && i < options.number; i++)
            status = print_token(&options, &key, i);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) /* as a full disk */
        return fail(1, "it cannot be printed", "");
    return status;
}
