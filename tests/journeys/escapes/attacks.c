/*
 * Attempts to get out of a sandbox. Each says "attempted NAME" when it is about to be made for real, then
 * "got out NAME" or "refused NAME: what the system said". TRY gets out if its result is not negative; whether INSIDE
 * got out is seen outside only.
 *
 * attacks files|processes|network|rights|machine OUTSIDE HOME TCP TCP6 UDP NAME PROCESS MARK
 *   OUTSIDE: a folder with a file `secret`, a socket `docker.sock` and `hard`, whose other name is here.
 *   NAME: an abstract socket. PROCESS: somebody else's. MARK: a word in every environment and credential outside.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char *outside, *home, *name, *mark;
static int tcp, tcp6, udp, process;
extern char **environ;

static void say(const char *how, const char *what, long result) {
    if (result < 0)
        printf("refused %s: %s\n", what, strerror(errno));
    else
        printf("%s %s\n", how, what);
}

#define TRY(what, attack) (printf("attempted %s\n", what), errno = 0, say("got out", what, (long)(attack)))
#define INSIDE(what, attack) (printf("attempted %s\n", what), errno = 0, say("kept in", what, (long)(attack)))

/* A path from a format; a few of them live at a time. */
static char *path(const char *format, ...) {
    static char texts[4][4096];
    static int next;
    char *text = texts[next++ % 4];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof texts[0], format, values);
    va_end(values);
    return text;
}

static char *out(const char *file) { return path("%s/%s", outside, file); }
static char *scratch(const char *file) { return path("%s/%s", getenv("TMPDIR"), file); }

static int write_to(const char *file, int flags) {
    int opened = open(file, O_WRONLY | O_CLOEXEC | flags, 0600);
    return opened < 0 ? -1 : (int)write(opened, "escaped\n", 8);
}

static int read_from(const char *file) {
    char byte;
    int opened = open(file, O_RDONLY | O_CLOEXEC);
    return opened < 0 ? -1 : read(opened, &byte, 1) == 1 ? 0 : -1;
}

static int contains(const char *file, const char *word) {
    static char text[1 << 16];
    int opened = open(file, O_RDONLY | O_CLOEXEC);
    if (opened < 0) return -1;
    ssize_t count = read(opened, text, sizeof text);
    close(opened);
    return count > 0 && memmem(text, (size_t)count, word, strlen(word)) ? 0 : -1;
}

static int list(const char *folder) { return opendir(folder) ? 0 : -1; }

static int by_link(int writing) {
    if (symlink(out("secret"), scratch("link")) && errno != EEXIST) return -1;
    return writing ? write_to(scratch("link"), 0) : read_from(scratch("link"));
}

/* A folder that is swapped for a link while it is used. */
static int by_swapped_folder(void) {
    if (mkdir(scratch("swapped"), 0700)) return -1;
    int folder = open(scratch("swapped"), O_PATH | O_DIRECTORY);
    if (rmdir(scratch("swapped")) || symlink(outside, scratch("swapped"))) return -1;
    int done = write_to(scratch("swapped/written"), O_CREAT);
    return done < 0 ? openat(folder, "../../outside/secret", O_RDONLY) : done;
}

/* The folder outside is the sibling of this one. */
static int by_handle(void) {
    struct { struct file_handle handle; char bytes[128]; } found = {{.handle_bytes = 128}, ""};
    int mount;
    int here = open(".", O_RDONLY | O_DIRECTORY);
    if (name_to_handle_at(AT_FDCWD, ".", &found.handle, &mount, 0)) return -1;
    return open_by_handle_at(here, &found.handle, O_RDONLY);
}

static int inherited(void) {
    for (int number = 3; number < 4096; number++)
        if (fcntl(number, F_GETFD) >= 0) return 0;
    for (int number = 0; number < 3; number++) {
        struct stat found;
        if (!fstat(number, &found) && !S_ISFIFO(found.st_mode)) return 0;
    }
    errno = EBADF;
    return -1;
}

