//! Which system calls a confined program may make: a list of those it may, so that what a newer kernel brings is
//! refused until somebody has thought about it.
//!
//! What is not known here answers `ENOSYS`, as an older kernel would: programs have a way around that. What is
//! known and refused answers `EPERM`, so that the error says what it is. Calls of another architecture end the
//! process.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::confined::Tier;

/// What may be called with any arguments.
#[rustfmt::skip]
const ALLOWED: &[c_long] = &[
    libc::SYS_accept, libc::SYS_accept4, libc::SYS_bind, libc::SYS_brk, libc::SYS_capget, libc::SYS_capset,
    libc::SYS_chdir, libc::SYS_clock_getres, libc::SYS_clock_gettime, libc::SYS_clock_nanosleep,
    libc::SYS_close, libc::SYS_close_range, libc::SYS_connect, libc::SYS_copy_file_range, libc::SYS_dup,
    libc::SYS_dup3, libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2, libc::SYS_eventfd2, libc::SYS_execve, libc::SYS_execveat, libc::SYS_exit,
    libc::SYS_exit_group, libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_fadvise64, libc::SYS_fallocate,
    libc::SYS_fchdir, libc::SYS_fcntl, libc::SYS_fdatasync, libc::SYS_fgetxattr, libc::SYS_flistxattr,
    libc::SYS_flock, libc::SYS_fstat, libc::SYS_fstatfs, libc::SYS_fsync, libc::SYS_ftruncate, libc::SYS_futex,
    libc::SYS_futex_waitv, libc::SYS_get_mempolicy, libc::SYS_get_robust_list, libc::SYS_getcpu,
    libc::SYS_getcwd, libc::SYS_getdents64, libc::SYS_getegid, libc::SYS_geteuid, libc::SYS_getgid,
    libc::SYS_getgroups, libc::SYS_getitimer, libc::SYS_getpeername, libc::SYS_getpgid, libc::SYS_getpid,
    libc::SYS_getppid, libc::SYS_getpriority, libc::SYS_getrandom, libc::SYS_getresgid, libc::SYS_getresuid,
    libc::SYS_getrlimit, libc::SYS_getrusage, libc::SYS_getsid, libc::SYS_getsockname, libc::SYS_getsockopt,
    libc::SYS_gettid, libc::SYS_gettimeofday, libc::SYS_getuid, libc::SYS_getxattr, libc::SYS_inotify_init1,
    libc::SYS_inotify_rm_watch, libc::SYS_io_cancel, libc::SYS_io_destroy, libc::SYS_io_getevents,
    libc::SYS_io_setup, libc::SYS_io_submit, libc::SYS_ioprio_get, libc::SYS_kill, libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset, libc::SYS_landlock_restrict_self, libc::SYS_lgetxattr, libc::SYS_linkat,
    libc::SYS_listen, libc::SYS_listxattr, libc::SYS_llistxattr, libc::SYS_lseek, libc::SYS_madvise,
    libc::SYS_membarrier, libc::SYS_mincore, libc::SYS_mkdirat, libc::SYS_mknodat, libc::SYS_mlock,
    libc::SYS_mlock2, libc::SYS_mlockall, libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_mremap,
    libc::SYS_msync, libc::SYS_munlock, libc::SYS_munlockall, libc::SYS_munmap, libc::SYS_nanosleep,
    libc::SYS_newfstatat, libc::SYS_openat, libc::SYS_openat2, libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal, libc::SYS_pipe2, libc::SYS_pkey_alloc, libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect, libc::SYS_ppoll, libc::SYS_prctl, libc::SYS_pread64, libc::SYS_preadv,
    libc::SYS_preadv2, libc::SYS_pselect6, libc::SYS_pwrite64, libc::SYS_pwritev,
    libc::SYS_pwritev2, libc::SYS_read, libc::SYS_readahead, libc::SYS_readlinkat, libc::SYS_readv,
    libc::SYS_recvfrom, libc::SYS_recvmmsg, libc::SYS_recvmsg, libc::SYS_remap_file_pages, libc::SYS_renameat2,
    libc::SYS_restart_syscall, libc::SYS_rseq, libc::SYS_rt_sigaction, libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_sigreturn, libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait, libc::SYS_rt_tgsigqueueinfo, libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min, libc::SYS_sched_getaffinity, libc::SYS_sched_getattr,
    libc::SYS_sched_getparam, libc::SYS_sched_getscheduler, libc::SYS_sched_rr_get_interval,
    libc::SYS_sched_yield, libc::SYS_seccomp, libc::SYS_sendfile, libc::SYS_sendmmsg, libc::SYS_sendmsg,
    libc::SYS_sendto, libc::SYS_set_robust_list, libc::SYS_set_tid_address, libc::SYS_setfsgid,
    libc::SYS_setfsuid, libc::SYS_setgid, libc::SYS_setgroups, libc::SYS_setitimer, libc::SYS_setpgid,
    libc::SYS_setregid, libc::SYS_setresgid, libc::SYS_setresuid, libc::SYS_setreuid, libc::SYS_setrlimit,
    libc::SYS_setsid, libc::SYS_setsockopt, libc::SYS_setuid, libc::SYS_shutdown, libc::SYS_sigaltstack,
    libc::SYS_signalfd4, libc::SYS_splice, libc::SYS_statfs, libc::SYS_statx, libc::SYS_symlinkat,
    libc::SYS_sync, libc::SYS_sync_file_range, libc::SYS_syncfs, libc::SYS_sysinfo, libc::SYS_tee,
    libc::SYS_tgkill, libc::SYS_timer_create, libc::SYS_timer_delete, libc::SYS_timer_getoverrun,
    libc::SYS_timer_gettime, libc::SYS_timer_settime, libc::SYS_timerfd_create, libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime, libc::SYS_times, libc::SYS_tkill, libc::SYS_truncate, libc::SYS_umask,
    libc::SYS_uname, libc::SYS_unlinkat, libc::SYS_vmsplice, libc::SYS_wait4, libc::SYS_waitid,
    libc::SYS_write, libc::SYS_writev,
];

