/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loads a program once and runs it often, for programs that have this in LD_PRELOAD: what needs
 * libav needs some 150 libraries, and takes longer to load than many a run. Each line of the
 * standard input names a file of arguments, each with a NUL behind it; what the run prints goes to
 * files of that name with ".out" and ".err". Then a line of the standard output has its status;
 * below 0: the signal that ended it. Each run is a process of its own, as it is when main() is
 * called. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 200

typedef int Main(int argc, char **argv, char **environment);
typedef int Start(Main *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                  void (*rtld_fini)(void), void *stack_end);

Start __libc_start_main; /* what the C library has for the first instructions of a program */

static Main *program;

static void fail(const char *what)
{
    perror(what);
    _exit(127);
}

static void redirect(int fd, const char *name, const char *suffix, int flags)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s%s", name, suffix);
    int file = open(path, flags, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        fail(path);
    close(file);
}

/* The arguments that the file has, behind the program's own name; returns how many. */
static int read_args(const char *path, char **argv)
{
    FILE *file = fopen(path, "re");
    size_t size = 0;
    int argc = 1;

    if (!file)
        fail(path);
    for (; argc < ARGS_MAX && getdelim(&argv[argc], &size, '\0', file) > 0; argc++)
        size = 0;
    fclose(file);
    if (argc == ARGS_MAX) {
        errno = E2BIG;
        fail("its arguments");
    }
    free(argv[argc]); /* what is at the end of the file */
    argv[argc] = NULL;
    return argc;
}

static int run(char *name, const char *path, char **environment)
{
    static char *argv[ARGS_MAX];

    redirect(STDIN_FILENO, "/dev/null", "", O_RDONLY);
    redirect(STDOUT_FILENO, path, ".out", O_WRONLY | O_CREAT | O_TRUNC);
    redirect(STDERR_FILENO, path, ".err", O_WRONLY | O_CREAT | O_TRUNC);
    argv[0] = name;
    return program(read_args(path, argv), argv, environment);
}

static int serve(int argc, char **argv, char **environment)
{
    static char *path; /* the run has it, too, and it is no leak there */
    size_t size = 0;
    int status;

    (void)argc;
    unsetenv("LD_PRELOAD");
    setvbuf(stdin, NULL, _IONBF, 0);
    while (getline(&path, &size, stdin) > 0) {
        path[strcspn(path, "\n")] = '\0';
        pid_t child = fork();

        if (child == 0)
            return run(argv[0], path, environment);
        if (child < 0 || waitpid(child, &status, 0) < 0)
            fail("fork");
        dprintf(STDOUT_FILENO, "%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    }
    _exit(0);
}

int __libc_start_main(Main *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end)
{
    Start *start;

    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    program = main;
    return start(serve, argc, argv, init, fini, rtld_fini, stack_end);
}
