//! What hunks lack when they are accepted without others of their change.

use engine::{BoardChange, Selection};
use model::{ChangeSetId, Dependency, HunkState};

/// Hunks that somebody wants to accept, and what they need beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    pub id: ChangeSetId,
    /// What was chosen.
    pub only: Selection,
    /// The chosen ones with all that they need, as far as that can be accepted.
    pub together: Vec<u32>,
    /// Why, each in a clause.
    pub reasons: Vec<String>,
}

impl Needs {
    /// What can be answered.
    pub fn question(&self) -> String {
        let numbers: Vec<String> = self.together.iter().map(u32::to_string).collect();
        let all = if numbers.len() == 2 { "[b]oth" } else { "[b]oth it and all it needs" };
        format!("accept {all} ({}), [o]nly this, [c]ancel?", numbers.join(", "))
    }

    /// Why it is asked.
    pub fn why(&self) -> String {
        self.reasons.join("; ")
    }
}

/// What `only` lacks in `change`; `None` where nothing is missing that could be accepted with it.
pub fn needs(change: &BoardChange, only: &Selection) -> Option<Needs> {
    let dependencies = &change.review.as_ref()?.dependencies;
    let acceptable = change.state.acceptable();
    let chosen: Vec<u32> = match only {
        Selection::Hunks(hunks) => hunks.clone(),
        Selection::File(path) => {
            let here = |hunk: &&u32| change.state.paths.get(hunk) == Some(path);
            acceptable.iter().filter(here).copied().collect()
        }
        Selection::All => acceptable.clone(),
    };
    let there = |(hunk, state): (&u32, &HunkState)| {
        matches!(state, HunkState::Accepted { .. } | HunkState::Adopted).then_some(*hunk)
    };
    let in_text: Vec<u32> = change.state.hunks.iter().filter_map(there).collect();
    let unmet = Dependency::unmet(dependencies, &chosen, &in_text);
    let mut together = Dependency::together(dependencies, &chosen);
    together.retain(|hunk| chosen.contains(hunk) || acceptable.contains(hunk));
    let missing = together.iter().any(|hunk| !chosen.contains(hunk) && !in_text.contains(hunk));
    (!unmet.is_empty() && missing).then(|| Needs {
        id: change.changeset.id,
        only: only.clone(),
        together,
        reasons: unmet.iter().map(ToString::to_string).collect(),
    })
}

#[cfg(test)]
mod tests {
    use model::Event;

    use super::*;
    use crate::review::fixture;

    #[test]
    fn what_is_missing_is_named_until_it_is_there() {
        let change = fixture::needing(fixture::board().swap_remove(0));
        let only = Selection::Hunks(vec![2]);
        let found = needs(&change, &only).unwrap();
        assert_eq!(found.together, [1, 2]);
        assert_eq!(found.question(), "accept [b]oth (1, 2), [o]nly this, [c]ancel?");
        assert_eq!(found.why(), "hunk 2 uses `Queue`, which hunk 1 imports");
        assert_eq!(needs(&change, &Selection::Hunks(vec![1])), None);
        assert_eq!(needs(&change, &Selection::All), None);
        let path = change.state.paths.get(&2).unwrap().clone();
        assert_eq!(needs(&change, &Selection::File(path)), None);
        // What was rejected cannot be accepted along, so there is nothing to ask.
        let (changeset, hunks) = (change.changeset.id, vec![1]);
        let rejected = Event::Rejected { changeset, hunks, reason: None, prints: vec![] };
        assert_eq!(needs(&fixture::after(&change, &rejected), &only), None);
    }
}