static int any_credential(void) {
    static const char *files[] = {".ssh/id_ed25519", ".aws/credentials", ".netrc", ".git-credentials", ".npmrc",
                                  ".config/gcloud/application_default_credentials.json", ".docker/config.json",
                                  ".kube/config", ".pypirc", ".cargo/credentials.toml", ".gnupg/private.key"};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        if (!read_from(path("%s/%s", home, files[i])) || !read_from(path("%s/%s", getenv("HOME"), files[i])))
            return 0;
    return -1;
}

static int any_variable(void) {
    for (char **variable = environ; *variable; variable++)
        if (strstr(*variable, mark)) return 0;
    errno = ENOENT;
    return -1;
}

static void files(void) {
    TRY("use an inherited file", inherited());
    TRY("write outside", write_to(out("written"), O_CREAT));
    TRY("overwrite outside", write_to(out("secret"), O_TRUNC));
    TRY("read outside", read_from(out("secret")));
    TRY("list outside", list(outside));
    TRY("write through ..", write_to("../outside/written", O_CREAT));
    TRY("read through many ..", read_from(path("../../../../../../../..%s/secret", outside)));
    TRY("write through a new symbolic link", by_link(1));
    TRY("read through a new symbolic link", by_link(0));
    TRY("write through a planted symbolic link", write_to("leads-out", 0));
    TRY("read through a planted symbolic link", read_from("leads-out"));
    TRY("write through a planted link to a folder", write_to("leads-to-folder/written", O_CREAT));
    TRY("write through a swapped folder", by_swapped_folder());
    TRY("hard-link from outside", link(out("secret"), scratch("hard")));
    TRY("hard-link to outside", link("visible", out("linked")));
    INSIDE("write through a planted hard link", write_to("hard", 0));
    TRY("exchange with outside", renameat2(AT_FDCWD, out("secret"), AT_FDCWD, "visible", RENAME_EXCHANGE));
    TRY("move to outside", rename("visible", out("moved")));
    TRY("truncate outside", truncate(out("secret"), 0));
    TRY("change a mode outside", chmod(out("secret"), 0777));
    TRY("change an owner outside", chown(out("secret"), getuid(), getgid()));
    TRY("change times outside", utimensat(AT_FDCWD, out("secret"), NULL, 0));
    TRY("change an attribute outside", setxattr(out("secret"), "user.x", "x", 1, 0));
    TRY("make a folder outside", mkdir(out("made"), 0700));
    TRY("make a pipe outside", mkfifo(out("pipe"), 0600));
    TRY("make a link outside", symlink("/", out("link")));
    TRY("remove outside", unlink(out("hard")));
    TRY("move from outside", rename(out("secret"), scratch("moved")));
    INSIDE("write a git hook", write_to(".git/hooks/pre-commit", O_CREAT | O_TRUNC));
    INSIDE("write the git configuration", write_to(".git/config", O_APPEND));
    TRY("read credentials", any_credential());
    TRY("list the home folder outside", list(path("%s/.ssh", home)));
    TRY("read a secret variable", any_variable());
}

/* What `attack` finds at any process but this one. */
static int any_process(int (*attack)(int)) {
    DIR *all = opendir("/proc");
    int last = EACCES;
    for (struct dirent *entry; all && (entry = readdir(all));) {
        int number = atoi(entry->d_name);
        if (number > 0 && number != getpid()) {
            if (attack(number) >= 0) return 0;
            last = errno;
        }
    }
    errno = last;
    return -1;
}

/* And at the one outside or whoever started this one: no other is attacked, should it succeed. */
static int near_process(int (*attack)(int)) { return attack(process) < 0 ? attack(getppid()) : 0; }

