/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/small_picture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transcode/jpeg_maker.h"
#include "transcode/sandbox.h"
#include "transcode/transcode_fault.h"

#define MEMORY_MIB                                                                                 \
    256          /* beyond what is loaded: a decoder of the largest picture takes half of it */
#define CPU_S  5 /* a picture takes some milliseconds */
#define SOCKET 3 /* to the bridge, which is nobody's business there */

enum { MADE = 0, UNMADE = 1, OPEN = 3 }; /* how such a process ends by itself */

/* Memory that it leaves its picture in, since it has no file to write to. */
struct SmallPicture {
    size_t len;
    uint8_t jpeg[WIRE_JPEG_MAX];
};

SmallPicture *small_picture_create(void)
{
    ByteBuffer none = {0};
    void *at =
        mmap(NULL, sizeof(SmallPicture), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return NULL;
    jpeg_make(CODEC_H264, (const uint8_t *)"", 0, &none); /* decoders make their tables once */
    byte_buffer_free(&none);
    return at;
}

/* In the process of one picture. */
static _Noreturn void make(SmallPicture *small, const WireShow *show, pid_t parent)
{
    const SandboxParams params = {.memory_mib = MEMORY_MIB};
    const struct rlimit cpu = {CPU_S, CPU_S};
    char error[WIRE_TEXT_MAX + 1];
    ByteBuffer jpeg = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(UNMADE); /* it has ended before that */
    close(SOCKET);
    if (setrlimit(RLIMIT_CPU, &cpu) < 0 || sandbox_enter(&params, error, sizeof(error)) < 0)
        _exit(OPEN);
    transcode_fault_do(show->fault);
    if (jpeg_make(show->codec, show->data, show->len, &jpeg) < 0 || jpeg.len > sizeof(small->jpeg))
        _exit(UNMADE);
    memcpy(small->jpeg, jpeg.data, jpeg.len);
    small->len = jpeg.len;
    _exit(MADE);
}

static WireShownHow how_it_ended(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? SHOWN_FORBIDDEN : SHOWN_ENDED;
    switch (WEXITSTATUS(status)) {
    case MADE:
        return SHOWN_WHOLE;
    case UNMADE:
        return SHOWN_DAMAGED;
    case OPEN:
        return SHOWN_OPEN;
    default:
        return SHOWN_ENDED;
    }
}

void small_picture_make(SmallPicture *small, const WireShow *show, WireShown *shown)
{
    pid_t parent = getpid();
    int status = 0;

    *shown = (WireShown){.how = SHOWN_ENDED};
    small->len = 0;
    pid_t child = fork();
    if (child == 0)
        make(small, show, parent);
    if (child < 0)
        return;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    size_t len = small->len; /* once: it is the word of one that may have been taken over */
    shown->how = how_it_ended(status);
    if (shown->how == SHOWN_WHOLE && (len == 0 || len > sizeof(small->jpeg)))
        shown->how = SHOWN_ENDED;
    if (shown->how != SHOWN_WHOLE)
        return;
    shown->data = small->jpeg;
    shown->len = len;
}
