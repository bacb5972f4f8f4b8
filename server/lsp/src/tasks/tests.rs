use model::Spending;
use tokio::sync::oneshot;

use super::*;
use crate::approval::Choice;
use crate::asks::tests::workers;
use crate::jobs::Done;
use crate::rig::{Rig, uri};
use crate::work::Unworked;

const TEXT: &str = "pub fn first(queue: &[u32]) -> bool {\n    queue.len() == 0\n}\n";
const MINE: &str = "[workers.mine]\ncommand = [\"x\"]\nkinds = [\"docs\", \"tests\"]\n";

fn rig(capabilities: Value) -> Rig {
    let mut rig = Rig::new(capabilities, &[]);
    rig.engine_says(Done::Offered(Box::new(Ok((*workers(MINE)).clone()))));
    rig.open("a.rs", TEXT);
    rig.said();
    rig
}

fn progressing() -> Rig {
    rig(json!({ "window": { "workDoneProgress": true } }))
}

type Answer = oneshot::Receiver<Result<Option<Value>, Refusal>>;

fn command(rig: &mut Rig, name: &str, argument: Value) -> Answer {
    let (reply, answer) = oneshot::channel();
    let params = lsp_types::ExecuteCommandParams {
        command: format!("countersign.{name}"),
        arguments: vec![argument],
        ..lsp_types::ExecuteCommandParams::default()
    };
    rig.wake(Wake::Command(params, reply));
    answer
}

fn ask(rig: &mut Rig, kind: &str, objective: Option<&str>) -> Answer {
    let at = json!({ "line": 1, "character": 0 });
    let mut argument =
        json!({ "kind": kind, "uri": uri("a.rs"), "range": { "start": at, "end": at } });
    if let Some(objective) = objective {
        argument["objective"] = objective.into();
    }
    command(rig, "ask", argument)
}

fn ends(rig: &mut Rig, result: Result<&str, &str>) {
    let token = rig.at_work.pop_front().unwrap();
    let worked = |said: &str| Worked { said: said.to_owned(), changesets: vec![] };
    let result = result.map(worked).map_err(|said| Unworked::Failed(said.to_owned()));
    rig.engine_says(Done::Worked { token, result });
}

