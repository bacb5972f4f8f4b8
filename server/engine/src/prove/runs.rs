//! Running gates on trees in the sandbox, or knowing already what came of it.

mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gate::{LineCoverage, REPORT_LIMIT_BYTES, ReportError, RunEnd, conclude, rests_on};
use ledger::Ledger;
use model::{
    Artifact, Digest, Evidence, EvidenceRecord, EvidenceSubject, GateDefinition, GateId, GateKind,
    GateOutcome, RelPath, SandboxTier,
};
use sandbox::{Bound, Bounds, Confined, End, Input, Network, Refusal, Sandbox, Stop, Stream, Tier};
use workspace::{CHECKOUT_AT, Caches, Checkout, REPORTS_AT, Repository, Room};

use super::account::LOG;
use super::reports::{self, Printed};
use super::{Effort, ProveStep, Side};
use crate::Error;
use crate::clock::Clock;
use crate::surroundings::Surroundings;

/// What every run gets beside what its toolchain needs, so that it does not depend on who asks for it.
const SETTINGS: &[(&str, &str)] = &[
    ("CI", "1"),
    ("TZ", "UTC"),
    ("NO_COLOR", "1"),
    ("CARGO_TERM_COLOR", "never"),
    ("PYTHONHASHSEED", "0"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
];

/// Counts up when the same environment of a person comes to other surroundings of a run.
const SURROUNDINGS: u32 = 2;

/// Prints what each program says of its version. One that is not there says so.
const VERSIONS: &str = "\
for tool do
    case \"$tool\" in
        go) set -- version ;;
        rustc) set -- -vV ;;
        java) set -- -version ;;
        *) set -- --version ;;
    esac
    printf '%s: ' \"$tool\"
    if command -v \"$tool\" >/dev/null; then \"$tool\" \"$@\" 2>&1 </dev/null | head -n 8; else echo none; fi
done
exit 0
";

/// The name under which it is kept which files of the tree a run changed.
const CHANGED: &str = "changed";

/// What is kept of a log.
const LOG_BYTES_MAX: usize = 1 << 20;

/// Where runs take place.
pub(crate) struct Place<'r> {
    pub repository: &'r Repository,
    pub caches: &'r Caches,
    pub sandbox: &'r Sandbox,
    pub stop: &'r Stop,
}

/// One run of one gate on one tree.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub evidence: Evidence,
    /// Line by line, if it measured that.
    pub coverage: Option<LineCoverage>,
}

/// Gates on one tree.
pub(crate) struct OnTree {
    /// For each gate its runs.
    pub ran: Vec<Vec<Ran>>,
    /// The tree with what they built.
    pub built: Checkout,
}

/// A room, and what was built in it so far.
struct Site {
    room: Room,
    built: BTreeSet<GateId>,
    /// How the first build ended that fails here and not on the base.
    broken: Option<Passed>,
}

impl Site {
    fn new(room: Room) -> Self {
        Self { room, built: BTreeSet::new(), broken: None }
    }
}

/// How a command ended, and what it printed.
#[derive(Clone)]
struct Passed {
    end: RunEnd,
    duration: Duration,
    printed: Printed,
}

/// What all runs have in common, and how many they were.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub toolchain: Digest,
    pub environment: Digest,
    pub tier: SandboxTier,
    pub asked: u32,
    pub known: u32,
}

pub(crate) struct Runs<'r> {
    place: Place<'r>,
    ledger: &'r mut Ledger,
    clock: Clock,
    surroundings: Surroundings,
    tally: Tally,
    /// How long all runs took.
    spent: Duration,
    /// Whether what is known counts, and what is found out is kept.
    pub remember: bool,
    /// The tree that is proved.
    pub proposal: Digest,
    /// The gates that make what tests run.
    pub builds: Vec<GateDefinition>,
    /// Those of them that pass on the base.
    sound: BTreeSet<GateId>,
    /// For each gate the files of the tree that its run on the base changed, too.
    rewritten: BTreeMap<GateId, BTreeSet<RelPath>>,
    watch: &'r mut dyn FnMut(&ProveStep),
}