static int environment(int number) { return contains(path("/proc/%d/environ", number), mark); }
static int memory(int number) { return open(path("/proc/%d/mem", number), O_RDWR | O_CLOEXEC); }
static int root(int number) { return read_from(path("/proc/%d/root%s/secret", number, outside)); }
static int folder(int number) { return read_from(path("/proc/%d/cwd/outside/secret", number)); }
static int open_files(int number) {
    for (int file = 0; file < 16; file++)
        if (open(path("/proc/%d/fd/%d", number, file), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) >= 0) return 0;
    return -1;
}
static int attach(int number) { return (int)ptrace(PTRACE_ATTACH, number, 0, 0); }
static int seize(int number) { return (int)ptrace(PTRACE_SEIZE, number, 0, 0); }
static int limits(int number) {
    struct rlimit lower = {1, 1};
    return prlimit(number, RLIMIT_NOFILE, &lower, NULL);
}
static int enter(int number) {
    int spaces = open(path("/proc/%d/ns/mnt", number), O_RDONLY | O_CLOEXEC);
    return spaces < 0 ? -1 : setns(spaces, 0);
}
static int steal(int number) {
    int process = (int)syscall(SYS_pidfd_open, number, 0);
    return process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, 0, 0);
}
static int peek(int number) {
    char byte;
    struct iovec here = {&byte, 1}, there = {environ, 1};
    return (int)process_vm_readv(number, &here, 1, &there, 1, 0);
}

/* In a child: whoever is traced stops at the next signal, and nobody here would let it go on. */
static int traced(void) {
    int status, child = fork();
    if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 ? errno : 0);
    if (child < 0 || waitpid(child, &status, 0) < 0) return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
    return -1;
}

static void processes(void) {
    TRY("read a secret of another process", any_process(environment));
    TRY("open the memory of another process", any_process(memory));
    TRY("read through the root of another process", any_process(root));
    TRY("read through the folder of another process", any_process(folder));
    TRY("open a file of another process", near_process(open_files));
    TRY("attach to another process", near_process(attach));
    TRY("seize another process", near_process(seize));
    TRY("read the memory of another process", near_process(peek));
    TRY("take a file of another process", near_process(steal));
    TRY("limit a process outside", limits(process));
    TRY("see whether a process outside lives", kill(process, 0));
    TRY("end a process outside", kill(process, SIGTERM));
    TRY("end its group", kill(-process, SIGTERM));
    TRY("be traced by another process", traced());
    TRY("compare with a process outside", syscall(SYS_kcmp, getpid(), process, 0, 0, 0));
}

static int to_tcp(const char *host, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &at.sin_addr);
    int opened = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
    int done = connect(opened, (struct sockaddr *)&at, sizeof at);
    if (done && errno == EINPROGRESS) {
        struct pollfd ready = {opened, POLLOUT, 0};
        socklen_t length = sizeof error;
        /* What nobody answers has been sent. */
        if (poll(&ready, 1, 200) == 0) return 0;
        getsockopt(opened, SOL_SOCKET, SO_ERROR, &error, &length);
        errno = error;
        return error ? -1 : 0;
    }
    return done;
}

static int to_tcp6(void) {
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)tcp6)};
    inet_pton(AF_INET6, "::1", &at.sin6_addr);
    return connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at);
}

static int to_udp(const char *host, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &at.sin_addr);
    return (int)sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&at, sizeof at);
}

/* `file` begins with @ where it is a name that lies in no file system. */
static int to_unix(const char *file) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strncpy(at.sun_path, file, sizeof at.sun_path - 1);
    socklen_t length = sizeof at;
    if (file[0] == '@') {
        at.sun_path[0] = 0;
        length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(file));
    }
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, length);
}

static int any_other_family(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
    for (int family = 0; family < 64; family++)
        for (unsigned type = 0; type < 4; type++)
            if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
                if (socket(family, types[type], 0) >= 0) return 0;
    return -1;
}

