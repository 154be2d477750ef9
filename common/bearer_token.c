/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bearer_token.h"

#include <string.h>
#include <strings.h>

#include "secret_file.h"

#define SCHEME "Bearer "

/* Takes the end of the line off. Returns whether what is left can be a token. */
static bool is_token(char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len >= BEARER_TOKEN_MIN && len < BEARER_TOKEN_SIZE;
}

int bearer_token_read(const char *file, char token[BEARER_TOKEN_SIZE], char *error)
{
    char text[BEARER_TOKEN_SIZE + 2]; /* with an end of line */
    int len = secret_file_read(file, "token", text, sizeof(text), error);

    if (len < 0)
        return -1;
    if (!is_token(text, (size_t)len))
        return secret_file_complain(
            error, file,
            "a token is 16 to 256 visible characters on one line, as of \"openssl rand -hex 32\"");
    memcpy(token, text, strlen(text) + 1);
    return 0;
}

bool bearer_token_shown(const char *authorization, const char *token)
{
    size_t scheme = strlen(SCHEME), len = strlen(token);
    unsigned char difference = 0;

    if (!authorization || strncasecmp(authorization, SCHEME, scheme) != 0)
        return false;
    const char *shown = authorization + scheme;
    size_t shown_len = strlen(shown);
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)((i < shown_len ? shown[i] : 0) ^ token[i]);
    return difference == 0 && shown_len == len;
}