/// Calls that only the older architecture has; later ones do the same by a newer name.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const ALLOWED_HERE: &[c_long] = &[
    libc::SYS_access, libc::SYS_alarm, libc::SYS_arch_prctl, libc::SYS_creat, libc::SYS_dup2,
    libc::SYS_epoll_create, libc::SYS_epoll_wait, libc::SYS_eventfd, libc::SYS_fork, libc::SYS_getdents,
    libc::SYS_getpgrp, libc::SYS_inotify_init, libc::SYS_link, libc::SYS_lstat, libc::SYS_mkdir,
    libc::SYS_mknod, libc::SYS_open, libc::SYS_pause, libc::SYS_pipe, libc::SYS_poll, libc::SYS_readlink,
    libc::SYS_rename, libc::SYS_renameat, libc::SYS_rmdir, libc::SYS_select, libc::SYS_signalfd,
    libc::SYS_stat, libc::SYS_symlink, libc::SYS_time, libc::SYS_unlink, libc::SYS_vfork,
];
/// Calls that only some architectures have.
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[c_long] = &[];

/// What may be called with any arguments by a program that is alone in its namespaces. In those of the person it
/// would reach what is theirs.
#[rustfmt::skip]
const ALLOWED_ALONE: &[c_long] = &[
    // Queues, semaphores and memory that lie in no file system.
    libc::SYS_mq_getsetattr, libc::SYS_mq_notify, libc::SYS_mq_open, libc::SYS_mq_timedreceive,
    libc::SYS_mq_timedsend, libc::SYS_mq_unlink, libc::SYS_msgctl, libc::SYS_msgget, libc::SYS_msgrcv,
    libc::SYS_msgsnd, libc::SYS_semctl, libc::SYS_semget, libc::SYS_semop, libc::SYS_semtimedop,
    libc::SYS_shmat, libc::SYS_shmctl, libc::SYS_shmdt,
    // What Landlock does not restrict: modes, owners, times and attributes of any file that has a name.
    libc::SYS_fchmod, libc::SYS_fchmodat, libc::SYS_fchmodat2, libc::SYS_fchown, libc::SYS_fchownat,
    libc::SYS_fremovexattr, libc::SYS_fsetxattr, libc::SYS_lremovexattr, libc::SYS_lsetxattr,
    libc::SYS_removexattr, libc::SYS_setxattr, libc::SYS_utimensat,
    // Precedence over other processes, and who uses which file.
    libc::SYS_setpriority, libc::SYS_ioprio_set, libc::SYS_sched_setaffinity, libc::SYS_sched_setattr,
    libc::SYS_sched_setparam, libc::SYS_sched_setscheduler, libc::SYS_inotify_add_watch,
];

