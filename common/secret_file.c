/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings_reader.h"

int secret_file_complain(char *error, const char *file, const char *what)
{
    snprintf(error, SETTINGS_ERROR_SIZE, "%.200s: %s", file, what);
    return -1;
}

int secret_file_read(const char *file, const char *what, char *text, size_t size, char *error)
{
    char sentence[128];
    struct stat is;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return secret_file_complain(error, file, strerror(errno));
    bool regular = fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
    ssize_t len = regular ? read(fd, text, size - 1) : 0;
    int why = errno;
    close(fd);
    if (!regular) {
        snprintf(sentence, sizeof(sentence), "a %s is read from a regular file alone", what);
        return secret_file_complain(error, file, sentence);
    }
    if (is.st_mode & (S_IRWXO | S_IWGRP)) {
        snprintf(sentence, sizeof(sentence), "others may read or change this %s: chmod 0640 it",
                 what);
        return secret_file_complain(error, file, sentence);
    }
    if (len < 0)
        return secret_file_complain(error, file, strerror(why));
    text[len] = '\0';
    return (int)len;
}
