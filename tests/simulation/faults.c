/* Faults for the program that this is preloaded into (LD_PRELOAD).
 *
 * Before the program's first line, a seccomp filter is put in place that turns every system call that can change
 * files into a SIGSYS. The handler notes those that concern files below one folder, makes the one that was asked
 * for go wrong, and carries the others out. Interposing libc's functions would not do: some libraries (rustix,
 * under tempfile) make system calls of their own.
 *
 * A call goes by what it does to which file, and by how many of the same came before it: when files were written
 * shows in what is looked at again, so that the same run may make some calls of git's folder more than once, and a
 * number among all calls would name another one each time.
 *
 * Waiting for the disk is left out throughout: a killed process loses nothing that the system took.
 *
 * FAULTS_BELOW   the folder, absolute and resolved
 * FAULTS_LOG     a file outside it, if wanted: a line "NAME PATHS" for each call, with a tab between. Paths are
 *                relative to the folder, with "*" for names that are random, and with " -> " between two
 * FAULTS_KIND    kill   end the process (SIGKILL) in place of the call
 *                torn   the same after half of the call, if it writes, else after it
 *                full   from the call on there is no space: the first write is cut in half, then nothing grows
 *                eio    the call answers EIO, once
 *                short  every write takes half of what it is given
 *                denied every call that changes FAULTS_PATH, or makes or removes a name in it, answers EACCES
 *                erofs  every call answers EROFS
 * FAULTS_CALL    the call, as a line of the log has it
 * FAULTS_TURN    which of those that are the same, from 1
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* The one place whose system calls the filter lets through. */
long faults_syscall(long number, long a, long b, long c, long d, long e, long f);
extern char faults_syscall_done[];

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
__asm__(".text\n.hidden faults_syscall\n.globl faults_syscall\n.type faults_syscall,@function\n"
        "faults_syscall:\n mov %rdi,%rax\n mov %rsi,%rdi\n mov %rdx,%rsi\n mov %rcx,%rdx\n mov %r8,%r10\n"
        " mov %r9,%r8\n mov 8(%rsp),%r9\n syscall\n"
        ".hidden faults_syscall_done\n.globl faults_syscall_done\nfaults_syscall_done:\n ret\n");
#define REGISTER(context, index) ((context)->uc_mcontext.gregs[index])
static const int ARGUMENTS[6] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
#define ARGUMENT(context, index) REGISTER(context, ARGUMENTS[index])
#define RESULT(context) REGISTER(context, REG_RAX)
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
__asm__(".text\n.hidden faults_syscall\n.globl faults_syscall\n.type faults_syscall,%function\n"
        "faults_syscall:\n mov x8,x0\n mov x0,x1\n mov x1,x2\n mov x2,x3\n mov x3,x4\n mov x4,x5\n mov x5,x6\n svc #0\n"
        ".hidden faults_syscall_done\n.globl faults_syscall_done\nfaults_syscall_done:\n ret\n");
#define ARGUMENT(context, index) ((context)->uc_mcontext.regs[index])
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#else
#error "no faults for this processor: add its registers"
#endif

/* What a call's arguments mean. */
enum shape {
    OPEN,     /* path, flags */
    OPENAT,   /* folder, path, flags */
    PATH,     /* path */
    PATHS,    /* path, path */
    AT,       /* folder, path */
    ATS,      /* folder, path, folder, path */
    NAME,     /* anything, path */
    NAME_AT,  /* anything, folder, path */
    FILE_,    /* file */
    WAIT,     /* file; changes nothing */
    WRITE,    /* file, bytes, count, .. */
    WRITEV,   /* file, parts, count, .. */
};

struct call {
    long number;
    const char *name;
    enum shape shape;
    int grows; /* whether it needs space */
};

