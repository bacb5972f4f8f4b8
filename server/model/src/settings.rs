//! What a person sets in their editor about proposals, as the editor sends it: the section `countersign.proposals`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where editors keep them.
pub const SETTINGS_SECTION: &str = "countersign.proposals";

/// How proposals are shown. Every member may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Settings {
    /// How a proposal counts among diagnostics. What policy denies is a warning in any case.
    #[schemars(with = "String", extend("enum" = ["hint", "information", "warning"]))]
    pub severity: ProposalSeverity,
    /// How many changes are shown in the text at once, the oldest first; null for all. The others wait in the list.
    #[schemars(range(min = 1, max = 100_000))]
    pub maximum_shown: Option<u32>,
    /// When nothing proposed is shown in the text, by the local clock, such as 22:00-07:00. It waits in the list.
    #[schemars(
        with = "Vec<String>",
        inner(regex(pattern = "^([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d$"))
    )]
    pub quiet_hours: Vec<QuietHours>,
    /// For how many minutes nothing proposed is shown in the text when somebody wants that and does not say for how long.
    #[schemars(range(min = 1, max = 10_080))]
    pub snooze_minutes: u32,
    /// When what is proposed is proved, if its gates are trusted; null for what COUNTERSIGN_PROVE in the environment says.
    #[schemars(with = "Option<String>", extend("enum" = ["automatically", "whenAsked", null]))]
    pub prove: Option<ProveWhen>,
}

/// How long nothing may be shown at most: a week, in minutes.
pub const SNOOZE_MINUTES_MAX: u32 = 7 * 24 * 60;

impl Default for Settings {
    fn default() -> Self {
        Self {
            severity: ProposalSeverity::default(),
            maximum_shown: None,
            quiet_hours: Vec::new(),
            snooze_minutes: 60,
            prove: None,
        }
    }
}

/// How a proposal counts among diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProposalSeverity {
    /// Barely visible.
    Hint,
    /// Listed, and no problem.
    #[default]
    Information,
    /// As prominent as a compiler's warning.
    Warning,
}

/// When a change is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProveWhen {
    /// As soon as it is proposed.
    Automatically,
    /// When somebody asks for it.
    WhenAsked,
}

/// A span of each day, in minutes since midnight; it may reach over midnight, and its end is outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct QuietHours {
    from: u16,
    to: u16,
}

/// A text is no span of hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuietHoursError {
    /// It is written otherwise.
    #[error("`{0}` is no span of hours: write it as 22:00-07:00")]
    NoSpan(String),
    /// It ends where it begins.
    #[error(
        "`{0}` ends when it begins, so it says neither all day nor never: write 00:00-12:00 and 12:00-00:00, or leave it out"
    )]
    Empty(String),
}

impl QuietHours {
    /// Whether a minute of the day lies within.
    pub fn holds(&self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl TryFrom<String> for QuietHours {
    type Error = QuietHoursError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let clock = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.len() == 2);
            let (hour, minute) = (number(hour)?, number(minute)?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let span = text.split_once('-').and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
        match span {
            None => Err(QuietHoursError::NoSpan(text)),
            Some((from, to)) if from == to => Err(QuietHoursError::Empty(text)),
            Some((from, to)) => Ok(Self { from, to }),
        }
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{}-{}", clock(hours.from), clock(hours.to))
    }
}

impl Settings {
    /// Reads what an editor sent; what does not hold keeps its default, and is named with what is allowed.
    pub fn read(value: &Value) -> (Self, Vec<String>) {
        let (mut settings, mut wrong) = (Self::default(), Vec::new());
        let members = match value {
            Value::Null => return (settings, wrong),
            Value::Object(members) => members,
            _ => {
                wrong.push(format!("{SETTINGS_SECTION} is no table of settings"));
                return (settings, wrong);
            }
        };
        for (name, value) in members {
            let refused = settings.take(name, value.clone()).err();
            wrong.extend(refused.map(|why| format!("{SETTINGS_SECTION}.{name}: {why}")));
        }
        (settings, wrong)
    }

