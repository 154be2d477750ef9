/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcode_fault.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENDED_HELPLESS 2

static void take_memory(void)
{
    for (size_t size = 1 << 20;; size += 1 << 20) {
        char *block = malloc(size);

        if (block)
            memset(block, 1, size);
        else
            _exit(ENDED_HELPLESS);
    }
}

void transcode_fault_do(TranscodeFault fault)
{
    switch (fault) {
    case TRANSCODE_OPENS_FILE:
        (void)!open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        break;
    case TRANSCODE_OPENS_SOCKET:
        (void)!socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        break;
    case TRANSCODE_RUNS_PROGRAM:
        execl("/bin/true", "true", (char *)NULL);
        break;
    case TRANSCODE_TAKES_MEMORY:
        take_memory();
        break;
    case TRANSCODE_HANGS:
        for (;;)
            poll(NULL, 0, -1);
    case TRANSCODE_NO_FAULT:
    case TRANSCODE_FAULTS:
        break;
    }
}
