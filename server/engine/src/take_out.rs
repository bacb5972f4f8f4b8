//! Planning for hunks that were in the text when they were captured: reviewing them where they are, and
//! taking them out.
//!
//! Pure. Both ask where the inverse of a hunk has its place: there the hunk is in the text, exactly as it
//! was captured. What has been edited since is refused, since nobody has seen it as it is.

use model::{Content, FileChange, Hunk, HunkKind};
use semdiff::{Anchor, Anchoring};

use crate::plan::{
    PlanFile, Refused, Replacement, World, captured_inverse, exchange, place_in, refuse_all,
};

/// Plans marking adopted `hunks` of `file` as reviewed: nothing is written. `in_text` are all its hunks
/// that are in the text.
pub(crate) fn review_file(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    in_text: &[&Hunk],
) -> (Vec<PlanFile>, Vec<Refused>) {
    let planned = if is_whole(hunks) {
        let after = whole(world, file, hunks, false);
        after.map(|files| (files, Vec::new()))
    } else {
        review_lines(world, file, hunks, in_text)
    };
    planned.unwrap_or_else(|reason| (Vec::new(), refuse_all(hunks, &file.path, &reason)))
}

/// Plans taking adopted `hunks` of `file` out of the text. `in_text` are all its hunks that are in it.
pub(crate) fn take_out_file(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    in_text: &[&Hunk],
) -> (Vec<PlanFile>, Vec<Refused>) {
    let planned = if is_whole(hunks) {
        whole(world, file, hunks, true).map(|files| (files, Vec::new()))
    } else {
        take_out_lines(world, file, hunks, in_text)
    };
    planned.unwrap_or_else(|reason| (Vec::new(), refuse_all(hunks, &file.path, &reason)))
}

fn is_whole(hunks: &[&Hunk]) -> bool {
    hunks.iter().any(|hunk| hunk.kind == HunkKind::Whole)
}

type Planned = Result<(Vec<PlanFile>, Vec<Refused>), String>;

fn take_out_lines(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    in_text: &[&Hunk],
) -> Planned {
    let (path, current) = world.found(&file.path)?;
    let (left, inverse) = captured_inverse(world, file, hunks, in_text)?;
    let anchoring = Anchoring::new(&left, &current.bytes);
    Ok(place_in((&file.path, &path), &anchoring, &current, &inverse))
}

fn review_lines(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    in_text: &[&Hunk],
) -> Planned {
    let (path, current) = world.found(&file.path)?;
    let (left, inverse) = captured_inverse(world, file, hunks, in_text)?;
    let anchoring = Anchoring::new(&left, &current.bytes);
    let (mut there, mut shifted, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for Replacement { hunk, place, text } in inverse {
        let reason = match anchoring.anchor(&place, &text) {
            Anchor::Conflict(reason) => format!("{reason}; adopt it again to see it as it is"),
            Anchor::AlreadyThere(_) => "it is no longer in the text".to_owned(),
            Anchor::Shifted(..) | Anchor::Merged(..) => {
                shifted.push(hunk);
                there.push(hunk);
                continue;
            }
            Anchor::Unchanged(_) => {
                there.push(hunk);
                continue;
            }
        };
        refused.push(Refused { hunk, path: file.path.clone(), reason });
    }
    if there.is_empty() {
        return Ok((Vec::new(), refused));
    }
    let side = Some((current.mode, current.bytes));
    let planned = PlanFile {
        path,
        in_editor: false,
        before: side.clone(),
        after: side,
        edits: Vec::new(),
        already: u32::try_from(there.len()).unwrap_or(u32::MAX),
        hunks: there,
        places: Vec::new(),
        shifted,
        unsaved: current.unsaved,
    };
    Ok((vec![planned], refused))
}

/// A file that is one hunk must be exactly as it was captured. It is exchanged for what was there before,
/// or left as it is.
pub(crate) fn whole(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    take_out: bool,
) -> Result<Vec<PlanFile>, String> {
    if file.content == Content::Submodule {
        return Err("a submodule is moved with git, not here".to_owned());
    }
    let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
    let side = |side: &model::FileSide| -> Result<_, String> {
        Ok((side.mode, world.stored(&side.blob)?))
    };
    let before = file.before.as_ref().map(side).transpose()?;
    let after = file.after.as_ref().map(side).transpose()?;
    let to = |to| if take_out { to } else { None };
    let old = file.old_path.as_ref().filter(|old| **old != file.path);
    let mut files = Vec::new();
    if let Some(old) = old {
        files.push(exchange(world, old, None, to(before), &ordinals)?);
        let back = if take_out { None } else { after.clone() };
        files.push(exchange(world, &file.path, after, back, &ordinals)?);
    } else {
        let back = if take_out { before } else { after.clone() };
        files.push(exchange(world, &file.path, after, back, &ordinals)?);
    }
    Ok(files)
}
