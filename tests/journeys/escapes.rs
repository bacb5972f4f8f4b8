//! Programs that try to get out of the sandbox, by each means that makes one, through the real binary. An attack that is not even
//! made fails the test as one that succeeds does, and so does anything outside that is not as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use test_support::{Output, World};

use crate::support::{countersign, installed};

const ATTACKS: &str = include_str!("escapes/attacks.c");
const FLOODS: &str = include_str!("escapes/floods.c");
const REFUSES: &str = include_str!("escapes/refuses.c");

/// What is in every credential and environment outside.
const MARK: &str = "marked-as-secret";

/// How long something may take to be gone that was killed from outside.
const GONE_MAX: Duration = Duration::from_secs(20);

/// By what a sandbox is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    Own,
    Bubblewrap,
    Landlock,
}

const MEANS: [Means; 3] = [Means::Own, Means::Bubblewrap, Means::Landlock];

/// The program of a C source, compiled once.
fn compiled(source: &'static str) -> &'static Path {
    static PROGRAMS: OnceLock<[PathBuf; 3]> = OnceLock::new();
    let [attacks, floods, refuses] = PROGRAMS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("escapes");
        fs::create_dir_all(&folder).unwrap();
        [("attacks", ATTACKS), ("floods", FLOODS), ("refuses", REFUSES)].map(|(name, text)| {
            // By name and by what compiles it, so that test processes do not meet.
            let source = folder.join(format!("{name}-{}.c", std::process::id()));
            let program = folder.join(format!("{name}-{}", std::process::id()));
            fs::write(&source, text).unwrap();
            let mut compiler = Command::new("cc");
            let done = compiler.arg("-O1").arg("-o").args([&program, &source]).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            fs::remove_file(source).unwrap();
            program
        })
    });
    match source {
        ATTACKS => attacks,
        FLOODS => floods,
        _ => refuses,
    }
}

/// A world with a copy of the program of `source` in its project.
fn world_with(source: &'static str) -> World {
    let world = World::new();
    fs::copy(compiled(source), world.path("attack")).unwrap();
    world.write("visible", "visible");
    world
}

/// The real binary in `world`, where the system leaves it these means only, after `before` has been done to that.
pub fn confined_by(world: &World, means: Means, before: &str) -> Command {
    let own = countersign().to_str().unwrap();
    let before = match means {
        Means::Landlock => format!("{before} && echo 0 > /proc/sys/user/max_user_namespaces"),
        _ => before.to_owned(),
    };
    let refuses = compiled(REFUSES).to_str().unwrap();
    let program = if means == Means::Bubblewrap { vec![refuses, own] } else { vec![own] };
    let mut command = if before == "true" {
        let mut command = world.command(program[0]);
        command.args(&program[1..]);
        command
    } else {
        let mut command = world.command("unshare");
        command.args(["-Urm", "sh", "-c", &format!("{before} && exec \"$@\""), "sh"]);
        command.args(program);
        command
    };
    if means == Means::Bubblewrap {
        command.env("PATH", path_with_bubblewrap(&std::env::var("PATH").unwrap()));
    }
    command
}

/// The folder of `bwrap`, then those of `path`.
pub fn path_with_bubblewrap(path: &str) -> String {
    let program = installed("COUNTERSIGN_TEST_BWRAP");
    format!("{}:{path}", program.parent().unwrap().display())
}

/// `countersign sandbox` by these means, after `before` has been done to the system that it sees.
fn sandboxed_after(
    world: &World,
    means: Means,
    before: &str,
    options: &[&str],
    program: &[&str],
) -> Command {
    let mut command = confined_by(world, means, before);
    let weaker = match means {
        Means::Landlock => &["--allow-tier", "landlock"][..],
        Means::Own | Means::Bubblewrap => &[],
    };
    command.arg("sandbox").args(weaker).args(options).arg("--").args(program);
    command
        .env("COUNTERSIGN_TEST_TOKEN", MARK)
        .env("AWS_SECRET_ACCESS_KEY", MARK)
        .env("SSH_AUTH_SOCK", MARK);
    command
}

fn sandboxed(world: &World, means: Means, options: &[&str], program: &[&str]) -> Command {
    sandboxed_after(world, means, "true", options, program)
}

