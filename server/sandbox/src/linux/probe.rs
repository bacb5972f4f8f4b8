//! A sandbox is believed only after it has been tried: real things outside, a real sandbox, real attempts.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::own::Own;
use super::wire::{Bait, SECRET, SOCKET};
use super::{supervise, tree};
use crate::confined::{Bounds, Confined, Input, Means, Network, Probed, Refusal};

/// How long a try may take. It takes milliseconds.
const TIME_MAX: Duration = Duration::from_secs(10);

/// What lies outside, as long as this lives.
struct Outside {
    own: Own,
    _port: TcpListener,
    _socket: UnixListener,
    _named: UnixListener,
    bait: Bait,
}

/// Tries means to confine.
///
/// # Errors
/// [`Refusal`]: it cannot be set up here, or something got out.
/// # Cost
/// One sandbox: milliseconds.
pub fn probe(stage: &Path, means: Means) -> Result<Probed, Refusal> {
    if !tree::tells() {
        return Err(Refusal::Setup {
            step: "follow its processes".to_owned(),
            reason: "/proc does not tell the children of a process".to_owned(),
            hint: "a kernel with CONFIG_PROC_CHILDREN and a mounted /proc are needed",
        });
    }
    let trying = |source| Refusal::Io { doing: "tried", source };
    let outside = outside().map_err(trying)?;
    let mut confined = Confined {
        argv: vec!["attempts".into()],
        cwd: "/".into(),
        env: Vec::new(),
        stdin: Input::Bytes(Vec::new()),
        mounts: Vec::new(),
        network: Network::None,
        one_output: false,
        bounds: Bounds { time: TIME_MAX, ..Bounds::default() },
    };
    // Older ones have no overlays, which nobody can do without.
    let layers = (means == Means::Bubblewrap).then(Own::new).transpose().map_err(trying)?;
    if let Some(layers) = &layers {
        let at = "/workspace".into();
        confined.mounts.push(layers.over("/usr".into(), at).map_err(trying)?);
    }
    let (attempts, landlock_abi) =
        supervise::attempt(stage, means, &confined, outside.bait.clone())?;
    if let Some(out) = attempts.iter().find(|attempt| attempt.got_out) {
        let hint =
            "nothing is run in it; please report this with the output of `countersign doctor`";
        return Err(Refusal::Leaks { means, what: out.what.clone(), hint });
    }
    drop(outside.own);
    Ok(Probed { means, attempts, landlock_abi })
}

#[expect(clippy::disallowed_methods, reason = "these files are ours: no source tree is reached")]
fn outside() -> io::Result<Outside> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let own = Own::new()?;
    std::fs::File::create_new(own.path().join(SECRET))?.write_all(b"outside")?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let socket = UnixListener::bind(own.path().join(SOCKET))?;
    let process = std::process::id();
    let name = format!("countersign-{process}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let named = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    let bait = Bait {
        folder: own.path().into(),
        port: port.local_addr()?.port(),
        name,
        process: process.cast_signed(),
    };
    Ok(Outside { own, _port: port, _socket: socket, _named: named, bait })
}