    fn take(&mut self, name: &str, value: Value) -> Result<(), String> {
        fn read<T: serde::de::DeserializeOwned>(value: Value, allowed: &str) -> Result<T, String> {
            let given = value.to_string();
            serde_json::from_value(value).map_err(|_| format!("{given} is not {allowed}"))
        }
        match name {
            "severity" => self.severity = read(value, "\"hint\", \"information\" or \"warning\"")?,
            "maximumShown" => {
                let allowed = "a number from 1 to 100000, or null for all";
                let given = value.to_string();
                let maximum: Option<u32> = read(value, allowed)?;
                if maximum.is_some_and(|maximum| !(1..=100_000).contains(&maximum)) {
                    return Err(format!("{given} is not {allowed}"));
                }
                self.maximum_shown = maximum;
            }
            "quietHours" => {
                let spans: Vec<String> = read(value, "a list of spans such as [\"22:00-07:00\"]")?;
                let spans = spans.into_iter().map(QuietHours::try_from);
                self.quiet_hours =
                    spans.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
            }
            "snoozeMinutes" => {
                let allowed = "a number from 1 to 10080";
                let given = value.to_string();
                let minutes: u32 = read(value, allowed)?;
                if !(1..=SNOOZE_MINUTES_MAX).contains(&minutes) {
                    return Err(format!("{given} is not {allowed}"));
                }
                self.snooze_minutes = minutes;
            }
            "prove" => self.prove = read(value, "\"automatically\", \"whenAsked\" or null")?,
            _ => {
                return Err("there is no such setting; there are: severity, maximumShown, quietHours, snoozeMinutes, prove".to_owned());
            }
        }
        Ok(())
    }

    /// Whether nothing is to be shown at this minute of the day.
    pub fn is_quiet(&self, minute: u16) -> bool {
        self.quiet_hours.iter().any(|hours| hours.holds(minute))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_holds_is_used_and_what_does_not_is_named() {
        let sent = json!({
            "severity": "loud",
            "maximumShown": 0,
            "quietHours": ["22:00-07:00", "12:30-13:00"],
            "snoozeMinutes": 0,
            "prove": "whenAsked",
            "sevrity": "hint",
        });
        let (settings, wrong) = Settings::read(&sent);
        assert_eq!(settings.prove, Some(ProveWhen::WhenAsked));
        assert_eq!((settings.severity, settings.maximum_shown), Default::default());
        expect_test::expect![[r#"
            countersign.proposals.severity: "loud" is not "hint", "information" or "warning"
            countersign.proposals.maximumShown: 0 is not a number from 1 to 100000, or null for all
            countersign.proposals.snoozeMinutes: 0 is not a number from 1 to 10080
            countersign.proposals.sevrity: there is no such setting; there are: severity, maximumShown, quietHours, snoozeMinutes, prove"#]]
        .assert_eq(&wrong.join("\n"));
        assert_eq!(Settings::read(&Value::Null), (Settings::default(), vec![]));
        assert_eq!(Settings::read(&json!([])).1.len(), 1);
    }

    #[test]
    fn quiet_hours_may_reach_over_midnight() {
        let (settings, wrong) =
            Settings::read(&json!({ "quietHours": ["22:00-07:00", "12:30-13:00"] }));
        assert!(wrong.is_empty());
        let at = |hour: u16, minute: u16| settings.is_quiet(hour * 60 + minute);
        assert!(at(22, 0) && at(23, 59) && at(0, 0) && at(6, 59) && at(12, 30));
        assert!(!at(7, 0) && !at(21, 59) && !at(13, 0));
        let (settings, wrong) = Settings::read(&json!({ "quietHours": ["22:00-22:00"] }));
        assert_eq!(settings, Settings::default());
        expect_test::expect!["countersign.proposals.quietHours: `22:00-22:00` ends when it begins, so it says neither all day nor never: write 00:00-12:00 and 12:00-00:00, or leave it out"]
            .assert_eq(&wrong.join("\n"));
        for bad in ["22-7", "24:00-01:00", "1:00-2:00", "22:00-07:60", ""] {
            assert_eq!(Settings::read(&json!({ "quietHours": [bad] })).1.len(), 1, "{bad}");
        }
    }

    #[test]
    fn the_defaults_are_what_an_empty_table_means_and_read_back() {
        let written = serde_json::to_value(Settings::default()).unwrap();
        assert_eq!(Settings::read(&written), (Settings::default(), vec![]));
        assert_eq!(serde_json::from_value::<Settings>(json!({})).unwrap(), Settings::default());
    }
}