static void network(void) {
    TRY("reach a port outside", to_tcp("127.0.0.1", tcp));
    TRY("reach a port outside by IPv6", to_tcp6());
    TRY("reach the world", to_tcp("192.0.2.1", 80));
    TRY("send to the world", to_udp("192.0.2.1", 53));
    INSIDE("send to a port outside", to_udp("127.0.0.1", udp));
    TRY("reach a socket outside", to_unix(out("docker.sock")));
    TRY("reach a socket through ..", to_unix("../outside/docker.sock"));
    TRY("reach a socket that lies in the project", to_unix("docker.sock"));
    TRY("reach a name in no file system", to_unix(path("@%s", name)));
    TRY("speak netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    TRY("speak netlink to audit", socket(AF_NETLINK, SOCK_RAW, 9));
    TRY("see packets", socket(AF_PACKET, SOCK_RAW, 0));
    TRY("speak to the host of a machine", socket(AF_VSOCK, SOCK_STREAM, 0));
    TRY("speak bluetooth", socket(AF_BLUETOOTH, SOCK_RAW, 1));
    TRY("use the ciphers of the kernel", socket(AF_ALG, SOCK_SEQPACKET, 0));
    TRY("make raw packets", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    TRY("make raw packets of IPv6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    TRY("speak any other family", any_other_family());
    char place[256];
    TRY("pass by the filter with a ring", syscall(SYS_io_uring_setup, 1, memset(place, 0, sizeof place)));
}

static int exits_with_0(pid_t child) {
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) return -1;
    errno = EPERM;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* A copy of this program that belongs to somebody else and takes over their rights. */
static int by_setuid(void) {
    pid_t child = fork();
    if (child == 0) {
        execl("./setuid", "./setuid", "gained", NULL);
        _exit(1);
    }
    return exits_with_0(child);
}

static int all_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{~0u, ~0u, 0}, {~0u, ~0u, 0}};
    return (int)syscall(SYS_capset, &header, sets);
}

static int a_namespace(void) {
    static const int kinds[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
                                CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!unshare(kinds[i])) return 0;
        long child = syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) _exit(0);
        if (child > 0) return 0;
    }
    return -1;
}

static int clone3_namespace(void) {
    unsigned long long words[11] = {CLONE_NEWUSER};
    words[4] = SIGCHLD;
    long child = syscall(SYS_clone3, words, sizeof words);
    if (child == 0) _exit(0);
    return (int)child;
}

#ifdef __x86_64__
static int other_architecture(void) {
    pid_t child = fork();
    if (child == 0) {
        long number = 20; /* getpid, 32 bits */
        __asm__ volatile("int $0x80" : "+a"(number) : : "memory");
        _exit(number == getpid() ? 0 : 1);
    }
    return exits_with_0(child);
}
static int other_numbers(void) { return (int)syscall(0x40000000 | SYS_getpid); }
#endif

static int higher_limit(void) {
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_FSIZE, &all) && setrlimit(RLIMIT_NOFILE, &all) && setrlimit(RLIMIT_CORE, &all) ? -1 : 0;
}

