//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Review, judge and accept the changes that agents propose.
///
/// Exit codes: 0 done or allowed, 1 denied, 2 could not be done or checked, 3 needs a person.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true)]
pub struct Arguments {
    /// Work in the repository around this folder.
    #[arg(short = 'C', long = "directory", value_name = "DIR", default_value = ".", global = true)]
    pub directory: PathBuf,
    /// When to colour.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

/// The weakest sandbox to be content with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllowTier {
    Namespaces,
    Landlock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Human,
    Json,
    Sarif,
    Markdown,
    /// What the policies got to see, for `countersign policy eval --input`.
    PolicyInput,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole way on a small repository made for it: propose, review, judge, accept, undo.
    Demo(DemoArgs),
    /// Have a worker propose changes. Nothing in the working tree is touched.
    Run(RunArgs),
    /// Ask a worker for work: a fix, tests, documentation, a refactoring, a review, at a place. What it changes becomes a
    /// proposal. Nothing in the working tree is touched.
    ///
    /// Workers are programs that you state in `config.toml` in your configuration folder, or that the repository states and
    /// you trust. They run in the sandbox and have no network.
    Ask(AskArgs),
    /// Take in a change that something else made, to review it here.
    Import(ImportArgs),
    /// Remember the saved files as they are: from here on, `adopt` tells what an agent changed.
    Snapshot(SnapshotArgs),
    /// Capture what an agent changed in the working tree already, to review it there: accepting marks a hunk as
    /// reviewed, rejecting takes it out.
    Adopt(AdoptArgs),
    /// Print what an agent's program needs to take a snapshot before each of its turns and to adopt after it.
    /// Nothing is written.
    ///
    /// A turn that is interrupted has no end to hear of: `countersign adopt` before the next one finds what it did.
    Hooks(HooksArgs),
    /// List the changes in the ledger.
    List(ListArgs),
    /// Have editors begin nothing in the background: neither tasks that wait nor proofs that nobody asks for. What is under
    /// way comes to its end. Holds for all editors, and until `pause --off`.
    Pause(PauseArgs),
    /// Show what workers took of their time within 24 hours, where your configuration limits it ([budget] time_s_per_day), or
    /// let them take more.
    Budget(BudgetArgs),
    /// Show one change: its diff, entities, findings, risk, verdict and what became of each hunk.
    Show(ShowArgs),
    /// Go through what is proposed, hunk by hunk, and decide.
    Review(ReviewArgs),
    /// Accept hunks of a change: write them to the working tree, exactly as shown.
    Accept(AcceptArgs),
    /// Reject hunks of a change. They stay readable, and the same source does not offer them again.
    Reject(RejectArgs),
    /// Take a rejection back: the hunks wait again.
    Restore(DecideArgs),
    /// State what waits of a change anew, against the files as they are: for what is in conflict or was made on another
    /// branch. What moved with its function is found again, and shown before it can be accepted.
    Repropose(ReproposeArgs),
    /// Take accepted hunks out again. Later edits stay.
    Undo(DecideArgs),
    /// Review and judge any difference, without a ledger and without writing anything.
    Check(CheckArgs),
    /// List the gates of the repository: what checks its changes, and which file says so. Nothing is run.
    Gates(GatesArgs),
    /// Write a countersign.toml that states every default and every detected gate, commented out.
    Init(InitArgs),
    /// Trust the gates of this repository: until they change, Countersign may run their commands in its sandbox.
    Trust(TrustArgs),
    /// Prove a change: run every trusted gate on the files without it and with it, the tests of the base against the
    /// proposed code, new tests against the code as it was, and deliberate mistakes in the changed lines. All in the
    /// sandbox; what is found out is signed, and judged by policy.
    ///
    /// Exit codes as of `check`: 0 allowed, 1 denied, 2 could not be proved, 3 needs a person.
    Prove(ProveArgs),
    /// Attach a proof to a commit, as a git note in refs/notes/countersign, for `check --require-proof`: the newest one in
    /// the ledger that speaks for exactly its files, on exactly those of its parent.
    Attach(AttachArgs),
    /// Verify a proof: its signature, what it rests on, and whether it speaks for the files as they are. Offline.
    ///
    /// Exit codes: 0 it holds, 1 it does not, 2 it could not be verified.
    Verify(VerifyArgs),
    /// Print the JSON Schema, draft 2020-12, of a contract.
    Schema {
        /// Which.
        #[arg(value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(model::SCHEMAS))]
        name: String,
    },
    /// Test the policies, or evaluate them on an input.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Verify or export the ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Run a command in the sandbox that workers and gates run in: it sees the system, your toolchains and this
    /// folder, has no network, and nothing it writes stays.
    ///
    /// Exit codes: the command's own; 124 when a limit ended it, 125 when it could not be confined and did not run,
    /// 128 and the number of the signal that ended it.
    Sandbox(SandboxArgs),
    /// Say what this system can do for Countersign: the sandbox it gives, tried by real attempts to get out, the
    /// toolchains that are visible inside, git, and the ledger.
    ///
    /// Exit codes: 0 when programs can be confined, 2 when not at all.
    Doctor(DoctorArgs),
    /// Speak the Language Server Protocol on standard input and output.
    Lsp,
    /// Measure how hunks find their places, on the history of a repository, against answers that are known.
    ///
    /// Some real commits are taken as a person's edits, others wait to be accepted or undone. Nothing is
    /// written. The same seed gives the same run.
    ///
    /// Exit codes: 0 when nothing was misapplied and at least 95 % of the separate hunks of real edits found
    /// their places, 1 when not, 2 when it could not be measured.
    #[command(hide = true)]
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Make the repository here instead of in a new temporary folder; it must not exist or be empty.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Take countersign.toml and .countersign/policies from this revision, which you trust.
    #[arg(long, value_name = "REV")]
    pub rules_from: Option<String>,
    /// Also judge by the policies in this folder. They can only tighten.
    #[arg(long = "policies", value_name = "DIR")]
    pub policies: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Worker {
    /// Structural rewrite rules, embedded; no model, no network.
    Recipe,
    /// Any program that edits files: it runs in the sandbox, on a throwaway checkout of the saved files.
    Command,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Who proposes.
    #[arg(long, value_enum, default_value_t = Worker::Recipe)]
    pub worker: Worker,
    /// Only this recipe; may be repeated.
    #[arg(long = "recipe", value_name = "NAME")]
    pub recipes: Vec<String>,
    /// List the recipes instead of running them.
    #[arg(long)]
    pub list_recipes: bool,
    /// For recipes, the files or folders to look at; the whole repository by default. For a command, one thing: what
    /// it is for, in a few words, which becomes the title of what it proposes.
    #[arg(value_name = "PATH|OBJECTIVE")]
    pub about: Vec<PathBuf>,
    /// End the command after this many seconds (600 by default); then it proposes nothing.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    pub time: Option<u64>,
    /// End the command when its processes together use more than this many MiB of memory (4096 by default).
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    pub memory: Option<u64>,
    /// Propose what the command changed although its exit code is not 0, as that of linters is which found something.
    #[arg(long)]
    pub any_exit: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// The command and its arguments, for `--worker command`. It sees the saved files, the system and your
    /// toolchains, has no network, and what it changes becomes a proposal.
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub struct AskArgs {
    /// What to ask for.
    #[arg(value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(model::TaskKind::ALL.map(model::TaskKind::name)), required_unless_present = "list")]
    pub kind: Option<String>,
    /// Where: a file, a line of it or some. A line within a function or type stands for all of it where tests or
    /// documentation are asked for.
    #[arg(value_name = "PATH[:LINE[-LINE]]")]
    pub place: Option<PathBuf>,
    /// What is to be achieved, in your words.
    #[arg(long, value_name = "TEXT")]
    pub objective: Option<String>,
    /// The code of the diagnostic that is to be fixed, as the tool that found it says it: `F401`, `clippy::len_zero`.
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// The tool that found it.
    #[arg(long, value_name = "TOOL")]
    pub source: Option<String>,
    /// Whom to ask; by default the first that can.
    #[arg(long, value_name = "NAME")]
    pub worker: Option<String>,
    /// List who can be asked instead, and for what.
    #[arg(long)]
    pub list: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub source: ImportSource,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ImportSource {
    /// A patch file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub patch: Option<PathBuf>,
    /// What this branch did since it left the checked-out one.
    #[arg(long, value_name = "REF")]
    pub branch: Option<String>,
    /// What this commit did.
    #[arg(long, value_name = "REV")]
    pub commit: Option<String>,
    /// What an edited copy of the repository changes: a linked worktree, a clone, or a folder of files. A copy with
    /// a history is compared with the commit where it left the checked-out one, other files with the saved ones.
    #[arg(long, value_name = "DIR")]
    pub worktree: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Have it go on.
    #[arg(long)]
    pub off: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct BudgetArgs {
    /// Let workers take so many minutes more than is configured, within 24 hours from now.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub allow: Option<u32>,
    /// Who says so, where no terminal is attached.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// What to call it.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// For an agent's hooks: print nothing, never fail, end within 20 seconds. Errors go to standard error.
    #[arg(long)]
    pub hook: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct AdoptArgs {
    /// From this revision on. By default from the last snapshot on; from HEAD, if there is none.
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// Who changed the files.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Stay, and adopt whenever files have changed and were quiet for a second, until interrupted. Takes a snapshot
    /// first if there is none. With `--format json` one document a line.
    #[arg(long)]
    pub watch: bool,
    /// For an agent's hooks: print nothing, never fail, end within 20 seconds. Errors go to standard error.
    #[arg(long, conflicts_with = "watch")]
    pub hook: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HookAgent {
    /// Claude Code: hooks for its settings.json.
    Claude,
    /// Codex: its hooks.json.
    Codex,
    /// Gemini CLI: hooks for its settings.json.
    Gemini,
    /// Any other: a script to start its program with.
    Generic,
}

#[derive(Debug, Args)]
pub struct HooksArgs {
    /// Whose.
    #[arg(value_enum)]
    pub agent: HookAgent,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only changes in this state, e.g. judged, accepted, "partly accepted", rejected, undone.
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// The work that was asked for, instead of the changes: what became of it, the newest first.
    #[arg(long, conflicts_with = "state")]
    pub tasks: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The change: any unique beginning of its id, at least 4 digits.
    pub id: String,
    /// Show its newest proof in full, with what failed tests said.
    #[arg(long, conflicts_with = "log")]
    pub proof: bool,
    /// Show what a gate of its newest proof printed on the proposal.
    #[arg(long, value_name = "GATE", conflicts_with = "format")]
    pub log: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// The change to start with: any unique beginning of its id, at least 4 digits. All that wait by default.
    pub id: Option<String>,
    /// Ask line by line, as where no terminal is attached or it can do no more.
    #[arg(long)]
    pub plain: bool,
    /// Who decides. Needed where no terminal is attached, so that a script says whom it speaks for.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReproposeArgs {
    /// The change: any unique beginning of its id, at least 4 digits.
    pub id: String,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProveFormat {
    Human,
    /// The proof and the verdict.
    Json,
    /// The signed proof alone: an in-toto statement in a DSSE envelope.
    Envelope,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["id", "patch", "commit"]))]
pub struct ProveArgs {
    /// The change: any unique beginning of its id, at least 4 digits. `ID/2` means its hunk 2.
    pub id: Option<String>,
    /// Only this hunk; may be repeated.
    #[arg(long = "hunk", value_name = "N", requires = "id")]
    pub hunks: Vec<u32>,
    /// Import a patch first, as `countersign import` does. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub patch: Option<PathBuf>,
    /// Why the patch was made, instead of what it says itself.
    #[arg(long, value_name = "TEXT", requires = "patch")]
    pub rationale: Option<String>,
    /// What a commit did, on its first parent. No change is recorded; `--format envelope` prints the proof to keep.
    #[arg(long, value_name = "REV")]
    pub commit: Option<String>,
    /// Attach the proof to that commit, as `countersign attach` does.
    #[arg(long, requires = "commit")]
    pub attach: bool,
    /// How often each gate runs on each side: more than once finds flaky tests.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub runs: u32,
    /// How many deliberate mistakes are tried.
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub mutants: u16,
    /// How many smaller changes are tried, to find hunks that no evidence needs.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub minimise: u32,
    /// How many seconds all runs may take together.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub time: u32,
    #[arg(long, value_enum, default_value_t = ProveFormat::Human)]
    pub format: ProveFormat,
}

#[derive(Debug, Args)]
pub struct AttachArgs {
    /// The commit.
    #[arg(value_name = "REV", default_value = "HEAD")]
    pub commit: String,
    /// Write nothing; print the trailer for its message.
    #[arg(long)]
    pub trailer: bool,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The change, by any unique beginning of its id of at least 4 digits; or the file of a signed proof.
    #[arg(value_name = "ID|FILE")]
    pub proof: String,
    /// Also believe what this public key signed: a file with the text that is in your `keys` folder; may be repeated.
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Run all gates again and compare what comes of it.
    #[arg(long)]
    pub rerun: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct Part {
    /// The change: any unique beginning of its id, at least 4 digits. `ID/2` means its hunk 2.
    pub id: String,
    /// Only this hunk; may be repeated.
    #[arg(long = "hunk", value_name = "N", conflicts_with = "file")]
    pub hunks: Vec<u32>,
    /// Only the hunks of this file.
    #[arg(long, value_name = "PATH")]
    pub file: Option<String>,
    /// Who decides. Needed where no terminal is attached, so that a script says whom it speaks for.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    pub part: Part,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct AcceptArgs {
    #[command(flatten)]
    pub part: Part,
    /// Also accept the hunks that these need, e.g. the import of what they use.
    #[arg(long)]
    pub with_needed: bool,
    /// Accept what policy denies. Only a person can, and the ledger keeps who did and why.
    #[arg(long, requires = "reason")]
    pub break_glass: bool,
    /// Why policy is passed over.
    #[arg(long, value_name = "TEXT", requires = "break_glass")]
    pub reason: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct RejectArgs {
    #[command(flatten)]
    pub part: Part,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A..B, A...B (since they parted), or one revision against the saved files. HEAD by default.
    #[arg(value_name = "RANGE", group = "what")]
    pub range: Option<String>,
    /// Check what is staged.
    #[arg(long, group = "what")]
    pub staged: bool,
    /// Check the saved files against the last commit.
    #[arg(long, group = "what")]
    pub worktree: bool,
    /// Check a patch against the saved files; - reads standard input.
    #[arg(long, value_name = "FILE", group = "what")]
    pub patch: Option<PathBuf>,
    /// Deny each commit of the range that has no proof which holds: see `countersign attach`. Keys in
    /// `.countersign/keys/` of the revision that `--rules-from` names are believed.
    #[arg(long)]
    pub require_proof: bool,
    /// Also believe what this public key signed; may be repeated. Your own is believed anyway.
    #[arg(long = "proof-key", value_name = "FILE", requires = "require_proof")]
    pub proof_keys: Vec<PathBuf>,
    #[command(flatten)]
    pub rules: RulesArgs,
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
}

#[derive(Debug, Args)]
pub struct GatesArgs {
    /// Read them off this revision, which you trust. HEAD by default.
    #[arg(long, value_name = "REV")]
    pub rules_from: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Write it anew where there is one.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Say whether they are trusted, and since when; change nothing.
    #[arg(long, conflicts_with = "revoke")]
    pub show: bool,
    /// Trust nothing of this repository any more.
    #[arg(long)]
    pub revoke: bool,
    /// Who decides. Needed where no terminal is attached, so that a script says whom it speaks for.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Where this system gives no namespaces, be content with Landlock and a system call filter: then this folder can
    /// only be read, there is not even a loopback, and it sees which processes there are.
    #[arg(long, value_name = "TIER", value_enum, default_value_t = AllowTier::Namespaces)]
    pub allow_tier: AllowTier,
    /// Let it change this folder or file for good; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub writable: Vec<PathBuf>,
    /// End it after this many seconds.
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub time: u64,
    /// End it when its processes together use more than this many MiB of memory.
    #[arg(long, value_name = "MIB", default_value_t = 4096, value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    pub memory: u64,
    /// End it when it has more than this many processes and threads.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..))]
    pub processes: u64,
    /// End it when what it writes takes more than this many MiB of disk. It finds no more room in its own /tmp and home
    /// than this either, and at most 1024 there.
    #[arg(long, value_name = "MIB", default_value_t = 16384, value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    pub disk: u64,
    /// Pass on this many MiB of each of its outputs, and drop the rest.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    pub output: u64,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The repository; bare ones will do.
    #[arg(value_name = "DIR")]
    pub repository: PathBuf,
    /// Which run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many cases.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub cases: usize,
    /// Also show this case in full; may be repeated.
    #[arg(long = "show", value_name = "CASE")]
    pub show: Vec<usize>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Run the tests of the built-in policies, or of a folder's.
    Test {
        /// A folder of policies with their tests beside them.
        #[arg(long, value_name = "DIR")]
        bundle: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Evaluate the policies on an input document.
    Eval {
        /// A folder of policies that takes the place of the built-in ones.
        #[arg(long, value_name = "DIR")]
        bundle: Option<PathBuf>,
        /// The input, as JSON; - reads standard input.
        #[arg(long, value_name = "FILE")]
        input: PathBuf,
        /// What to evaluate; the decision and its reasons by default.
        #[arg(long, value_name = "QUERY")]
        query: Option<String>,
        /// Say which rules spoke, which did not, and where they stand.
        #[arg(long)]
        explain: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Check the hash chain, the projections and every stored text, and that nothing was cut off since it was last
    /// verified: its last event is kept then, signed with your key.
    Verify {
        /// Check an exported file instead.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write every event to standard output, one JSON document a line.
    Export,
}
