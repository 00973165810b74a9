//! Who may use whom: the table in ARCHITECTURE.md against the manifests. Dependencies of tests and
//! builds count like all others; a test that needs two parts belongs into `hybridcal`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{self, Text};

const HEADING: &str = "## Who may use whom";

/// Crate → the crates it may use, or does use.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The rows of the table under the heading.
fn allowed(architecture: &str) -> Arrows {
    let section = architecture.split_once(HEADING).map_or("", |(_, section)| section);
    let section = section.split("\n## ").next().unwrap_or_default();
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|');
        let name = in_backticks(cells.next()?).into_iter().next()?;
        Some((name, in_backticks(cells.next()?).into_iter().collect()))
    };
    section.lines().filter_map(row).collect()
}

fn in_backticks(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the manifests of `crates/*` and of `xtask` say.
fn used(manifests: &[Text]) -> Arrows {
    let parse = |manifest: &Text| -> toml::Table {
        toml::from_str(&manifest.text).unwrap_or_else(|error| panic!("{}: {error}", manifest.path))
    };
    let tables: Vec<_> = manifests.iter().map(parse).collect();
    let name = |table: &toml::Table| table["package"]["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = tables.iter().map(name).collect();
    let arrows = |table: &toml::Table| {
        let mut names = BTreeSet::new();
        dependencies(table, &mut names);
        (name(table), names.intersection(&ours).cloned().collect())
    };
    tables.iter().map(arrows).collect()
}

/// All sections named `…dependencies`, also those for some targets only.
fn dependencies(table: &toml::Table, names: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if !key.ends_with("dependencies") {
            dependencies(inner, names);
            continue;
        }
        for (name, dependency) in inner {
            let renamed = dependency.get("package").and_then(toml::Value::as_str);
            names.insert(renamed.unwrap_or(name).to_owned());
        }
    }
}

fn complaints(allowed: &Arrows, used: &Arrows) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, uses) in used {
        let may = allowed.get(name);
        if may.is_none() && name != "xtask" {
            complaints
                .push(format!("{HEADING:?} in ARCHITECTURE.md has no row for `{name}`: add one"));
        }
        let is_allowed = |other: &&String| may.is_some_and(|may| may.contains(*other));
        for other in uses.iter().filter(|other| !is_allowed(other)) {
            complaints.push(format!(
                "`{name}` must not use `{other}`: take it out of its Cargo.toml, or argue for the arrow in ARCHITECTURE.md"
            ));
        }
    }
    for name in allowed.keys().chain(allowed.values().flatten()) {
        if !used.contains_key(name) {
            complaints.push(format!(
                "ARCHITECTURE.md names `{name}`, which is no crate: correct the table"
            ));
        }
    }
    complaints
}

#[test]
fn manifests_keep_to_the_table_and_the_table_names_every_crate() {
    let is_manifest = |path: &str| {
        path == "xtask/Cargo.toml" || path.starts_with("crates/") && path.ends_with("/Cargo.toml")
    };
    let used = used(&tree::texts(is_manifest));
    assert!(used.len() > 1, "found no manifests");
    tree::expect_none(&complaints(&allowed(&tree::text("ARCHITECTURE.md")), &used));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# A\n\n## Who may use whom\n\n| crate | may use | so that |\n|---|---|---|\n| `a` | – | x |\n| `b` | `a` | `c` |\n\n## Next\n\n| `d` | `a` | |\n";

    fn manifest(name: &str, rest: &str) -> Text {
        Text::new(name, &format!("[package]\nname = \"{name}\"\n{rest}\n"))
    }

    fn check(manifests: &[Text]) -> Vec<String> {
        complaints(&allowed(TABLE), &used(manifests))
    }

    #[test]
    fn the_arrows_of_the_table_are_fine() {
        let b = manifest("b", "[dependencies]\na.workspace = true\nserde = \"1\"");
        assert_eq!(check(&[manifest("a", ""), b]), [""; 0]);
    }

    #[test]
    fn every_kind_of_other_arrow_is_not() {
        for wrong in [
            "[dependencies]\nb.workspace = true",
            "[dev-dependencies]\nb = { path = \"../b\" }",
            "[build-dependencies]\nx = { package = \"b\", path = \"../b\" }",
            "[target.'cfg(unix)'.dependencies]\nb.workspace = true",
        ] {
            let complaints = check(&[manifest("a", wrong), manifest("b", "")]);
            assert!(
                complaints.concat().contains("`a` must not use `b`"),
                "{wrong}: {complaints:?}"
            );
        }
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_named() {
        let complaints = check(&[manifest("a", ""), manifest("c", "")]).concat();
        assert!(complaints.contains("no row for `c`"), "{complaints}");
        assert!(complaints.contains("names `b`, which is no crate"), "{complaints}");
    }

    #[test]
    fn the_tidy_crate_uses_none_of_ours() {
        let xtask = manifest("xtask", "[dependencies]\na.workspace = true");
        let complaints = check(&[manifest("a", ""), manifest("b", ""), xtask]);
        assert!(complaints.concat().contains("`xtask` must not use `a`"), "{complaints:?}");
    }
}
