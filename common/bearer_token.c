/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bearer_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings_reader.h"

#define SCHEME "Bearer "

static int complain(char *error, const char *file, const char *what)
{
    snprintf(error, SETTINGS_ERROR_SIZE, "%s: %s", file, what);
    return -1;
}

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
    struct stat is;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return complain(error, file, strerror(errno));
    bool regular = fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
    ssize_t len = regular ? read(fd, text, sizeof(text) - 1) : 0;
    close(fd);
    if (!regular)
        return complain(error, file, "a token is read from a regular file alone");
    if (is.st_mode & (S_IRWXO | S_IWGRP))
        return complain(error, file, "others may read or change this token: chmod 0640 it");
    text[len > 0 ? len : 0] = '\0';
    if (len < 0 || !is_token(text, (size_t)len))
        return complain(error, file,
                        "a token is 16 to 256 visible characters on one line, as of "
                        "\"openssl rand -hex 32\"");
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