pub fn output_of(mut command: Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output {
        command: format!("{command:?}"),
        status: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// What lies around a world for an attack to reach, and says whether it was.
struct Outside {
    folder: PathBuf,
    home: PathBuf,
    tcp: TcpListener,
    /// Not every machine has IPv6.
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    sockets: Vec<UnixListener>,
    name: String,
    victim: Child,
}

impl Outside {
    fn around(world: &World) -> Self {
        let (folder, home) = (world.outer().join("outside"), world.outer().join("home"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("secret"), MARK).unwrap();
        fs::write(folder.join("hard"), MARK).unwrap();
        fs::hard_link(folder.join("hard"), world.path("hard")).unwrap();
        symlink(folder.join("secret"), world.path("leads-out")).unwrap();
        symlink(&folder, world.path("leads-to-folder")).unwrap();
        world.write(".git/hooks/pre-commit", "exit 0\n");
        // With toolchains beside the credentials, their folders are not all hidden.
        for file in [
            ".ssh/id_ed25519",
            ".aws/credentials",
            ".netrc",
            ".git-credentials",
            ".npmrc",
            ".docker/config.json",
            ".config/gcloud/application_default_credentials.json",
            ".kube/config",
            ".pypirc",
            ".gnupg/private.key",
            ".cargo/credentials.toml",
            ".cargo/bin/cargo",
            ".npm/_cacache/x",
            ".cache/pip/x",
        ] {
            let path = home.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, MARK).unwrap();
        }
        let setuid = world.path("setuid");
        fs::copy(compiled(ATTACKS), &setuid).unwrap();
        // Only the system's root can give it to somebody else.
        chown(&setuid, Some(65534), None).ok();
        fs::set_permissions(&setuid, fs::Permissions::from_mode(0o4755)).unwrap();
        let name =
            format!("countersign-escapes-{}", world.outer().file_name().unwrap().to_str().unwrap());
        let named = SocketAddr::from_abstract_name(&name).unwrap();
        let sockets = vec![
            UnixListener::bind(folder.join("docker.sock")).unwrap(),
            UnixListener::bind(world.path("docker.sock")).unwrap(),
            UnixListener::bind_addr(&named).unwrap(),
        ];
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp6 = TcpListener::bind("[::1]:0").ok();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        sockets.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
        tcp.set_nonblocking(true).unwrap();
        tcp6.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
        udp.set_nonblocking(true).unwrap();
        let mut victim = Command::new("cat");
        victim.env("COUNTERSIGN_TEST_TOKEN", MARK).process_group(0);
        let victim = victim.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let victim = victim.spawn().unwrap();
        Self { folder, home, tcp, tcp6, udp, sockets, name, victim }
    }

    /// The arguments of the program of [`ATTACKS`].
    fn arguments(&self, groups: &str) -> Vec<String> {
        let port = |of: &TcpListener| of.local_addr().unwrap().port().to_string();
        vec![
            "./attack".to_owned(),
            groups.to_owned(),
            self.folder.to_str().unwrap().to_owned(),
            self.home.to_str().unwrap().to_owned(),
            port(&self.tcp),
            self.tcp6.as_ref().map_or("1".to_owned(), port),
            self.udp.local_addr().unwrap().port().to_string(),
            self.name.clone(),
            self.victim.id().to_string(),
            MARK.to_owned(),
        ]
    }

    /// Whom somebody has reached.
    fn reached(&mut self) -> Vec<&'static str> {
        let waits = |kind: ErrorKind| kind == ErrorKind::WouldBlock;
        let quiet = |of: &TcpListener| of.accept().is_err_and(|error| waits(error.kind()));
        let mut reached = Vec::new();
        let mut note = |untouched: bool, what| {
            if !untouched {
                reached.push(what)
            }
        };
        note(quiet(&self.tcp), "tcp");
        note(self.tcp6.as_ref().is_none_or(quiet), "tcp6");
        note(self.udp.recv(&mut [0]).is_err_and(|error| waits(error.kind())), "udp");
        let named = ["the socket outside", "the socket in the project", "the name"];
        for (socket, what) in self.sockets.iter().zip(named) {
            note(socket.accept().is_err_and(|error| waits(error.kind())), what);
        }
        note(self.victim.try_wait().unwrap().is_none(), "the process");
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.victim.id())).unwrap_or_default();
        note(status.contains("\nTracerPid:\t0\n"), "its memory");
        let limits =
            fs::read_to_string(format!("/proc/{}/limits", self.victim.id())).unwrap_or_default();
        let files =
            limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
        note(!files.contains(" 1  "), "its limits");
        reached
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.victim.kill().ok();
        self.victim.wait().ok();
    }
}