static const struct call CALLS[] = {
    {SYS_openat, "openat", OPENAT, 1},
    {SYS_write, "write", WRITE, 1},
    {SYS_pwrite64, "pwrite", WRITE, 1},
    {SYS_writev, "writev", WRITEV, 1},
    {SYS_pwritev, "pwritev", WRITEV, 1},
    {SYS_pwritev2, "pwritev2", WRITEV, 1},
    {SYS_ftruncate, "ftruncate", FILE_, 0},
    {SYS_truncate, "truncate", PATH, 0},
    {SYS_fallocate, "fallocate", FILE_, 1},
    {SYS_fsync, "fsync", WAIT, 0},
    {SYS_fdatasync, "fdatasync", WAIT, 0},
    {SYS_fchmod, "fchmod", FILE_, 0},
    {SYS_fchmodat, "fchmodat", AT, 0},
    {SYS_fchown, "fchown", FILE_, 0},
    {SYS_mkdirat, "mkdirat", AT, 1},
    {SYS_unlinkat, "unlinkat", AT, 0},
    {SYS_symlinkat, "symlinkat", NAME_AT, 1},
    {SYS_linkat, "linkat", ATS, 1},
    {SYS_renameat2, "renameat2", ATS, 0},
    {SYS_copy_file_range, "copy_file_range", FILE_, 1},
    {SYS_sendfile, "sendfile", FILE_, 1},
#ifdef SYS_open
    {SYS_open, "open", OPEN, 1},
    {SYS_creat, "creat", PATH, 1},
    {SYS_mkdir, "mkdir", PATH, 1},
    {SYS_rmdir, "rmdir", PATH, 0},
    {SYS_unlink, "unlink", PATH, 0},
    {SYS_symlink, "symlink", NAME, 1},
    {SYS_link, "link", PATHS, 1},
    {SYS_chmod, "chmod", PATH, 0},
    {SYS_rename, "rename", PATHS, 0},
#endif
#ifdef SYS_renameat
    {SYS_renameat, "renameat", ATS, 0},
#endif
};
#define CALLS_COUNT (sizeof(CALLS) / sizeof(CALLS[0]))
#define UNNAMED (O_TMPFILE & ~O_DIRECTORY)
#define CREATES (O_CREAT | O_TRUNC | UNNAMED)

static enum { NOTHING, KILL, TORN, FULL, EIO_ONCE, SHORT, DENIED, READ_ONLY } kind;
static char wanted[2 * PATH_MAX + 64]; /* the call, as it is logged */
static long turn;
static long seen;   /* how often the call was made */
static int reached; /* whether it went wrong */
static int cut;     /* whether the disk has filled up */
static int log_file = -1;
static char below[PATH_MAX];
static char denied[PATH_MAX];

/* The absolute path of an open file, or of a path as it was given; "" if there is none. */
static void resolve(char *into, int folder, const char *path) {
    char link[64];
    size_t length = 0;
    into[0] = 0;
    if (path && path[0] == '/') {
        snprintf(into, PATH_MAX, "%s", path);
        return;
    }
    if (folder == AT_FDCWD) {
        snprintf(link, sizeof link, "/proc/self/cwd");
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    }
    long got = faults_syscall(SYS_readlinkat, AT_FDCWD, (long)link, (long)into, PATH_MAX - 1, 0, 0);
    length = got > 0 ? (size_t)got : 0;
    into[length] = 0;
    if (path && path[0]) {
        snprintf(into + length, PATH_MAX - length, "/%s", path);
    }
}