impl<'r> Runs<'r> {
    pub(crate) fn new(
        place: Place<'r>,
        ledger: &'r mut Ledger,
        clock: Clock,
        env: &[(OsString, OsString)],
        watch: &'r mut dyn FnMut(&ProveStep),
    ) -> Result<Self, Error> {
        let tier = place.sandbox.tier();
        let surroundings = Surroundings::of(env, tier, place.caches, SETTINGS);
        let tally = Tally {
            toolchain: Digest::of(b""),
            environment: environment(
                surroundings.common(),
                (place.caches.digest()?, surroundings.environments_digest()),
            ),
            tier: match tier {
                Tier::Landlock => SandboxTier::Landlock,
                Tier::Namespaces => SandboxTier::Namespaces,
            },
            asked: 0,
            known: 0,
        };
        Ok(Self {
            place,
            ledger,
            clock,
            surroundings,
            tally,
            spent: Duration::ZERO,
            remember: true,
            proposal: Digest::of(b""),
            builds: Vec::new(),
            sound: BTreeSet::new(),
            rewritten: BTreeMap::new(),
            watch,
        })
    }

    /// Asks the programs that `gates` need for their versions, in a throwaway folder over `checkout`.
    pub(crate) fn know_toolchain(
        &mut self,
        gates: &[GateDefinition],
        checkout: &Checkout,
    ) -> Result<(), Error> {
        let mut tools: Vec<&str> = gates
            .iter()
            .filter_map(|gate| gate.command.first())
            .map(|program| program.rsplit('/').next().unwrap_or(program))
            .collect();
        // What a shell or a build tool starts is not told by its name.
        let direct =
            ["cargo", "npm", "npx", "yarn", "pnpm", "node", "python3", "go", "mvn", "gradle"];
        if tools.iter().any(|tool| !direct.contains(tool)) {
            tools.extend(["rustc", "node", "python3", "go", "cc"]);
        }
        let needs = |tool: &str| match tool {
            "cargo" => &["rustc", "cc"][..],
            "npm" | "npx" | "yarn" | "pnpm" => &["node"],
            "mvn" | "gradle" => &["java"],
            _ => &[],
        };
        let needed: Vec<&str> = tools.iter().flat_map(|tool| needs(tool)).copied().collect();
        tools.extend(needed);
        tools.sort_unstable();
        tools.dedup();
        if tools.is_empty() {
            return Ok(());
        }
        let argv = ["sh", "-c", VERSIONS, "sh"].into_iter().chain(tools).map(OsString::from);
        let room = checkout.room(self.place.caches)?;
        let confined = Confined {
            argv: argv.collect(),
            cwd: PathBuf::from(CHECKOUT_AT),
            env: self.surroundings.common().to_vec(),
            stdin: Input::Bytes(Vec::new()),
            mounts: self.surroundings.mounts(&room, &[]),
            network: Network::None,
            one_output: false,
            bounds: Bounds { time: Duration::from_secs(60), ..Bounds::default() },
        };
        let ended = self.place.sandbox.run(&confined)?;
        self.tally.toolchain = Digest::of(&ended.stdout);
        Ok(())
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Whether there is time for another run.
    pub(crate) fn left(&self, effort: Effort) -> bool {
        self.spent < effort.time
    }

    /// Runs each gate `times` on a tree, but for what is known. Gates follow one another in one folder, so that a build
    /// serves the tests; one that changes the tree itself ends that.
    pub(crate) fn all(
        &mut self,
        side: Side,
        gates: &[GateDefinition],
        checkout: &Checkout,
        effort: Effort,
    ) -> Result<OnTree, Error> {
        let tree = checkout.digest(self.place.repository)?;
        let (mut ran, mut site): (Vec<Vec<Ran>>, Option<Site>) = (Vec::new(), None);
        for gate in gates {
            let known = match self.remember {
                true => self.ledger.evidence_of(&self.subject(side, gate, tree))?,
                false => Vec::new(),
            };
            let mut of_gate = Vec::new();
            for run in 0..effort.runs.max(1) {
                let known = usize::try_from(run).ok().and_then(|run| known.get(run));
                of_gate.push(match known {
                    Some(evidence) => self.known(side, gate, evidence),
                    None if !self.left(effort) => self.too_late(side, gate, tree),
                    None => self.one(side, gate, checkout, tree, &mut site)?,
                });
            }
            ran.push(of_gate);
        }
        let kept = match site {
            Some(site) => site.room.kept(self.place.repository)?,
            None => None,
        };
        Ok(OnTree { ran, built: kept.unwrap_or_else(|| checkout.clone()) })
    }

    /// What a run is about. A deliberate mistake is tried on what the proposal built, which could bend it: what is found
    /// out there is known for that proposal only.
    fn subject(&self, side: Side, gate: &GateDefinition, tree: Digest) -> EvidenceSubject {
        let Tally { toolchain, mut environment, tier, .. } = self.tally;
        if side == Side::Mutant {
            environment = Digest::of_json(&(environment, self.proposal));
        }
        EvidenceSubject::new(gate, tree, toolchain, environment, tier)
    }

    /// A run that changed the tree itself did not judge the tree it was given, unless the base's run did so, too.
    fn as_seen(
        &mut self,
        side: Side,
        gate: &GateDefinition,
        end: RunEnd,
        changed: &BTreeSet<RelPath>,
    ) -> RunEnd {
        if side == Side::Base {
            self.rewritten.entry(gate.id.clone()).or_default().extend(changed.iter().cloned());
            return end;
        }
        let usual = self.rewritten.get(&gate.id);
        let unusual = changed.iter().find(|path| !usual.is_some_and(|usual| usual.contains(path)));
        unusual.map_or(end, |path| {
            RunEnd::NotStarted(format!("it changed {path}, which it is to judge"))
        })
    }

    fn known(&mut self, side: Side, gate: &GateDefinition, evidence: &Evidence) -> Ran {
        self.tally.known += 1;
        if side == Side::Base {
            self.sound_if(gate, &evidence.outcome);
            let kept = evidence.record.artifacts.iter().find(|artifact| artifact.name == CHANGED);
            let text = kept.and_then(|kept| self.ledger.blob(&kept.blob).ok()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let paths = text.lines().filter_map(|line| line.parse().ok());
            self.rewritten.entry(gate.id.clone()).or_default().extend(paths);
        }
        self.told(side, gate, &evidence.outcome, Duration::ZERO, true);
        Ran { coverage: self.kept_coverage(gate, evidence), evidence: evidence.clone() }
    }

    /// Reads again from the kept reports which lines ran.
    fn kept_coverage(&self, gate: &GateDefinition, evidence: &Evidence) -> Option<LineCoverage> {
        evidence.coverage.as_ref()?;
        let artifacts = evidence.record.artifacts.iter();
        let kept: Vec<(usize, Vec<u8>)> = artifacts
            .filter_map(|artifact| {
                let definition = reports::definition_of(artifact)?;
                Some((definition, self.ledger.blob(&artifact.blob).ok()?))
            })
            .collect();
        let kept = kept.iter().map(|(definition, bytes)| (*definition, Ok(bytes.as_slice())));
        reports::read(gate, kept).ok()?.coverage
    }

    fn told(
        &mut self,
        side: Side,
        gate: &GateDefinition,
        outcome: &GateOutcome,
        duration: Duration,
        known: bool,
    ) {
        self.tally.asked += 1;
        let (gate, outcome) = (gate.id.clone(), outcome.clone());
        (self.watch)(&ProveStep { side, gate, outcome, duration, known });
    }

    fn too_late(&mut self, side: Side, gate: &GateDefinition, tree: Digest) -> Ran {
        let end = RunEnd::NotStarted("the time for proving was spent".to_owned());
        let subject = self.subject(side, gate, tree);
        let evidence =
            conclude(subject, &end, Ok(gate::Report::default()), EvidenceRecord::default());
        self.told(side, gate, &evidence.outcome, Duration::ZERO, false);
        Ran { evidence, coverage: None }
    }

    /// A build that passes on the base is to pass wherever tests rest on it.
    fn sound_if(&mut self, gate: &GateDefinition, outcome: &GateOutcome) {
        if gate.kind == GateKind::Build && *outcome == GateOutcome::Passed {
            self.sound.insert(gate.id.clone());
        }
    }

    /// Runs what the tests of `gate` rest on and what was not built in `site` yet. A build of another tree lies there
    /// otherwise, or none, and the tests would speak of that.
    fn build(
        &mut self,
        side: Side,
        gate: &GateDefinition,
        site: &mut Site,
    ) -> Result<Option<Passed>, Error> {
        let builds: Vec<GateDefinition> =
            self.builds.iter().filter(|build| rests_on(gate, build)).cloned().collect();
        for build in &builds {
            if !site.built.contains(&build.id) {
                let folder = site.room.reports()?;
                let passed = self.pass(build, &[], &site.room, &folder)?;
                self.after_build(side, build, site, &passed);
            }
        }
        Ok(site.broken.clone().filter(|_| !builds.is_empty()))
    }

    fn after_build(
        &mut self,
        side: Side,
        build: &GateDefinition,
        site: &mut Site,
        passed: &Passed,
    ) {
        site.built.insert(build.id.clone());
        match (&passed.end, side) {
            (RunEnd::Exited(0), Side::Base) => drop(self.sound.insert(build.id.clone())),
            (RunEnd::Exited(0), _) => {}
            _ if self.sound.contains(&build.id) => site.broken = Some(passed.clone()),
            _ => {}
        }
    }

    /// Runs the command, with `env` beside what every run gets. A program that cannot be started is an end; a sandbox that
    /// cannot be is an error.
    fn pass(
        &mut self,
        gate: &GateDefinition,
        env: &[(OsString, OsString)],
        room: &Room,
        folder: &workspace::Reports,
    ) -> Result<Passed, Error> {
        let mut printed = Printed::default();
        let mut confined = self.confined(gate, room, folder);
        confined.env.extend_from_slice(env);
        let passed = self.place.sandbox.pass(&confined, self.place.stop, &mut |stream, bytes| {
            if stream == Stream::Out {
                printed.stdout.extend_from_slice(bytes);
            }
            printed.all.extend_from_slice(bytes);
        });
        let (end, duration) = match passed {
            Ok(ended) => {
                printed.truncated = ended.truncated;
                (ended_as(ended.end)?, ended.duration)
            }
            Err(Refusal::Program { program, reason }) => (
                RunEnd::NotStarted(format!("`{program}` could not be started: {reason}")),
                Duration::ZERO,
            ),
            Err(refusal) => return Err(refusal.into()),
        };
        self.spent += duration;
        Ok(Passed { end, duration, printed })
    }

    /// One run. Tests fail where the build that they rest on does.
    fn one(
        &mut self,
        side: Side,
        gate: &GateDefinition,
        checkout: &Checkout,
        tree: Digest,
        shared: &mut Option<Site>,
    ) -> Result<Ran, Error> {
        let mut site = match shared.take() {
            Some(site) => site,
            None => Site::new(checkout.room(self.place.caches)?),
        };
        let folder = site.room.reports()?;
        let started = self.clock.now();
        let unbuilt = self.build(side, gate, &mut site)?;
        let (passed, found) = match unbuilt {
            Some(passed) => (passed, Vec::new()),
            None => {
                let passed = self.pass(gate, &[], &site.room, &folder)?;
                let found = reports::find(gate, &site.room, &folder, &passed.printed)?;
                (passed, found)
            }
        };
        if gate.kind == GateKind::Build {
            self.after_build(side, gate, &mut site, &passed);
        }
        let Passed { end, duration, printed } = passed;
        let report = match &end {
            RunEnd::NotStarted(_) => Ok(gate::Report::default()),
            _ => reports::read(
                gate,
                found.iter().map(|found| (found.definition, as_slice(&found.bytes))),
            ),
        };
        let changed = changed(&site.room, self.place.repository);
        let end = self.as_seen(side, gate, end, &changed);
        let coverage = report.as_ref().ok().and_then(|report| report.coverage.clone());
        let record = EvidenceRecord {
            started: Some(started),
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            artifacts: self.keep(side, &printed, &found, &changed)?,
            ..EvidenceRecord::default()
        };
        let evidence = conclude(self.subject(side, gate, tree), &end, report, record);
        // What a machine under load or a person's limit ended may end otherwise the next time.
        let repeats = matches!(evidence.outcome, GateOutcome::Passed | GateOutcome::Failed);
        if repeats && self.remember {
            self.ledger.keep_evidence(&evidence)?;
        }
        if changed.is_empty() {
            *shared = Some(site);
        }
        self.told(side, gate, &evidence.outcome, duration, false);
        Ok(Ran { evidence, coverage })
    }

    fn confined(
        &self,
        gate: &GateDefinition,
        room: &Room,
        folder: &workspace::Reports,
    ) -> Confined {
        let root = Path::new(CHECKOUT_AT);
        let time = Duration::from_secs(gate.time_limit_s.into());
        Confined {
            argv: gate.argv(REPORTS_AT).into_iter().map(OsString::from).collect(),
            cwd: gate
                .folder
                .as_ref()
                .map_or_else(|| root.to_owned(), |at| root.join(at.to_string())),
            env: self.surroundings.env(
                room,
                OsStr::new(gate.command.first().map_or("", String::as_str)),
                gate.folder.as_ref(),
            ),
            stdin: Input::Bytes(Vec::new()),
            mounts: self.surroundings.mounts(room, &[folder.mount()]),
            network: Network::None,
            one_output: reports::reads_both(gate),
            bounds: bounds(time),
        }
    }

    /// Keeps what a run printed and wrote. Of a deliberate mistake, how it ended says enough.
    fn keep(
        &self,
        side: Side,
        printed: &Printed,
        found: &[reports::Found],
        changed: &BTreeSet<RelPath>,
    ) -> Result<Vec<Artifact>, Error> {
        if matches!(side, Side::Mutant | Side::Reduced) || !self.remember {
            return Ok(Vec::new());
        }
        let log = printed.all.get(printed.all.len().saturating_sub(LOG_BYTES_MAX)..);
        let log = log.unwrap_or_default();
        let cut = printed.truncated || log.len() < printed.all.len();
        let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
        let changed = changed.join("\n");
        let mut kept =
            vec![(LOG.to_owned(), log, cut), (CHANGED.to_owned(), changed.as_bytes(), false)];
        let written = found.iter().filter(|found| found.name != "printed");
        kept.extend(written.filter_map(|found| {
            Some((found.artifact_name(), found.bytes.as_deref().ok()?, false))
        }));
        kept.retain(|(_, bytes, _)| !bytes.is_empty());
        self.stored(kept)
    }

    /// Artifacts of these names and bytes, and whether each was cut off.
    fn stored(&self, kept: Vec<(String, &[u8], bool)>) -> Result<Vec<Artifact>, Error> {
        let blobs = self.ledger.blobs().put_all(kept.iter().map(|(_, bytes, _)| *bytes))?;
        let artifact =
            |((name, bytes, truncated), blob): ((String, &[u8], bool), Digest)| Artifact {
                name,
                blob,
                size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                truncated,
            };
        Ok(kept.into_iter().zip(blobs).map(artifact).collect())
    }
}

/// The files of the tree that a run changed. What cannot be told counts as all of it.
fn changed(room: &Room, repository: &Repository) -> BTreeSet<RelPath> {
    match room.left(repository) {
        Ok(left) => left.files.into_iter().map(|file| file.path).collect(),
        Err(_) => "the tree".parse().into_iter().collect(),
    }
}

fn as_slice(bytes: &Result<Vec<u8>, ReportError>) -> Result<&[u8], ReportError> {
    bytes.as_deref().map_err(Clone::clone)
}

fn bounds(time: Duration) -> Bounds {
    let default = Bounds::default();
    Bounds { time, cpu: default.cpu.max(time), output_bytes: REPORT_LIMIT_BYTES, ..default }
}

fn ended_as(end: End) -> Result<RunEnd, Error> {
    Ok(match end {
        End::Exited(code) => RunEnd::Exited(code),
        End::Stopped(Bound::Time) => RunEnd::TimedOut,
        End::Stopped(Bound::Cancelled) => return Err(Error::Interrupted),
        End::Signalled(_) | End::Stopped(_) => RunEnd::Killed,
    })
}

/// Names what is the same for every run here: variables, limits, platform, installed dependencies.
fn environment(env: &[(OsString, OsString)], installed: (Digest, Digest)) -> Digest {
    let text = |(name, value): &(OsString, OsString)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    };
    let env: Vec<_> = env.iter().map(text).collect();
    let limits = format!("{:?}", bounds(Duration::ZERO));
    Digest::of_json(&(
        SURROUNDINGS,
        env,
        limits,
        std::env::consts::OS,
        std::env::consts::ARCH,
        installed,
    ))
}
