/* SPDX-License-Identifier: GPL-3.0-or-later */

/* janus-hls-token: makes publish tokens, and stream keys with their hashes. */

#include <getopt.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access/jwt_keys.h"
#include "access/jwt_sign.h"
#include "access/stream_key.h"
#include "base64url.h"
#include "core/request.h"
#include "hex_text.h"
#include "secret_file.h"
#include "settings_reader.h"
#include "stream_name.h"

#define NEW_KEY_BYTES 16 /* 128 bits: nobody guesses them, however fast the hash is */
#define HASHED_MIN    16 /* characters: shorter ones are found by whoever reads their hash */
#define DEFAULT_VALID 3600
#define VALID_MAX     INT64_C(3155760000) /* seconds: a hundred years */

static const char usage[] =
    "Usage: janus-hls-token [OPTIONS] sign STREAM\n"
    "  or:  janus-hls-token key\n"
    "  or:  janus-hls-token hash <FILE\n"
    "Makes what lets somebody publish through janus.plugin.hls.\n"
    "\n"
    "  sign   prints a publish token for STREAM, a name or \"NAME*\" for all that begin so\n"
    "  key    prints a new stream key, and its hash for key_hash in the plugin's settings\n"
    "  hash   reads a stream key from its input, and prints its hash\n"
    "\n"
    "  -s, --secret-file FILE   sign by HS256 with the secret of FILE (tokens.secret_file)\n"
    "  -k, --key-file FILE      sign by ES256 or EdDSA with a private key, in PEM; its public key\n"
    "                           goes into tokens.public_key_file\n"
    "  -i, --kid ID             the key's ID in a JWK set (tokens.jwks_file)\n"
    "  -v, --valid SECONDS      until the token expires (3600)\n"
    "  -c, --claim NAME=VALUE   one more claim; VALUE is JSON, or else a string\n"
    "  -h, --help               print this\n"
    "\n"
    "Exit status: 0 it is printed, 1 it cannot be made, 2 the options are wrong.\n";

typedef struct Options {
    const char *secret_file, *key_file, *key_id, *command, *stream;
    int64_t valid_s;
    json_t *claims;
} Options;

static int fail(const char *what)
{
    fprintf(stderr, "janus-hls-token: %s\n", what);
    return 1;
}

static bool read_claim(json_t *claims, const char *text)
{
    const char *equals = strchr(text, '=');
    char name[64];

    if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
    json_t *value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
    return json_object_set_new(claims, name, value ? value : json_string(equals + 1)) == 0;
}

static bool read_valid(const char *text, int64_t *out)
{
    char *end;

    *out = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *out > 0 && *out <= VALID_MAX;
}

/* Returns 0, or the exit status + 1 if there is nothing left to do. */
static int read_options(int argc, char **argv, Options *o)
{
    static const struct option names[] = {{"secret-file", required_argument, NULL, 's'},
                                          {"key-file", required_argument, NULL, 'k'},
                                          {"kid", required_argument, NULL, 'i'},
                                          {"valid", required_argument, NULL, 'v'},
                                          {"claim", required_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "s:k:i:v:c:h", names, NULL)) != -1) {
        bool good = true;
        if (c == 's')
            o->secret_file = optarg;
        else if (c == 'k')
            o->key_file = optarg;
        else if (c == 'i')
            o->key_id = optarg;
        else if (c == 'v')
            good = read_valid(optarg, &o->valid_s);
        else if (c == 'c')
            good = read_claim(o->claims, optarg);
        else if (c == 'h')
            return fputs(usage, stdout), 1;
        else
            return fputs("Try janus-hls-token --help\n", stderr), 3;
        if (!good)
            return fprintf(stderr, "janus-hls-token: -%c takes %s\n", c,
                           c == 'v' ? "a number of seconds" : "NAME=VALUE"),
                   3;
    }
    o->command = optind < argc ? argv[optind] : "";
    o->stream = optind + 1 < argc ? argv[optind + 1] : NULL;
    if (argc - optind == (strcmp(o->command, "sign") == 0 ? 2 : 1))
        return 0;
    return fputs("janus-hls-token: say sign STREAM, key or hash; try janus-hls-token --help\n",
                 stderr),
           3;
}

/* ---- tokens ---- */

static bool is_pattern(const char *stream)
{
    char name[STREAM_NAME_MAX + 2];
    size_t len = strlen(stream);

    if (len == 0 || stream[len - 1] != '*' || len >= sizeof(name))
        return stream_name_valid(stream);
    snprintf(name, sizeof(name), "%.*sx", (int)len - 1, stream);
    return stream_name_valid(name);
}

