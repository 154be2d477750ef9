/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGPIPE_BLOCK_H
#define SIGPIPE_BLOCK_H

#include <pthread.h>
#include <signal.h>

/* For threads that write to connections in a process that is not ours: a peer that closes one must
 * not end it. libcurl itself sees to that only if there is no TLS. */
static inline void sigpipe_block(void)
{
    sigset_t pipe_gone;

    sigemptyset(&pipe_gone);
    sigaddset(&pipe_gone, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_gone, NULL);
}

#endif
