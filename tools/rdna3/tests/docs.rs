//! The table of rules in `docs/rdna3.md` is the rules' own data.

use sparkle_rdna3::{Rule, Scope, hazard, wait};

fn scope(scope: Scope) -> String {
    let chip = match (scope.gfx1100, scope.gfx1150) {
        (true, true) => "gfx11",
        (true, false) => "gfx110x",
        _ => "gfx115x",
    };
    if scope.wave32 { chip.to_owned() } else { format!("{chip} wave64") }
}

fn row(rule: &Rule) -> String {
    let strict = if rule.strict { " (strict)" } else { "" };
    format!("| `{}`{strict} | {} | {} | {} | {} |", rule.id, scope(rule.scope), rule.statement, rule.cure, rule.source)
}

#[test]
fn the_documented_rules_are_the_rules() {
    let text = include_str!("../../../docs/rdna3.md");
    let documented: Vec<_> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let rules: Vec<_> = hazard::RULES.iter().chain(wait::RULES).map(|rule| row(rule)).collect();
    assert_eq!(documented, rules, "put this into docs/rdna3.md:\n{}\n", rules.join("\n"));
}

#[test]
fn ids_are_unique() {
    let mut ids: Vec<_> = hazard::RULES.iter().chain(wait::RULES).map(|rule| rule.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
