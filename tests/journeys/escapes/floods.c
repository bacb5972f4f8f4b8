/*
 * Programs that take too much or do not want to end. Each says "attempted NAME" when it really does.
 *
 * floods forks|memory|output|deaf|orphans MARK
 * floods disk|names|nameless FOLDER
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 20];

static int refused(const char *what) {
    printf("refused %s: %s\n", what, strerror(errno));
    return 3;
}

static int forks(void) {
    pid_t first = getpid();
    /* Each round doubles them. Not for ever: what does not hold should not take the machine with it. */
    for (int round = 0; round < 11; round++)
        if (fork() < 0) {
            if (getpid() == first) return refused("forks");
            break;
        }
    for (;;) pause();
}

static int memory(void) {
    for (;;) {
        void *more = mmap(NULL, sizeof block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED) return refused("memory");
        memset(more, 1, sizeof block);
    }
}

static int output(void) {
    for (int i = 0; i < 32; i++)
        if (write(1, block, sizeof block) < 0) return refused("output");
    return 0;
}

/* One file after another, each of 16 MiB. */
static int disk(const char *folder) {
    for (int number = 0;; number++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/flood-%d", folder, number);
        int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        for (int i = 0; i < 16; i++)
            if (file < 0 || write(file, block, sizeof block) < 0) return refused("disk");
        close(file);
    }
}

static int names(const char *folder) {
    for (int number = 0;; number++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/name-%d", folder, number);
        int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) return refused("names");
        close(file);
    }
}

/* A file that no listing shows. */
static int nameless(const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/nameless", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || unlink(path)) return refused("nameless");
    /* Slower than memory: who fills a small disk between two looks at it is stopped by the disk itself. */
    struct timespec pause = {0, 2000000};
    while (write(file, block, sizeof block) > 0) nanosleep(&pause, NULL);
    return refused("nameless");
}

static void be_deaf(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
}

/* A child of nobody, in a session of its own, deaf, and with nothing open. */
static void orphan(void) {
    int up[2];
    char byte;
    if (pipe(up)) exit(4);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork()) _exit(0);
        setsid();
        be_deaf();
        for (int number = 0; number < 3; number++) close(number);
        if (write(up[1], "x", 1) != 1) _exit(4);
        for (;;) pause();
    }
    waitpid(child, NULL, 0);
    if (read(up[0], &byte, 1) != 1) exit(4);
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count != 3) return 2;
    memset(block, 'x', sizeof block);
    const char *what = words[1];
    int deaf = !strcmp(what, "deaf");
    if (deaf) be_deaf();
    if (deaf || !strcmp(what, "orphans")) orphan();
    printf("attempted %s\n", what);
    while (deaf) pause();
    if (!strcmp(what, "orphans")) return 0;
    if (!strcmp(what, "forks")) return forks();
    if (!strcmp(what, "memory")) return memory();
    if (!strcmp(what, "output")) return output();
    if (!strcmp(what, "disk")) return disk(words[2]);
    if (!strcmp(what, "names")) return names(words[2]);
    if (!strcmp(what, "nameless")) return nameless(words[2]);
    return 2;
}