/// Those of them that only the older architecture has.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const ALLOWED_ALONE_HERE: &[c_long] = &[
    libc::SYS_chmod, libc::SYS_chown, libc::SYS_lchown, libc::SYS_futimesat, libc::SYS_utime, libc::SYS_utimes,
];
/// Those of them that only some architectures have.
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_ALONE_HERE: &[c_long] = &[];

/// What is known and refused.
#[rustfmt::skip]
const REFUSED: &[c_long] = &[
    // Other processes, and what the kernel keeps for everyone.
    libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kcmp,
    libc::SYS_pidfd_getfd, libc::SYS_process_madvise, libc::SYS_add_key, libc::SYS_keyctl, libc::SYS_request_key,
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_fanotify_init,
    libc::SYS_lookup_dcookie, libc::SYS_syslog, libc::SYS_acct, libc::SYS_quotactl, libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // What is mounted where, and namespaces.
    libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root, libc::SYS_chroot, libc::SYS_mount_setattr,
    libc::SYS_move_mount, libc::SYS_open_tree, libc::SYS_fsopen, libc::SYS_fsmount, libc::SYS_fsconfig,
    libc::SYS_fspick, libc::SYS_unshare, libc::SYS_setns, libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at, libc::SYS_swapon, libc::SYS_swapoff,
    // The machine: its kernel, its clock, its name.
    libc::SYS_kexec_load, libc::SYS_reboot, libc::SYS_init_module, libc::SYS_finit_module,
    libc::SYS_delete_module, libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime,
    libc::SYS_adjtimex, libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_vhangup,
];

