/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcoder_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET 3 /* its descriptor over there */

/* What the new process does before it loads the program. Returns an errno. */
static int prepare_files(posix_spawn_file_actions_t *actions, int socket)
{
    int error = posix_spawn_file_actions_adddup2(actions, socket, SOCKET);

    for (int fd = 0; fd < SOCKET && !error; fd++)
        error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    return error ? error : posix_spawn_file_actions_addclosefrom_np(actions, SOCKET + 1);
}

/* Signals are as in any new process: the bridge blocks and ignores some. Returns an errno. */
static int prepare_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    /* a group of its own, so that a Ctrl-C for the bridge is left to the bridge */
    return error ? error
                 : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                            POSIX_SPAWN_SETSIGDEF |
                                                            POSIX_SPAWN_SETPGROUP);
}

static int spawn(TranscoderProcess *process, const char *program, int socket)
{
    char *const arguments[] = {(char *)"hls-transcoder", NULL}, *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    error = prepare_files(&actions, socket);
    if (!error)
        error = prepare_signals(&attributes);
    if (!error)
        error = posix_spawn(&process->pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int transcoder_process_start(TranscoderProcess *process, const char *program)
{
    int pair[2];

    *process = (TranscoderProcess)TRANSCODER_NO_PROCESS;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    int error = fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? errno : spawn(process, program, pair[1]);
    close(pair[1]);
    if (!error) {
        process->fd = pair[0];
        return 0;
    }
    close(pair[0]);
    process->pid = 0;
    errno = error;
    return -1;
}

bool transcoder_process_send(const TranscoderProcess *process, const ByteBuffer *out, size_t *at)
{
    while (*at < out->len) {
        ssize_t n = send(process->fd, out->data + *at, out->len - *at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        *at += (size_t)n;
    }
    return true;
}

void transcoder_process_kill(TranscoderProcess *process)
{
    if (process->fd >= 0)
        close(process->fd);
    process->fd = -1;
    if (process->pid > 0)
        kill(process->pid, SIGKILL);
}

static void describe(int status, char *how, size_t size)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        snprintf(how, size, "it did what it may not do, and was killed for it");
    else if (WIFSIGNALED(status))
        snprintf(how, size, "it was ended by signal %d (%s)", WTERMSIG(status),
                 sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
    else
        snprintf(how, size, "it ended with status %d", WEXITSTATUS(status));
}

bool transcoder_process_reap(TranscoderProcess *process, char *how, size_t size)
{
    int status = 0;

    if (process->pid <= 0)
        return true;
    pid_t is = waitpid(process->pid, &status, WNOHANG);
    if (is == 0 || (is < 0 && errno == EINTR))
        return false;
    if (is > 0) {
        describe(status, how, size);
        process->was_forbidden = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    }
    process->pid = 0;
    return true;
}

void transcoder_process_wait(TranscoderProcess *process)
{
    while (process->pid > 0 && waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    process->pid = 0;
}