static void rights(void) {
    TRY("gain rights from a program", by_setuid());
    TRY("allow gaining rights again", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    TRY("become somebody else", setresuid(1, 1, 1));
    TRY("join another group", setresgid(1, 1, 1));
    TRY("join more groups", setgroups(1, &(gid_t){1}));
    TRY("take all capabilities", all_capabilities());
    TRY("pass on a capability", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    TRY("raise a limit", higher_limit());
    TRY("make a namespace", a_namespace());
    TRY("make a namespace by the newer call", clone3_namespace());
    TRY("map users again", write_to("/proc/self/uid_map", 0));
    TRY("change the root", chroot("."));
    TRY("swap the root", syscall(SYS_pivot_root, ".", "."));
    TRY("mount", mount("none", scratch(""), "tmpfs", 0, NULL));
    TRY("mount again, writable", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
    TRY("unmount", umount2("/proc", MNT_DETACH));
    TRY("open a tree of mounts", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
    TRY("open by handle", by_handle());
    TRY("make a disk", mknod(scratch("disk"), S_IFBLK | 0600, 8 << 8));
    TRY("make a memory device", mknod(scratch("mem"), S_IFCHR | 0600, 1 << 8 | 1));
    TRY("write into a terminal", ioctl(0, TIOCSTI, "x"));
    TRY("open the terminal", open("/dev/tty", O_RDWR));
    TRY("write a program of the system", write_to("/usr/bin/env", 0));
    TRY("add a program to the system", write_to("/usr/local/bin/attack", O_CREAT));
    TRY("write who there is", write_to("/etc/passwd", O_APPEND));
    TRY("read who may enter", read_from("/etc/shadow"));
#ifdef __x86_64__
    TRY("call as another architecture", other_architecture());
    TRY("call by other numbers", other_numbers());
#endif
}

static int same_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return clock_settime(CLOCK_REALTIME, &now);
}

static int same_time_of_day(void) {
    struct timeval now;
    gettimeofday(&now, NULL);
    return settimeofday(&now, NULL);
}

/* Opening is enough: nothing is written to what speaks for the whole machine. */
static int any_opens(int flags, const char *files[]) {
    for (; *files; files++)
        if (open(*files, flags | O_CLOEXEC) >= 0) return 0;
    return -1;
}
#define ANY(flags, ...) any_opens(flags, (const char *[]){__VA_ARGS__, NULL})

static int be_ended_last(void) {
    int opened = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    return opened < 0 ? -1 : (int)write(opened, "-1000", 5);
}

static void machine(void) {
    TRY("enter the namespace of another process", near_process(enter));
    struct timex faster = {.modes = ADJ_TICK, .tick = 10000};
    TRY("set the clock", same_time());
    TRY("set the time of day", same_time_of_day());
    TRY("let the clock run faster", adjtimex(&faster));
    TRY("write settings of the kernel", ANY(O_WRONLY, "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
                                            "/proc/sys/vm/drop_caches", "/proc/sys/kernel/modprobe"));
    TRY("press the magic key", ANY(O_WRONLY, "/proc/sysrq-trigger"));
    TRY("see the hardware", list("/sys"));
    TRY("write settings of the hardware", ANY(O_WRONLY, "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state",
                                              "/sys/fs/cgroup/cgroup.procs", "/sys/kernel/uevent_helper"));
    TRY("read the memory of the kernel", ANY(O_RDONLY, "/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port"));
    TRY("read the messages of the kernel", ANY(O_RDONLY | O_NONBLOCK, "/dev/kmsg", "/proc/kmsg"));
    TRY("ask for the messages of the kernel", syscall(SYS_syslog, 10, NULL, 0));
    TRY("open a disk", ANY(O_RDONLY, "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/loop-control"));
    TRY("open a virtual machine", ANY(O_RDWR, "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vhost-net"));
    TRY("be ended last", be_ended_last());
    TRY("run before all others", setpriority(PRIO_PROCESS, 0, -20));
    TRY("name the machine", sethostname("escaped", 7));
    TRY("name its domain", setdomainname("escaped", 7));
    TRY("restart", syscall(SYS_reboot, 0, 0, 0, NULL));
    TRY("load another kernel", syscall(SYS_kexec_load, 0, 0, NULL, 0));
    TRY("load a module", syscall(SYS_init_module, "", 0, ""));
    TRY("swap", syscall(SYS_swapon, scratch("swap"), 0));
    TRY("account", syscall(SYS_acct, NULL));
    TRY("put programs into the kernel", syscall(SYS_bpf, 0, NULL, 0));
    TRY("watch the processor", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    TRY("handle faults", syscall(SYS_userfaultfd, 0));
    TRY("read keys", syscall(SYS_keyctl, 0, -4, 0, 0, 0));
    TRY("add a key", syscall(SYS_add_key, "user", "x", "x", 1, -4));
    TRY("hold memory that nobody counts", syscall(SYS_memfd_create, "x", 0));
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count == 2 && !strcmp(words[1], "gained")) return geteuid() == getuid();
    if (count != 10) return 2;
    outside = words[2], home = words[3], tcp = atoi(words[4]), tcp6 = atoi(words[5]), udp = atoi(words[6]);
    name = words[7], process = atoi(words[8]), mark = words[9];
    static const struct { const char *name; void (*attack)(void); } all[] = {
        {"files", files}, {"processes", processes}, {"network", network}, {"rights", rights}, {"machine", machine}};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (strstr(words[1], all[i].name)) all[i].attack();
    puts("end");
    return 0;
}