/// Every bit by which `clone` would make a namespace (sched.h).
const NAMESPACE_FLAGS: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// The families of sockets there are inside: local ones, and the internet's, which end at the loopback.
const FAMILIES: [i32; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// Requests that put words into a terminal's input.
const TERMINAL_INPUT: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// How a program may change its own execution: not at all, for 32-bit sizes, asking only, or without random addresses, as
/// debuggers do.
const PERSONALITIES: [u64; 4] = [0, 0x0002_0008, 0xffff_ffff, 0x0004_0000];

/// The largest segment of System V shared memory, in bytes. It counts for nobody's memory while nobody looks at it;
/// databases need one of a few bytes as a lock.
const SHARED_SEGMENT_BYTES_MAX: u64 = 64 * 1024;

/// Puts the filter of a tier on this thread and all that it will start.
pub fn filter(tier: Tier) -> Result<(), seccompiler::Error> {
    // Where several filters answer with an error, the one put on last is heard.
    for program in [allowed(tier)?, refused(tier)?, families(tier)?] {
        seccompiler::apply_filter(&program)?;
    }
    Ok(())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn allowed(tier: Tier) -> Result<BpfProgram, seccompiler::Error> {
    let any = |numbers: &[&[c_long]]| -> Rules {
        numbers.iter().copied().flatten().map(|number| (*number, Vec::new())).collect()
    };
    let mut rules = any(&[ALLOWED, ALLOWED_HERE]);
    match tier {
        Tier::Namespaces => {
            rules.extend(any(&[ALLOWED_ALONE, ALLOWED_ALONE_HERE, &[libc::SYS_prlimit64]]));
            let small = SeccompCondition::new(
                1,
                SeccompCmpArgLen::Qword,
                SeccompCmpOp::Le,
                SHARED_SEGMENT_BYTES_MAX,
            )?;
            rules.insert(libc::SYS_shmget, vec![rule(&[small])?]);
            let family = |family: &i32| rule(&[condition(0, SeccompCmpOp::Eq, number(*family))?]);
            rules.insert(libc::SYS_socket, FAMILIES.iter().map(family).collect::<Result<_, _>>()?);
        }
        Tier::Landlock => {
            let own = condition(0, SeccompCmpOp::Eq, 0)?;
            rules.insert(libc::SYS_prlimit64, vec![rule(&[own])?]);
        }
    }
    let namespaces = NAMESPACE_FLAGS.iter().fold(0, |all, flag| all | flag.cast_unsigned());
    let no_namespace = SeccompCmpOp::MaskedEq(namespaces.into());
    rules.insert(libc::SYS_clone, vec![rule(&[condition(0, no_namespace, 0)?])?]);
    let local = condition(0, SeccompCmpOp::Eq, number(libc::AF_UNIX))?;
    rules.insert(libc::SYS_socketpair, vec![rule(&[local])?]);
    let harmless = TERMINAL_INPUT.map(|request| condition(1, SeccompCmpOp::Ne, request));
    let [first, second] = harmless;
    rules.insert(libc::SYS_ioctl, vec![rule(&[first?, second?])?]);
    let personality = |value: &u64| rule(&[condition(0, SeccompCmpOp::Eq, *value)?]);
    rules.insert(
        libc::SYS_personality,
        PERSONALITIES.iter().map(personality).collect::<Result<_, _>>()?,
    );
    program(rules, SeccompAction::Errno(number_of(libc::ENOSYS)), SeccompAction::Allow)
}

fn refused(tier: Tier) -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: Rules = REFUSED.iter().map(|number| (*number, Vec::new())).collect();
    if tier == Tier::Landlock {
        let alone = ALLOWED_ALONE.iter().chain(ALLOWED_ALONE_HERE).chain(&[libc::SYS_shmget]);
        rules.extend(alone.map(|number| (*number, Vec::new())));
        let other = condition(0, SeccompCmpOp::Ne, 0)?;
        rules.insert(libc::SYS_prlimit64, vec![rule(&[other])?]);
    }
    let flag = |flag: &i32| {
        let bit = u64::from(flag.cast_unsigned());
        rule(&[condition(0, SeccompCmpOp::MaskedEq(bit), bit)?])
    };
    rules.insert(libc::SYS_clone, NAMESPACE_FLAGS.iter().map(flag).collect::<Result<_, _>>()?);
    let request = |value: &u64| rule(&[condition(1, SeccompCmpOp::Eq, *value)?]);
    rules.insert(libc::SYS_ioctl, TERMINAL_INPUT.iter().map(request).collect::<Result<_, _>>()?);
    program(rules, SeccompAction::Allow, SeccompAction::Errno(number_of(libc::EPERM)))
}

fn families(tier: Tier) -> Result<BpfProgram, seccompiler::Error> {
    let others = FAMILIES.map(|family| condition(0, SeccompCmpOp::Ne, number(family)));
    let [first, second, third] = others;
    let refused = match tier {
        Tier::Namespaces => vec![rule(&[first?, second?, third?])?],
        // A socket of the file system leads outside, and so does the internet's.
        Tier::Landlock => Vec::new(),
    };
    let rules = Rules::from([(libc::SYS_socket, refused)]);
    program(rules, SeccompAction::Allow, SeccompAction::Errno(number_of(libc::EAFNOSUPPORT)))
}

/// A condition on the lower half of an argument: the kernel reads no more of those that we look at.
fn condition(
    argument: u8,
    comparison: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::Error> {
    Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)?)
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, seccompiler::Error> {
    Ok(SeccompRule::new(conditions.to_vec())?)
}

fn number(value: i32) -> u64 {
    value.cast_unsigned().into()
}

fn number_of(errno: i32) -> u32 {
    errno.cast_unsigned()
}

fn program(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, seccompiler::Error> {
    let here = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, matched, here)?.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_both_allowed_and_refused() {
        for number in REFUSED.iter().chain(ALLOWED_ALONE).chain(ALLOWED_ALONE_HERE) {
            assert!(!ALLOWED.contains(number) && !ALLOWED_HERE.contains(number), "{number}");
        }
        for compile in [allowed, refused, families] {
            for tier in [Tier::Namespaces, Tier::Landlock] {
                assert!(!compile(tier).unwrap().is_empty());
            }
        }
    }
}