#[test]
fn one_task_at_a_time_is_carried_out_and_each_tells_how_it_stands() {
    let mut rig = progressing();
    let mut first = ask(&mut rig, "docs", None);
    assert_eq!(first.try_recv().unwrap().unwrap().unwrap()["state"], "running");
    let mut second = ask(&mut rig, "tests", None);
    let second = second.try_recv().unwrap().unwrap().unwrap();
    assert_eq!((&second["state"], &second["ahead"]), (&json!("queued"), &json!(1)));
    assert!(rig.session.status().working);
    ends(&mut rig, Ok("mine proposes 1 hunk"));
    ends(&mut rig, Err("it ended with exit code 3"));
    expect_test::expect![[r#"
        job work: Document first
        create progress
        progress begin Asked mine, Document first at work on a copy of the saved files
        create progress
        progress begin Asked mine, Write tests for first waits for 1 task
        job work: Write tests for first
        say Info: mine proposes 1 hunk
        progress end  mine proposes 1 hunk
        progress report  at work on a copy of the saved files
        say Error: mine proposed nothing: it ended with exit code 3
        progress end  mine proposed nothing: it ended with exit code 3
    "#]]
    .assert_eq(&rig.said());
    let states: Vec<_> = rig.session.task_rows().iter().map(|row| row.state).collect();
    assert_eq!(states, [TaskState::Unchanged, TaskState::Failed]);
    let reason = "it ended with exit code 3".to_owned();
    assert_eq!(rig.ends, [TaskEnd::Unchanged, TaskEnd::Failed { reason }]);
    assert!(!rig.session.status().working);
}

#[test]
fn nothing_begins_while_it_is_paused_and_what_is_under_way_comes_to_its_end() {
    let mut rig = rig(json!({ "experimental": { "countersign": { "changed": true } } }));
    ask(&mut rig, "docs", None);
    ask(&mut rig, "tests", None);
    rig.said();
    let mut paused = command(&mut rig, "pause", json!({ "paused": true }));
    assert_eq!(paused.try_recv().unwrap().unwrap().unwrap(), json!({ "paused": true }));
    assert!(rig.session.status().paused);
    ends(&mut rig, Ok("mine changed nothing"));
    ask(&mut rig, "docs", Some("in verse"));
    expect_test::expect![[r#"
        job pause: true
        say Info: paused: nothing begins in the background, with 1 task waiting
        changed: 0 wait
        say Info: mine changed nothing
        changed: 0 wait
        say Info: asked mine, in verse; it waits, since work in the background is paused
        changed: 0 wait
    "#]]
    .assert_eq(&rig.said());
    // Without an argument it is the other way round.
    command(&mut rig, "pause", Value::Null);
    let said = rig.said();
    assert!(said.contains("job pause: false\njob work: Write tests for first\n"), "{said}");
    assert!(said.contains("say Info: work in the background goes on\n"), "{said}");
    assert!(!rig.session.status().paused);
}

#[test]
fn a_task_without_time_waits_and_the_person_is_asked_once() {
    let spending = |as_of, spent_ms, allowed_ms| Spending {
        limit_ms: Some(60_000),
        allowed_ms,
        spent_ms,
        as_of,
        ..Spending::default()
    };
    let mut rig = progressing();
    ask(&mut rig, "docs", None);
    ask(&mut rig, "tests", None);
    rig.said();
    // It had no time by the time it began: another process took that.
    let token = rig.at_work.pop_front().unwrap();
    let exhausted = model::Exhausted { spending: spending(2, 60_000, 0), by_others: false };
    rig.engine_says(Done::Worked { token, result: Err(Unworked::Exhausted(exhausted)) });
    rig.engine_says(Done::Spending(spending(2, 60_000, 0)));
    // What was looked up before is behind.
    rig.engine_says(Done::Spending(spending(1, 0, 0)));
    expect_test::expect![[r#"
        choose: the time for workers is spent: 1 min of 1 min within 24 hours; 2 tasks wait. Let workers take more?
        progress report  waits: the time for workers is spent
        progress report  waits: the time for workers is spent
    "#]].assert_eq(&rig.said());
    let budget = rig.session.status().budget.unwrap();
    assert_eq!((budget.exhausted, budget.waiting), (true, 2));
    // Helix asks no questions.
    let choice = Choice::Unasked("method not found".to_owned());
    rig.wake(Wake::Allowed { root: crate::jobs::RootId(1), choice });
    let said = rig.said();
    assert!(said.contains("the action \"Allow 30 More Minutes\" has it go on"), "{said}");
    assert_eq!(rig.session.to_allow(crate::jobs::RootId(1)).unwrap(), "Allow 30 More Minutes");
    command(&mut rig, "allow", json!({ "minutes": 5 }));
    assert!(rig.said().contains("job allow: 300s"));
    rig.engine_says(Done::Spending(spending(3, 60_000, 300_000)));
    let said = rig.said();
    assert!(said.contains("job work: Document first"), "{said}");
    assert_eq!(rig.session.status().budget.unwrap().waiting, 0);
    assert_eq!(rig.session.to_allow(crate::jobs::RootId(1)), None);
    rig.said();
    rig.engine_says(Done::Spending(spending(4, 360_000, 300_000)));
    ends(&mut rig, Ok("mine changed nothing"));
    let said = rig.said();
    assert!(said.contains("choose: the time for workers is spent"), "asked anew: {said}");
    rig.wake(Wake::Allowed { root: crate::jobs::RootId(1), choice: Choice::Agreed });
    assert!(rig.said().contains("job allow: 1800s"));
    // A day later nothing of it counts any more, though nothing happened since.
    ask(&mut rig, "docs", None);
    assert!(!rig.said().contains("job work"));
    rig.engine_says(Done::Spending(spending(4, 0, 0)));
    assert!(rig.said().contains("job work"));
    // A refusal that comes after newer word is no news.
    let token = rig.at_work.pop_front().unwrap();
    let late = model::Exhausted { spending: spending(3, 60_000, 0), by_others: false };
    rig.engine_says(Done::Worked { token, result: Err(Unworked::Exhausted(late)) });
    let said = rig.said();
    assert!(said.contains("job work") && !said.contains("choose"), "{said}");
}

#[test]
fn asking_twice_for_the_same_is_asking_once() {
    let mut rig = rig(json!({}));
    ask(&mut rig, "docs", None);
    let mut again = ask(&mut rig, "docs", Some(" "));
    assert_eq!(again.try_recv().unwrap().unwrap().unwrap()["state"], "running");
    ask(&mut rig, "docs", Some("in verse"));
    expect_test::expect![[r#"
        job work: Document first
        say Info: asked mine, Document first
        say Info: asked for already: mine, Document first
        say Info: asked mine, in verse; 1 task before it
    "#]]
    .assert_eq(&rig.said());
}

#[test]
fn what_waits_is_cancelled_at_once_and_what_runs_once_it_has_ended() {
    let mut rig = progressing();
    ask(&mut rig, "docs", None);
    let mut second = ask(&mut rig, "tests", None);
    let id = second.try_recv().unwrap().unwrap().unwrap()["task"].clone();
    rig.said();
    command(&mut rig, "cancel", json!({ "task": id }));
    assert!(rig.said().starts_with("say Info: cancelled, nothing is proposed: mine, Write tests"));
    let token = rig.session.tasks.front().unwrap().progress_token();
    rig.wake(Wake::ProgressCancelled(token));
    assert_eq!(rig.said(), "", "it has not ended yet");
    assert!(
        rig.session
            .tasks
            .front()
            .unwrap()
            .interrupt
            .asked()
            .load(std::sync::atomic::Ordering::SeqCst)
    );
    ends(&mut rig, Err("the command was interrupted"));
    assert!(
        rig.said().starts_with("say Info: cancelled, nothing is proposed: mine, Document first")
    );
    let mut nothing = command(&mut rig, "cancel", json!({}));
    assert!(matches!(nothing.try_recv(), Ok(Err(Refusal::Failed(_)))));
}

#[test]
fn who_cannot_be_asked_is_said_and_the_queue_has_an_end() {
    let mut rig = rig(json!({}));
    let mut nobody = ask(&mut rig, "review", None);
    assert!(matches!(nobody.try_recv(), Ok(Err(Refusal::Failed(_)))));
    assert!(rig.said().contains("no worker is configured for `review` here: state one in"));
    for number in 0..QUEUE_MAX {
        ask(&mut rig, "docs", Some(&number.to_string()));
    }
    let mut over = ask(&mut rig, "docs", None);
    assert!(matches!(over.try_recv(), Ok(Err(Refusal::Failed(_)))));
    let elsewhere = json!({ "kind": "docs", "uri": "file:///elsewhere/a.rs" });
    let mut elsewhere = command(&mut rig, "ask", elsewhere);
    assert!(matches!(elsewhere.try_recv(), Ok(Err(Refusal::Failed(_)))));
}

#[test]
fn what_is_unsaved_is_said_not_to_be_seen_and_a_closed_folder_ends_its_tasks() {
    let mut rig = progressing();
    rig.type_at("a.rs", (0, 0), "// mine\n");
    rig.said();
    ask(&mut rig, "docs", None);
    assert!(rig.said().contains("it sees the saved text, not what is unsaved here"));
    rig.close_folder();
    assert!(rig.said().contains("cancelled, nothing is proposed: mine, Document first"));
    assert_eq!(rig.session.task_rows()[0].state, TaskState::Cancelled);
}

#[test]
fn a_configuration_that_does_not_load_is_told_once_and_the_last_good_one_stays() {
    let mut rig = rig(json!({}));
    rig.engine_says(Done::Offered(Box::new(Err("config.toml:3:1: unknown field".to_owned()))));
    assert_eq!(
        rig.said(),
        "say Warning: who can be asked for work is not known: config.toml:3:1: unknown field\n"
    );
    ask(&mut rig, "docs", None);
    assert!(rig.said().contains("job work: Document first"));
}