/// Everything about the files of a folder but when they were read.
type State = BTreeMap<PathBuf, (u32, u32, u64, i64, i64, Option<Vec<u8>>)>;

fn state(folder: &Path) -> State {
    let mut found = State::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let of = fs::symlink_metadata(&path).unwrap();
        let content = of.is_file().then(|| fs::read(&path).unwrap());
        if of.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let changed = of.ctime() * 1_000_000_000 + of.ctime_nsec();
        found.insert(path, (of.mode(), of.uid(), of.nlink(), of.mtime(), changed, content));
    }
    found
}

/// The names in a C source after `macro(`.
fn named(source: &str, call: &str) -> BTreeSet<String> {
    let call = format!("    {call}(\"");
    let after = source.split(&call).skip(1);
    after.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The rest of the lines of `output` that begin with `word`.
fn told(output: &str, word: &str) -> BTreeSet<String> {
    output.lines().filter_map(|line| Some(line.strip_prefix(word)?.trim().to_owned())).collect()
}

fn attack(world: &World, means: Means, outside: &Outside) -> Output {
    let arguments = outside.arguments("files processes network rights machine");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    output_of(sandboxed(world, means, &[], &arguments))
}

#[test]
fn every_attack_is_made_and_none_gets_out() {
    let mut all = named(ATTACKS, "TRY");
    all.extend(named(ATTACKS, "INSIDE"));
    assert!(all.len() > 110, "{}", all.len());
    for means in MEANS {
        let world = world_with(ATTACKS);
        let mut outside = Outside::around(&world);
        let before = [state(world.root()), state(&outside.folder), state(&outside.home)];
        let output = attack(&world, means, &outside);
        let (made, out) = (told(&output.stdout, "attempted "), told(&output.stdout, "got out "));
        assert_eq!(out, BTreeSet::new(), "{means:?}\n{}", output.stdout);
        let missed: Vec<_> = all.difference(&made).collect();
        assert!(
            missed.is_empty(),
            "{means:?}: not made: {missed:?}\n{}{}",
            output.stdout,
            output.stderr
        );
        assert!(output.stdout.ends_with("end\n"), "{means:?}\n{}{}", output.stdout, output.stderr);
        assert_eq!(output.status, 0);
        assert_eq!(outside.reached(), [""; 0], "{means:?}\n{}", output.stdout);
        let after = [state(world.root()), state(&outside.folder), state(&outside.home)];
        assert!(before == after, "{means:?}: changed outside\n{}", output.stdout);
    }
}

/// The same program without a sandbox: were these attacks harmless by themselves, it would show nothing that they fail in one.
#[test]
fn without_a_sandbox_the_same_attacks_succeed() {
    let world = world_with(ATTACKS);
    let mut outside = Outside::around(&world);
    let arguments = outside.arguments("files processes network");
    let mut command = world.command(&arguments[0]);
    command.args(&arguments[1..]).env("COUNTERSIGN_TEST_TOKEN", MARK);
    let output = output_of(command);
    let out = told(&output.stdout, "got out ");
    // What depends on who runs this and on the machine: rights over others' processes, devices and families.
    let depends = [
        "use an inherited file",
        "read through a swapped folder",
        "write through a swapped folder",
        "change an attribute outside",
        "open the memory of another process",
        "take a file of another process",
        "attach to another process",
        "seize another process",
        "enter the namespace of another process",
        "compare with a process outside",
        "read the memory of another process",
        "be traced by another process",
        "read through the root of another process",
        "read through the folder of another process",
        "read a secret of another process",
        "open a file of another process",
        "reach a port outside by IPv6",
        "reach the world",
        "send to the world",
        "see packets",
        "speak to the host of a machine",
        "speak bluetooth",
        "use the ciphers of the kernel",
        "make raw packets",
        "make raw packets of IPv6",
        "speak any other family",
        "pass by the filter with a ring",
        "speak netlink to audit",
    ];
    let groups = ATTACKS.split("static void rights(void)").next().unwrap();
    let missed: Vec<_> =
        named(groups, "TRY").into_iter().filter(|name| !out.contains(name)).collect();
    let missed: Vec<_> = missed.iter().filter(|name| !depends.contains(&name.as_str())).collect();
    assert!(missed.is_empty(), "{missed:?}\n{}{}", output.stdout, output.stderr);
    let mut reached = outside.reached();
    // How far the process is with its end, nobody knows yet.
    reached.retain(|what| !["tcp6", "the process", "its memory", "its limits"].contains(what));
    let all = ["tcp", "udp", "the socket outside", "the socket in the project", "the name"];
    assert_eq!(reached, all, "{}", output.stdout);
}

fn flood(world: &World, means: Means, options: &[&str], what: &str, argument: &str) -> Output {
    let output = output_of(sandboxed(world, means, options, &["./attack", what, argument]));
    assert!(output.stdout.contains(&format!("attempted {what}\n")), "{means:?} {what}: {output:?}");
    output
}

/// That a limit ended it, and was named.
#[track_caller]
fn stopped_by(output: Output, bound: &str) {
    let output = output.exited(124);
    assert!(output.stderr.contains(&format!("it reached {bound}")), "{}", output.stderr);
}

#[test]
fn who_takes_too_many_processes_or_too_much_memory_is_ended() {
    for means in MEANS {
        let world = world_with(FLOODS);
        let mark = format!("{MARK}-{means:?}-{}", world.outer().display());
        let forks = flood(&world, means, &["--processes", "64"], "forks", &mark);
        // The kernel refuses them to all but the system's root, where there are namespaces.
        if forks.status != 3 {
            stopped_by(forks, "its number of processes");
        }
        assert_eq!(processes_with(&mark), [0; 0], "{means:?}");
        stopped_by(flood(&world, means, &["--memory", "64"], "memory", &mark), "its memory");
    }
}

#[test]
fn who_fills_the_disk_is_ended_and_what_was_written_is_gone() {
    for means in MEANS {
        let world = world_with(FLOODS);
        let options = ["--disk", "24"];
        // Where changes are kept: those of the folder itself, and in the weaker tier what is in its home.
        let kept = match means {
            Means::Own | Means::Bubblewrap => ".",
            Means::Landlock => "\"$HOME\"",
        };
        for what in ["disk", "names"] {
            let program = format!("exec ./attack {what} {kept}");
            let output = output_of(sandboxed(&world, means, &options, &["sh", "-c", &program]));
            assert!(output.stdout.contains("attempted"), "{output:?}");
            stopped_by(output, "its room on the disk");
        }
        for place in ["/tmp", "/dev/shm", "/home/countersign"] {
            for what in ["disk", "names"] {
                match means {
                    // They lie in memory.
                    Means::Own => {
                        let output = flood(&world, means, &options, what, place).exited(3);
                        assert!(output.stdout.contains("No space left"), "{output:?}");
                    }
                    Means::Bubblewrap => {
                        let output = flood(&world, means, &options, what, place);
                        stopped_by(output, "its room on the disk");
                    }
                    Means::Landlock => {}
                }
            }
        }
        let left = [world.outer().join("cache/countersign/sandbox"), world.outer().join("tmp")];
        let left: u64 =
            left.iter().filter(|path| path.exists()).map(|path| bytes_below(path)).sum();
        assert!(left < 1 << 20, "{left}");
    }
}

fn bytes_below(folder: &Path) -> u64 {
    state(folder)
        .values()
        .map(|(.., content)| content.as_ref().map_or(0, |bytes| bytes.len() as u64))
        .sum()
}

#[test]
fn who_hides_what_it_writes_does_not_fill_the_disk() {
    let world = world_with(FLOODS);
    let cache = world.outer().join("cache");
    // A disk of 512 MiB, on which half of what was free is left.
    let small = format!("mount -t tmpfs -o size=512m none {}", cache.display());
    let program = ["./attack", "nameless", world.root().to_str().unwrap()];
    let output = output_of(sandboxed_after(&world, Means::Own, &small, &[], &program));
    assert!(output.stdout.contains("attempted nameless\n"), "{output:?}");
    stopped_by(output, "its room on the disk");
}

#[test]
fn a_flood_of_output_is_cut_and_said() {
    for means in MEANS {
        let world = world_with(FLOODS);
        let output = flood(&world, means, &["--output", "1"], "output", MARK).ok();
        assert_eq!(output.stdout.len(), 1 << 20, "{means:?}");
        assert!(output.stderr.contains("its output was cut"), "{}", output.stderr);
    }
}

#[test]
fn who_left_everything_behind_ends_with_the_rest() {
    for means in MEANS {
        let world = world_with(FLOODS);
        let mark = format!("{MARK}-orphans-{}", world.outer().display());
        flood(&world, means, &[], "orphans", &mark).ok();
        assert_eq!(processes_with(&mark), [0; 0], "{means:?}");
    }
}

#[test]
fn who_ignores_every_signal_ends_when_countersign_is_asked_to_or_killed() {
    for means in MEANS {
        for signal in ["TERM", "KILL"] {
            let world = world_with(FLOODS);
            let mark = format!("{MARK}-deaf-{}", world.outer().display());
            let mut command = sandboxed(&world, means, &[], &["./attack", "deaf", &mark]);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(line, "attempted deaf\n", "{means:?}");
            // The program, its orphan, and whoever started them.
            assert!(processes_with(&mark).len() >= 3, "{means:?}");
            world.run("kill", &[&format!("-{signal}"), &child.id().to_string()]).ok();
            let ended = child.wait().unwrap();
            if signal == "TERM" {
                assert_eq!(ended.code(), Some(124), "{means:?}");
                assert_eq!(processes_with(&mark), [0; 0], "{means:?}");
            }
            all_end(&mark, Instant::now() + GONE_MAX);
        }
    }
}

/// Killed while the sandbox is being made: as soon as there are one, two, three or four processes of it.
#[test]
fn who_is_killed_while_it_starts_leaves_nothing() {
    for means in MEANS {
        let world = world_with(FLOODS);
        // `bwrap` begins by a second process that waits for the first, which may be gone then.
        let often = if means == Means::Bubblewrap { 24 } else { 0 };
        let all = (1..=4).chain(1..=4).chain([2, 3].into_iter().cycle().take(often));
        for (round, most) in all.enumerate() {
            let mark = format!("{MARK}-{round}-{}", world.outer().display());
            let mut command = sandboxed(&world, means, &[], &["./attack", "deaf", &mark]);
            command.process_group(0).stdin(Stdio::null());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let deadline = Instant::now() + GONE_MAX;
            let mut all = Vec::new();
            while all.len() < most {
                assert!(Instant::now() < deadline, "{means:?}: {all:?} are all that came");
                all = below(child.id());
            }
            child.kill().unwrap();
            child.wait().unwrap();
            // One that has ended and that nobody has asked about has no command line any more.
            let line = |pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            while let Some(line) = all.iter().map(line).find(|line| !line.is_empty()) {
                assert!(Instant::now() < deadline, "{means:?} {most}: {line:?} lives on");
                std::thread::yield_now();
            }
            // What came while it was killed is told by its files.
            let place = world.outer().display().to_string();
            all_end(&place, deadline);
        }
    }
}

/// The processes that descend from one.
fn below(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children: Vec<u32> =
        children.unwrap_or_default().split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    children.iter().flat_map(|child| [vec![*child], below(*child)].concat()).collect()
}

#[test]
fn a_folder_that_holds_the_home_folder_is_not_shown() {
    let world = world_with(FLOODS);
    let home = world.outer().join("home");
    fs::create_dir(home.join("project")).unwrap();
    let run = |folder: &Path, options: &[&str]| {
        let folder = ["-C", folder.to_str().unwrap(), "sandbox"];
        let mut command = world.command(countersign());
        command.args(folder).args(options).args(["--", "ls", "-a"]);
        output_of(command)
    };
    for folder in [&home, world.outer(), Path::new("/")] {
        let refused = run(folder, &[]).exited(125);
        assert_eq!(refused.stdout, "");
        assert!(refused.stderr.contains("holds your home folder"), "{}", refused.stderr);
        let refused = run(world.root(), &["--writable", folder.to_str().unwrap()]).exited(125);
        assert!(refused.stderr.contains("holds your home folder"), "{}", refused.stderr);
    }
    run(&home.join("project"), &[]).ok();
}

/// Waits until there is no process with `mark` in its command line.
#[track_caller]
fn all_end(mark: &str, deadline: Instant) {
    while !processes_with(mark).is_empty() {
        assert!(Instant::now() < deadline, "{:?} live on", processes_with(mark));
        std::thread::yield_now();
    }
}

/// The processes of this machine with `mark` in their command line.
fn processes_with(mark: &str) -> Vec<u32> {
    let holds = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(mark)
    };
    let entries = fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(holds).collect()
}