static int lies_in(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* Appends what a path is called in the log: relative to the folder, without what is random in it. */
static void show(char *into, const char *path) {
    const char *inner = path;
    if (lies_in(path, below)) {
        inner += strlen(below);
        inner = inner[0] == '/' ? inner + 1 : ".";
    }
    const char *slash = strrchr(inner, '/');
    const char *name = slash ? slash + 1 : inner;
    const char *folder = slash;
    while (folder && folder > inner && folder[-1] != '/') folder--;
    int random = strncmp(name, ".countersign-", 13) == 0 ||
                 (folder && (strncmp(folder, "holders/", 8) == 0 || strncmp(folder, "incoming/", 9) == 0));
    strncat(into, inner, name - inner);
    strcat(into, random ? "*" : name);
}

static int is_there(const char *path) {
    return faults_syscall(SYS_faccessat, AT_FDCWD, (long)path, F_OK, 0, 0, 0) == 0;
}

static long carry_out(long number, const long *a) {
    return faults_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Carries out half of a write. */
static long half(const struct call *call, const long *arguments) {
    long a[6];
    memcpy(a, arguments, sizeof a);
    struct iovec first;
    if (call->shape == WRITE && a[2] > 1) {
        a[2] /= 2;
    } else if (call->shape == WRITEV && a[2] > 0) {
        first = *(struct iovec *)a[1];
        first.iov_len = first.iov_len > 1 ? first.iov_len / 2 : first.iov_len;
        a[1] = (long)&first;
        a[2] = 1;
    }
    return carry_out(call->number, a);
}

static void end(void) {
    long self = faults_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
    faults_syscall(SYS_kill, self, SIGKILL, 0, 0, 0, 0);
    for (;;) {
    }
}

static long act(const struct call *call, const long *a) {
    char first[PATH_MAX], second[PATH_MAX];
    long flags = 0;
    second[0] = 0;
    switch (call->shape) {
    case OPEN: resolve(first, AT_FDCWD, (const char *)a[0]); flags = a[1]; break;
    case OPENAT: resolve(first, (int)a[0], (const char *)a[1]); flags = a[2]; break;
    case PATH: resolve(first, AT_FDCWD, (const char *)a[0]); break;
    case PATHS:
        resolve(first, AT_FDCWD, (const char *)a[0]);
        resolve(second, AT_FDCWD, (const char *)a[1]);
        break;
    case AT: resolve(first, (int)a[0], (const char *)a[1]); break;
    case ATS:
        resolve(first, (int)a[0], (const char *)a[1]);
        resolve(second, (int)a[2], (const char *)a[3]);
        break;
    case NAME: resolve(first, AT_FDCWD, (const char *)a[1]); break;
    case NAME_AT: resolve(first, (int)a[1], (const char *)a[2]); break;
    case FILE_:
    case WAIT:
    case WRITE:
    case WRITEV: resolve(first, (int)a[0], NULL); break;
    }
    if (!lies_in(first, below) && !lies_in(second, below)) {
        return carry_out(call->number, a);
    }
    int opens = call->shape == OPEN || call->shape == OPENAT;
    int makes = opens && ((flags & UNNAMED) || ((flags & O_CREAT) && !is_there(first)));
    int writable = opens && (makes || (flags & (O_ACCMODE | O_TRUNC)));
    if (kind == READ_ONLY && (writable || !opens)) return -EROFS;
    if (kind == DENIED && (writable || !opens) && (lies_in(first, denied) || lies_in(second, denied))) {
        return -EACCES;
    }
    /* To open a file that is there changes nothing yet. */
    if (opens && !(flags & CREATES)) return carry_out(call->number, a);
    char line[2 * PATH_MAX + 64];
    int removes_folder = call->number == SYS_unlinkat && (a[2] & AT_REMOVEDIR);
    snprintf(line, sizeof line, "%s\t", removes_folder ? "rmdir" : call->name);
    show(line, first);
    if (second[0]) {
        strcat(line, " -> ");
        show(line, second);
    }
    int is_it = strcmp(line, wanted) == 0 && __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST) == turn;
    if (is_it) __atomic_store_n(&reached, 1, __ATOMIC_SEQ_CST);
    if (log_file >= 0) {
        size_t length = strlen(line);
        line[length] = '\n';
        faults_syscall(SYS_write, log_file, (long)line, length + 1, 0, 0, 0);
    }
    int writes = call->shape == WRITE || call->shape == WRITEV;
    switch (kind) {
    case KILL:
        if (is_it) end();
        break;
    case TORN:
        if (is_it) {
            half(call, a);
            end();
        }
        break;
    case FULL:
        if (!__atomic_load_n(&reached, __ATOMIC_SEQ_CST) || !call->grows) break;
        if (opens && !makes) break;
        if (writes && !__atomic_exchange_n(&cut, 1, __ATOMIC_SEQ_CST)) return half(call, a);
        return -ENOSPC;
    case EIO_ONCE:
        if (is_it) return -EIO;
        break;
    case SHORT:
        if (writes) return half(call, a);
        break;
    case DENIED:
    case READ_ONLY:
    case NOTHING: break;
    }
    return call->shape == WAIT ? 0 : carry_out(call->number, a);
}

static void trapped(int signal, siginfo_t *info, void *opaque) {
    ucontext_t *context = opaque;
    long a[6];
    (void)signal;
    for (int index = 0; index < 6; index++) a[index] = (long)ARGUMENT(context, index);
    long answer = -ENOSYS;
    for (size_t index = 0; index < CALLS_COUNT; index++) {
        if (CALLS[index].number == info->si_syscall) {
            answer = act(&CALLS[index], a);
            break;
        }
    }
    RESULT(context) = answer;
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOW(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define HIGH(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field) + 4)
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)

static int confine(void) {
    struct sock_filter filter[16 + 6 * CALLS_COUNT];
    unsigned short length = 0;
    uint64_t ours = (uint64_t)faults_syscall_done;
#define ADD(...) filter[length++] = (struct sock_filter)__VA_ARGS__
    ADD(LOAD(arch));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    ADD(LOW(instruction_pointer));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ours, 0, 3));
    ADD(HIGH(instruction_pointer));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(ours >> 32), 0, 1));
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    ADD(LOAD(nr));
    for (size_t index = 0; index < CALLS_COUNT; index++) {
        int opens = CALLS[index].shape == OPEN || CALLS[index].shape == OPENAT;
        if (opens) {
            /* Opening to read is not worth the detour. Flags are in the low half of the argument. */
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)CALLS[index].number, 0, 4));
            ADD(LOW(args[CALLS[index].shape == OPEN ? 1 : 2]));
            ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CREATES | O_ACCMODE, 0, 1));
            ADD(ANSWER(SECCOMP_RET_TRAP));
            ADD(ANSWER(SECCOMP_RET_ALLOW));
        } else {
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)CALLS[index].number, 0, 1));
            ADD(ANSWER(SECCOMP_RET_TRAP));
        }
    }
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    struct sock_fprog program = {length, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

__attribute__((constructor)) static void start(void) {
    static const char *const KINDS[] = {"",     "kill",  "torn",   "full",
                                        "eio",  "short", "denied", "erofs"};
    const char *folder = getenv("FAULTS_BELOW"), *log = getenv("FAULTS_LOG");
    const char *which = getenv("FAULTS_KIND"), *path = getenv("FAULTS_PATH");
    const char *call = getenv("FAULTS_CALL"), *number = getenv("FAULTS_TURN");
    if (!folder) return;
    snprintf(below, sizeof below, "%s", folder);
    snprintf(denied, sizeof denied, "%s", path ? path : "");
    snprintf(wanted, sizeof wanted, "%s", call ? call : "");
    turn = number ? atol(number) : 0;
    for (size_t index = 0; which && index < sizeof(KINDS) / sizeof(KINDS[0]); index++) {
        if (strcmp(which, KINDS[index]) == 0) kind = index;
    }
    if (log) log_file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = trapped;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSYS, &action, NULL);
    if (confine() != 0) {
        fprintf(stderr, "faults: the system takes no seccomp filter: %s\n", strerror(errno));
        _exit(97);
    }
}