static char *sign_by_secret(const Options *o)
{
    char secret[1024], error[SETTINGS_ERROR_SIZE];
    int len = secret_file_read(o->secret_file, "secret", secret, sizeof(secret), error);

    if (len < 0)
        return fail(error), NULL;
    while (len > 0 && (secret[len - 1] == '\n' || secret[len - 1] == '\r'))
        len--;
    if (len < JWT_SECRET_MIN)
        return fail("a secret has 32 bytes or more: openssl rand -hex 32 makes one"), NULL;
    char *token = jwt_sign_secret(o->claims, o->key_id, secret, (size_t)len);
    OPENSSL_cleanse(secret, sizeof(secret));
    return token;
}

static char *sign_by_key(const Options *o)
{
    FILE *file = fopen(o->key_file, "re");
    EVP_PKEY *private = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    char *token = NULL;

    if (file)
        fclose(file);
    if (!private)
        return fail("the key file cannot be read, or has no private key in it"), NULL;
    if (EVP_PKEY_get_id(private) == EVP_PKEY_ED25519 ||
        (EVP_PKEY_get_base_id(private) == EVP_PKEY_EC && EVP_PKEY_get_bits(private) == 256))
        token = jwt_sign_private(o->claims, o->key_id, private);
    else
        fail("the private key is neither of P-256 (ES256) nor Ed25519 (EdDSA)");
    EVP_PKEY_free(private);
    return token;
}

/* A claim that was given by hand stays as it is. */
static void set_claim(json_t *claims, const char *name, json_t *value)
{
    if (json_object_get(claims, name))
        json_decref(value);
    else
        json_object_set_new(claims, name, value);
}

static int sign(const Options *o)
{
    unsigned char id[8];
    char text[BASE64URL_SIZE(sizeof(id))];
    int64_t now_s = (int64_t)time(NULL);

    if (!is_pattern(o->stream))
        return fail(STREAM_NAME_RULE);
    if (!o->secret_file == !o->key_file)
        return fail("sign takes either --secret-file or --key-file");
    if (RAND_bytes(id, sizeof(id)) != 1)
        return fail("this system has no random numbers");
    base64url_encode(id, sizeof(id), text);
    set_claim(o->claims, "stream", json_string(o->stream));
    set_claim(o->claims, "iat", json_integer(now_s));
    set_claim(o->claims, "exp", json_integer(now_s + o->valid_s));
    set_claim(o->claims, "jti", json_string(text));
    char *token = o->secret_file ? sign_by_secret(o) : sign_by_key(o);
    if (!token)
        return 1;
    puts(token);
    free(token);
    return 0;
}

/* ---- keys ---- */

static int print_hash(const char *key)
{
    char text[STREAM_KEY_TEXT];
    StreamKey hash;

    if (stream_key_make(key, &hash) < 0)
        return fail("this system has no random numbers");
    stream_key_write(&hash, text);
    puts(text);
    return 0;
}

static int new_key(void)
{
    unsigned char bytes[NEW_KEY_BYTES];
    char key[2 * NEW_KEY_BYTES + 1];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return fail("this system has no random numbers");
    hex_write(key, bytes, sizeof(bytes));
    puts(key);
    return print_hash(key);
}

static int hash_key(void)
{
    char key[REQUEST_KEY_MAX + 3];

    if (!fgets(key, sizeof(key), stdin))
        return fail("hash reads a stream key from its input, and there is none");
    key[strcspn(key, "\r\n")] = '\0';
    if (strlen(key) < HASHED_MIN || strlen(key) > REQUEST_KEY_MAX)
        return fail(
            "a key that is kept as a hash has 16 to 128 characters: whoever reads the hash "
            "of a shorter one can find it. janus-hls-token key makes a good one");
    return print_hash(key);
}

int main(int argc, char **argv)
{
    Options options = {.valid_s = DEFAULT_VALID, .claims = json_object()};
    int status = read_options(argc, argv, &options);

    if (status > 0)
        status--;
    else if (strcmp(options.command, "sign") == 0)
        status = sign(&options);
    else if (strcmp(options.command, "key") == 0)
        status = new_key();
    else if (strcmp(options.command, "hash") == 0)
        status = hash_key();
    else
        status = fail("say sign STREAM, key or hash; try janus-hls-token --help") + 1;
    json_decref(options.claims);
    if (fflush(stdout) != 0 || ferror(stdout)) /* as a full disk */
        status = fail("it cannot be printed");
    return status;
}
