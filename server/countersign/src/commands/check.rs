//! `countersign check`: the review of any difference.

use engine::{CheckReport, CommitProof, ProofStanding, RulesFrom, Target};
use serde_json::json;

use crate::args::{Arguments, CheckArgs, CheckFormat};
use crate::exit::{Exit, Failure};
use crate::output::{self, RESET, Shown, Terminal, decision_style};
use crate::session;

pub fn check(
    arguments: &Arguments,
    args: &CheckArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let target = target(arguments, args)?;
    let rules = session::rules_from(args.rules.rules_from.clone(), &args.rules.policies)?;
    let mut report = engine::check(&arguments.directory, &target, &rules)?;
    let proofs = match args.require_proof {
        true => Some(proofs(arguments, args, &target, &rules, &mut report)?),
        false => None,
    };
    report.notices.iter().for_each(|notice| terminal.notice(notice));
    let exit = Exit::from(report.outcome());
    match args.format {
        CheckFormat::Human => {
            proofs.iter().flatten().filter_map(told).for_each(|line| terminal.notice(&line));
            terminal.print(&human(&report, exit));
        }
        CheckFormat::Json => terminal.json(&json!({
            "version": 1,
            "target": report.target,
            "outcome": word(exit),
            "changeset": report.changeset,
            "review": report.review,
            "verdict": report.verdict,
            "notices": report.notices,
            "proofs": proofs.iter().flatten().map(proof_json).collect::<Vec<_>>(),
        })),
        CheckFormat::Sarif => terminal.json(&output::sarif(&report)?),
        CheckFormat::PolicyInput => terminal.json(&report.input),
        CheckFormat::Markdown => terminal.print(&output::markdown(&report)),
    }
    Ok(exit)
}

fn proofs(
    arguments: &Arguments,
    args: &CheckArgs,
    target: &Target,
    rules: &RulesFrom,
    report: &mut CheckReport,
) -> Result<Vec<CommitProof>, Failure> {
    let keys = super::verify::trusted(arguments, &args.proof_keys)?;
    Ok(engine::require_proofs(&arguments.directory, target, rules, &keys, report)?)
}

/// What speaks for a commit; what is missing is among the reasons of the verdict.
fn told(proof: &CommitProof) -> Option<String> {
    let id = proof.commit.id.get(..12).unwrap_or(&proof.commit.id);
    match &proof.standing {
        ProofStanding::Proved(digest, _) => {
            Some(format!("commit {id} has the proof {}", digest.short()))
        }
        ProofStanding::Exempt(reason) => Some(format!("commit {id} needs no proof: {reason}")),
        ProofStanding::Missing | ProofStanding::Invalid(_) => None,
    }
}

fn proof_json(proof: &CommitProof) -> serde_json::Value {
    let (standing, said) = match &proof.standing {
        ProofStanding::Proved(digest, _) => ("proved", digest.to_string()),
        ProofStanding::Exempt(reason) => ("exempt", reason.clone()),
        ProofStanding::Missing => ("missing", String::new()),
        ProofStanding::Invalid(reason) => ("invalid", reason.clone()),
    };
    json!({ "commit": proof.commit.id, "standing": standing, "said": said })
}

fn target(arguments: &Arguments, args: &CheckArgs) -> Result<Target, Failure> {
    if args.staged {
        return Ok(Target::Staged);
    }
    if let Some(path) = &args.patch {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        return Ok(Target::Patch { name, bytes: super::input(&arguments.directory, path)? });
    }
    Ok(match &args.range {
        Some(range) => Target::Range(range.clone()),
        None => Target::Worktree,
    })
}

fn human(report: &CheckReport, exit: Exit) -> String {
    let shown = Shown {
        changeset: &report.changeset,
        state: None,
        review: Some(&report.review),
        verdict: Some(&report.verdict),
        texts: None,
        kept: false,
    };
    let style = decision_style(report.verdict.decision);
    format!("{}{style}{}{RESET}: {}\n", output::change(shown), word(exit), report.target)
}

fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "allowed",
        Exit::Denied => "denied",
        Exit::CouldNot | Exit::Of(_) => "could not check",
        Exit::NeedsPerson => "needs a person",
    }
}
