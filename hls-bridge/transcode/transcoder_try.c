/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcoder_try.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "transcode/transcoder_process.h"

#define START_MS  10000 /* to load its libraries and open its encoder, on a busy machine */
#define READ_SIZE 1024  /* more than its answer has */

/* Reads one message. Returns NULL, or why there is none. */
static const char *hear(int fd, ByteBuffer *in, WireMessage *m)
{
    long len;

    while ((len = transcode_wire_read(WIRE_FROM_TRANSCODER, in->data, in->len, m)) == 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint8_t *to = byte_buffer_reserve(in, READ_SIZE);
        if (!to)
            return strerror(ENOMEM);
        if (poll(&ready, 1, START_MS) == 0)
            return "it does not begin";
        ssize_t n = recv(fd, to, READ_SIZE, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return "it ends at once";
        in->len += (size_t)n;
    }
    return len > 0 ? NULL : "it says what cannot be";
}

int transcoder_try(const char *program, const TranscodeConfig *config, char *error)
{
    const WireMessage wanted = {.kind = WIRE_CONFIGURE, .configure = *config};
    TranscoderProcess process = TRANSCODER_NO_PROCESS;
    ByteBuffer out = {0}, in = {0};
    WireMessage m = {.kind = WIRE_REFUSED};
    const char *why = NULL;

    if (transcoder_process_start(&process, program) < 0)
        why = strerror(errno);
    else if (transcode_wire_write(&wanted, &out) < 0 ||
             send(process.fd, out.data, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
        why = "it cannot be told anything";
    else
        why = hear(process.fd, &in, &m);
    if (why)
        snprintf(error, TRANSCODER_TRY_SIZE,
                 "the transcoder %s cannot be used: %s; transcode.program says where it is, and "
                 "with transcode.ladder empty there is none",
                 program, why);
    else if (m.kind != WIRE_READY)
        snprintf(error, TRANSCODER_TRY_SIZE, "%s",
                 m.kind == WIRE_REFUSED ? m.refused : "the transcoder says what cannot be");
    transcoder_process_kill(&process);
    transcoder_process_wait(&process);
    byte_buffer_free(&out);
    byte_buffer_free(&in);
    return !why && m.kind == WIRE_READY ? 0 : -1;
}
